/**
 * How large the output is: the formula with its numbers filled in, and where it does not come out even, what is left out
 * or what would fit. What fits is decided by layers/window.js; the words are those of cutaway/layers/window.py.
 *
 * @typedef {import('./layers/window.js').Window} Window
 * @typedef {object} Sizing
 * @property {number} length  cells there are (H)
 * @property {number} span  cells that one window covers (K), gaps of dilation included
 * @property {number} padding  cells added on both sides (P)
 * @property {number} stride
 * @property {number} exact  what the formula gives
 * @property {number | null} count  stops of the window; null where it does not fit
 * @property {string} note  what is left out, cut short, or wrong
 */

import { axesOf, span } from './layers/window.js';
import { MINUS } from './numbers.js';

const SIDES = [['row', 'rows'], ['column', 'columns']];

/** @param {number} n @param {string[]} words */
const several = (n, words) => `${n} ${words[n === 1 ? 0 : 1]}`;

/** One direction of a window over maps of this shape. @param {Window} window @param {number[]} shape @param {0 | 1} side @returns {Sizing} */
export function sizing(window, shape, side) {
  const length = shape[side], stride = window.stride[side], covers = (window.size[side] - 1) * window.dilation[side] + 1, axis = axisOf(window, shape, side);
  const padding = typeof window.padding !== 'string' ? window.padding[side] + window.padding[side + 2] : window.padding === 'same' && axis ? axis.before + axis.after : 0;
  const room = length - covers + padding, base = { length, span: covers, padding, stride, exact: room / stride + 1, count: axis?.count ?? null };
  if (!axis) return { ...base, note: room < 0 ? tooLarge(covers, length, padding, side) : `not a whole number; ${whatFits(room, stride, padding)}` };
  if (room < 0) return { ...base, note: `the window is cut short to the ${several(length, SIDES[side])} there are` };
  if (axis.count === base.exact) return { ...base, note: '' };
  if (window.edge === 'partial') return { ...base, note: cutShort(axis, side) };
  const unused = Math.max(0, length - ((axis.count - 1) * stride - axis.before + span(axis))), words = SIDES[side];
  return { ...base, note: `${unused ? `last ${several(unused, words)} unused` : 'the last padding is unused'}; ${whatFits(room, stride, padding)}` };
}

/** The axis that the declaration gives, nothing where it refuses. @param {Window} window @param {number[]} shape @param {0 | 1} side */
function axisOf(window, shape, side) {
  const alone = /** @type {(sides: number[]) => number[]} */ ((sides) => [sides[side], sides[side]]), { size, stride, dilation, padding, edge } = window;
  const own = typeof padding === 'string' ? padding : [padding[side], padding[side], padding[side + 2], padding[side + 2]];
  try {
    return axesOf({ size: alone(size), stride: alone(stride), dilation: alone(dilation), padding: own, edge }, [...alone(shape), 1])[side];
  } catch {
    return null;
  }
}

/** @param {number} covers @param {number} length @param {number} padding @param {0 | 1} side */
const tooLarge = (covers, length, padding, side) =>
  `the window covers ${several(covers, SIDES[side])}, there are ${length + padding}; a smaller window fits, 'same', or 'pad ${Math.ceil((covers - length) / 2)}'`;

/** Strides and paddings with which it comes out even: the nearest. @param {number} room @param {number} stride @param {number} padding */
export function whatFits(room, stride, padding) {
  const strides = Array.from({ length: room }, (_, n) => n + 1).filter((s) => room % s === 0).sort((a, b) => Math.abs(a - stride) - Math.abs(b - stride) || a - b).slice(0, 2);
  const paddings = [padding - (room % stride), padding + stride - (room % stride)].filter((p) => p >= 0);
  return `stride ${strides.join(' or ')} fits, or ${paddings.join(' or ')} ${paddings.join() === '1' ? 'cell' : 'cells'} of padding in all`;
}

/** @param {import('./layers/window.js').Axis} axis @param {0 | 1} side */
function cutShort(axis, side) {
  const there = axis.length - ((axis.count - 1) * axis.stride - axis.before);
  if (there >= span(axis)) return `one more window would start outside${there > span(axis) ? `; last ${several(there - span(axis), SIDES[side])} unused` : ''}`;
  return `the last window is cut short: ${there} of ${several(span(axis), SIDES[side])}`;
}

/** The formula with its numbers: (28 − 3 + 0) / 2 + 1. @param {Sizing} sizing */
export const filledIn = ({ length, span: covers, padding, stride }) => `(${length} ${MINUS} ${covers} + ${padding}) / ${stride} + 1`;

/** What it comes to: "= 13", "= 13.5, so 13". @param {Sizing} sizing */
export function comesTo({ exact, count }) {
  const text = String(Number(exact.toFixed(3))).replace('-', MINUS);
  return exact === count ? `= ${count}` : count === null ? `= ${text}` : `= ${text} → ${count}`;
}
