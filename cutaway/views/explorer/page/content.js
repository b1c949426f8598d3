/**
 * What the page was given, opened: weights and pictures as numbers.
 *
 * @typedef {import('./layers/layer.js').Tensor} Tensor
 * @typedef {import('./layers/layer.js').Shape} Shape
 * @typedef {{name: string, label: number | null, shape: Shape, pixels: Uint8Array, prepared: boolean, part: string}} Picture
 * @typedef {{number: number, loss: number, accuracy: number, validation_loss: number, validation_accuracy: number}} Epoch
 *
 * @typedef {object} Content
 * @property {string} title
 * @property {string[]} about
 * @property {'one' | 'two' | 'each'} kind
 * @property {string[]} classes
 * @property {Shape} input
 * @property {any[]} layers
 * @property {string | null} loss
 * @property {Record<string, {shape: Shape, trained: boolean, data: string | null}>} weights
 * @property {any[]} pictures
 * @property {boolean} ink
 * @property {Record<string, number>} ranges
 * @property {Epoch[]} epochs
 * @property {number | null} epoch
 * @property {boolean} remote
 * @property {boolean} served
 * @property {Content[]} [beside]  other models to compare with
 * @property {Record<string, Record<string, string>>} [kept]  the weights of other epochs, where a file carries them
 * @property {boolean} [live]  whether a training goes on
 */

import { KINDS } from './layers/index.js';
import { size, tensor } from './layers/layer.js';
import { unknown } from './layers/unknown.js';

/** base64 -> bytes @param {string} text */
export function bytesOf(text) {
  const signs = atob(text), bytes = new Uint8Array(signs.length);
  for (let n = 0; n < bytes.length; n++) bytes[n] = signs.charCodeAt(n);                     // ten times as quick as Uint8Array.from
  return bytes;
}

/** @param {string} text @param {Shape} shape @returns {Tensor} */
const floatsOf = (text, shape) => tensor(shape, new Float32Array(bytesOf(text).buffer));

/** The layers, each with its kind; a kind that this page does not know shows its stored numbers. @param {Content} content @returns {import('./net.js').Layer[]} */
export const openLayers = (content) =>
  content.layers.map((layer, index) => ({
    ...layer,
    index,
    kind: KINDS[layer.kind] ?? unknown(layer.kind, layer.shape),
    keepsPixels: Boolean(layer.keeps_pixels),
  }));

/** `{"conv1.kernel": ...}` as `{"conv1": {"kernel": ...}}`; those that are not carried are left out. @param {Content} content @returns {import('./net.js').NetWeights} */
export function openWeights(content) {
  /** @type {import('./net.js').NetWeights} */
  const own = {};
  for (const [name, { shape, data }] of Object.entries(content.weights)) {
    const [layer, part] = split(name);
    if (data !== null) (own[layer] ??= {})[part] = floatsOf(data, shape);
  }
  return own;
}

/** The weights of an epoch that the file carries, if it does. @param {Content} content @param {number} epoch */
export function openEpoch(content, epoch) {
  const kept = content.kept?.[epoch];
  return kept && openWeights({ ...content, weights: Object.fromEntries(Object.entries(content.weights).map(([name, weight]) => [name, { ...weight, data: kept[name] }])) });
}

/** @param {string} name */
export const split = (name) => [name.slice(0, name.lastIndexOf('.')), name.slice(name.lastIndexOf('.') + 1)];

/** Pictures are second differences, deflated. @param {any} given @returns {Promise<Picture>} */
export async function openPicture(given) {
  const [height, width, depth] = given.shape;
  const stream = new Blob([bytesOf(given.pixels)]).stream().pipeThrough(new DecompressionStream('deflate'));
  const pixels = new Uint8Array(await new Response(stream).arrayBuffer()), row = width * depth;
  if (pixels.length !== size(given.shape)) throw new Error(`${given.name}: ${pixels.length} bytes for ${given.shape.join('x')}`);
  for (let r = 0; r < height; r++) {
    for (let at = r * row + depth; at < (r + 1) * row; at++) pixels[at] += pixels[at - depth];
    if (r) for (let at = r * row; at < (r + 1) * row; at++) pixels[at] += pixels[at - row];
  }
  return { ...given, pixels };
}
