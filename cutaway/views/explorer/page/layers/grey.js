import { only, range, tensor } from './layer.js';
import { at, constant, summed, times } from './working.js';

/** Of red, green and blue, in the 16-bit steps that Pillow takes. */
const SHARES = [19595 / 65536, 38470 / 65536, 7471 / 65536], NAMES = ['red', 'green', 'blue'];

/** One brightness of three colours. @type {import('./layer.js').Kind} */
export const grey = {
  word: 'grey',
  says: 'one brightness of red, green and blue, as eyes weigh them; a grey picture stays as it is',
  shape: (s, [x]) => [x[0], x[1], 1],
  forward(s, [x]) {
    if (x.shape[2] === 1) return x;
    const y = tensor([x.shape[0], x.shape[1], 1]), { data } = x;
    for (let n = 0; n < y.data.length; n++) y.data[n] = Math.floor(data[3 * n] * SHARES[0] + data[3 * n + 1] * SHARES[1] + data[3 * n + 2] * SHARES[2] + 0.5);
    return y;
  },
  backward: (s, dy, [x]) => ({ inputs: [x.shape[2] === 1 ? dy : tensor(x.shape, Float32Array.from(x.data, (_, n) => dy.data[Math.floor(n / 3)] * SHARES[n % 3]))], weights: {} }),
  sources: (s, cell, [x]) => ({ inputs: [[...only(cell.slice(0, 2)), range(0, x[2])]], weights: {} }),
  field: (s, region, [x]) => [[...region.slice(0, 2), range(0, x[2])]],
  terms(s, cell, [x]) {
    if (x.shape[2] === 1) return summed([times(at('input', x, cell))]);
    const made = summed(SHARES.map((share, k) => times(at('input', x, [cell[0], cell[1], k]), constant(`share of ${NAMES[k]}`, share))));
    return { ...made, steps: [{ formula: 'x rounded', value: Math.floor(made.combined + 0.5) }] };
  },
};
