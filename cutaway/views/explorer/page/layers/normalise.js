import { only, tensor } from './layer.js';
import { repr } from './formats.js';
import { at, constant, summed, times } from './working.js';

/** Less the mean of the training pictures, divided by their deviation, channel by channel. @type {import('./layer.js').Kind} */
export const normalise = {
  word: 'normalise',
  says: 'less the mean of the training pictures, divided by their deviation',
  shape: (s, [x]) => x,
  forward(s, [x]) {
    const channels = x.shape[x.shape.length - 1], y = tensor(x.shape), means = s.mean.length;
    for (let n = 0; n < y.data.length; n++) { const k = (n % channels) % means; y.data[n] = (x.data[n] - s.mean[k]) / s.deviation[k]; }
    return y;
  },
  backward(s, dy, [x]) {
    const channels = x.shape[x.shape.length - 1];
    return { inputs: [tensor(x.shape, dy.data.map((d, n) => d / s.deviation[(n % channels) % s.deviation.length]))], weights: {} };
  },
  sources: (s, cell) => ({ inputs: [only(cell)], weights: {} }),
  field: (s, region) => [region],
  terms(s, cell, [x]) {
    const k = cell[cell.length - 1] % s.mean.length, deviation = s.deviation[k];
    const made = summed([times(at('input', x, cell)), times(constant('-mean', -s.mean[k]))]);
    return { ...made, steps: [{ formula: `x / ${repr(deviation)}`, value: made.combined / deviation }] };
  },
};
