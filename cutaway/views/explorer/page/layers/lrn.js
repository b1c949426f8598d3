import { only, places, range, tensor } from './layer.js';
import { general } from './formats.js';
import { at, constant, summed, times } from './working.js';

const ALPHA = 1e-4, BETA = 0.75, BIAS = 1;

/** The channels around one. @param {number} size @param {number} channel @param {number} channels */
const around = (size, channel, channels) => range(Math.max(0, channel - (size - 1 - Math.floor(size / 2))), Math.min(channels, channel + Math.floor(size / 2) + 1));

/** What each cell is divided by, before the power. @param {number} size @param {import('./layer.js').Tensor} x */
function bases(size, x) {
  const channels = x.shape[x.shape.length - 1];
  return Float64Array.from(x.data, (_, n) => {
    const k = n % channels, [from, to] = around(size, k, channels);
    let sum = 0;
    for (let j = from; j < to; j++) sum += x.data[n - k + j] ** 2;
    return BIAS + (ALPHA / size) * sum;
  });
}

/** Local response normalisation. @type {import('./layer.js').Kind} */
export const lrn = {
  word: 'lrn',
  says: 'each cell is damped by its neighbours in other channels',
  shape: (s, [x]) => x,
  forward({ size }, [x]) {
    const base = bases(size, x);
    return tensor(x.shape, x.data.map((v, n) => v * base[n] ** -BETA));
  },
  backward({ size }, dy, [x]) {
    const base = bases(size, x), channels = x.shape[x.shape.length - 1], shared = Float64Array.from(x.data, (v, n) => dy.data[n] * v * base[n] ** (-BETA - 1));
    // A cell damps those that count it among their neighbours: the same run, mirrored.
    const after = Math.floor((size - 1) / 2), before = size - 1 - after;
    return { inputs: [tensor(x.shape, x.data.map((v, n) => {
      const k = n % channels;
      let sum = 0;
      for (let j = Math.max(0, k - before); j <= Math.min(channels - 1, k + after); j++) sum += shared[n - k + j];
      return dy.data[n] * base[n] ** -BETA - ((2 * BETA * ALPHA) / size) * v * sum;
    }))], weights: {} };
  },
  sources: ({ size }, cell, [x]) => ({ inputs: [[...only(cell.slice(0, -1)), around(size, cell[cell.length - 1], x[x.length - 1])]], weights: {} }),
  field({ size }, region, [x]) {
    const [first, last] = [region[region.length - 1][0], region[region.length - 1][1] - 1].map((k) => around(size, k, x[x.length - 1]));
    return [[...region.slice(0, -1), range(first[0], last[1])]];
  },
  terms({ size }, cell, [x]) {
    const share = constant(`${general(ALPHA, 6)} / ${size}`, ALPHA / size), own = at('input', x, cell).value;
    const squares = places(around(size, cell[cell.length - 1], x.shape[x.shape.length - 1])).map((k) => { const factor = at('input', x, [...cell.slice(0, -1), k]); return times(factor, factor, share); });
    const made = summed([times(constant('constant', BIAS)), ...squares]);
    return { ...made, steps: [{ formula: `${general(own)} / x^${general(BETA, 6)}`, value: own / made.combined ** BETA }] };
  },
};
