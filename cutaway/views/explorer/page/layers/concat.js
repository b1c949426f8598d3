import { count, describe, only, range, tensor } from './layer.js';
import { at, inputName, summed, times } from './working.js';

/** Where the channels of each input start, and after them where all end. @param {import('./layer.js').Shape[]} shapes */
function starts(shapes) {
  const found = [0];
  for (const shape of shapes) found.push(found[found.length - 1] + shape[shape.length - 1]);
  return found;
}

/** Concat: the channels of several branches, one after the other. @type {import('./layer.js').Kind} */
export const concat = {
  word: 'concat',
  says: 'the maps of each branch, one after the other',

  shape(s, shapes) {
    if (shapes.some((shape) => shape.slice(0, -1).join() !== shapes[0].slice(0, -1).join())) {
      throw new Error(`concat cannot join ${shapes.map(describe).join(' and ')}: rows and columns must agree`);
    }
    return [...shapes[0].slice(0, -1), starts(shapes)[shapes.length]];
  },

  forward(s, xs) {
    const shapes = xs.map(({ shape }) => shape), from = starts(shapes), depth = from[xs.length], y = tensor(concat.shape(s, shapes));
    xs.forEach(({ data }, n) => {
      const own = from[n + 1] - from[n];
      for (let at = 0, out = from[n]; at < data.length; at += own, out += depth) for (let k = 0; k < own; k++) y.data[out + k] = data[at + k];
    });
    return y;
  },

  backward(s, dy, xs) {
    const from = starts(xs.map(({ shape }) => shape)), depth = from[xs.length];
    const inputs = xs.map(({ shape }, n) => {
      const own = from[n + 1] - from[n], dx = tensor(shape);
      for (let at = 0, out = from[n]; at < dx.data.length; at += own, out += depth) for (let k = 0; k < own; k++) dx.data[at + k] = dy.data[out + k];
      return dx;
    });
    return { inputs, weights: {} };
  },

  sources: (s, cell, shapes) => ({ inputs: concat.field(s, only(cell), shapes), weights: {} }),

  /** The channels of the region that each input gave; an empty range where it gave none. */
  field(s, region, shapes) {
    const from = starts(shapes), [first, stop] = region[region.length - 1];
    return shapes.map((_, n) => [...region.slice(0, -1), range(Math.max(first, from[n]) - from[n], Math.min(stop, from[n + 1]) - from[n])]);
  },

  terms(s, cell, xs) {
    const fields = concat.field(s, only(cell), xs.map(({ shape }) => shape)), n = fields.findIndex((field) => count(field[field.length - 1]) > 0);
    return summed([times(at(inputName(n, xs.length), xs[n], fields[n].map(([place]) => place)))]);
  },
};
