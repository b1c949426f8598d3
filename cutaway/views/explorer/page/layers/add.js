import { only, tensor } from './layer.js';
import { at, inputName, summed, times } from './working.js';

/** Add: the maps of several branches, cell by cell. @type {import('./layer.js').Kind} */
export const add = {
  word: 'add',
  says: 'the same cell of each branch, added up',
  shape: (s, [x]) => x,
  forward: (s, [first, ...others]) => tensor(first.shape, first.data.map((v, n) => others.reduce((sum, other) => sum + other.data[n], v))),
  backward: (s, dy, xs) => ({ inputs: xs.map(() => dy), weights: {} }),
  sources: (s, cell, shapes) => ({ inputs: shapes.map(() => only(cell)), weights: {} }),
  field: (s, region, shapes) => shapes.map(() => region),
  terms: (s, cell, xs) => summed(xs.map((x, n) => times(at(inputName(n, xs.length), x, cell)))),
};
