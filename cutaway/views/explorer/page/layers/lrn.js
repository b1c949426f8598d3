import { only, places, range, rounded } from './layer.js';
import { general } from './formats.js';
import { at, constant, summed, times } from './working.js';

/** Krizhevsky et al. 2012, with Caffe's bias of 1. */
const ALPHA = 1e-4, BETA = 0.75, BIAS = 1;

/** The channels around one; of an even number, more are above. @param {number} size @param {number} channel @param {number} channels */
const around = (size, channel, channels) =>
  range(Math.max(0, channel - (size - 1 - Math.floor(size / 2))), Math.min(channels, channel + Math.floor(size / 2) + 1));

/**
 * The sum over `size` channels around each, `after` of them above it.
 * @param {Float64Array} values @param {number} channels @param {number} size @param {number} after
 */
function sumsAround(values, channels, size, after) {
  const before = size - 1 - after;
  return values.map((_, n) => {
    const k = n % channels;
    let sum = 0;
    for (let j = Math.max(0, k - before); j <= Math.min(channels - 1, k + after); j++) sum += values[n - k + j];
    return sum;
  });
}

/** What each cell is divided by, before the power. @param {number} size @param {import('./layer.js').Tensor} x */
const bases = (size, { shape, data }) =>
  sumsAround(Float64Array.from(data, (v) => v * v), shape[shape.length - 1], size, Math.floor(size / 2)).map((sum) => BIAS + (ALPHA / size) * sum);

/** Local response normalisation. @type {import('./layer.js').Kind} */
export const lrn = {
  word: 'lrn',
  says: 'each cell is damped by its neighbours in other channels',
  shape: (s, [x]) => x,
  forward: ({ size }, [x]) => rounded(x.shape, bases(size, x).map((base, n) => x.data[n] * base ** -BETA)),

  backward({ size }, dy, [x]) {
    const base = bases(size, x), channels = x.shape[x.shape.length - 1];
    // A cell damps those that count it among their neighbours: the same run, mirrored.
    const shared = sumsAround(base.map((b, n) => dy.data[n] * x.data[n] * b ** (-BETA - 1)), channels, size, Math.floor((size - 1) / 2));
    const dx = base.map((b, n) => dy.data[n] * b ** -BETA - ((2 * BETA * ALPHA) / size) * x.data[n] * shared[n]);
    return { inputs: [rounded(x.shape, dx)], weights: {} };
  },

  sources: ({ size }, cell, [x]) => ({ inputs: [[...only(cell.slice(0, -1)), around(size, cell[cell.length - 1], x[x.length - 1])]], weights: {} }),

  field({ size }, region, [x]) {
    const [first, stop] = region[region.length - 1], channels = x[x.length - 1];
    return [[...region.slice(0, -1), range(around(size, first, channels)[0], around(size, stop - 1, channels)[1])]];
  },

  terms({ size }, cell, [x]) {
    const share = constant(`${general(ALPHA, 6)} / ${size}`, ALPHA / size), own = at('input', x, cell).value;
    const squares = places(around(size, cell[cell.length - 1], x.shape[x.shape.length - 1])).map((k) => {
      const factor = at('input', x, [...cell.slice(0, -1), k]);
      return times(factor, factor, share);
    });
    const made = summed([times(constant('constant', BIAS)), ...squares]);
    return { ...made, steps: [{ formula: `${general(own)} / x^${general(BETA, 6)}`, value: own / made.combined ** BETA }] };
  },
};
