import { elementwise } from './elementwise.js';
import { repr } from './formats.js';

/** Leaky ReLU. */
export const leaky = elementwise({
  word: 'leaky',
  says: 'a positive number passes, of a negative one a small share',
  formula: ({ leak }) => `x if x > 0 else ${repr(leak)} * x`,
  value: (x, { leak }) => (x > 0 ? x : x * leak),
  slope: (x, { leak }) => (x > 0 ? 1 : leak),
});
