import { only, range, tensor } from './layer.js';
import { general } from './formats.js';
import { at, summed, term } from './working.js';

/** Softmax of every run along the last axis. @param {import('./layer.js').Tensor} x */
export function shares(x) {
  const n = x.shape[x.shape.length - 1], y = tensor(x.shape), powers = new Float64Array(n);
  for (let start = 0; start < x.data.length; start += n) {
    let top = -Infinity, total = 0;
    for (let k = 0; k < n; k++) top = x.data[start + k] <= top ? top : x.data[start + k];
    for (let k = 0; k < n; k++) total += powers[k] = Math.exp(x.data[start + k] - top);
    for (let k = 0; k < n; k++) y.data[start + k] = powers[k] / total;
  }
  return y;
}

/** The powers of all scores beside a cell, and the cell's own. @param {import('./layer.js').Cell} cell @param {import('./layer.js').Tensor} x */
export function powersOf(cell, x) {
  const factors = Array.from({ length: x.shape[x.shape.length - 1] }, (_, k) => at('input', x, [...cell.slice(0, -1), k])), top = Math.max(...factors.map(({ value }) => value));
  const terms = factors.map((factor) => term(factor, Math.exp(factor.value - top), `exp(x - ${general(top)})`));
  return { terms, own: terms[cell[cell.length - 1]].value, lowered: factors[cell[cell.length - 1]].value - top };
}

/** Softmax: exponentials of the scores, as shares of their total. @type {import('./layer.js').Kind} */
export const softmax = {
  word: 'softmax',
  says: 'exponentials of the scores, as shares of their total',
  shape: (s, [x]) => x,
  forward: (s, [x]) => shares(x),
  backward(s, dy, [x]) {
    const y = shares(x), n = x.shape[x.shape.length - 1], dx = tensor(x.shape);
    for (let start = 0; start < x.data.length; start += n) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += dy.data[start + k] * y.data[start + k];
      for (let k = 0; k < n; k++) dx.data[start + k] = y.data[start + k] * (dy.data[start + k] - sum);
    }
    return { inputs: [dx], weights: {} };
  },
  sources: (s, cell, [x]) => ({ inputs: [[...only(cell.slice(0, -1)), range(0, x[x.length - 1])]], weights: {} }),
  field: (s, region, [x]) => [[...region.slice(0, -1), range(0, x[x.length - 1])]],
  terms(s, cell, [x]) {
    const { terms, own } = powersOf(cell, x), made = summed(terms);
    return { ...made, steps: [{ formula: `${general(own)} / x`, value: own / made.combined }] };
  },
};
