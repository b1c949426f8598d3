/**
 * The three pictures of the lab: each a canvas with a pixel a cell, painted by one putImageData and enlarged by the
 * browser, and one over it for what is marked. Lengths are CSS pixels.
 *
 * @typedef {import('./lab-app.js').Lab} Lab
 * @typedef {{above: number, left: number, below: number, right: number}} Border  cells of padding
 * @typedef {object} Frame  where a picture is drawn
 * @property {number} cell  the side of a cell
 * @property {number} x @property {number} y  of its first cell, the border before it
 * @property {number} rows @property {number} columns
 * @property {Border} border
 * @typedef {[number, number, number, number]} Rect
 */

import { entry } from './colour.js';
import { convWindow, poolWindow } from './lab-net.js';
import { axesOf, reach, span } from './layers/window.js';
import { behind, feeds } from './net.js';
import { print, round, ruler } from './numbers.js';

/** Cells at least this large show their numbers. */
const READABLE = 27;
const VEIL = 0.5;
/** Smaller cells are looked at as a picture, which is not veiled. */
const VEILED = 4;
/** The marks' canvas is this much larger than the picture on every side, so that frames at its edge are not cut. */
export const MARGIN = 3;
const NONE = { above: 0, left: 0, below: 0, right: 0 };

// ---------------------------------------------------------------- paint

/** A number as a filter program shows it: rounded, cut to 0 ... 255. @param {number} value @param {boolean} unit */
export const asByte = (value, unit) => Math.max(0, Math.min(255, round(unit ? value * 255 : value) || 0));

/** Whether a stage is drawn in one with its three channels. @param {Lab} lab @param {string} name */
const composite = (lab, name) => lab.picture.shape[2] === 3 && (name === 'input' || lab.state.asPicture);

/** How the cells of a stage become pixels: from the place of a cell, counted row by row, to a packed colour. @param {Lab} lab @param {string} name @returns {(at: number) => number} */
export function painter(lab, name) {
  const { stages } = lab.bench, { data, shape } = stages[name], depth = shape[2], { colours } = lab.look, { channel, asPicture, setup: { unit } } = lab.state;
  const bytes = name === 'input' || asPicture, in01 = unit && name !== 'input';
  if (composite(lab, name)) return (at) => (255 << 24) | (asByte(data[3 * at + 2], in01) << 16) | (asByte(data[3 * at + 1], in01) << 8) | asByte(data[3 * at], in01);
  if (bytes) return (at) => colours.light.packed[asByte(data[at * depth + channel], in01)];
  const { packed } = colours.signed, scale = 127 / lab.rangeOf(name);
  return (at) => {
    const t = Math.round(128 + data[at * depth + channel] * scale);
    return packed[t > 255 ? 255 : t < 1 ? 1 : t || 128];
  };
}

/** How a number of a stage is coloured where it is printed. @param {Lab} lab @param {string} name @param {number} value @returns {[import('./colour.js').Table, number]} */
export function shade(lab, name, value) {
  const { colours } = lab.look, { asPicture, setup: { unit } } = lab.state;
  if (name === 'scale1') return [colours.light, asByte(value, true)];
  if (name === 'input' || asPicture) return [colours.light, asByte(value, unit && name !== 'input')];
  return [colours.signed, entry(value, lab.rangeOf(name))];
}

/** @param {HTMLCanvasElement} canvas @param {number} width @param {number} height */
function resize(canvas, width, height) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

/** One stage, a pixel a cell. @param {HTMLCanvasElement} canvas @param {Lab} lab @param {string} name */
export function paint(canvas, lab, name) {
  const context = canvas.getContext('2d'), [rows, columns] = lab.bench.shapes[name];
  if (!context) return;
  resize(canvas, columns, rows);
  const image = context.createImageData(columns, rows), pixels = new Uint32Array(image.data.buffer), { data, shape } = lab.bench.stages[name], { colours } = lab.look;
  if (shape[2] > 1 || lab.state.asPicture) {
    const colour = painter(lab, name);
    for (let at = 0; at < pixels.length; at++) pixels[at] = colour(at);
  } else {
    // The case of most pictures, without a call for each pixel: 512 x 512 three times at every key.
    const { packed } = name === 'input' ? colours.light : colours.signed, scale = 127 / lab.rangeOf(name), [zero, by, least] = name === 'input' ? [0, 1, 0] : [128, scale, 1];
    for (let at = 0; at < pixels.length; at++) {
      const t = Math.round(zero + data[at] * by);
      pixels[at] = packed[t > 255 ? 255 : t < least ? least : t || zero];
    }
  }
  context.putImageData(image, 0, 0);
}

/** A part of a stage; what lies outside it stays empty. @param {HTMLCanvasElement} canvas @param {Lab} lab @param {string} name @param {number} top @param {number} left @param {number} side */
export function paintPart(canvas, lab, name, top, left, side) {
  const context = canvas.getContext('2d'), [rows, columns] = lab.bench.shapes[name];
  if (!context) return;
  resize(canvas, side, side);
  const image = context.createImageData(side, side), pixels = new Uint32Array(image.data.buffer), colour = painter(lab, name);
  for (let r = Math.max(0, top); r < Math.min(rows, top + side); r++) for (let c = Math.max(0, left); c < Math.min(columns, left + side); c++) pixels[(r - top) * side + c - left] = colour(r * columns + c);
  context.putImageData(image, 0, 0);
}

/** The colours of a scale, from one end to the other. @param {HTMLCanvasElement} canvas @param {import('./colour.js').Table} table */
export function paintScale(canvas, { packed }) {
  const context = canvas.getContext('2d');
  if (!context) return;
  resize(canvas, 255, 1);
  const image = context.createImageData(255, 1);
  new Uint32Array(image.data.buffer).set(packed.subarray(1));
  context.putImageData(image, 0, 0);
}

// ---------------------------------------------------------------- where

/** The padding around the first picture, in cells. @param {Lab} lab @returns {Border} */
export function borderOf(lab) {
  if (!lab.bench.shapes.conv1) return NONE;
  const [rows, columns] = axesOf(convWindow(lab.state.setup), lab.picture.shape);
  return { above: rows.before, left: columns.before, below: rows.after, right: columns.after };
}

/** @param {number[]} shape @param {Border} border */
const extent = ([rows, columns], { above, left, below, right }) => [rows + above + below, columns + left + right];

/** Fits the three pictures into places of this size. @param {Lab} lab @param {number} width @param {number} height @returns {(Frame | null)[]} */
export function framesOf(lab, width, height) {
  const borders = [borderOf(lab), NONE, NONE], shapes = [0, 1, 2].map((panel) => lab.shapeOf(panel));
  const cells = shapes.map((shape, panel) => { if (!shape) return 0; const [rows, columns] = extent(shape, borders[panel]); return Math.min(width / columns, height / rows); });
  return shapes.map((shape, panel) => {
    if (!shape) return null;
    const cell = lab.state.toScale ? Math.min(...cells.filter(Boolean)) : cells[panel], border = borders[panel];
    return { cell, x: border.left * cell, y: border.above * cell, rows: shape[0], columns: shape[1], border };
  });
}

/** Rectangle of cells [r0, r1) x [c0, c1). @param {Frame} frame @param {number} r0 @param {number} r1 @param {number} c0 @param {number} c1 @returns {Rect} */
export const rectOf = ({ cell, x, y }, r0, r1, c0, c1) => [x + c0 * cell, y + r0 * cell, (c1 - c0) * cell, (r1 - r0) * cell];

/** The cell under a point; with a border, the nearest. @param {Frame} frame @param {number} x @param {number} y @returns {number[] | null} */
export function cellUnder({ cell, x: left, y: top, rows, columns, border }, x, y) {
  const r = Math.floor((y - top) / cell), c = Math.floor((x - left) / cell);
  if (r < -border.above || c < -border.left || r >= rows + border.below || c >= columns + border.right) return null;
  return [Math.max(0, Math.min(rows - 1, r)), Math.max(0, Math.min(columns - 1, c))];
}

// ---------------------------------------------------------------- what is marked

/**
 * What is framed in each picture: `window` as the declaration has it (it may hang over the edge), `taps` of one with
 * gaps, `cell`, `also` (fed, dashed), `field`.
 * @typedef {{window?: number[], taps?: number[][], cell?: number[], also?: number[], field?: number[]}} Marks
 */

/** @param {import('./layers/layer.js').Region} region */
const boxOf = ([rows, columns]) => [rows[0], rows[1], columns[0], columns[1]];

/** @param {Lab} lab @returns {Marks[]} */
export function marksOf(lab) {
  const { chain, focus, conv, pool } = lab, { shapes } = lab.bench, last = lab.stageOf(2), marks = /** @type {Marks[]} */ ([{}, {}, {}]);
  if (chain.pixel) marks[0].cell = chain.pixel;
  if (chain.conv) {
    const axes = axesOf(convWindow(lab.state.setup), lab.picture.shape), starts = axes.map((axis, side) => /** @type {number[]} */ (chain.conv)[side] * axis.stride - axis.before);
    marks[0].window = [starts[0], starts[0] + span(axes[0]), starts[1], starts[1] + span(axes[1])];
    if (axes.some(({ dilation, size }) => dilation > 1 && size > 1)) marks[0].taps = Array.from({ length: axes[0].size * axes[1].size }, (_, n) => [starts[0] + Math.floor(n / axes[1].size) * axes[0].dilation, starts[1] + (n % axes[1].size) * axes[1].dilation]);
    marks[1].cell = chain.conv;
    if (!pool && shapes[last]) marks[2].cell = chain.conv;
  }
  if (chain.pooled && pool) {
    marks[2].cell = chain.pooled;
    const axes = axesOf(poolWindow(lab.state.setup), shapes[pool.inputs[0]]), [rows, columns] = axes.map((axis, side) => reach(axis, /** @type {number[]} */ (chain.pooled)[side]));
    marks[1].window = [rows[0], rows[1], columns[0], columns[1]];
    if (focus.panel === 2) marks[0].field = boxOf(behind(lab.bench.net, shapes, pool.name, lab.inChannel(chain.pooled)).input);
  }
  if (chain.pixel && chain.conv) {
    const fed = feeds(conv, shapes, conv.inputs[0], lab.inChannel(chain.pixel));
    if (fed) marks[1].also = boxOf(fed.box);
  }
  return marks;
}

/** How many cells of each picture the moving window has filled, in the order of reading; Infinity for all. @param {Lab} lab */
export function reachedOf(lab) {
  const { state: { playing, pin }, pool, bench: { shapes } } = lab, all = [Infinity, Infinity, Infinity], shape = lab.shapeOf(pin.panel);
  if (!playing || pin.panel === 0 || !shape) return all;
  const now = pin.cell[0] * shape[1] + pin.cell[1] + 1;
  if (pin.panel === 2) return [Infinity, Infinity, now];
  const last = lab.shapeOf(2);
  if (!pool || !last) return [Infinity, now, now];
  // A cell of the pooling is there as soon as the last of its window is.
  const [rows, columns] = axesOf(poolWindow(lab.state.setup), shapes[pool.inputs[0]]);
  const done = (/** @type {number} */ n) => { const end = [reach(rows, Math.floor(n / last[1])), reach(columns, n % last[1])]; return (end[0][1] - 1) * shape[1] + end[1][1] <= now; };
  let low = 0, high = last[0] * last[1];
  while (low < high) { const middle = (low + high) >> 1; if (done(middle)) low = middle + 1; else high = middle; }
  return [Infinity, now, low];
}

/** @param {HTMLCanvasElement} canvas @param {Lab} lab @param {number} panel @param {Frame} frame @param {Marks} marks @param {number} reached @param {{width: number, height: number}} place */
export function drawMarks(canvas, lab, panel, frame, marks, reached, { width, height }) {
  const context = canvas.getContext('2d'), { density, line, paper } = lab.look;
  if (!context) return;
  resize(canvas, Math.round((width + 2 * MARGIN) * density), Math.round((height + 2 * MARGIN) * density));
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(density, 0, 0, density, MARGIN * density, MARGIN * density);
  const whole = rectOf(frame, 0, frame.rows, 0, frame.columns);
  if (frame.x || frame.y || frame.border.below || frame.border.right) hatch(context, lab, frame, whole);
  if (reached < frame.rows * frame.columns) {
    const row = Math.floor(reached / frame.columns), rest = reached % frame.columns;
    context.fillStyle = paper;
    context.fillRect(...rectOf(frame, row + (rest ? 1 : 0), frame.rows, 0, frame.columns));
    if (rest) context.fillRect(...rectOf(frame, row, row + 1, rest, frame.columns));
  }
  if (frame.cell >= READABLE) digits(context, lab, panel, frame, reached);
  context.lineWidth = 1 / density;
  context.strokeStyle = line;
  context.strokeRect(whole[0] - 0.5 / density, whole[1] - 0.5 / density, whole[2] + 1 / density, whole[3] + 1 / density);
  if (frame.cell >= VEILED && lab.state.hover && lab.state.hover.panel !== panel) veil(context, frame, marks, whole, paper);
  mark(context, lab, frame, marks, panel === lab.focus.panel);
}

/** Padding: cells that are zero and no picture. @param {CanvasRenderingContext2D} context @param {Lab} lab @param {Frame} frame @param {Rect} whole */
function hatch(context, lab, frame, [x, y, w, h]) {
  const { border, rows, columns } = frame, outer = rectOf(frame, -border.above, rows + border.below, -border.left, columns + border.right);
  context.save();
  context.beginPath();
  context.rect(...outer);
  context.rect(x, y, w, h);
  context.clip('evenodd');
  context.beginPath();
  for (let at = -outer[3]; at < outer[2]; at += 5) { context.moveTo(outer[0] + at, outer[1] + outer[3]); context.lineTo(outer[0] + at + outer[3], outer[1]); }
  context.lineWidth = 0.7;
  context.strokeStyle = lab.look.grey;
  context.globalAlpha = 0.55;
  context.stroke();
  context.restore();
}

/** The numbers in the cells, where they are large enough. @param {CanvasRenderingContext2D} context @param {Lab} lab @param {number} panel @param {Frame} frame @param {number} reached */
function digits(context, lab, panel, frame, reached) {
  const name = lab.stageOf(panel), { data, shape } = lab.bench.stages[name], depth = shape[2], { channel } = lab.state, { rows, columns, cell } = frame;
  const seen = data.filter((_, at) => at % depth === channel), marks = ruler(seen), few = { ...marks, decimals: Math.max(0, marks.decimals - 1) };
  context.font = `${Math.min(12, Math.round(cell * 0.31))}px ${getComputedStyle(lab.root).fontFamily}`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (let at = 0; at < Math.min(seen.length, reached); at++) {
    const [table, place] = shade(lab, name, seen[at]), [x, y] = rectOf(frame, Math.floor(at / columns), rows, at % columns, columns);
    context.fillStyle = composite(lab, name) ? overColour(lab, name, at) : table.darkText[place] ? '#17191d' : '#fff';
    context.fillText(print(seen[at], few), x + cell / 2, y + cell / 2 + 0.5);
  }
}

/** @param {Lab} lab @param {string} name @param {number} at */
function overColour(lab, name, at) {
  const { data } = lab.bench.stages[name], [r, g, b] = [0, 1, 2].map((k) => asByte(data[3 * at + k], lab.state.setup.unit && name !== 'input'));
  return 0.3 * r + 0.59 * g + 0.11 * b > 122 ? '#17191d' : '#fff';
}

/** Paper over what has no part in the cell that is pointed at. @param {CanvasRenderingContext2D} context @param {Frame} frame @param {Marks} marks @param {Rect} whole @param {string} paper */
function veil(context, frame, { window, cell, field, also }, whole, paper) {
  const lit = field ?? window ?? also ?? (cell && [cell[0], cell[0] + 1, cell[1], cell[1] + 1]);
  context.save();
  context.beginPath();
  context.rect(...whole);
  if (lit) context.rect(...rectOf(frame, lit[0], lit[1], lit[2], lit[3]));
  context.clip('evenodd');
  context.globalAlpha = VEIL;
  context.fillStyle = paper;
  context.fillRect(...whole);
  context.restore();
}

/** @param {CanvasRenderingContext2D} context @param {Lab} lab @param {Frame} frame @param {Marks} marks @param {boolean} here */
function mark(context, lab, frame, { window, taps, cell, also, field }, here) {
  const { accent, paper } = lab.look;
  const draw = (/** @type {Rect[]} */ rects, /** @type {number} */ width, /** @type {number} */ alpha) => {
    context.globalAlpha = alpha;
    context.beginPath();
    for (const [x, y, w, h] of rects) context.rect(x - 0.5, y - 0.5, w + 1, h + 1);
    context.strokeStyle = paper;
    context.lineWidth = width + 2;
    context.stroke();
    context.strokeStyle = accent;
    context.lineWidth = width;
    context.stroke();
    context.globalAlpha = 1;
  };
  const box = (/** @type {number[]} */ [r0, r1, c0, c1]) => rectOf(frame, r0, r1, c0, c1);
  if (field) draw([box(field)], 1, 0.55);
  if (also) { context.setLineDash([2, 2]); draw([box(also)], 1, 0.8); context.setLineDash([]); }
  if (taps && frame.cell > 2.5) draw(taps.map(([r, c]) => box([r, r + 1, c, c + 1])), 0.75, 0.8);
  if (window) draw([box(window)], taps ? 1 : 1.5, 1);
  if (cell) draw([box([cell[0], cell[0] + 1, cell[1], cell[1] + 1])], here ? 2 : 1.5, 1);
}
