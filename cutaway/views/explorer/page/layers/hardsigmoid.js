import { elementwise } from './elementwise.js';

/** x / 6 + 1/2, kept between 0 and 1. @param {number} x */
export const hardLogistic = (x) => { const y = x / 6 + 0.5; return y < 0 ? 0 : y > 1 ? 1 : y; };

/** A sigmoid of three straight pieces. */
export const hardsigmoid = elementwise({
  word: 'hardsigmoid',
  says: 'a sixth of the number and a half, kept between 0 and 1',
  formula: 'min(max(0, x / 6 + 1/2), 1)',
  value: hardLogistic,
  slope: (x) => (Math.abs(x) < 3 ? 1 / 6 : 0),
});
