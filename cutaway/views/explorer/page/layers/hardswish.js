import { elementwise } from './elementwise.js';
import { hardLogistic } from './hardsigmoid.js';

/** SiLU of straight pieces. */
export const hardswish = elementwise({
  word: 'hardswish',
  says: 'a number times its own hard sigmoid',
  formula: 'x * min(max(0, x / 6 + 1/2), 1)',
  value: (x) => x * hardLogistic(x),
  slope: (x) => hardLogistic(x) + x * (Math.abs(x) < 3 ? 1 / 6 : 0),
});
