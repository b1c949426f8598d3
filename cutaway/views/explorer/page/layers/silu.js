import { elementwise } from './elementwise.js';
import { logistic } from './sigmoid.js';

/** SiLU, or swish. */
export const silu = elementwise({
  word: 'silu',
  says: 'a number times its own sigmoid',
  formula: 'x / (1 + exp(-x))',
  value: (x) => x * logistic(x),
  slope: (x) => logistic(x) * (1 + x * (1 - logistic(x))),
});
