/**
 * The sliding window that convolution and pooling share, as in cutaway/layers/window.py.
 *
 * @typedef {import('./layer.js').Shape} Shape
 * @typedef {import('./layer.js').Range} Range
 * @typedef {{length: number, size: number, stride: number, dilation: number, before: number, after: number, count: number}} Axis
 *   one direction: `count` stops along `length` cells with a border of `before` and `after`
 * @typedef {object} Window
 * @property {number[]} size  rows, columns
 * @property {number[]} stride
 * @property {string | number[]} padding  `valid`, `same`, or cells above, left, below, right
 * @property {number[]} dilation
 * @property {string} edge  where the last window does not fit: `floor` leaves it out, `partial` cuts it short, `fit` refuses
 */

import { range } from './layer.js';

/** Cells from the first to the last that one window covers. @param {Axis} axis */
export const span = (axis) => (axis.size - 1) * axis.dilation + 1;

/** The cells inside the picture that the window covers at a stop. @param {Axis} axis @param {number} stop @returns {Range} */
export function reach(axis, stop) {
  const start = stop * axis.stride - axis.before;
  const first = start + axis.dilation * Math.max(0, Math.ceil(-start / axis.dilation));
  return range(first, Math.min(start + span(axis), axis.length), axis.dilation);
}

/** Which cell of the kernel lies on a place of the picture at a stop. @param {Axis} axis @param {number} stop @param {number} place */
export const tap = (axis, stop, place) => Math.floor((place - stop * axis.stride + axis.before) / axis.dilation);

/** Its stops along rows and columns of maps. Throws where it does not fit. @param {Window} window @param {Shape} shape @returns {[Axis, Axis]} */
export function axesOf(window, shape) {
  if (shape.length !== 3) throw new Error(`a window of ${window.size.join('x')} needs maps; this is a list of ${shape[0]}`);
  return [axisOf(window, shape, 0), axisOf(window, shape, 1)];
}

/** @param {Window} window @param {Shape} shape @param {0 | 1} side @returns {Axis} */
function axisOf({ size: sizes, stride: strides, padding, dilation: dilations, edge }, shape, side) {
  const length = shape[side], size = sizes[side], stride = strides[side], dilation = dilations[side];
  const span = (size - 1) * dilation + 1;
  if (padding === 'same') {
    const count = Math.ceil(length / stride), total = Math.max((count - 1) * stride + span - length, 0);
    return { length, size, stride, dilation, before: Math.floor(total / 2), after: total - Math.floor(total / 2), count };
  }
  const [before, behind] = typeof padding === 'string' ? [0, 0] : [padding[side], padding[side + 2]];
  const room = length + before + behind - span;
  let after = behind, count;
  if (edge === 'fit' && room >= 0 && room % stride) {
    throw new Error(`(${length} - ${span} + ${before + behind}) / ${stride} + 1 = ${room / stride + 1} is not a whole number`);
  }
  if (edge === 'partial') {
    count = Math.max(1, Math.ceil(room / stride) + 1);
    if (count > 1 && (count - 1) * stride >= length + before) count -= 1;    // it would start outside the picture
    after = Math.max(after, (count - 1) * stride + span - length - before);
  } else if (room < 0) {
    throw new Error(`the window covers ${span} ${side ? 'columns' : 'rows'}, there are ${length + before + behind}`);
  } else {
    count = Math.floor(room / stride) + 1;
  }
  return { length, size, stride, dilation, before, after, count };
}
