import { elementwise } from './elementwise.js';

/** Hyperbolic tangent. */
export const tanh = elementwise({
  word: 'tanh',
  says: 'squeezes every number between −1 and 1',
  formula: 'tanh(x)',
  value: Math.tanh,
  slope: (x) => 1 - Math.tanh(x) ** 2,
});
