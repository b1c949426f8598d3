import { only, rounded, tensor } from './layer.js';
import { at, constant, summed, times } from './working.js';

const EPSILON = 1e-5;

/** By channel. @param {import('./layer.js').Weights} w */
const deviations = (w) => Float64Array.from(w.variance.data, (variance) => Math.sqrt(variance + EPSILON));

/** Gain over deviation, by channel. @param {import('./layer.js').Weights} w */
const scales = (w) => deviations(w).map((deviation, k) => w.gain.data[k] / deviation);

/** Batch normalisation, with the mean and variance that training kept. @type {import('./layer.js').Kind} */
export const norm = {
  word: 'norm',
  says: 'less the running mean, over the running deviation, times a gain, plus a bias, channel by channel',
  shape: (s, [x]) => x,

  forward(s, [x], w) {
    const scale = scales(w), channels = scale.length, y = tensor(x.shape), from = x.data, mean = w.mean.data, bias = w.bias.data;
    for (let at = 0; at < from.length; at += channels) {
      for (let k = 0; k < channels; k++) y.data[at + k] = (from[at + k] - mean[k]) * scale[k] + bias[k];
    }
    return y;
  },

  backward(s, dy, [x], w) {
    const scale = scales(w), deviation = deviations(w), channels = scale.length, dx = tensor(x.shape);
    const gain = new Float64Array(channels), bias = new Float64Array(channels), mean = w.mean.data;
    for (let at = 0; at < dx.data.length; at += channels) for (let k = 0; k < channels; k++) {
      const slope = dy.data[at + k];
      dx.data[at + k] = slope * scale[k];
      gain[k] += (slope * (x.data[at + k] - mean[k])) / deviation[k];
      bias[k] += slope;
    }
    return { inputs: [dx], weights: { gain: rounded([channels], gain), bias: rounded([channels], bias) } };
  },

  sources(s, cell) {
    const own = only(cell.slice(-1));
    return { inputs: [only(cell)], weights: { gain: own, bias: own, mean: own, variance: own } };
  },
  field: (s, region) => [region],

  terms(s, cell, [x], w) {
    const own = cell.slice(-1), mean = at('mean', w.mean, own);
    const scale = constant('gain / sqrt(variance + 0.00001)', scales(w)[own[0]]);
    return summed([times(at('input', x, cell), scale), times({ of: '-mean', cell: own, value: -mean.value }, scale), times(at('bias', w.bias, own))]);
  },
};
