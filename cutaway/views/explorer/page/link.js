/** The exact view in the part of the address behind #, readable: cell=conv2[4,5,5]&picture=3&moves=rotate:38 */

import { address } from './net.js';

/** @typedef {{getMoves: () => Record<string, number>, setMoves: (moves: Record<string, number>) => void, take: (index: number) => void, under: () => number | null, getDrawing: () => Promise<string | null> | string | null, setDrawing: (text: string) => Promise<void> | void}} Input */

/** @param {import('./edits.js').Edit} edit */
const editText = (edit) => ('weight' in edit ? `${edit.layer}.${edit.weight}[${edit.cell.join(',')}]=${edit.value}` : `${edit.layer}=${'off' in edit ? 'off' : edit.kind}`);

/** @param {string} text @returns {import('./edits.js').Edit | null} */
function readEdit(text) {
  const weight = text.match(/^(.+)\.(\w+)\[([\d,]+)\]=(-?[\d.e+-]+)$/), layer = text.match(/^([^=.]+)=(\w+)$/);
  if (weight && Number.isFinite(Number(weight[4]))) return { layer: weight[1], weight: weight[2], cell: weight[3].split(',').map(Number), value: Number(weight[4]) };
  if (layer) return layer[2] === 'off' ? { layer: layer[1], off: true } : { layer: layer[1], kind: layer[2] };
  return null;
}

/** What the view is, as text. @param {import('./app.js').App} app @param {Input} input @param {string[]} startFolded */
export async function linkOf(app, input, startFolded) {
  const { state } = app, parts = /** @type {[string, string][]} */ ([['net', app.content.title], ['cell', address(state.pin.layer, state.pin.cell).replaceAll(' ', '')]]);
  const add = (/** @type {string} */ key, /** @type {string | number | null | undefined | false} */ value) => { if (value !== null && value !== undefined && value !== '' && value !== false) parts.push([key, String(value)]); };
  const drawing = state.picture === null ? await input.getDrawing() : null;
  add('picture', state.picture ?? (drawing ? null : input.under()));
  add('drawing', drawing);
  add('moves', Object.entries(input.getMoves()).map(([name, value]) => `${name}:${value}`).join(','));
  add('channel', state.channel);
  add('folded', state.folded.join() === startFolded.join() ? null : state.folded.join(',') || 'none');
  add('hidden', [...app.hidden].join(','));
  add('range', state.range !== 'layer' && state.range);
  add('class', state.chosen);
  add('rival', state.rival);
  add('label', state.label !== app.pictures[state.picture ?? -1]?.label && state.label);
  add('epoch', state.epoch !== app.content.epoch && state.epoch);
  add('edits', state.edits.map(editText).join(';'));
  return `#${parts.map(([key, value]) => `${key}=${encodeURIComponent(value).replace(/%(5B|5D|2C|3A|3B|3D)/g, decodeURIComponent)}`).join('&')}`;
}

/** Shows what a link says, as far as it fits this net; says what does not. @param {import('./app.js').App} app @param {Input} input @param {string} hash */
export async function follow(app, input, hash) {
  const given = new Map(hash.replace(/^#/, '').split('&').filter(Boolean).map((part) => /** @type {[string, string]} */ ([part.slice(0, part.indexOf('=')), safe(part.slice(part.indexOf('=') + 1))])));
  if (!given.size) return;
  const number = (/** @type {string} */ key, /** @type {number} */ most) => { const n = Number(given.get(key)); return given.has(key) && Number.isInteger(n) && n >= 0 && n < most ? n : null; };
  const picture = number('picture', app.pictures.length), drawing = given.get('drawing'), fits = given.get('net') === undefined || given.get('net') === app.content.title;
  if (picture !== null) input.take(picture);
  if (drawing) await Promise.resolve(input.setDrawing(drawing)).catch(() => app.report(new Error('the drawing in this link cannot be read; the rest is shown')));
  const moves = Object.fromEntries((given.get('moves') ?? '').split(',').filter(Boolean).map((one) => one.split(':')).map(([name, value]) => [name, Number(value)]).filter(([, value]) => Number.isFinite(value)));
  if (Object.keys(moves).length) input.setMoves(moves);
  const edits = (given.get('edits') ?? '').split(';').map(readEdit).filter((edit) => edit !== null).filter((edit) => app.allows(edit));
  if (edits.length) app.setEdits(edits);
  const epoch = given.has('epoch') && app.epochs.some((one) => one.number === Number(given.get('epoch'))) ? Number(given.get('epoch')) : null;
  if (epoch !== null) await app.toEpoch(epoch);
  const names = app.net.map(({ name }) => name), known = (/** @type {string | undefined} */ text) => (text ?? '').split(',').filter((name) => names.includes(name) || name === 'input');
  app.hidden = new Set(known(given.get('hidden')));
  const cell = given.get('cell')?.match(/^(.+)\[([\d,]+)\]$/), place = cell && { layer: cell[1], cell: cell[2].split(',').map(Number) };
  const there = place && app.shapes[place.layer]?.length === place.cell.length && place.cell.every((at, axis) => at < app.shapes[place.layer][axis]);
  const range = given.get('range');
  app.change({
    ...(there ? { pin: place } : {}), ...(given.has('folded') ? { folded: known(given.get('folded')) } : {}), ...(range === 'net' || range === 'map' ? { range } : {}),
    chosen: number('class', app.classes.length), rival: number('rival', app.classes.length), channel: number('channel', 1e6), ...(given.has('label') ? { label: number('label', app.classes.length) } : {}),
  }, 'layout', 'stages', 'focus', 'label');
  if (!fits || (place && !there)) app.report(new Error(`this link is for ${fits ? 'another version of this net' : `another model, ${given.get('net')}`}; what fits is shown`));
}

/** @param {string} text */
function safe(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

/** Keeps the address up to date, a moment after the last change. @param {import('./app.js').App} app @param {Input} input @param {string[]} startFolded */
export function keepLink(app, input, startFolded) {
  let timer = 0;
  app.listen((what) => {
    if (what.size === 1 && what.has('look')) return;
    clearTimeout(timer);
    timer = setTimeout(async () => {
      if (app.state.playing || app.state.hover) return;
      try { history.replaceState(null, '', await linkOf(app, input, startFolded)); } catch { /* a page without an address of its own, as in a frame: the view is not kept */ }
    }, 300);
  });
}
