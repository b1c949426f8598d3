import { only, tensor } from './layer.js';
import { at, constant, summed, times } from './working.js';

const EPSILON = 1e-5;

/** Gain over deviation, by channel. @param {import('./layer.js').Weights} w */
const scales = (w) => Float64Array.from(w.gain.data, (gain, k) => gain / Math.sqrt(w.variance.data[k] + EPSILON));

/** Batch normalisation, with the mean and variance that training kept. @type {import('./layer.js').Kind} */
export const norm = {
  word: 'norm',
  says: 'less the running mean, over the running deviation, times a gain, plus a bias, channel by channel',
  shape: (s, [x]) => x,
  forward(s, [x], w) {
    const scale = scales(w), channels = scale.length, y = tensor(x.shape), mean = w.mean.data, bias = w.bias.data;
    for (let n = 0, k = 0; n < y.data.length; n++) {
      y.data[n] = (x.data[n] - mean[k]) * scale[k] + bias[k];
      if (++k === channels) k = 0;
    }
    return y;
  },
  backward(s, dy, [x], w) {
    const scale = scales(w), channels = scale.length, gain = new Float64Array(channels), bias = new Float64Array(channels);
    dy.data.forEach((d, n) => { const k = n % channels; gain[k] += (d * (x.data[n] - w.mean.data[k])) / Math.sqrt(w.variance.data[k] + EPSILON); bias[k] += d; });
    return { inputs: [tensor(x.shape, dy.data.map((d, n) => d * scale[n % channels]))], weights: { gain: tensor([channels], Float32Array.from(gain)), bias: tensor([channels], Float32Array.from(bias)) } };
  },
  sources: (s, cell) => ({ inputs: [only(cell)], weights: Object.fromEntries(['gain', 'bias', 'mean', 'variance'].map((name) => [name, only(cell.slice(-1))])) }),
  field: (s, region) => [region],
  terms(s, cell, [x], w) {
    const own = cell.slice(-1), scale = constant('gain / sqrt(variance + 0.00001)', scales(w)[own[0]]), mean = at('mean', w.mean, own);
    return summed([times(at('input', x, cell), scale), times({ of: '-mean', cell: own, value: -mean.value }, scale), times(at('bias', w.bias, own))]);
  },
};
