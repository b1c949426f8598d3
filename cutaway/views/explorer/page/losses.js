/**
 * How wrong the net's outputs are for one picture, as in cutaway/losses.py. Targets: 1 for what is true, 0 for what is not.
 *
 * @typedef {object} Loss
 * @property {string} name
 * @property {string | null} last  the kind of last layer with which it is computed together, from that layer's inputs
 * @property {(outputs: number[], targets: number[]) => number[]} gradient  by the outputs
 * @property {(scores: number[], targets: number[]) => number[]} gradientOfScores  by what goes into the layer `last`
 * @property {(outputs: number[], targets: number[]) => import('./layers/working.js').Working} terms
 */

import { general } from './layers/formats.js';
import { shares } from './layers/softmax.js';
import { logistic } from './layers/sigmoid.js';
import { rounded } from './layers/layer.js';
import { summed, term, times } from './layers/working.js';

/** The smallest normal float32: no probability counts as less. */
const TINY = 2 ** -126;

/** -share log p, as one term. @param {number} p @param {number} share @param {number} place @param {string} [of] */
const logTerm = (p, share, place, of = 'p') =>
  term({ of, cell: [place], value: p }, -share * Math.log(Math.max(p, TINY)), `-${general(share, 6)} * log(x)`);

/** @type {Loss} */
const crossEntropy = {
  name: 'cross-entropy',
  last: 'softmax',
  gradient: (p, t) => p.map((v, k) => -t[k] / Math.max(v, TINY)),
  gradientOfScores(z, t) {
    const all = t.reduce((sum, v) => sum + v, 0);
    return Array.from(shares(rounded([z.length], z)), (p, k) => p * all - t[k]);
  },
  terms: (p, t) => summed(p.flatMap((v, k) => (t[k] ? [logTerm(v, t[k], k)] : []))),
};

/** @type {Loss} */
const logLoss = {
  name: 'log loss',
  last: 'sigmoid',
  gradient: (p, t) => p.map((v, k) => (1 - t[k]) / Math.max(1 - v, TINY) - t[k] / Math.max(v, TINY)),
  gradientOfScores: (z, t) => z.map((v, k) => logistic(v) - t[k]),
  terms: (p, t) => summed([
    ...p.flatMap((v, k) => (t[k] ? [logTerm(v, t[k], k)] : [])),
    ...p.flatMap((v, k) => (t[k] < 1 ? [logTerm(1 - v, 1 - t[k], k, '1 - p')] : [])),
  ]),
};

/** @type {Loss} */
const squaredError = {
  name: 'squared error',
  last: null,
  gradient: (p, t) => p.map((v, k) => 2 * (v - t[k])),
  gradientOfScores: () => { throw new Error('squared error is computed from the outputs'); },
  terms: (p, t) => summed(p.map((v, k) => {
    const difference = { of: `output - target ${k}`, cell: [k], value: v - t[k] };
    return times(difference, difference);
  })),
};

/** By name. @type {Record<string, Loss>} */
export const LOSSES = Object.fromEntries([crossEntropy, logLoss, squaredError].map((loss) => [loss.name, loss]));
