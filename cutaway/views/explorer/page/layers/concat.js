import { count, only, range, size, tensor } from './layer.js';
import { at, inputName, summed, times } from './working.js';

/** Where the channels of each input start. @param {import('./layer.js').Shape[]} shapes */
const starts = (shapes) => shapes.reduce((found, shape) => [...found, found[found.length - 1] + shape[shape.length - 1]], [0]);

/** Concat: the channels of several branches, one after the other. @type {import('./layer.js').Kind} */
export const concat = {
  word: 'concat',
  says: 'the maps of each branch, one after the other',
  shape: (s, shapes) => [...shapes[0].slice(0, -1), starts(shapes)[shapes.length]],
  forward(s, xs) {
    const from = starts(xs.map(({ shape }) => shape)), depth = from[xs.length], y = tensor(concat.shape(s, xs.map(({ shape }) => shape)));
    xs.forEach((x, n) => { const own = from[n + 1] - from[n]; for (let place = 0; place < y.data.length / depth; place++) y.data.set(x.data.subarray(place * own, (place + 1) * own), place * depth + from[n]); });
    return y;
  },
  backward(s, dy, xs) {
    const from = starts(xs.map(({ shape }) => shape)), depth = from[xs.length];
    return { inputs: xs.map((x, n) => { const own = from[n + 1] - from[n], dx = tensor(x.shape); for (let place = 0; place < size(x.shape) / own; place++) dx.data.set(dy.data.subarray(place * depth + from[n], place * depth + from[n + 1]), place * own); return dx; }), weights: {} };
  },
  sources: (s, cell, shapes) => ({ inputs: concat.field(s, only(cell), shapes), weights: {} }),
  field(s, region, shapes) {
    const from = starts(shapes), [first, stop] = region[region.length - 1];
    return shapes.map((_, n) => [...region.slice(0, -1), range(Math.max(first, from[n]) - from[n], Math.min(stop, from[n + 1]) - from[n])]);
  },
  terms(s, cell, xs) {
    const fields = concat.field(s, only(cell), xs.map(({ shape }) => shape)), n = fields.findIndex((field) => count(field[field.length - 1]) > 0);
    return summed([times(at(inputName(n, xs.length), xs[n], fields[n].map(([place]) => place)))]);
  },
};
