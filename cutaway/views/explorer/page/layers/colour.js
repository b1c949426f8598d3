import { describe, only, range, rounded, tensor } from './layer.js';
import { at, summed, times } from './working.js';

/** A grey picture three times over. @type {import('./layer.js').Kind} */
export const colour = {
  word: 'colour',
  says: 'a grey picture three times over; a colour picture stays as it is',

  shape(s, [x]) {
    if (x.length !== 3 || ![0, 1, 3].includes(x[2])) throw new Error(`colour needs a picture of 1 or 3 channels; got ${describe(x)}`);
    return [x[0], x[1], 3];
  },

  forward(s, [x]) {
    if (x.shape[2] === 3) return x;
    const y = tensor([x.shape[0], x.shape[1], 3]);
    for (let n = 0; n < x.data.length; n++) y.data[3 * n] = y.data[3 * n + 1] = y.data[3 * n + 2] = x.data[n];
    return y;
  },

  backward(s, dy, [x]) {
    if (x.shape[2] === 3) return { inputs: [dy], weights: {} };
    const sums = new Float64Array(x.data.length);
    for (let n = 0; n < dy.data.length; n++) sums[Math.floor(n / 3)] += dy.data[n];
    return { inputs: [rounded(x.shape, sums)], weights: {} };
  },

  sources: (s, cell, [x]) => ({ inputs: [only([cell[0], cell[1], x[2] === 3 ? cell[2] : 0])], weights: {} }),
  field: (s, region, [x]) => [x[2] === 3 ? region : [...region.slice(0, 2), range(0, 1)]],
  terms: (s, cell, [x]) => summed([times(at('input', x, [cell[0], cell[1], x.shape[2] === 3 ? cell[2] : 0]))]),
};
