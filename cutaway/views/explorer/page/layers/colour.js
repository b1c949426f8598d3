import { only, range, tensor } from './layer.js';
import { at, summed, times } from './working.js';

/** A grey picture three times over. @type {import('./layer.js').Kind} */
export const colour = {
  word: 'colour',
  says: 'a grey picture three times over; a colour picture stays as it is',
  shape: (s, [x]) => [x[0], x[1], 3],
  forward: (s, [x]) => (x.shape[2] === 3 ? x : tensor([x.shape[0], x.shape[1], 3], Float32Array.from({ length: x.data.length * 3 }, (_, n) => x.data[Math.floor(n / 3)]))),
  backward: (s, dy, [x]) => ({ inputs: [x.shape[2] === 3 ? dy : tensor(x.shape, x.data.map((_, n) => dy.data[3 * n] + dy.data[3 * n + 1] + dy.data[3 * n + 2]))], weights: {} }),
  sources: (s, cell, [x]) => ({ inputs: [only([cell[0], cell[1], x[2] === 3 ? cell[2] : 0])], weights: {} }),
  field: (s, region, [x]) => [x[2] === 3 ? region : [...region.slice(0, 2), range(0, 1)]],
  terms: (s, cell, [x]) => summed([times(at('input', x, [cell[0], cell[1], x.shape[2] === 3 ? cell[2] : 0]))]),
};
