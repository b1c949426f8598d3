/**
 * What lies over the maps: hairlines, the cell in focus, the windows it was made from, its receptive fields, what it
 * feeds, rays, and while something is pointed at, a veil over everything that has no part in it.
 *
 * @typedef {import('./plan.js').Plan} Plan
 * @typedef {import('./plan.js').Band} Band
 * @typedef {import('./layers/layer.js').Region} Region
 * @typedef {[number, number, number, number]} Rect
 * @typedef {{name: string, cell: number[], behind: Record<string, Region>, direct: Record<string, Region>, feeds: Record<string, Region>, votes: {name: string, cell: number[], value: number}[], pointing: boolean}} Focus
 */

import { css } from './colour.js';
import { count } from './layers/layer.js';
import { barClasses, barRect, barsOf, rectOf } from './plan.js';
import { cellOfClass } from './guesses.js';

const VEIL = 0.62, MOST_RAYS = 24, MOST_FRAMES = 2000;

/** The rectangles of a region of cells in a band, one a map (or a slot). @param {import('./app.js').App} app @param {Plan} plan @param {Band} band @param {Region} region @returns {Rect[]} */
function rects(app, plan, band, region) {
  const channels = region[region.length - 1], found = /** @type {Rect[]} */ ([]);
  if (band.kind === 'bars') {
    barClasses(app).forEach((index, place) => {
      const [slot] = cellOfClass(app.content.kind, index);
      if (slot >= channels[0] && slot < channels[1]) found.push(barRect(plan, band, place, barsOf(app)));
    });
    return found;
  }
  const last = band.composite ? channels[0] + 1 : channels[1];
  for (let k = channels[0]; k < last && found.length < MOST_FRAMES; k += channels[2])
    found.push(region.length === 3 ? rectOf(plan, band, k, region[0][0], region[0][1], region[1][0], region[1][1]) : rectOf(plan, band, k));
  return found;
}

/** The whole maps in which a region lies. @param {import('./app.js').App} app @param {Plan} plan @param {Band} band @param {Region} region */
const mapsOf = (app, plan, band, region) => rects(app, plan, band, region.length === 3 ? [[0, band.rows, 1], [0, band.columns, 1], region[2]] : region);

/** @param {CanvasRenderingContext2D} context @param {import('./app.js').App} app @param {Plan} plan @param {{scroll: number, seen: number, margin: number}} view @param {Focus | null} focus */
export function drawMarks(context, app, plan, { scroll, seen, margin }, focus) {
  const { density, line } = app.look, { width, height } = context.canvas;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  if (focus?.pointing) veil(context, app, plan, focus, { scroll, margin });
  for (const fixed of [false, true]) {
    const bands = plan.bands.filter((band) => band.fixed === fixed && (fixed || (band.x + band.w - scroll > -20 && band.x - scroll < seen)));
    context.save();
    context.setTransform(density, 0, 0, density, (margin - (fixed ? 0 : scroll)) * density, margin * density);
    if (!fixed && !plan.down) clipTo(context, plan, scroll, height / density);
    context.lineWidth = 1 / density;
    context.strokeStyle = line;
    context.beginPath();
    for (const band of bands) outline(context, app, plan, band);
    context.stroke();
    context.restore();
  }
  if (focus) drawFocus(context, app, plan, { scroll, margin }, focus);
}

/** @param {CanvasRenderingContext2D} context @param {Plan} plan @param {number} scroll @param {number} high */
function clipTo(context, plan, scroll, high) {
  context.beginPath();
  context.rect(plan.left - 6 + scroll, -10, 1e5, high + 20);
  context.clip();
}

/** Hairlines around maps, as far as they are not too small for it. @param {CanvasRenderingContext2D} context @param {import('./app.js').App} app @param {Plan} plan @param {Band} band */
function outline(context, app, plan, band) {
  if (band.kind === 'bars') return;
  if (band.folded) {
    if (!plan.down) { context.moveTo(band.x + 7.5, 0); context.lineTo(band.x + 7.5, plan.height); }
    return;
  }
  const half = 0.5 / app.look.density;
  if (band.kind === 'list' && band.depth > 20) {
    const lines = Math.ceil(band.depth / band.perLine), along = band.perLine * band.cell, across = lines * band.cell;
    context.rect(band.x - half, band.y - half, (plan.down ? along : across) + 2 * half, (plan.down ? across : along) + 2 * half);
    return;
  }
  if (band.pitch < 10) return;
  for (let k = 0; k < (band.composite ? 1 : band.depth); k++) {
    const [x, y, w, h] = rectOf(plan, band, k);
    context.rect(x - half, y - half, w + 2 * half, h + 2 * half);
  }
}

/** Paper over all but the maps that have a part in the cell. @param {CanvasRenderingContext2D} context @param {import('./app.js').App} app @param {Plan} plan @param {Focus} focus @param {{scroll: number, margin: number}} view */
function veil(context, app, plan, focus, { scroll, margin }) {
  const { density, paper } = app.look;
  context.globalAlpha = VEIL;
  context.fillStyle = paper;
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  context.globalAlpha = 1;
  for (const [name, region] of [...Object.entries(focus.behind), ...Object.entries(focus.feeds)]) {
    const band = plan.byName[name];
    if (!band || band.folded) continue;
    const shift = margin - (band.fixed ? 0 : scroll), clip = band.fixed || plan.down ? 0 : plan.left - 6 + margin;
    for (const [x, y, w, h] of mapsOf(app, plan, band, region)) {
      const left = Math.max(clip, x + shift), right = x + w + shift;
      if (right > left) context.clearRect(Math.floor(left * density), Math.floor((y + margin) * density), Math.ceil((right - left) * density), Math.ceil(h * density));
    }
  }
}

/** @param {CanvasRenderingContext2D} context @param {import('./app.js').App} app @param {Plan} plan @param {{scroll: number, margin: number}} view @param {Focus} focus */
function drawFocus(context, app, plan, { scroll, margin }, focus) {
  const { density, colours } = app.look, here = plan.byName[focus.name];
  if (!here || here.folded) return;
  context.setTransform(density, 0, 0, density, margin * density, margin * density);
  const seenAt = (/** @type {Band} */ band, /** @type {Rect} */ [x, y, w, h]) => /** @type {Rect} */ ([band.fixed ? x : x - scroll, y, w, h]);
  const place = (/** @type {Band} */ band, /** @type {Region} */ region) => rects(app, plan, band, region).map((rect) => seenAt(band, rect));
  const [target] = place(here, focus.cell.map((at) => [at, at + 1, 1]));
  if (!target) return;
  context.save();
  if (scroll) { context.beginPath(); context.rect(plan.left - 8, -10, 1e5, 1e4); context.rect(-margin, -10, plan.left - 20 + margin, 1e4); context.clip(); }
  const drawn = Object.entries(focus.direct).map(([name, region]) => ({ band: plan.byName[name], region })).filter(({ band }) => band && !band.folded);
  if (focus.votes.length) {
    const top = Math.max(...focus.votes.map(({ value }) => Math.abs(value)));
    for (const vote of focus.votes) {
      const band = plan.byName[vote.name];
      if (!band || band.folded) continue;
      const share = Math.abs(vote.value / top), [from] = place(band, vote.cell.map((at) => [at, at + 1, 1]));
      context.globalAlpha = 0.25 + 0.75 * share;
      context.strokeStyle = css(colours.signed, vote.value > 0 ? 206 : 50);
      context.lineWidth = 0.6 + 1.6 * share;
      context.beginPath();
      middle(context, from, target, plan.down);
      context.stroke();
    }
  } else {
    for (const { band, region } of drawn) corners(context, app, plan, place(band, region), target, here.kind === 'bars');
  }
  context.globalAlpha = 1;
  for (const [name, region] of Object.entries(focus.behind)) {
    const band = plan.byName[name];
    if (!band || band.folded || band === here || isWhole(band, region)) continue;
    frames(context, app, place(band, region), 1, name in focus.direct || band.fixed ? 1 : 0.6);
  }
  context.setLineDash([2, 2]);
  for (const [name, region] of Object.entries(focus.feeds)) {
    const band = plan.byName[name];
    if (band && !band.folded && band.kind === 'maps' && !isWhole(band, region)) frames(context, app, place(band, region), 1, 0.55);
  }
  context.setLineDash([]);
  frames(context, app, here.kind === 'bars' ? place(here, focus.cell.map((at) => [at, at + 1, 1])) : [target], here.kind === 'bars' ? 1 : 2, 1);
  context.restore();
}

/** A frame around all of something says nothing. @param {Band} band @param {Region} region */
const isWhole = (band, region) => (region.length === 3 ? count(region[0]) === band.rows && count(region[1]) === band.columns && band.rows * band.columns > 1 : count(region[0]) > 20 || count(region[0]) === band.depth);

/** @param {CanvasRenderingContext2D} context @param {import('./app.js').App} app @param {Rect[]} all @param {number} width @param {number} alpha */
function frames(context, app, all, width, alpha) {
  context.globalAlpha = alpha;
  context.beginPath();
  for (const [x, y, w, h] of all) context.rect(x - 0.5, y - 0.5, w + 1, h + 1);
  context.strokeStyle = app.look.paper;
  context.lineWidth = width + 2;
  context.stroke();
  context.strokeStyle = app.look.accent;
  context.lineWidth = width;
  context.stroke();
  context.globalAlpha = 1;
}

/** From the middle of one rectangle to the middle of another. @param {CanvasRenderingContext2D} context @param {Rect} from @param {Rect} to @param {boolean} down */
function middle(context, [x, y, w, h], [tx, ty, tw, th], down) {
  if (down) { context.moveTo(x + w / 2, y + h); context.lineTo(tx + tw / 2, ty); } else { context.moveTo(x + w, y + h / 2); context.lineTo(tx, ty + th / 2); }
}

/** Rays from the corners of each window to the cell. @param {CanvasRenderingContext2D} context @param {import('./app.js').App} app @param {Plan} plan @param {Rect[]} from @param {Rect} to @param {boolean} simple */
function corners(context, app, plan, from, to, simple) {
  const every = Math.ceil(from.length / MOST_RAYS);
  context.strokeStyle = app.look.accent;
  context.lineWidth = 1;
  context.globalAlpha = from.length > 8 ? 0.22 : 0.55;
  context.beginPath();
  from.filter((_, n) => n % every === 0).forEach((rect) => {
    const [x, y, w, h] = rect, [tx, ty, tw, th] = to;
    if (simple) return middle(context, rect, to, plan.down);
    if (plan.down) { context.moveTo(x, y + h); context.lineTo(tx, ty); context.moveTo(x + w, y + h); context.lineTo(tx + tw, ty); } else { context.moveTo(x + w, y); context.lineTo(tx, ty); context.moveTo(x + w, y + h); context.lineTo(tx, ty + th); }
  });
  context.stroke();
}
