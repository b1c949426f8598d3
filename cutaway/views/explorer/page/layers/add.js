import { describe, only, rounded } from './layer.js';
import { at, inputName, summed, times } from './working.js';

/** Add: the maps of several branches, cell by cell. @type {import('./layer.js').Kind} */
export const add = {
  word: 'add',
  says: 'the same cell of each branch, added up',

  shape(s, shapes) {
    if (shapes.some((shape) => shape.join() !== shapes[0].join())) throw new Error(`residual cannot add ${shapes.map(describe).join(' and ')}`);
    return shapes[0];
  },

  forward(s, xs) {
    const sums = Float64Array.from(xs[0].data);
    for (const { data } of xs.slice(1)) for (let n = 0; n < sums.length; n++) sums[n] += data[n];
    return rounded(xs[0].shape, sums);
  },

  backward: (s, dy, xs) => ({ inputs: xs.map(() => dy), weights: {} }),
  sources: (s, cell, shapes) => ({ inputs: shapes.map(() => only(cell)), weights: {} }),
  field: (s, region, shapes) => shapes.map(() => region),
  terms: (s, cell, xs) => summed(xs.map((x, n) => times(at(inputName(n, xs.length), x, cell)))),
};
