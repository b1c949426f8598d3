import { general } from './formats.js';
import { rounded } from './layer.js';
import { belowTheLargest, powersOf, run, shares, softmax } from './softmax.js';
import { summed } from './working.js';

/** The logarithm of softmax, also of shares too small to write down. @type {import('./layer.js').Kind} */
export const logsoftmax = {
  ...softmax,
  word: 'logsoftmax',
  says: 'each score less the largest, less the logarithm of the sum of all exponentials',

  forward(s, [x]) {
    const n = run(x), y = belowTheLargest(x);
    for (let start = 0; start < y.length; start += n) {
      let total = 0;
      for (let k = start; k < start + n; k++) total += Math.exp(y[k]);
      for (let k = start; k < start + n; k++) y[k] -= Math.log(total);
    }
    return rounded(x.shape, y);
  },

  backward(s, dy, [x]) {
    const y = shares(x), n = run(x);
    for (let start = 0; start < y.length; start += n) {
      let sum = 0;
      for (let k = start; k < start + n; k++) sum += dy.data[k];
      for (let k = start; k < start + n; k++) y[k] = dy.data[k] - y[k] * sum;
    }
    return { inputs: [rounded(x.shape, y)], weights: {} };
  },

  terms(s, cell, [x]) {
    const { terms, lowered } = powersOf(cell, x), made = summed(terms);
    return { ...made, steps: [{ formula: `${general(lowered)} - log(x)`, value: lowered - Math.log(made.combined) }] };
  },
};
