/**
 * Everything that can change in the lab, and what follows from it, as app.js is for the explorer: a panel reads it and
 * listens, changes it through `change`, and what is shown is drawn again once per frame.
 *
 * @typedef {import('./lab-net.js').Setup} Setup
 * @typedef {import('./lab-pictures.js').Source} Source
 * @typedef {import('./layers/layer.js').Tensor} Tensor
 * @typedef {import('./net.js').Layer} Layer
 * @typedef {{panel: number, cell: number[]}} Spot  a row and column of one of the three pictures: 0 before, 1 after the convolution, 2 at the end
 *
 * @typedef {object} State
 * @property {Setup} setup
 * @property {number} size  pixels of the longer side; 0 for as many as there are
 * @property {boolean} colour
 * @property {number} channel  which of three is looked at
 * @property {boolean} asPicture  whether numbers are shown as a filter program shows them, cut to 0 ... 255
 * @property {boolean} toScale  whether a cell is as large in all three pictures
 * @property {number[] | null} hold  the ends of the two scales, where they are held
 * @property {Spot} pin
 * @property {Spot | null} hover
 * @property {boolean} playing
 *
 * @typedef {object} Chain  how the cell in focus came about, and where it goes: from the window to the result
 * @property {number[] | null} pixel  the pixel that is pointed at
 * @property {number[] | null} conv  a cell of the convolution
 * @property {number[] | null} pooled  a cell of the pooling
 *
 * @typedef {'picture' | 'setup' | 'stages' | 'focus' | 'look' | 'layout' | 'trouble'} What
 * @typedef {{paper: string, ink: string, grey: string, line: string, accent: string, density: number, colours: import('./colour.js').Tables}} Look
 */

import { Changes } from './changes.js';
import { tables } from './colour.js';
import { START, computed, convWindow } from './lab-net.js';
import { longest, prepared } from './lab-pictures.js';
import { offset } from './layers/layer.js';
import { axesOf, reach } from './layers/window.js';
import { winner } from './layers/working.js';
import { INPUT, feeds, working } from './net.js';
import { niceCeil } from './numbers.js';

/** A photograph is worked on at this size until a person says otherwise. */
const PHOTO = 64;

/** The largest number, signs aside. @param {ArrayLike<number>} data */
function largest(data) {
  let top = 0;
  for (let at = 0; at < data.length; at++) { const v = data[at]; if (v > top) top = v; else if (-v > top) top = -v; }
  return top;
}

/** @extends {Changes<What>} */
export class Lab extends Changes {
  /** @param {Source[]} pictures @param {HTMLElement} root */
  constructor(pictures, root) {
    super();
    this.pictures = pictures;
    this.root = root;
    this.source = pictures[0];
    /** The size that a person chose last. @type {number | null} */
    this.chosen = null;
    /** @type {State} */
    this.state = { setup: START, size: 28, colour: false, channel: 0, asPicture: false, toScale: false, hold: null, pin: { panel: 1, cell: [0, 0] }, hover: null, playing: false };
    this.trouble = '';
    this.speak = (/** @type {string} */ text) => { void text; };
    this.look = this.readLook();
    this.state.size = this.usualSize(this.source);
    this.picture = prepared(this.source, this.state.size, this.state.colour);
    this.bench = computed(this.state.setup, this.picture);
    this.ranges = this.ends();
    this.state.pin.cell = this.brightest(1);
  }

  // ---- changing

  /** @param {Partial<State>} changes @param {...What} what */
  change(changes, ...what) {
    Object.assign(this.state, changes);
    this.tell(...what);
  }

  /** Computed once, however much was typed meanwhile. @param {Set<What>} what */
  prepare(what) {
    if (!what.has('picture') && !what.has('setup')) return;
    this.compute();
    what.add('stages').add('focus');
  }

  /** @param {Partial<Setup>} changes */
  set(changes) { this.change({ setup: { ...this.state.setup, ...changes }, playing: false }, 'setup'); }

  /** Another picture. @param {Source} source @param {{size?: number, colour?: boolean}} [how] */
  take(source, { size, colour } = {}) {
    this.source = source;
    this.state.size = size ?? this.usualSize(source);
    this.state.colour = source.shape[2] === 3 && (colour ?? this.state.colour);
    if (!this.state.colour) this.state.channel = 0;
    this.picture = prepared(source, this.state.size, this.state.colour);
    this.state.playing = false;
    this.tell('picture');
  }

  /** The size that was chosen, or else the one that suits a picture. @param {Source} source */
  usualSize(source) {
    const side = longest(source.shape), size = this.chosen ?? source.usual ?? PHOTO;
    return size < side ? size : 0;
  }

  /** The same picture, otherwise. @param {{size?: number, colour?: boolean}} how */
  work(how) {
    this.chosen = how.size ?? this.chosen;
    this.take(this.source, { size: this.state.size, colour: this.state.colour, ...how });
  }

  /** Every stage of the picture, as far as the layers fit. */
  compute() {
    this.bench = computed(this.state.setup, this.picture);
    this.ranges = this.ends();
    this.state.hover = this.state.hover && this.inside(this.state.hover);
    this.state.pin = this.inside(this.state.pin) ?? { panel: 0, cell: [0, 0] };
  }

  /** The same spot, moved inwards where the picture has become smaller; null where there is none. @param {Spot} spot @returns {Spot | null} */
  inside({ panel, cell }) {
    const shape = this.shapeOf(panel);
    return shape ? { panel, cell: cell.map((at, axis) => Math.max(0, Math.min(shape[axis] - 1, at))) } : panel ? this.inside({ panel: panel - 1, cell }) : null;
  }

  /** Says in one line what went wrong; the view stays. @param {Error | null} error */
  report(error) {
    this.trouble = error ? error.message : '';
    this.tell('trouble');
  }

  // ---- what follows

  /** The stage that each of the three pictures shows. @param {number} panel */
  stageOf(panel) {
    const { net } = this.bench;
    return panel === 0 ? INPUT : panel === 1 ? 'conv1' : net[net.length - 1].name;
  }

  /** The shape of a picture; nothing where its layers do not fit. @param {number} panel @returns {number[] | undefined} */
  shapeOf(panel) { return this.bench.shapes[this.stageOf(panel)]; }

  /** @param {string} name */
  layer(name) { return this.bench.net.find((layer) => layer.name === name); }

  get conv() { return /** @type {Layer} */ (this.layer('conv1')); }

  /** The layer of the activation and of the pooling, if there are. */
  get bend() { return this.bench.net.find(({ kind }) => kind.word === this.state.setup.activation); }
  get pool() { return this.bench.net.find(({ kind }) => kind.word === this.state.setup.pool); }

  /** What is explained: what is pointed at, else what is pinned. @returns {Spot} */
  get focus() { return this.state.hover ?? this.state.pin; }

  /** @param {number[]} cell  row and column @returns {number[]} */
  inChannel(cell) { return [cell[0], cell[1], this.state.channel]; }

  /** The number in a cell of a stage. @param {string} name @param {number[]} cell  with or without its channel */
  valueOf(name, cell) {
    const stage = this.bench.stages[name];
    return stage ? stage.data[offset(stage.shape, cell.length === 3 ? cell : this.inChannel(cell))] : NaN;
  }

  /** The arithmetic of a cell. @param {Layer} layer @param {number[]} cell */
  workingOf(layer, cell) { return working(layer, this.bench.stages, this.bench.weights, this.inChannel(cell)); }

  /** @returns {Chain} */
  get chain() {
    const { panel, cell } = this.focus, { shapes } = this.bench, { pool } = this;
    if (panel === 2 && pool && shapes[pool.name]) {
      const made = this.workingOf(pool, cell), best = winner(made) ?? made.terms.reduce((top, term) => (Math.abs(term.value) > Math.abs(top.value) ? term : top));
      return { pixel: null, conv: best.factors[0].cell.slice(0, 2), pooled: cell };
    }
    const conv = shapes.conv1 ? (panel === 0 ? this.windowOver(cell) : cell) : null;
    return { pixel: panel === 0 ? cell : null, conv, pooled: conv && this.pooledOf(conv) };
  }

  /** The stop of the kernel whose middle is nearest to a pixel that it covers; null where none reaches it. @param {number[]} cell @returns {number[] | null} */
  windowOver(cell) {
    const axes = axesOf(convWindow(this.state.setup), this.picture.shape);
    const stops = axes.map((axis, side) => {
      const from = Math.max(0, Math.floor((cell[side] + axis.before) / axis.stride) - axis.size * axis.dilation - 1), middle = ((axis.size - 1) >> 1) * axis.dilation;
      let best = -1, near = Infinity;
      for (let stop = from; stop < axis.count && stop * axis.stride - axis.before <= cell[side]; stop++) {
        const [start, end, step] = reach(axis, stop), away = Math.abs(stop * axis.stride - axis.before + middle - cell[side]);
        if (cell[side] >= start && cell[side] < end && (cell[side] - start) % step === 0 && away < near) { best = stop; near = away; }
      }
      return best;
    });
    return stops.includes(-1) ? null : stops;
  }

  /** The first cell of the pooling that a cell of the convolution goes into; null where none does. @param {number[]} cell @returns {number[] | null} */
  pooledOf(cell) {
    const { pool } = this;
    if (!pool || !this.bench.shapes[pool.name]) return null;
    const found = feeds(pool, this.bench.shapes, pool.inputs[0], this.inChannel(cell));
    return found ? [found.box[0][0], found.box[1][0]] : null;
  }

  /** Where the colours of the second and third picture end. @returns {number[]} */
  ends() {
    const { hold } = this.state;
    return hold ?? [1, 2].map((panel) => niceCeil(largest(this.bench.stages[this.stageOf(panel)]?.data ?? [])));
  }

  /** Where the colours of a stage end. @param {string} name */
  rangeOf(name) {
    const [middle, last] = this.ranges;
    if (name === 'conv1') return middle;
    if (name === this.stageOf(2)) return last;
    return this.state.setup.activation === 'none' || ['relu', 'leaky', 'silu', 'gelu'].includes(this.state.setup.activation) ? middle : 1;
  }

  /** The cell of a picture with the largest number. @param {number} panel @returns {number[]} */
  brightest(panel) {
    const stage = this.bench.stages[this.stageOf(panel)];
    if (!stage) return [0, 0];
    let best = 0;
    stage.data.forEach((v, at) => { if (v > stage.data[best]) best = at; });
    const at = Math.floor(best / stage.shape[2]);
    return [Math.floor(at / stage.shape[1]), at % stage.shape[1]];
  }

  /** The theme's colours, as the style sheet has them. @returns {Look} */
  readLook() {
    const css = getComputedStyle(this.root), colour = (/** @type {string} */ name) => css.getPropertyValue(name).trim();
    return {
      paper: colour('--paper'), ink: colour('--ink'), grey: colour('--grey'), line: colour('--line'), accent: colour('--accent'),
      density: Math.min(3, devicePixelRatio || 1), colours: tables(colour('--dark') === '1' ? 'dark' : 'light'),
    };
  }
}
