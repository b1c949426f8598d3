import { cellAt, only, range, size, tensor } from './layer.js';
import { at, summed, times } from './working.js';

/** Flatten: maps become one list, row by row, column by column, channel by channel. @type {import('./layer.js').Kind} */
export const flatten = {
  word: 'flatten',
  says: 'the same numbers, in one list',
  shape: (s, [x]) => [size(x)],
  forward: (s, [x]) => tensor([x.data.length], x.data),
  backward: (s, dy, [x]) => ({ inputs: [tensor(x.shape, dy.data)], weights: {} }),
  sources: (s, [slot], [x]) => ({ inputs: [only(cellAt(x, slot))], weights: {} }),
  /** A run of slots that turns a corner covers all of what it turns through. */
  field(s, [[from, to]], [x]) {
    const first = cellAt(x, from), last = cellAt(x, to - 1), turned = first.findIndex((place, axis) => place !== last[axis]);
    return [x.map((n, axis) => (turned < 0 || axis <= turned ? range(first[axis], last[axis] + 1) : range(0, n)))];
  },
  terms: (s, [slot], [x]) => summed([times(at('input', x, cellAt(x.shape, slot)))]),
  note: (s, [slot], [x]) => {
    if (x.length !== 3) return '';
    const [r, c, k] = cellAt(x, slot);
    return `(row ${r} × ${x[1]} columns + column ${c}) × ${x[2]} maps + map ${k} = slot ${slot}`;
  },
};
