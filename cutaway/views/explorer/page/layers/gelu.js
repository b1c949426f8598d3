import { elementwise } from './elementwise.js';

/** The error function: a series of positive terms, so that nothing cancels (Abramowitz and Stegun 7.1.6). @param {number} x */
export function erf(x) {
  const size = Math.abs(x);
  if (!(size < 6)) return Number.isNaN(x) ? x : Math.sign(x);
  let term = size, sum = size;
  for (let n = 1; term > sum * 1e-17; n++) sum += term *= (2 * size * size) / (2 * n + 1);
  return (Math.sign(x) * 2 * Math.exp(-size * size) * sum) / Math.sqrt(Math.PI);
}

/** The share of a normal distribution below x. @param {number} x */
const below = (x) => (1 + erf(x / Math.SQRT2)) / 2;

/** GELU, the exact form. */
export const gelu = elementwise({
  word: 'gelu',
  says: 'a number times the share of a normal distribution below it',
  formula: 'x * (1 + erf(x / sqrt(2))) / 2',
  value: (x) => x * below(x),
  slope: (x) => below(x) + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI),
});
