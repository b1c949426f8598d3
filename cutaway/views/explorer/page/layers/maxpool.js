import { tensor } from './layer.js';
import { eachWindow, pooling } from './pooling.js';
import { largest, times } from './working.js';

/** Max pooling: of each window, the largest cell; of equal ones the first. @type {import('./layer.js').Kind} */
export const maxpool = pooling({
  word: 'maxpool',
  says: 'the largest cell of the window goes on, the others stop here',
  forward(s, [x]) {
    const [, width, depth] = x.shape, y = tensor(maxpool.shape(s, [x.shape])), from = x.data, to = y.data;
    eachWindow(s, x.shape, (r0, r1, c0, c1, out) => {
      for (let k = 0; k < depth; k++) {
        let best = -Infinity;
        for (let r = r0; r < r1; r++) for (let c = c0; c < c1; c++) { const v = from[(r * width + c) * depth + k]; if (!(v <= best)) best = Number.isNaN(best) ? best : v; }
        to[out * depth + k] = best;
      }
    });
    return y;
  },
  backward(s, dy, [x]) {
    const [, width, depth] = x.shape, dx = tensor(x.shape);
    eachWindow(s, x.shape, (r0, r1, c0, c1, out) => {
      for (let k = 0; k < depth; k++) {
        let best = (r0 * width + c0) * depth + k;
        for (let r = r0; r < r1; r++) for (let c = c0; c < c1; c++) { const at = (r * width + c) * depth + k; if (x.data[at] > x.data[best]) best = at; }
        dx.data[best] += dy.data[out * depth + k];
      }
    });
    return { inputs: [dx], weights: {} };
  },
  made: (factors) => largest(factors.map((factor) => times(factor))),
});
