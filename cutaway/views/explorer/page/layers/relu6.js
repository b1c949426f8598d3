import { elementwise } from './elementwise.js';

/** ReLU that stops at six. */
export const relu6 = elementwise({
  word: 'relu6',
  says: 'a number between 0 and 6 passes, others become the nearer of the two',
  formula: 'min(max(0, x), 6)',
  value: (x) => (x <= 0 ? 0 : x > 6 ? 6 : x),
  slope: (x) => (x > 0 && x < 6 ? 1 : 0),
});
