import { describe, only, range, tensor } from './layer.js';
import { at, constant, summed, times } from './working.js';

/** Of red, green and blue, in the 16-bit steps that Pillow takes. */
const SHARES = [19595 / 65536, 38470 / 65536, 7471 / 65536], NAMES = ['red', 'green', 'blue'];

/** One brightness of three colours. @type {import('./layer.js').Kind} */
export const grey = {
  word: 'grey',
  says: 'one brightness of red, green and blue, as eyes weigh them; a grey picture stays as it is',

  shape(s, [x]) {
    if (x.length !== 3 || ![0, 1, 3].includes(x[2])) throw new Error(`grey needs a picture of 1 or 3 channels; got ${describe(x)}`);
    return [x[0], x[1], 1];
  },

  forward(s, [x]) {
    if (x.shape[2] === 1) return x;
    const y = tensor([x.shape[0], x.shape[1], 1]), { data } = x;
    for (let n = 0, at = 0; n < y.data.length; n++, at += 3) {
      y.data[n] = Math.floor(data[at] * SHARES[0] + data[at + 1] * SHARES[1] + data[at + 2] * SHARES[2] + 0.5);
    }
    return y;
  },

  /** The gradient of the sum before it is rounded. */
  backward(s, dy, [x]) {
    if (x.shape[2] === 1) return { inputs: [dy], weights: {} };
    const dx = tensor(x.shape);
    for (let n = 0; n < dx.data.length; n++) dx.data[n] = dy.data[Math.floor(n / 3)] * SHARES[n % 3];
    return { inputs: [dx], weights: {} };
  },

  sources: (s, cell, [x]) => ({ inputs: [[...only(cell.slice(0, 2)), range(0, x[2])]], weights: {} }),
  field: (s, region, [x]) => [[...region.slice(0, 2), range(0, x[2])]],

  terms(s, cell, [x]) {
    if (x.shape[2] === 1) return summed([times(at('input', x, cell))]);
    const made = summed(SHARES.map((share, k) => times(at('input', x, [cell[0], cell[1], k]), constant(`share of ${NAMES[k]}`, share))));
    return { ...made, steps: [{ formula: 'rounded(x)', value: Math.floor(made.combined + 0.5) }] };
  },
};
