/**
 * What a kind of layer says about itself, as in cutaway/layers/layer.py, which is the truth; this is its twin in the
 * page, and a test holds every number of it against the declaration.
 *
 * A cell is a place in a shape: [row, column, channel] or [slot]. A range is [start, stop, step], as Python's.
 *
 * @typedef {number[]} Shape  (H, W, C) for maps, (F,) for a list
 * @typedef {number[]} Cell
 * @typedef {[number, number, number]} Range
 * @typedef {Range[]} Region  one range per axis; any empty range makes it empty
 * @typedef {{shape: Shape, data: Float32Array}} Tensor  in reading order
 * @typedef {Record<string, Tensor>} Weights  by the layer's own names: kernel, bias, ...
 * @typedef {{inputs: Region[], weights: Record<string, Region>}} Sources
 * @typedef {{inputs: Tensor[], weights: Weights}} Gradients
 * @typedef {Record<string, any>} Settings  the fields of the declaration
 *
 * @typedef {object} Kind
 * @property {string} word  its word in the notation
 * @property {string} says  what it does, in one line, for people
 * @property {(settings: Settings, shapes: Shape[]) => Shape} shape
 * @property {(settings: Settings, xs: Tensor[], w: Weights) => Tensor} forward
 * @property {(settings: Settings, dy: Tensor, xs: Tensor[], w: Weights) => Gradients} backward  while predicting
 * @property {(settings: Settings, cell: Cell, shapes: Shape[]) => Sources} sources
 * @property {(settings: Settings, region: Region, shapes: Shape[]) => Region[]} field  the smallest box in each input
 *   that holds the sources of a whole region of output cells
 * @property {(settings: Settings, cell: Cell, xs: Tensor[], w: Weights) => import('./working.js').Working} terms
 * @property {(settings: Settings) => (x: number) => number} [curve]  of kinds whose cells are a function of one number
 * @property {(settings: Settings, cell: Cell, shapes: Shape[]) => string} [note]  what else is worth knowing of a cell
 */

/** @param {Shape} shape @returns {number} */
export const size = (shape) => shape.reduce((product, n) => product * n, 1);

/** A shape as people write it: 28x28x1. @param {Shape} shape */
export const describe = (shape) => (shape.includes(0) ? shape.map((n) => n || 'any').join(' x ') : shape.join('x'));

/** Whether all numbers are finite: only then is nothing times any of them nothing. @param {Float32Array} data */
export function allFinite(data) {
  for (let n = 0; n < data.length; n++) if (!Number.isFinite(data[n])) return false;
  return true;
}

/** @param {Shape} shape @param {ArrayLike<number>} numbers  of float64, each rounded once here @returns {Tensor} */
export const rounded = (shape, numbers) => ({ shape, data: Float32Array.from(numbers) });

/** @param {Shape} shape @param {Float32Array} [data] @returns {Tensor} */
export const tensor = (shape, data) => ({ shape, data: data ?? new Float32Array(size(shape)) });

/** Where a cell stands in the numbers of its shape. @param {Shape} shape @param {Cell} cell */
export function offset(shape, cell) {
  let at = 0;
  for (let axis = 0; axis < shape.length; axis++) at = at * shape[axis] + cell[axis];
  return at;
}

/** The cell at a place in the numbers of a shape. @param {Shape} shape @param {number} at @returns {Cell} */
export function cellAt(shape, at) {
  const cell = Array(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    cell[axis] = at % shape[axis];
    at = Math.floor(at / shape[axis]);
  }
  return cell;
}

/** How many places a range has. @param {Range} range */
export const count = ([start, stop, step]) => Math.max(0, Math.ceil((stop - start) / step));

/** @param {Range} range @returns {number[]} */
export const places = (range) => Array.from({ length: count(range) }, (_, n) => range[0] + n * range[2]);

/** @param {number} start @param {number} stop @param {number} [step] @returns {Range} */
export const range = (start, stop, step = 1) => [start, stop, step];

/** @param {Region} region */
export const isEmpty = (region) => region.some((axis) => count(axis) === 0);

/** @param {Region} region */
export const cellsIn = (region) => region.reduce((product, axis) => product * count(axis), 1);

/** The region of one cell. @param {Cell} cell @returns {Region} */
export const only = (cell) => cell.map((place) => range(place, place + 1));

/** Every cell of a shape. @param {Shape} shape @returns {Region} */
export const whole = (shape) => shape.map((n) => range(0, n));

/** The last place of a range that is not empty. @param {Range} axis */
const last = (axis) => axis[0] + (count(axis) - 1) * axis[2];

/** Whether a cell is in a region. @param {Region} region @param {Cell} cell */
export const holds = (region, cell) =>
  region.every(([start, stop, step], axis) => cell[axis] >= start && cell[axis] < stop && (cell[axis] - start) % step === 0);

/** The smallest box without gaps that holds two regions. @param {Region} a @param {Region} b @returns {Region} */
export function hull(a, b) {
  if (isEmpty(a) || isEmpty(b)) return (isEmpty(a) ? b : a).map((axis) => (count(axis) ? range(axis[0], last(axis) + 1) : axis));
  return a.map((axis, n) => range(Math.min(axis[0], b[n][0]), Math.max(last(axis), last(b[n])) + 1));
}

/** Every cell of a region, in reading order. @param {Region} region @returns {Cell[]} */
export const cells = (region) =>
  region.reduce((found, axis) => found.flatMap((cell) => places(axis).map((place) => [...cell, place])), /** @type {Cell[]} */ ([[]]));

/**
 * `field` for kinds whose sources along one axis depend on the cell's place along one axis: a walk from corner to corner
 * meets them all.
 * @param {(cell: Cell) => Region[]} sourcesOf
 * @param {Region} region
 * @returns {Region[]}
 */
export function fieldOfDiagonal(sourcesOf, region) {
  const axes = region.map(places), steps = Math.max(...axes.map((axis) => axis.length));
  /** @type {(Range | undefined)[][]} */
  const found = [];
  for (let step = 0; step < steps; step++) {
    sourcesOf(axes.map((axis) => axis[Math.min(step, axis.length - 1)])).forEach((source, input) => {
      const boxes = (found[input] ??= []);
      source.forEach((axis, n) => {
        const box = boxes[n];
        if (count(axis)) boxes[n] = box ? range(Math.min(box[0], axis[0]), Math.max(box[1], last(axis) + 1)) : range(axis[0], last(axis) + 1);
        else if (!(n in boxes)) boxes[n] = undefined;
      });
    });
  }
  return found.map((boxes) => Array.from(boxes, (box) => box ?? range(0, 0)));
}
