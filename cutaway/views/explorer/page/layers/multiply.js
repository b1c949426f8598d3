import { describe, only, rounded, tensor } from './layer.js';
import { at, summed, times } from './working.js';

/** Multiply: maps by maps, or each channel of maps by one number. @type {import('./layer.js').Kind} */
export const multiply = {
  word: 'multiply',
  says: 'each number of the first, times its number of the second',

  shape(s, [x, gate]) {
    if (gate.join() !== x.join() && gate.join() !== x.slice(-1).join()) {
      const one = describe(x.slice(-1));
      throw new Error(`squeeze cannot multiply ${describe(x)} by ${describe(gate)}; the branch must end in ${one} numbers or in ${describe(x)}`);
    }
    return x;
  },

  // A gate of one number a channel comes round again at every place.
  forward(s, [x, gate]) {
    const y = tensor(x.shape), turn = gate.data.length;
    for (let n = 0; n < y.data.length; n++) y.data[n] = x.data[n] * gate.data[n % turn];
    return y;
  },

  backward(s, dy, [x, gate]) {
    const dx = tensor(x.shape), turn = gate.data.length, dgate = new Float64Array(turn);
    for (let n = 0; n < dx.data.length; n++) {
      dx.data[n] = dy.data[n] * gate.data[n % turn];
      dgate[n % turn] += dy.data[n] * x.data[n];
    }
    return { inputs: [dx, rounded(gate.shape, dgate)], weights: {} };
  },

  sources: (s, cell, [x, gate]) => ({ inputs: [only(cell), only(cell.slice(x.length - gate.length))], weights: {} }),
  field: (s, region, [x, gate]) => [region, region.slice(x.length - gate.length)],
  terms: (s, cell, [x, gate]) => summed([times(at('input 1', x, cell), at('input 2', gate, cell.slice(x.shape.length - gate.shape.length)))]),
};
