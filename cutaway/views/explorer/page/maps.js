/**
 * Drawing maps: numbers through a colour table into one buffer of pixels, one putImageData for all.
 *
 * @typedef {import('./plan.js').Plan} Plan
 * @typedef {import('./plan.js').Band} Band
 */

import { entry } from './colour.js';
import { rectOf } from './plan.js';

/** The pixel colour of each byte of a picture. @param {import('./app.js').App} app */
export const paperTable = (app) => (app.content.ink ? app.look.colours.ink : app.look.colours.light);

/**
 * How a stage's numbers become pixels: a function from map and place in the numbers to a packed colour.
 * @param {import('./app.js').App} app @param {string} name @param {boolean} composite
 * @returns {(channel: number, at: number) => number}
 */
export function painter(app, name, composite) {
  const { data } = app.stages[name], { signed } = app.look.colours;
  if (composite) return (_, at) => (255 << 24) | (data[at + 2] << 16) | (data[at + 1] << 8) | data[at];
  if (app.isPixels(name)) {
    const { packed } = paperTable(app);
    return (_, at) => packed[Math.round(data[at])];
  }
  const { packed } = signed;
  if (app.state.range === 'map') return (channel, at) => packed[entry(data[at], app.rangeOf(name, channel))];
  const range = app.rangeOf(name), scale = 127 / range;
  return (_, at) => {
    const t = Math.round(128 + data[at] * scale);
    return packed[t > 255 ? 255 : t < 1 ? 1 : t || 128];                                   // NaN: paper
  };
}

/**
 * Every map of a plan that is in sight.
 * @param {CanvasRenderingContext2D} context @param {import('./app.js').App} app @param {Plan} plan @param {{scroll: number, seen: number, margin: number}} view
 * @param {{image?: ImageData}} kept  keeps the buffer from one redraw to the next
 */
export function drawMaps(context, app, plan, { scroll, seen, margin }, kept) {
  const { width, height } = context.canvas, { density } = app.look;
  if (!kept.image || kept.image.width !== width || kept.image.height !== height) kept.image = context.createImageData(width, height);
  const pixels = new Uint32Array(kept.image.data.buffer);
  pixels.fill(0);
  for (const band of plan.bands) {
    if (band.folded || band.kind === 'bars' || !app.stages[band.name]) continue;
    const shift = band.fixed ? 0 : -scroll;
    if (band.x + band.w + shift < 0 || band.x + shift > seen) continue;
    drawBand(pixels, width, height, app, plan, band, { x: margin + shift, y: margin, clip: band.fixed || plan.down ? 0 : (plan.left - 6 + margin) * density, density });
  }
  context.putImageData(kept.image, 0, 0);
}

/** @param {Uint32Array} pixels @param {number} wide @param {number} high @param {import('./app.js').App} app @param {Plan} plan @param {Band} band @param {{x: number, y: number, clip: number, density: number}} at */
function drawBand(pixels, wide, high, app, plan, band, at) {
  const colour = painter(app, band.name, band.composite), step = band.kind === 'list' ? 1 : band.depth, maps = band.composite ? 1 : band.depth;
  const { rows, columns } = band, { density } = at;
  const ends = new Int32Array(columns + 1), tops = new Int32Array(rows + 1);
  for (let k = 0; k < maps; k++) {
    const [x, y, w, h] = rectOf(plan, band, k);
    const left = Math.round((x + at.x) * density), right = Math.round((x + w + at.x) * density);
    if (right <= at.clip || left >= wide) continue;
    const top = Math.round((y + at.y) * density), mapWide = right - left, mapHigh = Math.round((y + h + at.y) * density) - top;
    const from = Math.max(left, at.clip), to = Math.min(right, wide);
    const row = (/** @type {number} */ r, /** @type {number} */ line) => {
      const start = line * wide;
      if (mapWide < columns) {                                                              // more cells than pixels: the nearest cell
        for (let p = from; p < to; p++) pixels[start + p] = colour(k, (r * columns + Math.floor(((p - left + 0.5) * columns) / mapWide)) * step + k);
        return;
      }
      for (let c = 0; c < columns; c++) {
        const packed = colour(k, (r * columns + c) * step + k);
        for (let p = Math.max(from, ends[c]), end = Math.min(to, ends[c + 1]); p < end; p++) pixels[start + p] = packed;
      }
    };
    for (let c = 0; c <= columns; c++) ends[c] = left + Math.round((c * mapWide) / columns);
    if (mapHigh < rows) {
      for (let line = 0; line < mapHigh; line++) if (top + line < high) row(Math.floor(((line + 0.5) * rows) / mapHigh), top + line);
      continue;
    }
    for (let r = 0; r <= rows; r++) tops[r] = top + Math.round((r * mapHigh) / rows);
    for (let r = 0; r < rows; r++) {
      const first = tops[r], last = Math.min(tops[r + 1], high);
      if (first >= last) continue;
      row(r, first);
      for (let line = first + 1; line < last; line++) pixels.copyWithin(line * wide + from, first * wide + from, first * wide + to);
    }
  }
}

/** One map into a canvas of its own, a pixel a cell; cells from `until` on are left empty. @param {HTMLCanvasElement} canvas @param {import('./app.js').App} app @param {string} name @param {number} channel @param {number} [until] */
export function drawMap(canvas, app, name, channel, until = Infinity) {
  const stage = app.stages[name], context = canvas.getContext('2d');
  if (!stage || !context) return;
  const [rows, columns, depth] = stage.shape.length === 3 ? stage.shape : [1, stage.shape[0], 1];
  const composite = app.isPixels(name) && depth === 3, colour = painter(app, name, composite);
  if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows });
  const image = context.createImageData(columns, rows), pixels = new Uint32Array(image.data.buffer);
  for (let at = 0; at < Math.min(rows * columns, until); at++) pixels[at] = colour(channel, at * depth + (composite ? 0 : channel));
  context.putImageData(image, 0, 0);
}
