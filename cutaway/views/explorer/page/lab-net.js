/**
 * What the lab does to a picture, as a net of up to four layers, each of the explorer's own kinds: nothing is computed
 * here that the layers do not compute.
 *
 * @typedef {import('./lab-kernels.js').Kernel} Kernel
 * @typedef {import('./net.js').Layer} Layer
 * @typedef {import('./layers/layer.js').Tensor} Tensor
 *
 * @typedef {object} Setup
 * @property {Kernel} kernel
 * @property {number} bias
 * @property {number[]} stride  along rows, along columns
 * @property {string | number[]} padding  `valid`, `same`, or cells above, left, below, right
 * @property {number[]} dilation
 * @property {boolean} fit  whether a kernel that does not come out even is refused
 * @property {string} activation  a word of the notation, or `none`
 * @property {string} pool  likewise
 * @property {number[]} poolSize
 * @property {number[] | null} poolStride  null: as the size
 * @property {string} edge  `floor`, `partial`, `fit`
 * @property {boolean} unit  whether bytes become numbers from 0 to 1 first
 *
 * @typedef {object} Bench
 * @property {Layer[]} net
 * @property {Record<string, number[]>} shapes  of the stages that fit
 * @property {import('./net.js').Stages} stages
 * @property {import('./net.js').NetWeights} weights
 * @property {string} broken  the layer that does not fit; '' where all do
 */

import { weightsOf } from './lab-kernels.js';
import { KINDS } from './layers/index.js';
import { INPUT } from './net.js';

/** Kinds that can stand behind the convolution. */
export const ACTIVATIONS = ['none', 'relu', 'leaky', 'tanh', 'sigmoid', 'silu', 'gelu'];
export const POOLS = ['none', 'maxpool', 'meanpool', 'sumpool'];

/** @type {Setup} */
export const START = {
  kernel: { rows: [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], by: 1 }, bias: 0, stride: [1, 1], padding: 'valid', dilation: [1, 1], fit: false,
  activation: 'relu', pool: 'maxpool', poolSize: [2, 2], poolStride: null, edge: 'floor', unit: false,
};

/** @param {number[]} size */
export const sizeText = (size) => size.join('x');
/** 2x2 is 2, as in the notation. @param {number[]} size */
export const shortText = (size) => (size[0] === size[1] ? String(size[0]) : sizeText(size));
/** @param {string | number[]} padding */
export const paddingText = (padding) => (typeof padding === 'string' ? (padding === 'valid' ? '' : ` ${padding}`) : ` pad ${new Set(padding).size === 1 ? padding[0] : padding.join(' ')}`);

/** @param {Setup} setup */
const kernelSize = ({ kernel: { rows } }) => [rows.length, rows[0].length];

/** The window of the convolution. @param {Setup} setup @returns {import('./layers/window.js').Window} */
export const convWindow = (setup) => ({ size: kernelSize(setup), stride: setup.stride, padding: setup.padding, dilation: setup.dilation, edge: setup.fit ? 'fit' : 'floor' });

/** The window of the pooling. @param {Setup} setup @returns {import('./layers/window.js').Window} */
export const poolWindow = ({ poolSize, poolStride, edge }) => ({ size: poolSize, stride: poolStride ?? poolSize, padding: 'valid', dilation: [1, 1], edge });

/** The layers, for a picture of so many channels. @param {Setup} setup @param {number} channels @returns {Layer[]} */
export function layersOf(setup, channels) {
  const size = kernelSize(setup), { stride, padding, dilation, fit } = setup, { size: poolSize, stride: poolStride, edge } = poolWindow(setup);
  const conv = { count: channels, size, stride, padding, dilation, groups: channels, biased: true, fit };
  const parts = /** @type {[string, Record<string, any>, string][]} */ ([
    ...(setup.unit ? [['scale', { divisor: 255 }, 'scale']] : []),
    ['conv', conv, `conv ${channels} ${sizeText(size)}${step(' stride', stride)}${paddingText(padding)}${channels > 1 ? ` groups ${channels}` : ''}${step(' dilation', dilation)}${fit ? ' fit' : ''}`],
    ...(setup.activation === 'none' ? [] : [[setup.activation, setup.activation === 'leaky' ? { leak: 0.01 } : {}, setup.activation]]),
    ...(setup.pool === 'none' ? [] : [[setup.pool, { size: poolSize, stride: poolStride, padding: 'valid', edge }, `${setup.pool} ${shortText(poolSize)}${poolStride.join() === poolSize.join() ? '' : ` stride ${shortText(poolStride)}`}${edge === 'floor' ? '' : ` ${edge}`}`]]),
  ]);
  return parts.map(([word, settings, text], index) => ({
    index, name: `${word}1`, kind: KINDS[word], settings, text, inputs: [index ? `${parts[index - 1][0]}1` : INPUT],
    multiplications: 0, parameters: word === 'conv' ? channels * (size[0] * size[1] + 1) : 0, keepsPixels: false,
  }));
}

/** @param {string} word @param {number[]} pair */
const step = (word, pair) => (pair.every((n) => n === 1) ? '' : `${word} ${shortText(pair)}`);

/** The net in the notation. @param {Layer[]} net */
export const notation = (net) => net.map(({ text }) => text).join(', ');

/** Runs the layers as far as they fit. @param {Setup} setup @param {Tensor} picture @returns {Bench} */
export function computed(setup, picture) {
  const channels = picture.shape[2], net = layersOf(setup, channels), weights = { conv1: weightsOf(setup.kernel, setup.bias, channels) };
  const shapes = /** @type {Record<string, number[]>} */ ({ [INPUT]: picture.shape }), stages = /** @type {import('./net.js').Stages} */ ({ [INPUT]: picture });
  for (const layer of net) {
    const [before] = layer.inputs;
    try {
      shapes[layer.name] = layer.kind.shape(layer.settings, [shapes[before]]);
    } catch {
      return { net, shapes, stages, weights, broken: layer.name };
    }
    stages[layer.name] = layer.kind.forward(layer.settings, [stages[before]], layer.name === 'conv1' ? weights.conv1 : {});
  }
  return { net, shapes, stages, weights, broken: '' };
}
