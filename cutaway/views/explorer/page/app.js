/**
 * Everything that can change, and what follows from it. A panel reads it and listens; it changes it through `change`,
 * and all that is shown is drawn again once per frame.
 *
 * @typedef {import('./layers/layer.js').Tensor} Tensor
 * @typedef {import('./layers/layer.js').Cell} Cell
 * @typedef {import('./net.js').Stages} Stages
 * @typedef {{layer: string, cell: Cell}} Place  a cell of a stage: `input`, or a layer by its name
 *
 * @typedef {object} State
 * @property {number | null} picture  which of the pictures at hand; null for one's own
 * @property {Place} pin  the cell that is explained
 * @property {Place | null} hover  the cell that is pointed at, which is explained while it is
 * @property {number | null} channel  of a window, which input channel is shown; null for the strongest
 * @property {string[]} folded  layers that are folded away to their name
 * @property {'net' | 'layer' | 'map'} range  what the colours span
 * @property {boolean} playing  whether the window moves
 * @property {number | null} chosen  the class that is asked about; null for the guess
 * @property {number | null} rival  the class it is compared with; null for the next best
 * @property {number | null} label  the true class of the picture, where known or chosen
 * @property {import('./edits.js').Edit[]} edits
 * @property {{layer: string, weight: string, cell: Cell} | null} weight  the weight that was clicked last
 * @property {number | null} epoch  whose weights run; null for those that were given
 *
 * @typedef {'picture' | 'stages' | 'net' | 'focus' | 'layout' | 'look' | 'epochs' | 'label' | 'weight' | 'trouble' | 'beside'} What
 * @typedef {{paper: string, ink: string, grey: string, line: string, accent: string, density: number, dark: boolean, colours: import('./colour.js').Tables}} Look
 */

import { Changes } from './changes.js';
import { tables } from './colour.js';
import { openEpoch, openLayers, openWeights, split } from './content.js';
import { editedNet, editedWeights, replacements } from './edits.js';
import { cellAt, offset, size, tensor } from './layers/layer.js';
import { niceCeil } from './numbers.js';
import { INPUT, isKnown, run, shapesOf, sources, working } from './net.js';
import { probabilitiesOf } from './guesses.js';

/** Numbers the questions of all that is on the page, so that each hears its own answer. */
let questions = 0;

/** The numbers of a buffer that came with a message. @param {DataView} view */
const floats = (view) => new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

/** Kinds that pass numbers on as they are. */
const PASSING = ['flatten', 'dropout', 'concat', 'off'];

/** @extends {Changes<What>} */
export class App extends Changes {
  /** @param {import('./content.js').Content} content @param {import('./content.js').Picture[]} pictures @param {import('./host.js').Host} host @param {HTMLElement} root */
  constructor(content, pictures, host, root) {
    super();
    this.content = content;
    this.pictures = pictures;
    this.host = host;
    this.root = root;
    this.classes = content.classes;
    this.given = { net: openLayers(content), weights: openWeights(content) };
    /** The weights of kept epochs, by number, as they come. @type {Map<number, import('./net.js').NetWeights>} */
    this.epochWeights = new Map();
    this.epochs = content.epochs;
    /** What stands beside it, where two are looked at at once. @type {App | null} */
    this.other = null;
    /** Whether a training goes on. */
    this.live = Boolean(content.live);
    this.net = this.given.net;
    this.weights = this.given.weights;
    /** @type {Stages} */
    this.stages = {};
    /** Counts the pictures: an answer for an older one is not shown. */
    this.version = 0;
    const first = this.net.find(({ kind }) => kind.word === 'conv') ?? this.net[this.net.length - 1];
    /** @type {State} */
    this.state = {
      picture: pictures.length ? 0 : null, pin: { layer: first.name, cell: /** @type {Cell} */ ([]) }, hover: null, channel: null, folded: [], range: 'layer',
      playing: false, chosen: null, rival: null, label: null, edits: [], weight: null, epoch: content.epoch,
    };
    /** Stages that are not shown at all. @type {Set<string>} */
    this.hidden = new Set();
    /** Where each stage was looked at last. @type {Record<string, Cell>} */
    this.lastCells = {};
    /** @type {{key: string, made: import('./layers/working.js').Working | null}} */
    this.kept = { key: '', made: null };
    /** Layers whose weights have been asked for. @type {Set<string>} */
    this.asked = new Set();
    /** Stages that are of this picture, and those that are to be asked for next. @type {Set<string>} */
    this.fresh = new Set();
    this.wanted = /** @type {Set<string>} */ (new Set());
    this.flying = false;
    /** @type {Map<number, {resolve: (answer: {message: any, buffers: DataView[]}) => void, reject: (error: Error) => void}>} */
    this.waiting = new Map();
    host.on('msg:custom', (message, buffers) => this.hear(message, buffers));
    this.controlsHeight = () => 0;
    /** Says something to those who listen instead of looking. */
    this.speak = (/** @type {string} */ text) => { void text; };
    /** What went wrong last, in one line; '' when all is well. */
    this.trouble = '';
    this.picture = tensor([1, 1, 1]);
    this.shapes = /** @type {Record<string, number[]>} */ ({});
    this.look = this.readLook();
    const strange = this.net.find((layer) => !isKnown(layer));
    if (strange) {
      this.trouble = `this page does not know the kind of layer ${strange.kind.word} (${strange.name}); ${content.served ? 'its numbers come from the program behind the page' : 'what comes after it is not computed here'}`;
      if (content.served) content.remote = true;
    }
    this.setPicture(this.firstPicture());
    this.state.pin.cell = this.strongestCell(first.name);
  }

  /** The picture that the page opens with: the first at hand, or an empty one. */
  firstPicture() {
    const [given] = this.pictures;
    if (given) return tensor(given.shape, Float32Array.from(given.pixels));
    const [h, w, c] = this.content.input;
    return tensor([h || 64, w || 64, c || 3]);
  }

  // ---- changing

  /** @param {Partial<State>} changes @param {...What} what */
  change(changes, ...what) {
    Object.assign(this.state, changes);
    this.tell(...what);
  }

  /** Another picture: everything is computed again. @param {Tensor} picture */
  setPicture(picture) {
    this.picture = picture;
    this.version += 1;
    this.shapes = shapesOf(this.net, picture.shape);
    this.compute();
    this.tell('picture', 'stages');
  }

  /** Other weights or layers: what was given, with the edits. @param {import('./edits.js').Edit[]} edits */
  setEdits(edits) {
    this.state.edits = edits;
    this.remake();
  }

  /** @param {number | null} epoch */
  setEpoch(epoch) {
    this.state.epoch = epoch;
    this.remake();
  }

  /** Whether an edit has a place in this net. @param {import('./edits.js').Edit} edit */
  allows(edit) {
    const layer = this.given.net.find(({ name }) => name === edit.layer);
    if (!layer) return false;
    if ('weight' in edit) {
      const shape = this.content.weights[`${edit.layer}.${edit.weight}`]?.shape;
      return Boolean(shape && shape.length === edit.cell.length && edit.cell.every((at, axis) => at < shape[axis]));
    }
    return 'off' in edit ? this.shapes[layer.inputs[0]].join() === this.shapes[layer.name].join() : replacements(layer.kind.word).includes(edit.kind);
  }

  /** The net and its weights from what was given, the epoch, the edits. */
  remake() {
    const { edits, epoch } = this.state;
    const base = (epoch !== null && this.epochWeights.get(epoch)) || this.given.weights;
    this.net = editedNet(this.given.net, edits);
    this.weights = editedWeights(base, edits);
    this.version += 1;
    this.shapes = shapesOf(this.net, this.picture.shape);
    this.compute();
    this.tell('net', 'stages');
  }

  // ---- computing

  /** Every stage of the picture: here, or by who answers. */
  compute() {
    if (this.content.remote) {
      const kept = Object.entries(this.stages).filter(([name, { shape }]) => shape.join() === this.shapes[name].join());
      this.stages = { ...Object.fromEntries(kept), [INPUT]: this.picture };
      this.fresh = new Set([INPUT]);
    } else this.stages = run(this.net, this.weights, this.picture);
  }

  /** The stages of another picture, not shown: for the guess over a range. Small nets only. @param {Tensor} picture */
  stagesOf(picture) { return run(this.net, this.weights, picture); }

  /**
   * Stages that a panel wants to show. Where something else computes, those that are not of this picture are asked for,
   * one question at a time; until they come, the last ones are shown.
   * @param {string[]} names
   */
  want(names) {
    if (!this.content.remote) return;
    for (const name of names) if (!this.fresh.has(name)) this.wanted.add(name);
    if (this.wanted.size && !this.flying) this.fetch();
  }

  async fetch() {
    const names = [...this.wanted].filter((name) => !this.fresh.has(name)), { version } = this, { shape, data } = this.picture;
    this.wanted.clear();
    if (!names.length) return;
    this.flying = true;
    try {
      const { message, buffers } = await this.question({ ask: 'stages', shape, names, edits: this.state.edits, epoch: this.state.epoch }, [Uint8Array.from(data)]);
      message.names.forEach((/** @type {string} */ name, /** @type {number} */ n) => {
        this.stages[name] = tensor(message.shapes[name], floats(buffers[n]));
        if (version === this.version) this.fresh.add(name);
      });
      this.tell('stages', 'focus');
    } catch (error) {
      this.report(/** @type {Error} */ (error));
    }
    this.flying = false;
    if (version !== this.version) this.want(names);
    else if (this.wanted.size) this.fetch();
  }

  /** The weights of a layer, or nothing where they are still asked for. @param {string} name */
  weightsOf(name) {
    if (this.weights[name] || !this.content.remote || this.asked.has(name)) return this.weights[name];
    this.asked.add(name);
    this.question({ ask: 'weights', layer: name, epoch: this.state.epoch }).then(({ message, buffers }) => {
      /** @type {import('./layers/layer.js').Weights} */
      const own = {};
      message.order.forEach((/** @type {string} */ part, /** @type {number} */ n) => { own[part] = tensor(message.weights[part].shape, floats(buffers[n])); });
      this.given.weights[name] = own;
      this.weights = editedWeights(this.given.weights, this.state.edits);
      this.tell('focus');
    }, (error) => this.report(error));
    return undefined;
  }

  /** Asks who answers for this page. @param {any} message @param {ArrayBufferView[]} [buffers] @returns {Promise<{message: any, buffers: DataView[]}>} */
  question(message, buffers = []) {
    const id = ++questions;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.host.send({ ...message, id }, undefined, buffers);
    });
  }

  /** What was answered, or told without being asked. @param {any} message @param {DataView[]} buffers */
  hear(message, buffers) {
    const { resolve, reject } = this.waiting.get(message.id) ?? {};
    this.waiting.delete(message.id);
    if (message.error) reject?.(new Error(message.error));
    else resolve?.({ message, buffers });
    if (message.tell === 'closed') {
      for (const { reject: fail } of this.waiting.values()) fail(new Error('closed'));
      this.waiting.clear();
      this.asked.clear();
      this.report(new Error('the program behind this page does not answer; what is shown stays, and the page goes on when it is back'));
    }
    if (message.tell === 'open' && this.trouble) { this.report(null); this.tell('stages', 'focus'); }
    if (message.tell === 'epoch') this.hearEpoch(message.epoch);
  }

  /** A training has finished an epoch. @param {import('./content.js').Epoch} epoch */
  hearEpoch(epoch) {
    this.epochs = [...this.epochs.filter(({ number }) => number !== epoch.number), epoch].sort((a, b) => a.number - b.number);
    this.tell('epochs');
  }

  /** Says in one line what went wrong; the view stays. @param {Error | null} error */
  report(error) {
    if (error?.message === 'closed') return;
    this.trouble = error ? error.message : '';
    this.tell('trouble');
  }

  /** Switches to the weights of an epoch, which are asked for where they are not there yet. @param {number | null} epoch */
  async toEpoch(epoch) {
    const carried = epoch !== null && !this.epochWeights.has(epoch) && openEpoch(this.content, epoch);
    if (carried) this.epochWeights.set(epoch, carried);
    if (epoch !== null && !this.epochWeights.has(epoch) && epoch !== this.content.epoch && !this.content.remote) {
      try {
        const { message, buffers } = await this.question({ ask: 'epoch', epoch });
        /** @type {import('./net.js').NetWeights} */
        const own = {};
        message.order.forEach((/** @type {string} */ name, /** @type {number} */ n) => {
          const [layer, part] = split(name);
          (own[layer] ??= {})[part] = tensor(message.shapes[name], floats(buffers[n]));
        });
        this.epochWeights.set(epoch, own);
      } catch (error) {
        return this.report(/** @type {Error} */ (error));
      }
    }
    if (this.content.remote) {
      this.given.weights = {};
      this.asked.clear();
    }
    this.setEpoch(epoch);
    return undefined;
  }

  // ---- looking at a cell

  /** Keeps a cell in focus. @param {Place} place */
  pin(place) {
    this.lastCells[place.layer] = place.cell;
    this.change({ pin: place, hover: null, playing: false, channel: place.layer === this.state.pin.layer ? this.state.channel : null }, 'focus');
  }

  /** @param {string} name @param {boolean} folded */
  fold(name, folded) {
    const others = this.state.folded.filter((other) => other !== name);
    this.change({ folded: folded ? [...others, name] : others }, 'layout');
  }

  /** The cell of a stage that was looked at last, or its strongest. @param {string} name @returns {Cell} */
  cellIn(name) {
    const cell = this.lastCells[name], shape = this.shapes[name];
    return cell?.length === shape.length && cell.every((at, axis) => at < shape[axis]) ? cell : this.strongestCell(name);
  }

  /** @param {string} name @returns {Cell} */
  strongestCell(name) {
    const stage = this.stages[name], shape = this.shapes[name];
    if (!stage) return shape.map((n) => Math.floor(n / 2));
    let best = 0;
    stage.data.forEach((v, at) => { if (Math.abs(v) > Math.abs(stage.data[best])) best = at; });
    return cellAt(shape, best);
  }

  /** The arithmetic of the cell in focus; null for a pixel, and while its numbers are not there yet. */
  get made() {
    const { layer: name, cell } = this.focus, key = `${this.version} ${name} ${cell}`;
    if (this.kept.key === key && this.kept.made && !this.content.remote) return this.kept.made;
    this.kept = { key, made: this.workingOf({ layer: name, cell }) };
    return this.kept.made;
  }

  /** @param {Place} place @returns {import('./layers/working.js').Working | null} */
  workingOf({ layer: name, cell }) {
    const layer = this.layer(name);
    if (layer) this.want([name, ...layer.inputs]);
    if (!layer || !isKnown(layer) || !layer.inputs.every((source) => this.stages[source])) return null;
    if (layer.parameters && !this.weightsOf(name)) return null;
    return working(layer, this.stages, this.weights, cell);
  }

  /** The cell that a number was first computed in: back through flatten, dropout, concat and the like. @param {string} name @param {Cell} cell @returns {Place} */
  originOf(name, cell) {
    const layer = this.layer(name);
    if (!layer || !PASSING.includes(layer.kind.word)) return { layer: name, cell };
    const found = Object.entries(sources(layer, this.shapes, cell));
    return this.originOf(found[0][0], found[0][1].map(([at]) => at));
  }

  // ---- what follows

  /** What is explained: what is pointed at, else what is pinned. @returns {Place} */
  get focus() { return this.state.hover ?? this.state.pin; }

  /** @param {string} name */
  layer(name) { return this.net.find((layer) => layer.name === name); }

  /** The last layer. */
  get output() { return this.net[this.net.length - 1]; }

  /** The stage that is the picture as the net gets it: after grey, colour, resize. */
  get prepared() {
    let name = INPUT;
    for (const layer of this.net) {
      if (!layer.keepsPixels || layer.inputs[0] !== name) break;
      name = layer.name;
    }
    return name;
  }

  /** The probability of each class. @returns {number[]} */
  get guesses() { return this.stages[this.output.name] ? probabilitiesOf(this.content.kind, this.output, this.stages[this.output.name]) : this.classes.map(() => 0); }

  /** The classes, the most probable first. */
  get ranking() {
    const shares = this.guesses;
    return shares.map((_, n) => n).sort((a, b) => shares[b] - shares[a] || a - b);
  }

  /** Where the colours of a stage (and, with `map`, of one of its maps) end. @param {string} name @param {number} [channel] */
  rangeOf(name, channel) {
    const { ranges } = this.content;
    if (this.state.range === 'net') return niceCeil(Math.max(...this.net.filter(({ name }) => !this.isPixels(name)).map(({ name }) => ranges[name] ?? 0)));
    if (this.state.range === 'map' && channel !== undefined) return niceCeil(this.mapRange(name, channel));
    return niceCeil(ranges[name] ?? this.largest(name));
  }

  /** The largest number of one map (or of a whole list) of this picture. @param {string} name @param {number} channel */
  mapRange(name, channel) {
    const stage = this.stages[name];
    if (!stage) return 1;
    const depth = stage.shape.length === 3 ? stage.shape[2] : 1;
    let top = 0;
    for (let at = depth > 1 ? channel : 0; at < stage.data.length; at += depth) top = Math.max(top, Math.abs(stage.data[at]));
    return top;
  }

  /** @param {string} name */
  largest(name) { return this.stages[name] ? this.stages[name].data.reduce((top, v) => Math.max(top, Math.abs(v)), 0) : 1; }

  /** Whether a stage is a picture: whole numbers from 0 to 255. @param {string} name */
  isPixels(name) { return name === INPUT || Boolean(this.layer(name)?.keepsPixels); }

  /** Whether a stage holds the score or the probability of each class. @param {string} name */
  isScores(name) { return name === this.output.name || (name === this.output.inputs[0] && this.cells(name) === this.cells(this.output.name)); }

  /** The number in a cell. @param {string} name @param {Cell} cell */
  valueOf(name, cell) { return this.stages[name] ? this.stages[name].data[offset(this.shapes[name], cell)] : NaN; }

  /** How many cells a stage has. @param {string} name */
  cells(name) { return size(this.shapes[name]); }

  /** The theme's colours, as the style sheet has them. @returns {Look} */
  readLook() {
    const css = getComputedStyle(this.root), colour = (/** @type {string} */ name) => css.getPropertyValue(name).trim();
    const dark = colour('--dark') === '1';
    return {
      paper: colour('--paper'), ink: colour('--ink'), grey: colour('--grey'), line: colour('--line'), accent: colour('--accent'),
      density: Math.min(3, devicePixelRatio || 1), dark, colours: tables(dark ? 'dark' : 'light'),
    };
  }
}

