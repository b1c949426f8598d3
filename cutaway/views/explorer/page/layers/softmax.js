import { only, range, rounded } from './layer.js';
import { general } from './formats.js';
import { at, summed, term } from './working.js';

/** How long the runs along the last axis are, over which shares are taken. @param {import('./layer.js').Tensor} x */
export const run = ({ shape }) => shape[shape.length - 1];

/** Each score less the largest of its run: at most 0, so that no exponential overflows. @param {import('./layer.js').Tensor} x */
export function belowTheLargest(x) {
  const n = run(x), lowered = Float64Array.from(x.data);
  for (let start = 0; start < lowered.length; start += n) {
    let top = -Infinity;
    for (let k = start; k < start + n; k++) top = Math.max(top, lowered[k]);
    for (let k = start; k < start + n; k++) lowered[k] -= top;
  }
  return lowered;
}

/** Softmax of every run along the last axis, in float64. @param {import('./layer.js').Tensor} x */
export function shares(x) {
  const n = run(x), y = belowTheLargest(x).map(Math.exp);
  for (let start = 0; start < y.length; start += n) {
    let total = 0;
    for (let k = start; k < start + n; k++) total += y[k];
    for (let k = start; k < start + n; k++) y[k] /= total;
  }
  return y;
}

/**
 * The exponentials of all scores beside a cell, the cell's own, and how far its score is below the largest.
 * @param {import('./layer.js').Cell} cell @param {import('./layer.js').Tensor} x
 */
export function powersOf(cell, x) {
  const factors = Array.from({ length: run(x) }, (_, k) => at('input', x, [...cell.slice(0, -1), k])), place = cell[cell.length - 1];
  const top = factors.reduce((most, { value }) => Math.max(most, value), -Infinity);
  const terms = factors.map((factor) => term(factor, Math.exp(factor.value - top), `exp(x - ${general(top)})`));
  return { terms, own: terms[place].value, lowered: factors[place].value - top };
}

/** Softmax: exponentials of the scores, as shares of their total. @type {import('./layer.js').Kind} */
export const softmax = {
  word: 'softmax',
  says: 'exponentials of the scores, as shares of their total',
  shape: (s, [x]) => x,
  forward: (s, [x]) => rounded(x.shape, shares(x)),

  backward(s, dy, [x]) {
    const y = shares(x), n = run(x);
    for (let start = 0; start < y.length; start += n) {
      let sum = 0;
      for (let k = start; k < start + n; k++) sum += dy.data[k] * y[k];
      for (let k = start; k < start + n; k++) y[k] *= dy.data[k] - sum;
    }
    return { inputs: [rounded(x.shape, y)], weights: {} };
  },

  sources: (s, cell, [x]) => ({ inputs: [[...only(cell.slice(0, -1)), range(0, x[x.length - 1])]], weights: {} }),
  field: (s, region, [x]) => [[...region.slice(0, -1), range(0, x[x.length - 1])]],

  terms(s, cell, [x]) {
    const { terms, own } = powersOf(cell, x), made = summed(terms);
    return { ...made, steps: [{ formula: `${general(own)} / x`, value: own / made.combined }] };
  },
};
