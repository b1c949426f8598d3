/**
 * Where everything of the strip is: every stage as a band of maps (or a list, or bars). Lengths are CSS pixels.
 * Side by side; on a narrow screen (`down`) one below the other.
 *
 * @typedef {object} Band
 * @property {string} name  of the stage
 * @property {'maps' | 'list' | 'bars'} kind
 * @property {boolean} folded
 * @property {boolean} fixed  whether it stays where it is while the strip scrolls
 * @property {boolean} composite  a colour picture: its three channels are one map
 * @property {number} rows @property {number} columns  cells of one map
 * @property {number} depth  maps, or slots of a list
 * @property {number} cell  the side of one cell
 * @property {number} pitch  from one map (or slot) to the next, along a line
 * @property {number} gap  between lines of maps
 * @property {number} perLine
 * @property {number} x @property {number} y @property {number} w @property {number} h
 * @property {number} labelY
 *
 * @typedef {{bands: Band[], width: number, height: number, down: boolean, left: number, byName: Record<string, Band>}} Plan
 *   `width` is that of the whole strip, which may be wider than what is seen; `left` is where it starts
 */

/** The height of the strip, the side of the picture, a layer that is folded, the width of the bars. */
export const LONG = 376;
export const PICTURE = 168;
export const FOLDED = 15;
export const BARS = 150;
/** On a narrow screen: from one bar to the next, and the height of a name. */
const BAR = 26, LABEL = 20;
/** Between a layer and one that is folded behind it. */
const TIGHT = 5;
/** About the width of a letter in a layer's name. */
const LETTER = 6.8;
/** So many classes each have a bar; of more, the most probable ones. */
export const MOST_BARS = 12;
export const TOP_BARS = 10;

/** Stages that are shown, in order: the picture as the net gets it first. @param {import('./app.js').App} app */
export function shownStages(app) {
  const prepared = app.prepared, rest = ['input', ...app.net.map(({ name }) => name)].filter((name) => name !== prepared);
  return [prepared, ...rest].filter((name) => name === prepared || !app.hidden.has(name));
}

/** How thick a band of so many maps may be: more maps, smaller ones. @param {number} depth */
const room = (depth) => (depth <= 3 ? 112 : depth <= 8 ? 62 : Math.min(260, 100 + 30 * Math.log2(depth / 16)));

/** @param {number} side */
const gapFor = (side) => (side >= 24 ? 5 : side >= 10 ? 2 : 1);

/** Lines of maps, the most that fit the room: then maps are largest. @param {number} rows @param {number} columns @param {number} depth @param {number} long @param {number} thick */
function mapsOf(rows, columns, depth, long, thick) {
  const largest = depth <= 3 ? 104 : 56;
  let best = null;
  for (let lines = 1; lines <= depth; lines++) {
    const perLine = Math.ceil(depth / lines), pitch = Math.min(long / perLine, largest + 8), gap = gapFor(pitch), side = Math.max(1, Math.min(largest, pitch - gap));
    if (best && lines * (side + gap) > thick) break;
    const whole = side / Math.max(rows, columns), cell = whole >= 1 ? Math.floor(whole * 2) / 2 : whole;
    best = { cell, pitch: long / perLine > largest + 8 && depth <= 8 ? long / perLine : pitch, gap, perLine, lines };
  }
  return best ?? { cell: 1, pitch: 1, gap: 1, perLine: 1, lines: 1 };
}

/** @param {number} slots @param {number} long */
function listOf(slots, long) {
  if (slots <= 20) return { cell: Math.min(22, Math.floor(long / slots)), pitch: long / slots, gap: 0, perLine: slots, lines: 1 };
  const thick = slots <= 128 ? 30 : slots <= 512 ? 60 : 90;
  for (let cell = 10; ; cell--) {
    const perLine = Math.floor(long / cell), lines = Math.ceil(slots / perLine);
    if (lines * cell <= thick || cell === 2) return { cell, pitch: cell, gap: 0, perLine, lines };
  }
}

/** The band of a stage, before it has a place. @param {import('./app.js').App} app @param {string} name @param {number} long @param {boolean} down @returns {Band & {thick: number}} */
function bandOf(app, name, long, down) {
  const shape = app.shapes[name], fixed = name === app.prepared, pixels = app.isPixels(name);
  const [rows, columns, depth] = shape.length === 3 ? shape : [1, 1, shape[0]];
  const composite = pixels && depth === 3, base = { name, folded: app.state.folded.includes(name) && !fixed, fixed, composite, rows, columns, depth, x: 0, y: 0, w: 0, h: 0, labelY: 0 };
  if (fixed) {
    const cell = PICTURE / Math.max(rows, columns);
    return { ...base, kind: 'maps', cell, pitch: PICTURE, gap: 0, perLine: 1, thick: PICTURE };
  }
  if (name === app.output.name && app.classes.length) return { ...base, kind: 'bars', cell: 0, pitch: 0, gap: 0, perLine: 1, thick: down ? barsOf(app) * BAR : BARS };
  if (shape.length === 3) {
    const maps = mapsOf(rows, columns, composite ? 1 : depth, long, room(composite ? 1 : depth) * (down ? 1.4 : 1));
    const side = (down ? rows : columns) * maps.cell;
    return { ...base, kind: 'maps', ...maps, thick: maps.lines * side + (maps.lines - 1) * maps.gap };
  }
  const list = listOf(depth, long);
  return { ...base, kind: 'list', ...list, thick: list.lines * list.cell };
}

/** How many classes have a bar. @param {import('./app.js').App} app */
export const barsOf = (app) => (app.classes.length <= MOST_BARS ? app.classes.length : TOP_BARS);

/** The classes that have a bar: all in order, or, of many, the most probable. @param {import('./app.js').App} app */
export const barClasses = (app) => (app.classes.length <= MOST_BARS ? app.classes.map((_, n) => n) : app.ranking.slice(0, TOP_BARS));

/** @param {import('./app.js').App} app @param {number} width  of the bench @param {boolean} down @param {number} hold  on a narrow screen: room for the controls behind the picture @returns {Plan} */
export function layOut(app, width, down, hold = 0) {
  const bands = shownStages(app).map((name) => bandOf(app, name, down ? width : LONG, down));
  const plan = down ? below(bands, width, hold) : beside(bands, width);
  return { ...plan, down, byName: Object.fromEntries(bands.map((band) => [band.name, band])) };
}

/** @param {(Band & {thick: number})[]} bands @param {number} width @param {number} hold */
function below(bands, width, hold) {
  let y = 0;
  for (const band of bands) {
    Object.assign(band, { labelY: y, x: band.fixed ? width - PICTURE : 0, y: y + LABEL, w: band.fixed ? PICTURE : width, h: band.folded ? 0 : band.thick });
    y += LABEL + (band.folded ? 0 : band.thick + 14) + (band.fixed ? hold : 0);
  }
  return { bands, width, height: y, left: 0 };
}

/** The first gap is fixed, since the working lines up with it; the others share what is left, within reason. @param {(Band & {thick: number})[]} bands @param {number} width */
function beside(bands, width) {
  const left = PICTURE + (width < 1100 ? 16 : 28), rest = bands.filter((band) => !band.fixed), open = rest.filter((band) => !band.folded);
  const least = (/** @type {Band & {thick: number}} */ band) => (band.folded ? FOLDED : Math.max(band.thick, band.name.length * LETTER));
  const used = rest.reduce((sum, band) => sum + least(band), 0) + TIGHT * (rest.length - open.length), gaps = open.length - (rest[0]?.folded ? 0 : 1);
  const gap = Math.max(8, Math.min(72, (width - left - used) / Math.max(1, gaps)));
  let x = left;
  rest.forEach((band, n) => {
    if (n || band.folded) x += band.folded ? (n ? TIGHT : 0) : gap;
    Object.assign(band, { x: Math.round(x), y: 0, w: band.folded ? FOLDED : band.thick, h: LONG });
    x += least(band);
  });
  for (const band of bands) if (band.fixed) Object.assign(band, { x: 0, y: LONG - PICTURE, w: PICTURE, h: PICTURE });
  return { bands, width: Math.max(width, Math.ceil(x)), height: LONG, left };
}

/** Rectangle of the cells [r0, r1) x [c0, c1) of map k, or of slot k of a list. @param {Plan} plan @param {Band} band @param {number} k @param {number} [r0] @param {number} [r1] @param {number} [c0] @param {number} [c1] @returns {[number, number, number, number]} */
export function rectOf(plan, band, k, r0 = 0, r1 = band.rows, c0 = 0, c1 = band.columns) {
  const at = band.composite ? 0 : k, line = Math.floor(at / band.perLine), along = (at % band.perLine) * band.pitch;
  const thick = band.kind === 'list' ? band.cell : (plan.down ? band.rows : band.columns) * band.cell + band.gap, across = line * thick;
  const [x, y] = plan.down ? [band.x + along, band.y + across] : [band.x + across, band.y + along];
  if (band.kind === 'list') return [x, y, band.cell, band.cell];
  return [x + c0 * band.cell, y + r0 * band.cell, (c1 - c0) * band.cell, (r1 - r0) * band.cell];
}

/** Rectangle of the bar at a place from the top. @param {Plan} plan @param {Band} band @param {number} place @param {number} bars @returns {[number, number, number, number]} */
export function barRect(plan, band, place, bars) {
  const pitch = plan.down ? BAR : Math.min(37.6, band.h / bars);
  return [band.x, band.y + place * pitch, band.w, Math.min(22, pitch - 2)];
}

/** The cell of a band under a point, or null. @param {Plan} plan @param {Band} band @param {number} x @param {number} y @returns {number[] | null} */
export function cellUnder(plan, band, x, y) {
  if (band.kind === 'bars' || band.folded) return null;
  const [along, across] = plan.down ? [x - band.x, y - band.y] : [y - band.y, x - band.x];
  const thick = band.kind === 'list' ? band.cell : (plan.down ? band.rows : band.columns) * band.cell + band.gap;
  const line = Math.floor(across / thick), place = Math.floor(along / band.pitch), k = line * band.perLine + place;
  if (line < 0 || place < 0 || place >= band.perLine || k >= (band.composite ? 1 : band.depth)) return null;
  const [left, top, wide, high] = rectOf(plan, band, k);
  if (x < left || y < top || x >= left + wide || y >= top + high) return null;
  if (band.kind === 'list') return [k];
  return [Math.min(band.rows - 1, Math.floor((y - top) / band.cell)), Math.min(band.columns - 1, Math.floor((x - left) / band.cell)), k];
}
