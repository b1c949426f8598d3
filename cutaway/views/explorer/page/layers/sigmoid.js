import { elementwise } from './elementwise.js';

/** 1 / (1 + e^-x), without overflow. @param {number} x */
export function logistic(x) {
  const small = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + small) : small / (1 + small);
}

/** Sigmoid. */
export const sigmoid = elementwise({
  word: 'sigmoid',
  says: 'turns a score into a probability between 0 and 1',
  formula: '1 / (1 + exp(-x))',
  value: logistic,
  slope: (x) => logistic(x) * (1 - logistic(x)),
});
