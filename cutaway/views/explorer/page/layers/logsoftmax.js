import { general } from './formats.js';
import { tensor } from './layer.js';
import { powersOf, shares, softmax } from './softmax.js';
import { summed } from './working.js';

/** The logarithm of softmax. @type {import('./layer.js').Kind} */
export const logsoftmax = {
  ...softmax,
  word: 'logsoftmax',
  says: 'each score less the logarithm of the sum of all exponentials',
  forward(s, [x]) {
    const n = x.shape[x.shape.length - 1], y = tensor(x.shape);
    for (let start = 0; start < x.data.length; start += n) {
      let top = -Infinity, total = 0;
      for (let k = 0; k < n; k++) top = x.data[start + k] <= top ? top : x.data[start + k];
      for (let k = 0; k < n; k++) total += Math.exp(x.data[start + k] - top);
      for (let k = 0; k < n; k++) y.data[start + k] = x.data[start + k] - top - Math.log(total);
    }
    return y;
  },
  backward(s, dy, [x]) {
    const y = shares(x), n = x.shape[x.shape.length - 1], dx = tensor(x.shape);
    for (let start = 0; start < x.data.length; start += n) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += dy.data[start + k];
      for (let k = 0; k < n; k++) dx.data[start + k] = dy.data[start + k] - y.data[start + k] * sum;
    }
    return { inputs: [dx], weights: {} };
  },
  terms(s, cell, [x]) {
    const { terms, lowered } = powersOf(cell, x), made = summed(terms);
    return { ...made, steps: [{ formula: `${general(lowered)} - log(x)`, value: lowered - Math.log(made.combined) }] };
  },
};
