import { fieldOfDiagonal, only, places, range, tensor } from './layer.js';
import { at, constant, summed, times } from './working.js';

/** What `fit` puts beside a picture; and what rounds to whole numbers when added and floored: ties go up. */
const BORDER = 128, HALF = 0.5 + 2 ** -30;

/**
 * The share of each of `old` pixels in the cells start ... start + new of a side scaled to `scaled`; by new cell, from
 * its first pixel on. Cells outside the picture (the border of `fit`) have none; those of all others add up to 1.
 * @param {number} old @param {number} scaled @param {number} start @param {number} cells
 * @returns {{first: number, shares: number[]}[]}
 */
function triangle(old, scaled, start, cells) {
  const step = old / scaled, reach = Math.max(1, step);
  return Array.from({ length: cells }, (_, n) => {
    const middle = (start + n + 0.5) * step;
    if (middle < 0 || middle > old) return { first: 0, shares: [] };
    const from = Math.max(0, Math.floor(middle - reach - 1)), to = Math.min(old, Math.ceil(middle + reach + 1));
    let shares = Array.from({ length: to - from }, (_, i) => { const share = Math.max(0, 1 - Math.abs(from + i + 0.5 - middle) / reach); return share < 1e-9 ? 0 : share; });
    const total = shares.reduce((sum, share) => sum + share, 0), used = shares.findIndex(Boolean);
    shares = shares.slice(used, shares.findLastIndex(Boolean) + 1).map((share) => share / total);
    return { first: from + used, shares };
  });
}

/** Of rows and of columns. @param {import('./layer.js').Settings} s @param {number[]} size */
function sharesOf({ height, width, how }, [rows, columns]) {
  if (how === 'squash') return [triangle(rows, height, 0, height), triangle(columns, width, 0, width)];
  const ratios = [height / rows, width / columns], ratio = how === 'crop' ? Math.max(...ratios) : Math.min(...ratios);
  const [tall, wide] = [[rows, height], [columns, width]].map(([side, target], n) => (ratio === ratios[n] ? target : Math.max(1, Math.floor(side * ratio + 0.5))));
  return [triangle(rows, tall, Math.floor((tall - height) / 2), height), triangle(columns, wide, Math.floor((wide - width) / 2), width)];
}

/** @param {import('./layer.js').Settings} s @param {number[]} shape */
const fits = (s, shape) => shape[0] === s.height && shape[1] === s.width;

/** Bilinear with antialiasing, as Pillow's BILINEAR, rounded to whole numbers. @type {import('./layer.js').Kind} */
export const resize = {
  word: 'resize',
  says: 'each cell is the mean of the pixels around it, weighted by a triangle, rounded',
  shape: (s, [x]) => [s.height, s.width, x[2]],
  forward(s, [x]) {
    if (fits(s, x.shape)) return x;
    const [rows, columns] = sharesOf(s, x.shape), [, width, depth] = x.shape, low = new Float64Array(width * depth), y = tensor([s.height, s.width, depth]);
    rows.forEach((row, r) => {
      low.fill(0);
      row.shares.forEach((share, i) => { for (let n = 0, from = (row.first + i) * width * depth; n < low.length; n++) low[n] += share * x.data[from + n]; });
      columns.forEach((column, c) => {
        const here = row.shares.length && column.shares.length;
        for (let k = 0; k < depth; k++) {
          let sum = here ? 0 : BORDER;
          if (here) for (let j = 0; j < column.shares.length; j++) sum += column.shares[j] * low[(column.first + j) * depth + k];
          y.data[(r * s.width + c) * depth + k] = Math.max(0, Math.min(255, Math.floor(sum + HALF)));
        }
      });
    });
    return y;
  },
  backward(s, dy, [x]) {
    if (fits(s, x.shape)) return { inputs: [dy], weights: {} };
    const [rows, columns] = sharesOf(s, x.shape), [, width, depth] = x.shape, dx = new Float64Array(x.data.length);
    rows.forEach((row, r) => columns.forEach((column, c) => row.shares.forEach((up, i) => column.shares.forEach((left, j) => {
      for (let k = 0; k < depth; k++) dx[((row.first + i) * width + column.first + j) * depth + k] += up * left * dy.data[(r * s.width + c) * depth + k];
    }))));
    return { inputs: [tensor(x.shape, Float32Array.from(dx))], weights: {} };
  },
  sources(s, cell, [x]) {
    if (fits(s, x)) return { inputs: [only(cell)], weights: {} };
    const [rows, columns] = sharesOf(s, x), span = (/** @type {{first: number, shares: number[]}} */ { first, shares }) => (shares.length ? range(first, first + shares.length) : range(0, 0));
    return { inputs: [[span(rows[cell[0]]), span(columns[cell[1]]), range(cell[2], cell[2] + 1)]], weights: {} };
  },
  field: (s, region, shapes) => fieldOfDiagonal((cell) => resize.sources(s, cell, shapes).inputs, region),
  terms(s, cell, [x]) {
    if (fits(s, x.shape)) return summed([times(at('input', x, cell))]);
    const [rows, columns] = sharesOf(s, x.shape), [[down, across]] = resize.sources(s, cell, [x.shape]).inputs;
    const weight = (/** @type {string} */ of, /** @type {number} */ place, /** @type {{first: number, shares: number[]}} */ { first, shares }) => ({ of, cell: [place], value: shares[place - first] });
    const terms = places(down).flatMap((i) => places(across).map((j) => times(at('input', x, [i, j, cell[2]]), weight('row weight', i, rows[cell[0]]), weight('column weight', j, columns[cell[1]]))));
    const made = summed(terms.length ? terms : [times(constant('border', BORDER))]);
    return { ...made, steps: [{ formula: 'x rounded', value: Math.max(0, Math.min(255, Math.floor(made.combined + HALF))) }] };
  },
};
