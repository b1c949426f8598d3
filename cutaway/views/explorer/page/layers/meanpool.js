import { pooling } from './pooling.js';
import { spread, sums } from './sumpool.js';
import { averaged, times } from './working.js';

/** Mean pooling: of each window, the mean of the cells that are there. @type {import('./layer.js').Kind} */
export const meanpool = pooling({
  word: 'meanpool',
  says: 'the mean of the cells of the window',
  forward: (s, [x]) => sums(s, x, meanpool.shape(s, [x.shape]), true),
  backward: (s, dy, [x]) => spread(s, dy, x, true),
  made: (factors) => averaged(factors.map((factor) => times(factor))),
});
