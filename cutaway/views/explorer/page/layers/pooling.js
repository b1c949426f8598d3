import { cells, describe, fieldOfDiagonal, range } from './layer.js';
import { axesOf, reach } from './window.js';
import { at } from './working.js';

/** @param {import('./layer.js').Settings} s */
export const windowOf = (s) => ({ size: s.size, stride: s.stride, padding: s.padding, dilation: [1, 1], edge: s.edge });

/**
 * Every window in reading order: its first row and the one behind its last, its columns likewise, and its number.
 * @param {import('./layer.js').Settings} s @param {import('./layer.js').Shape} shape
 * @param {(r0: number, r1: number, c0: number, c1: number, out: number) => void} each
 */
export function eachWindow(s, shape, each) {
  const [rows, columns] = axesOf(windowOf(s), shape), across = Array.from({ length: columns.count }, (_, c) => reach(columns, c));
  for (let r = 0, out = 0; r < rows.count; r++) {
    const [r0, r1] = reach(rows, r);
    for (let c = 0; c < columns.count; c++, out++) each(r0, r1, across[c][0], across[c][1], out);
  }
}

/** @typedef {{made: (factors: import('./working.js').Factor[]) => import('./working.js').Working}} Own  what becomes of a window's cells */

/**
 * What max, mean and sum pooling share: a window over each channel by itself, without weights.
 * @param {Pick<import('./layer.js').Kind, 'word' | 'says' | 'forward' | 'backward'> & Own} own
 * @returns {import('./layer.js').Kind}
 */
export function pooling({ made, ...own }) {
  /** @type {import('./layer.js').Kind} */
  const kind = {
    ...own,
    shape(s, [x]) {
      const [rows, columns] = axesOf(windowOf(s), x);
      if (typeof s.padding !== 'string' && [0, 1].some((i) => Math.max(s.padding[i], s.padding[i + 2]) >= s.size[i])) {
        throw new Error(`some windows would see no picture at all; pad less than the window's ${describe(s.size)}`);
      }
      return [rows.count, columns.count, x[2]];
    },
    sources(s, [row, column, channel], [x]) {
      const [rows, columns] = axesOf(windowOf(s), x);
      return { inputs: [[reach(rows, row), reach(columns, column), range(channel, channel + 1)]], weights: {} };
    },
    field: (s, region, shapes) => fieldOfDiagonal((cell) => kind.sources(s, cell, shapes).inputs, region),
    terms: (s, cell, [x]) => made(cells(kind.sources(s, cell, [x.shape]).inputs[0]).map((place) => at('input', x, place))),
  };
  return kind;
}
