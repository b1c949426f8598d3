/**
 * How one cell came about, as in cutaway/layers/working.py: its terms, what they come to, what was done with that.
 *
 * @typedef {import('./layer.js').Tensor} Tensor
 * @typedef {import('./layer.js').Cell} Cell
 *
 * @typedef {object} Factor  one number that goes into a term, and where it stands
 * @property {string} of  `input` (or `input 2`, ... where a layer has several), the name of a weight, or what a constant means
 * @property {Cell} cell  its place in that array; [] for a constant
 * @property {number} value
 *
 * @typedef {object} Term  the product of its factors, unless `formula` says otherwise, written with x for the first factor
 * @property {Factor[]} factors
 * @property {number} value  for a product of two float32 numbers this is exact
 * @property {string} formula
 *
 * @typedef {{formula: string, value: number}} Step  what is done with the number before, x, and what it then is
 *
 * @typedef {object} Working
 * @property {'sum' | 'max'} rule
 * @property {Term[]} terms
 * @property {number} combined  the exact sum, rounded once, or the largest term
 * @property {Step[]} steps
 */

import { exactSum } from '../numbers.js';
import { offset } from './layer.js';

/** The factor that stands at a cell. @param {string} of @param {Tensor} array @param {Cell} cell @returns {Factor} */
export const at = (of, array, cell) => ({ of, cell, value: array.data[offset(array.shape, cell)] });

/** @param {string} meaning @param {number} value @returns {Factor} */
export const constant = (meaning, value) => ({ of: meaning, cell: [], value });

/** A term that is the product of its factors. @param {...Factor} factors @returns {Term} */
export const times = (...factors) => ({ factors, value: factors.reduce((product, factor) => product * factor.value, 1), formula: '' });

/** A term that is something else of its first factor. @param {Factor} factor @param {number} value @param {string} formula @returns {Term} */
export const term = (factor, value, formula) => ({ factors: [factor], value, formula });

/** A working that adds its terms up, exactly. @param {Term[]} terms @param {...Step} steps @returns {Working} */
export const summed = (terms, ...steps) => ({ rule: 'sum', terms, combined: exactSum(terms.map((one) => one.value)), steps });

/** A working that adds its terms up and divides by how many there are. @param {Term[]} terms @returns {Working} */
export function averaged(terms) {
  const total = summed(terms);
  return { ...total, steps: [{ formula: `x / ${terms.length}`, value: total.combined / terms.length }] };
}

/** A working whose largest term goes on. @param {Term[]} terms @returns {Working} */
export const largest = (terms) => ({ rule: 'max', terms, combined: terms.reduce((top, one) => Math.max(top, one.value), -Infinity), steps: [] });

/** The bias of a channel as a last term; none where the layer has no bias. @param {import('./layer.js').Weights} w @param {number} channel */
export const bias = (w, channel) => (w.bias ? [times(at('bias', w.bias, [channel]))] : []);

/** What factors call an input: `input`, or `input 1`, `input 2`, ... @param {number} number @param {number} inputs */
export const inputName = (number, inputs) => (inputs === 1 ? 'input' : `input ${number + 1}`);

/** The cell as exactly as float64 can tell. @param {Working} working */
export const valueOf = ({ combined, steps }) => (steps.length ? steps[steps.length - 1].value : combined);

/** For `max`: the first term that is the largest. @param {Working} working @returns {Term | undefined} */
export const winner = ({ rule, terms, combined }) => (rule === 'max' ? terms.find((one) => one.value === combined) : undefined);
