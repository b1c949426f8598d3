import { elementwise } from './elementwise.js';
import { tensor } from './layer.js';

/** ReLU that stops at six. @type {import('./layer.js').Kind} */
export const relu6 = {
  ...elementwise({
    word: 'relu6',
    says: 'a number between 0 and 6 passes, others become the nearer of the two',
    formula: 'min(max(0, x), 6)',
    value: (x) => (x <= 0 ? 0 : x > 6 ? 6 : x),
    slope: (x) => (x > 0 && x < 6 ? 1 : 0),
  }),

  forward(s, [{ shape, data }]) {      // in the nets that have it, over most cells: a loop of its own
    const y = tensor(shape);
    for (let n = 0; n < data.length; n++) y.data[n] = data[n] <= 0 ? 0 : data[n] > 6 ? 6 : data[n];
    return y;
  },
};
