import { rounded, tensor } from './layer.js';
import { eachWindow, pooling } from './pooling.js';
import { summed, times } from './working.js';

/**
 * The sum of every window, or, divided, its mean.
 * @param {import('./layer.js').Settings} s @param {import('./layer.js').Tensor} x @param {import('./layer.js').Shape} shape @param {boolean} mean
 */
export function sums(s, x, shape, mean) {
  const [, width, depth] = x.shape, y = tensor(shape), sum = new Float64Array(depth);
  eachWindow(s, x.shape, (r0, r1, c0, c1, out) => {
    sum.fill(0);
    for (let r = r0; r < r1; r++) for (let c = c0; c < c1; c++) {
      for (let k = 0, at = (r * width + c) * depth; k < depth; k++) sum[k] += x.data[at + k];
    }
    const by = mean ? (r1 - r0) * (c1 - c0) : 1;
    for (let k = 0; k < depth; k++) y.data[out * depth + k] = sum[k] / by;
  });
  return y;
}

/**
 * Each cell's share of the slopes of the windows that it is in.
 * @param {import('./layer.js').Settings} s @param {import('./layer.js').Tensor} dy @param {import('./layer.js').Tensor} x @param {boolean} mean
 */
export function spread(s, dy, x, mean) {
  const [, width, depth] = x.shape, dx = new Float64Array(x.data.length);
  eachWindow(s, x.shape, (r0, r1, c0, c1, out) => {
    const by = mean ? (r1 - r0) * (c1 - c0) : 1;
    for (let r = r0; r < r1; r++) for (let c = c0; c < c1; c++) {
      for (let k = 0, at = (r * width + c) * depth; k < depth; k++) dx[at + k] += dy.data[out * depth + k] / by;
    }
  });
  return { inputs: [rounded(x.shape, dx)], weights: {} };
}

/** Sum pooling: of each window, the sum of its cells. @type {import('./layer.js').Kind} */
export const sumpool = pooling({
  word: 'sumpool',
  says: 'the sum of the cells of the window',
  forward: (s, [x]) => sums(s, x, sumpool.shape(s, [x.shape]), false),
  backward: (s, dy, [x]) => spread(s, dy, x, false),
  made: (factors) => summed(factors.map((factor) => times(factor))),
});
