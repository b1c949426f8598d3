import { rounded, tensor } from './layer.js';
import { eachWindow, pooling } from './pooling.js';
import { largest, times } from './working.js';

/** Max pooling: of each window, the largest cell; of equal ones the first. What is not a number beats all. @type {import('./layer.js').Kind} */
export const maxpool = pooling({
  word: 'maxpool',
  says: 'the largest cell of the window goes on, the others stop here',

  forward(s, [x]) {
    const [, width, depth] = x.shape, y = tensor(maxpool.shape(s, [x.shape])), from = x.data, to = y.data;
    eachWindow(s, x.shape, (r0, r1, c0, c1, out) => {
      for (let k = 0, first = (r0 * width + c0) * depth; k < depth; k++) to[out * depth + k] = from[first + k];
      for (let r = r0; r < r1; r++) for (let c = c0; c < c1; c++) {
        for (let k = 0, at = (r * width + c) * depth, best = out * depth; k < depth; k++, at++, best++) {
          if (!(from[at] <= to[best]) && !Number.isNaN(to[best])) to[best] = from[at];
        }
      }
    });
    return y;
  },

  backward(s, dy, [x]) {
    const [, width, depth] = x.shape, from = x.data, dx = new Float64Array(from.length);
    eachWindow(s, x.shape, (r0, r1, c0, c1, out) => {
      for (let k = 0; k < depth; k++) {
        let best = (r0 * width + c0) * depth + k;
        for (let r = r0; r < r1; r++) for (let c = c0; c < c1; c++) {
          const at = (r * width + c) * depth + k;
          if (!(from[at] <= from[best]) && !Number.isNaN(from[best])) best = at;
        }
        dx[best] += dy.data[out * depth + k];
      }
    });
    return { inputs: [rounded(x.shape, dx)], weights: {} };
  },

  made: (factors) => largest(factors.map((factor) => times(factor))),
});
