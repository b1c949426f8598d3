import { only, rounded, tensor } from './layer.js';
import { general } from './formats.js';
import { at, summed, times } from './working.js';

/** Leaky ReLU whose leak is trained, one a channel. @type {import('./layer.js').Kind} */
export const prelu = {
  word: 'prelu',
  says: 'a positive number passes, of a negative one a share that was trained, one a channel',
  shape: (s, [x]) => x,

  forward(s, [x], w) {
    const y = tensor(x.shape), leak = w.leak.data, turn = leak.length;
    for (let n = 0; n < y.data.length; n++) y.data[n] = x.data[n] > 0 ? x.data[n] : x.data[n] * leak[n % turn];
    return y;
  },

  backward(s, dy, [x], w) {
    const dx = tensor(x.shape), leak = w.leak.data, turn = leak.length, dleak = new Float64Array(turn);
    for (let n = 0; n < dx.data.length; n++) {
      const passes = x.data[n] > 0;
      dx.data[n] = passes ? dy.data[n] : dy.data[n] * leak[n % turn];
      dleak[n % turn] += (passes ? 0 : dy.data[n]) * x.data[n];
    }
    return { inputs: [dx], weights: { leak: rounded(w.leak.shape, dleak) } };
  },

  sources: (s, cell) => ({ inputs: [only(cell)], weights: { leak: only(cell.slice(-1)) } }),
  field: (s, region) => [region],

  terms(s, cell, [x], w) {
    const factor = at('input', x, cell), leak = w.leak.data[cell[cell.length - 1]];
    const y = factor.value > 0 ? factor.value : leak * factor.value;
    return summed([times(factor)], { formula: `x if x > 0 else ${general(leak)} * x`, value: y });
  },
};
