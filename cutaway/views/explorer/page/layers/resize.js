import { describe, fieldOfDiagonal, only, places, range, rounded, tensor } from './layer.js';
import { at, constant, summed, times } from './working.js';

/** What `fit` puts beside a picture; and what rounds to whole numbers when added and floored: ties go up. */
const BORDER = 128, HALF = 0.5 + 2 ** -30;

/** @typedef {{first: number, shares: number[]}} Made  of which pixels a cell of a side is made: from the first on, their shares */

/** What was asked last: hovering asks for the same shares again and again. @type {Map<string, Made[]>} */
const known = new Map();

/**
 * The share of each of `old` pixels in the cells start ... start + cells of a side scaled to `scaled`. Cells outside the
 * picture (the border of `fit`) have none; those of all others add up to 1.
 * @param {number} old @param {number} scaled @param {number} start @param {number} cells @returns {Made[]}
 */
function triangle(old, scaled, start, cells) {
  const key = [old, scaled, start, cells].join(), before = known.get(key);
  if (before) return before;
  const step = old / scaled, made = Array.from({ length: cells }, (_, n) => sharesAround((start + n + 0.5) * step, Math.max(1, step), old));
  if (known.size >= 64) known.clear();
  known.set(key, made);
  return made;
}

/** The shares of the pixels around a place: a triangle. @param {number} middle @param {number} reach  on either side @param {number} old */
function sharesAround(middle, reach, old) {
  if (middle < 0 || middle > old) return { first: 0, shares: [] };
  const from = Math.max(0, Math.floor(middle - reach - 1)), to = Math.min(old, Math.ceil(middle + reach + 1)), shares = [];
  for (let pixel = from; pixel < to; pixel++) {
    const share = Math.max(0, 1 - Math.abs(pixel + 0.5 - middle) / reach);
    shares.push(share < 1e-9 ? 0 : share);                       // nothing, but for rounding: such a pixel has no part in the cell
  }
  const total = shares.reduce((sum, share) => sum + share, 0), used = shares.findIndex(Boolean);
  return { first: from + used, shares: shares.slice(used, shares.findLastIndex(Boolean) + 1).map((share) => share / total) };
}

/** Of rows and of columns. @param {import('./layer.js').Settings} s @param {number[]} size @returns {[Made[], Made[]]} */
function sharesOf({ height, width, how }, [rows, columns]) {
  if (how === 'squash') return [triangle(rows, height, 0, height), triangle(columns, width, 0, width)];
  const down = height / rows, across = width / columns, ratio = how === 'crop' ? Math.max(down, across) : Math.min(down, across);
  const tall = ratio === down ? height : scaled(rows, ratio), wide = ratio === across ? width : scaled(columns, ratio);
  return [triangle(rows, tall, Math.floor((tall - height) / 2), height), triangle(columns, wide, Math.floor((wide - width) / 2), width)];
}

/** @param {number} side @param {number} ratio */
const scaled = (side, ratio) => Math.max(1, Math.floor(side * ratio + 0.5));

/** To whole numbers, ties up. @param {number} sum */
const whole = (sum) => Math.max(0, Math.min(255, Math.floor(sum + HALF)));

/** The pixels that have a share. @param {Made} made */
const span = ({ first, shares }) => range(first, first + shares.length);

/** @param {import('./layer.js').Settings} s @param {number[]} shape */
const fits = (s, shape) => shape[0] === s.height && shape[1] === s.width;

/** Bilinear with antialiasing, as Pillow's BILINEAR, rounded to whole numbers. @type {import('./layer.js').Kind} */
export const resize = {
  word: 'resize',
  says: 'each cell is the mean of the pixels around it, weighted by a triangle, rounded',

  shape(s, [x]) {
    if (x.length !== 3) throw new Error(`resize needs a picture (height x width x channels); got ${describe(x)}`);
    return [s.height, s.width, x[2]];
  },

  forward(s, [x]) {
    if (fits(s, x.shape)) return x;
    const [rows, columns] = sharesOf(s, x.shape), [, width, depth] = x.shape, from = x.data;
    const low = new Float64Array(width * depth), y = tensor([s.height, s.width, depth]);
    for (let r = 0, out = 0; r < s.height; r++) {
      const row = rows[r];
      low.fill(0);
      for (let i = 0; i < row.shares.length; i++) {
        const share = row.shares[i];
        for (let n = 0, at = (row.first + i) * low.length; n < low.length; n++) low[n] += share * from[at + n];
      }
      for (let c = 0; c < s.width; c++) {
        const { first, shares } = columns[c], inside = row.shares.length && shares.length;
        for (let k = 0; k < depth; k++, out++) {
          let sum = inside ? 0 : BORDER;
          if (inside) for (let j = 0, at = first * depth + k; j < shares.length; j++, at += depth) sum += shares[j] * low[at];
          y.data[out] = whole(sum);
        }
      }
    }
    return y;
  },

  /** The gradient of the means before they are rounded. */
  backward(s, dy, [x]) {
    if (fits(s, x.shape)) return { inputs: [dy], weights: {} };
    const [rows, columns] = sharesOf(s, x.shape), [, width, depth] = x.shape, dx = new Float64Array(x.data.length);
    for (let r = 0; r < s.height; r++) for (let c = 0; c < s.width; c++) {
      const row = rows[r], column = columns[c], out = (r * s.width + c) * depth;
      for (let i = 0; i < row.shares.length; i++) for (let j = 0; j < column.shares.length; j++) {
        const share = row.shares[i] * column.shares[j], at = ((row.first + i) * width + column.first + j) * depth;
        for (let k = 0; k < depth; k++) dx[at + k] += share * dy.data[out + k];
      }
    }
    return { inputs: [rounded(x.shape, dx)], weights: {} };
  },

  sources(s, cell, [x]) {
    if (fits(s, x)) return { inputs: [only(cell)], weights: {} };
    const [rows, columns] = sharesOf(s, x);
    return { inputs: [[span(rows[cell[0]]), span(columns[cell[1]]), range(cell[2], cell[2] + 1)]], weights: {} };
  },

  field: (s, region, shapes) => fieldOfDiagonal((cell) => resize.sources(s, cell, shapes).inputs, region),

  terms(s, cell, [x]) {
    if (fits(s, x.shape)) return summed([times(at('input', x, cell))]);
    const [rows, columns] = sharesOf(s, x.shape), row = rows[cell[0]], column = columns[cell[1]];
    const terms = places(span(row)).flatMap((i) => places(span(column)).map((j) => times(
      at('input', x, [i, j, cell[2]]),
      { of: 'row weight', cell: [i], value: row.shares[i - row.first] },
      { of: 'column weight', cell: [j], value: column.shares[j - column.first] },
    )));
    const made = summed(terms.length ? terms : [times(constant('border', BORDER))]);
    return { ...made, steps: [{ formula: 'rounded(x)', value: whole(made.combined) }] };
  },
};
