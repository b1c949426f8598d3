import { elementwise } from './elementwise.js';
import { tensor } from './layer.js';

/** ReLU: what is positive passes, what is negative becomes zero. @type {import('./layer.js').Kind} */
export const relu = {
  ...elementwise({
    word: 'relu',
    says: 'a positive number passes, a negative one becomes zero',
    formula: 'max(0, x)',
    value: (x) => (x <= 0 ? 0 : x),
    slope: (x) => (x > 0 ? 1 : 0),
  }),

  forward(s, [{ shape, data }]) {      // in most nets, over most cells: a loop of its own
    const y = tensor(shape);
    for (let n = 0; n < data.length; n++) y.data[n] = data[n] <= 0 ? 0 : data[n];
    return y;
  },
};
