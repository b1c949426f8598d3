/**
 * The lab's kernels: those of the textbooks, written as `cutaway filter` takes them; what is typed, grown, shrunk, drawn
 * by lot. Those that `cutaway filter` has too are the same, which a test holds.
 *
 * @typedef {{rows: number[][], by: number}} Kernel  numbers, all divided by `by`: 1 1 1 / 9 stays whole while it is edited
 */

import { tensor } from './layers/layer.js';

/** What each is, and what it does, in a few words. @type {Record<string, {text: string, says: string}>} */
export const KERNELS = {
  identity: { text: '0 0 0; 0 1 0; 0 0 0', says: 'every pixel as it is' },
  blur: { text: '1 1 1; 1 1 1; 1 1 1 / 9', says: 'the mean of nine neighbours' },
  'mean-5x5': { text: '1 1 1 1 1; 1 1 1 1 1; 1 1 1 1 1; 1 1 1 1 1; 1 1 1 1 1 / 25', says: 'the mean of 25 neighbours' },
  gaussian: { text: '1 2 1; 2 4 2; 1 2 1 / 16', says: 'a mean in which what is near counts more' },
  'gaussian-5x5': { text: '1 4 6 4 1; 4 16 24 16 4; 6 24 36 24 6; 4 16 24 16 4; 1 4 6 4 1 / 256', says: 'a wide, soft mean' },
  sharpen: { text: '0 -1 0; -1 5 -1; 0 -1 0', says: 'the pixel, and what sets it apart from its four neighbours' },
  'sharpen-5x5': { text: '0 0 0 0 0; 0 0 -1 0 0; 0 -1 5 -1 0; 0 0 -1 0 0; 0 0 0 0 0', says: 'the same as sharpen: a border of zeros changes nothing' },
  edge: { text: '0 1 0; 1 -4 1; 0 1 0', says: 'four neighbours less the pixel: what is even becomes 0' },
  outline: { text: '-1 -1 -1; -1 8 -1; -1 -1 -1', says: 'the pixel less all eight neighbours' },
  emboss: { text: '-2 -1 0; -1 1 1; 0 1 2', says: 'light from above left: slopes become relief' },
  'sobel-x': { text: '-1 0 1; -2 0 2; -1 0 1', says: 'brighter to the right is orange: upright edges' },
  'sobel-y': { text: '-1 -2 -1; 0 0 0; 1 2 1', says: 'brighter below is orange: level edges' },
};

/** The largest kernel that can be typed. */
export const LARGEST_KERNEL = 7;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A number as people type it, with a true minus sign or a hyphen; NaN for anything else. @param {string} word */
export function numberIn(word) {
  const plain = word.trim().replaceAll('−', '-');
  return NUMBER.test(plain) ? Number(plain) : NaN;
}

/** The kernel of a name, or that rows of numbers say: "0 1 0; 1 -4 1; 0 1 0 / 9". Throws in one line. @param {string} text @returns {Kernel} */
export function parsed(text) {
  const [rows, divisor] = (KERNELS[text.trim()]?.text ?? text).split('/', 2), by = divisor === undefined ? 1 : numberIn(divisor);
  const lines = rows.replace(/^[;\s]+|[;\s]+$/g, '').split(/[;\n]/).map((line) => line.trim().split(/[\s,]+/).map(numberIn));
  if (lines.flat().some((n) => !Number.isFinite(n))) throw new Error('a kernel is rows of numbers: 0 1 0; 1 -4 1; 0 1 0');
  if (lines.some((line) => line.length !== lines[0].length)) throw new Error(`its rows have to be equally long: here ${lines.map((line) => line.length).join(', ')}`);
  if (Math.max(lines.length, lines[0].length) > LARGEST_KERNEL) throw new Error(`${lines.length}x${lines[0].length} is more than the ${LARGEST_KERNEL}x${LARGEST_KERNEL} that fit here`);
  if (!Number.isFinite(by) || by === 0) throw new Error('what stands after / divides: a number, not 0');
  return { rows: lines, by };
}

/** The kernel as it can be typed again. @param {Kernel} kernel @param {string} [between] rows */
export const shown = ({ rows, by }, between = '; ') => rows.map((row) => row.map(String).join(' ')).join(between) + (by === 1 ? '' : ` / ${by}`);

/** The name of a kernel of the textbooks, if it is one. @param {Kernel} kernel */
export function nameOf(kernel) {
  const text = shown(kernel);
  return Object.keys(KERNELS).find((name) => KERNELS[name].text === text);
}

/** Another size: zeros come around, or the border goes; the middle stays the middle. @param {Kernel} kernel @param {number} rows @param {number} columns @returns {Kernel} */
export function resized({ rows: old, by }, rows, columns) {
  const middle = (/** @type {number} */ n) => Math.floor((n - 1) / 2), down = middle(old.length) - middle(rows), right = middle(old[0].length) - middle(columns);
  return { rows: Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => old[i + down]?.[j + right] ?? 0)), by };
}

/** Quarter turns and mirrors are the same numbers elsewhere. @param {Kernel} kernel @returns {Kernel} */
export const turned = ({ rows, by }) => ({ rows: rows[0].map((_, j) => rows.map((row) => row[j]).reverse()), by });

/** Numbers from -1 to 1, to a tenth. @param {number} rows @param {number} columns @param {() => number} [lot] @returns {Kernel} */
export const random = (rows, columns, lot = Math.random) => ({ rows: Array.from({ length: rows }, () => Array.from({ length: columns }, () => Math.round(lot() * 20 - 10) / 10 + 0)), by: 1 });

/** One number changed. @param {Kernel} kernel @param {number} row @param {number} column @param {number} value @returns {Kernel} */
export const withNumber = ({ rows, by }, row, column, value) => ({ rows: rows.map((line, i) => (i === row ? line.with(column, value) : line)), by });

/** What all numbers add up to: 1 keeps brightness, 0 leaves differences. @param {Kernel} kernel */
export const sumOf = ({ rows, by }) => Number((rows.flat().reduce((sum, n) => sum + n, 0) / by).toPrecision(6));

/** The weights of a convolution with this kernel on every channel by itself. @param {Kernel} kernel @param {number} bias @param {number} channels @returns {import('./layers/layer.js').Weights} */
export const weightsOf = ({ rows, by }, bias, channels) => ({
  kernel: tensor([rows.length, rows[0].length, 1, channels], Float32Array.from(rows.flat().flatMap((n) => Array(channels).fill(n / by)))),
  bias: tensor([channels], new Float32Array(channels).fill(bias)),
});
