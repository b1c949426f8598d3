import { only, tensor } from './layer.js';
import { at, summed, times } from './working.js';

/**
 * A kind whose cells are each a function of the same cell of the input, as in cutaway/layers/elementwise.py.
 * @param {object} given
 * @param {string} given.word
 * @param {string} given.says
 * @param {string | ((settings: Record<string, any>) => string)} given.formula  as a person writes it, of x
 * @param {(x: number, settings: Record<string, any>) => number} given.value
 * @param {(x: number, settings: Record<string, any>) => number} given.slope
 * @returns {import('./layer.js').Kind}
 */
export const elementwise = ({ word, says, formula, value, slope }) => ({
  word,
  says,
  shape: (s, [x]) => x,
  forward(s, [x]) {
    const y = tensor(x.shape), from = x.data, to = y.data;
    for (let n = 0; n < to.length; n++) to[n] = value(from[n], s);
    return y;
  },
  backward(s, dy, [x]) {
    const dx = tensor(x.shape);
    for (let n = 0; n < dx.data.length; n++) dx.data[n] = dy.data[n] * slope(x.data[n], s);
    return { inputs: [dx], weights: {} };
  },
  sources: (s, cell) => ({ inputs: [only(cell)], weights: {} }),
  field: (s, region) => [region],
  terms(s, cell, [x]) {
    const factor = at('input', x, cell);
    return summed([times(factor)], { formula: typeof formula === 'string' ? formula : formula(s), value: value(factor.value, s) });
  },
  curve: (s) => (x) => value(x, s),
});
