/**
 * A net ready to run: asks the layers, knows none of them.
 *
 * @typedef {import('./layers/layer.js').Tensor} Tensor
 * @typedef {import('./layers/layer.js').Shape} Shape
 * @typedef {import('./layers/layer.js').Cell} Cell
 * @typedef {import('./layers/layer.js').Region} Region
 * @typedef {import('./layers/layer.js').Weights} Weights
 * @typedef {import('./layers/working.js').Working} Working
 *
 * @typedef {object} Layer
 * @property {number} index  its place in the net, from 0; the picture itself is -1
 * @property {string} name
 * @property {import('./layers/layer.js').Kind} kind
 * @property {Record<string, any>} settings
 * @property {string} text  in the notation
 * @property {string[]} inputs  names of what feeds it
 * @property {number} multiplications
 * @property {number} parameters
 * @property {boolean} keepsPixels  whether its output is again whole numbers from 0 to 255
 *
 * @typedef {Record<string, Tensor>} Stages  every layer's output by name, and `input`
 * @typedef {Record<string, Weights>} NetWeights  by layer
 */

import { KINDS } from './layers/index.js';
import { cellsIn, holds, hull, isEmpty, offset, only, whole } from './layers/layer.js';

export const INPUT = 'input';

/** Whether the page can compute a layer. @param {Layer} layer */
export const isKnown = ({ kind }) => kind.word === 'off' || kind.word in KINDS;

/** The output shape of every layer by name, for a picture of this shape. @param {Layer[]} net @param {Shape} picture @returns {Record<string, Shape>} */
export function shapesOf(net, picture) {
  /** @type {Record<string, Shape>} */
  const shapes = { [INPUT]: picture };
  for (const { name, kind, settings, inputs } of net) shapes[name] = kind.shape(settings, inputs.map((source) => shapes[source]));
  return shapes;
}

/**
 * Every layer's output for one picture, as far as their kinds are known here. With `known` stages, only the layers from `from` on are computed again.
 * @param {Layer[]} net @param {NetWeights} weights @param {Tensor} picture @param {Stages} [known] @param {number} [from] @returns {Stages}
 */
export function run(net, weights, picture, known, from = 0) {
  /** @type {Stages} */
  const stages = { ...known, [INPUT]: picture };
  for (const layer of net.slice(from)) {
    const xs = layer.inputs.map((name) => stages[name]);
    if (xs.every(Boolean) && isKnown(layer)) stages[layer.name] = layer.kind.forward(layer.settings, xs, weights[layer.name] ?? {});
  }
  return stages;
}

/**
 * The gradients of a number whose gradient at the output of the layer `end` is `dy`: of every stage, and of every weight.
 * @param {Layer[]} net @param {NetWeights} weights @param {Stages} stages @param {string} end @param {Tensor} dy
 * @returns {{stages: Stages, weights: NetWeights}}
 */
export function backward(net, weights, stages, end, dy) {
  /** @type {Stages} */
  const slopes = { [end]: dy };
  /** @type {NetWeights} */
  const ofWeights = {};
  for (const layer of [...net].reverse()) {
    const own = slopes[layer.name];
    if (!own) continue;
    const back = layer.kind.backward(layer.settings, own, layer.inputs.map((name) => stages[name]), weights[layer.name] ?? {});
    ofWeights[layer.name] = back.weights;
    layer.inputs.forEach((name, n) => {
      const before = slopes[name], more = back.inputs[n];
      slopes[name] = before ? { shape: more.shape, data: more.data.map((v, i) => v + before.data[i]) } : more;
    });
  }
  return { stages: slopes, weights: ofWeights };
}

/** conv1[3, 5, 0], dense2[17] @param {string} name @param {Cell} cell */
export const address = (name, cell) => `${name}[${cell.join(', ')}]`;

/** The value of a cell, or nothing where its stage is not there yet. @param {Stages} stages @param {string} name @param {Cell} cell */
export const valueAt = (stages, name, cell) => stages[name]?.data[offset(stages[name].shape, cell)];

/** The layers that a layer (or `input`) feeds. @param {Layer[]} net @param {string} name */
export const consumers = (net, name) => net.filter(({ inputs }) => inputs.includes(name));

/** The arithmetic of one cell. @param {Layer} layer @param {Stages} stages @param {NetWeights} weights @param {Cell} cell @returns {Working} */
export const working = (layer, stages, weights, cell) => layer.kind.terms(layer.settings, cell, layer.inputs.map((name) => stages[name]), weights[layer.name] ?? {});

/**
 * The smallest box in each stage that holds everything a cell depends on, from the cell back to `input`.
 * @param {Layer[]} net @param {Record<string, Shape>} shapes @param {string} name @param {Cell} cell @returns {Record<string, Region>}
 */
export function behind(net, shapes, name, cell) {
  /** @type {Record<string, Region>} */
  const regions = { [name]: only(cell) };
  for (const layer of [...net].reverse()) {
    if (!(layer.name in regions)) continue;
    const fields = layer.kind.field(layer.settings, regions[layer.name], layer.inputs.map((source) => shapes[source]));
    layer.inputs.forEach((source, n) => widen(regions, source, fields[n]));
  }
  return regions;
}

/** The cells of the stages just before that made this one. @param {Layer} layer @param {Record<string, Shape>} shapes @param {Cell} cell @returns {Record<string, Region>} */
export function sources(layer, shapes, cell) {
  /** @type {Record<string, Region>} */
  const regions = {};
  const own = layer.kind.sources(layer.settings, cell, layer.inputs.map((source) => shapes[source])).inputs;
  layer.inputs.forEach((source, n) => {
    if (source in regions) widen(regions, source, own[n]);
    else if (!isEmpty(own[n])) regions[source] = own[n];
  });
  return regions;
}

/**
 * The cells of a layer that have a cell of `source` among their sources: the box of them and how many there are. Halves
 * the map wherever the field of a half does not hold the cell, so that it need not ask every cell.
 * @param {Layer} layer @param {Record<string, Shape>} shapes @param {string} source @param {Cell} cell
 * @returns {{box: Region, count: number} | null}
 */
export function feeds(layer, shapes, source, cell) {
  const fed = layer.inputs.map((name) => shapes[name]), which = layer.inputs.flatMap((name, n) => (name === source ? [n] : []));
  /** @type {Region | null} */
  let box = null;
  let found = 0;
  /** @param {Region} region */
  const look = (region) => {
    if (isEmpty(region)) return;
    const fields = layer.kind.field(layer.settings, region, fed);
    if (!which.some((n) => holds(fields[n], cell))) return;
    if (cellsIn(region) === 1) {
      const own = layer.kind.sources(layer.settings, region.map((axis) => axis[0]), fed).inputs;
      if (!which.some((n) => holds(own[n], cell))) return;
    } else if (!sameForAll(layer, region, fed, which, cell)) {
      const lengths = region.map(([start, stop]) => stop - start), axis = lengths.indexOf(Math.max(...lengths));
      const middle = region[axis][0] + Math.floor(lengths[axis] / 2);
      look(region.with(axis, [region[axis][0], middle, 1]));
      look(region.with(axis, [middle, region[axis][1], 1]));
      return;
    }
    found += cellsIn(region);
    box = box ? hull(box, region) : region;
  };
  look(whole(shapes[layer.name]));
  return box ? { box, count: found } : null;
}

/** Whether every cell of a run along channels (or slots) has the cell among its sources: its two ends then do, and their sources are the same. @param {Layer} layer @param {Region} region @param {Shape[]} fed @param {number[]} which @param {Cell} cell */
function sameForAll(layer, region, fed, which, cell) {
  if (region.slice(0, -1).some(([start, stop]) => stop - start > 1)) return false;
  const ends = [region.map((axis) => axis[0]), region.map((axis) => axis[1] - 1)];
  const [first, last] = ends.map((end) => layer.kind.sources(layer.settings, end, fed).inputs);
  return which.every((n) => JSON.stringify(first[n]) === JSON.stringify(last[n])) && which.some((n) => holds(first[n], cell));
}

/** @param {Record<string, Region>} regions @param {string} source @param {Region} region */
function widen(regions, source, region) {
  if (!isEmpty(region)) regions[source] = hull(regions[source] ?? region, region);
}

/** The strongest source of a cell: what won, or the term that weighs most. @param {Layer} layer @param {Working} made @returns {{name: string, cell: Cell} | null} */
export function strongest(layer, made) {
  const fed = made.terms.flatMap((term) => term.factors.filter(({ of }) => of.startsWith('input')).map((factor) => ({ term, factor })));
  if (!fed.length) return null;
  const weight = (/** @type {number} */ n) => (made.rule === 'max' ? fed[n].term.value : Math.abs(fed[n].term.value));
  let best = 0;
  for (let n = 1; n < fed.length; n++) if (weight(n) > weight(best)) best = n;
  const { factor } = fed[best];
  return { name: sourceOf(layer, factor.of), cell: factor.cell };
}

/** The stage that a factor `input`, `input 2`, ... stands in; '' for weights and constants. @param {Layer} layer @param {string} of */
export function sourceOf({ inputs }, of) {
  const [word, number] = of.split(' ');
  return word === 'input' ? inputs[number ? Number(number) - 1 : 0] : '';
}

