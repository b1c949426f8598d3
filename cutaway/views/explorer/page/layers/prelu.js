import { only, tensor } from './layer.js';
import { at, summed, times } from './working.js';

/** Leaky ReLU whose leak is trained, one a channel. @type {import('./layer.js').Kind} */
export const prelu = {
  word: 'prelu',
  says: 'a positive number passes, of a negative one a share that was trained, one a channel',
  shape: (s, [x]) => x,
  forward(s, [x], w) {
    const channels = w.leak.data.length;
    return tensor(x.shape, x.data.map((v, n) => (v > 0 ? v : v * w.leak.data[n % channels])));
  },
  backward(s, dy, [x], w) {
    const channels = w.leak.data.length, leak = new Float64Array(channels);
    x.data.forEach((v, n) => { if (!(v > 0)) leak[n % channels] += dy.data[n] * v; });
    return { inputs: [tensor(x.shape, dy.data.map((d, n) => (x.data[n] > 0 ? d : d * w.leak.data[n % channels])))], weights: { leak: tensor(w.leak.shape, Float32Array.from(leak)) } };
  },
  sources: (s, cell) => ({ inputs: [only(cell)], weights: { leak: only(cell.slice(-1)) } }),
  field: (s, region) => [region],
  terms(s, cell, [x], w) {
    const factor = at('input', x, cell);
    return factor.value > 0 ? summed([times(factor)], { formula: 'x if x > 0 else leak * x', value: factor.value }) : summed([times(factor, at('leak', w.leak, cell.slice(-1)))]);
  },
};
