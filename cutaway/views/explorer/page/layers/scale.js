import { elementwise } from './elementwise.js';
import { general } from './formats.js';

/** Dividing: bytes become numbers from 0 to 1. */
export const scale = elementwise({
  word: 'scale',
  says: 'every number divided by the same one',
  formula: ({ divisor }) => `x / ${general(divisor, 15)}`,
  value: (x, { divisor }) => x / divisor,
  slope: (x, { divisor }) => 1 / divisor,
});
