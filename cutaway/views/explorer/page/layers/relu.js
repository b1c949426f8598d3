import { elementwise } from './elementwise.js';

/** ReLU: what is positive passes, what is negative becomes zero. */
export const relu = elementwise({
  word: 'relu',
  says: 'a positive number passes, a negative one becomes zero',
  formula: 'max(0, x)',
  value: (x) => (x <= 0 ? 0 : x),
  slope: (x) => (x > 0 ? 1 : 0),
});
