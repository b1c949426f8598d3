/**
 * The exact view of the lab in the part of the address behind #, readable:
 * kernel=-1 0 1; -2 0 2; -1 0 1&stride=2&pad=same&activation=relu&pool=maxpool 2&cell=conv1[3,4,0]
 *
 * @typedef {import('./lab-net.js').Setup} Setup
 * @typedef {import('./net.js').Stages} Stages
 *
 * @typedef {object} View  what a link restores
 * @property {Setup} setup
 * @property {string} picture  by name; `own` for one that is not at hand
 * @property {number} size  pixels of the longer side; 0 for as many as there are
 * @property {boolean} colour
 * @property {number} channel  which of three is looked at
 * @property {boolean} asPicture
 * @property {boolean} toScale
 * @property {number[] | null} hold  the ends of the two scales, held
 * @property {{layer: string, cell: number[]} | null} cell
 */

import { parsed, shown } from './lab-kernels.js';
import { ACTIVATIONS, POOLS, START, paddingText, shortText } from './lab-net.js';

export const SIZES = [8, 16, 28, 64, 128, 0];
const EDGES = ['floor', 'partial', 'fit'];

/** "3" or "3x5" as a pair of whole numbers within bounds; null for anything else. @param {string} text @param {number} least @param {number} most @returns {number[] | null} */
export function readPair(text, least, most) {
  const found = text.trim().match(/^(\d{1,3})(?:\s*[x×]\s*(\d{1,3}))?$/i), pair = found && [Number(found[1]), Number(found[2] ?? found[1])];
  return pair?.every((n) => n >= least && n <= most) ? pair : null;
}

/** "1" or "above left below right" as four cells; null for anything else. @param {string} text @param {number} most @returns {number[] | null} */
export function readSides(text, most) {
  const all = text.trim().split(/[\s,]+/).map((word) => (/^\d{1,3}$/.test(word) ? Number(word) : NaN)), four = all.length === 1 ? Array(4).fill(all[0]) : all;
  return four.length === 4 && four.every((n) => n >= 0 && n <= most) ? four : null;
}

/** The most that each may be. */
export const MOST = { stride: 8, dilation: 8, padding: 16, pool: 8, bias: 1e6 };

/** @param {View} view @returns {string} */
export function linkOf({ setup, picture, size, colour, channel, asPicture, toScale, hold, cell }) {
  const parts = /** @type {[string, string][]} */ ([]), add = (/** @type {string} */ key, /** @type {string | number | false | null} */ value) => { if (value !== false && value !== null && value !== '') parts.push([key, String(value)]); };
  add('picture', picture);
  add('size', size || 'full');
  add('colour', colour && 'yes');
  add('channel', channel || null);
  add('kernel', shown(setup.kernel));
  add('bias', setup.bias || null);
  add('stride', setup.stride.join() !== '1,1' && shortText(setup.stride));
  add('pad', paddingText(setup.padding).replace(/^ (pad )?/, ''));
  add('dilation', setup.dilation.join() !== '1,1' && shortText(setup.dilation));
  add('fit', setup.fit && 'yes');
  add('activation', setup.activation);
  add('pool', setup.pool === 'none' ? 'none' : `${setup.pool} ${shortText(setup.poolSize)}${setup.poolStride ? ` stride ${shortText(setup.poolStride)}` : ''}${setup.edge === 'floor' ? '' : ` ${setup.edge}`}`);
  add('unit', setup.unit && 'yes');
  add('shown', asPicture && 'picture');
  add('sizes', toScale && 'scale');
  add('hold', hold && hold.join());
  add('cell', cell && `${cell.layer}[${cell.cell.join(',')}]`);
  return `#${parts.map(([key, value]) => `${key}=${encodeURIComponent(value).replace(/%20/g, '+').replace(/%(5B|5D|2C|3A|3B|2F)/g, decodeURIComponent)}`).join('&')}`;
}

/** @param {string} text */
function safe(text) {
  try { return decodeURIComponent(text.replaceAll('+', ' ')); } catch { return text; }
}

/**
 * What a link says, as far as it can be read; what it does not say is as at the start. What cannot be read is named.
 * @param {string} hash @returns {{view: Partial<View> & {setup: Setup}, unread: string[]}}
 */
export function readLink(hash) {
  const given = new Map(hash.replace(/^#/, '').split('&').filter(Boolean).map((part) => /** @type {[string, string]} */ ([part.split('=', 1)[0], safe(part.slice(part.indexOf('=') + 1))])));
  const unread = /** @type {string[]} */ ([]);
  /** @template T @param {string} key @param {T} otherwise @param {(text: string) => T | null} read @returns {T} */
  const get = (key, otherwise, read) => {
    const text = given.get(key);
    if (text === undefined) return otherwise;
    const value = read(text);
    if (value === null) unread.push(key);
    return value ?? otherwise;
  };
  const pool = get('pool', { kind: START.pool, size: START.poolSize, stride: START.poolStride, edge: START.edge }, readPool);
  const yes = (/** @type {string} */ text) => text === 'yes';
  return {
    unread,
    view: {
      setup: {
        kernel: get('kernel', START.kernel, readKernel), bias: get('bias', 0, readBias),
        stride: get('stride', START.stride, (text) => readPair(text, 1, MOST.stride)), dilation: get('dilation', START.dilation, (text) => readPair(text, 1, MOST.dilation)),
        padding: get('pad', /** @type {string | number[]} */ (START.padding), (text) => (text === 'same' || text === 'valid' ? text : readSides(text, MOST.padding))),
        fit: get('fit', false, yes), activation: get('activation', START.activation, (text) => (ACTIVATIONS.includes(text) ? text : null)),
        pool: pool.kind, poolSize: pool.size, poolStride: pool.stride, edge: pool.edge, unit: get('unit', false, yes),
      },
      ...(given.has('picture') ? { picture: given.get('picture') } : {}),
      ...(given.has('size') ? { size: get('size', 0, readSize) } : {}),
      ...(given.has('colour') ? { colour: get('colour', false, yes) } : {}),
      channel: get('channel', 0, (text) => (/^[0-2]$/.test(text) ? Number(text) : null)),
      asPicture: get('shown', false, (text) => text === 'picture'), toScale: get('sizes', false, (text) => text === 'scale'),
      hold: get('hold', /** @type {number[] | null} */ (null), readHold), cell: get('cell', /** @type {View['cell']} */ (null), readCell),
    },
  };
}

/** @param {string} text */
function readKernel(text) {
  try { return parsed(text); } catch { return null; }
}

/** @param {string} text */
const readBias = (text) => (Number.isFinite(Number(text)) && Math.abs(Number(text)) <= MOST.bias ? Number(text) : null);

/** @param {string} text */
const readSize = (text) => (text === 'full' ? 0 : SIZES.includes(Number(text)) ? Number(text) : null);

/** @param {string} text */
function readHold(text) {
  const ends = text.split(',').map(Number);
  return ends.length === 2 && ends.every((end) => end > 0 && Number.isFinite(end)) ? ends : null;
}

/** @param {string} text @returns {View['cell']} */
function readCell(text) {
  const found = text.match(/^(\w+)\[(\d+),(\d+),(\d+)\]$/);
  return found && { layer: found[1], cell: found.slice(2).map(Number) };
}

/** `maxpool 3 stride 2 partial`, or `none`. @param {string} text @returns {{kind: string, size: number[], stride: number[] | null, edge: string} | null} */
function readPool(text) {
  if (text === 'none') return { kind: 'none', size: START.poolSize, stride: null, edge: 'floor' };
  const found = text.match(/^(\w+) (\S+)(?: stride (\S+))?(?: (\w+))?$/);
  if (!found) return null;
  const [, kind, sizes, strides, edge = 'floor'] = found, size = readPair(sizes, 1, MOST.pool), stride = strides ? readPair(strides, 1, MOST.stride) : null;
  return POOLS.includes(kind) && size && (stride || !strides) && EDGES.includes(edge) ? { kind, size, stride, edge } : null;
}
