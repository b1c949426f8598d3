/**
 * What a person changed: weights, and layers switched off or replaced. The net and its weights are never changed
 * themselves; both are made anew from what was given and the list of edits.
 *
 * @typedef {{layer: string, weight: string, cell: number[], value: number}} WeightEdit
 * @typedef {{layer: string, off: true} | {layer: string, kind: string}} LayerEdit
 * @typedef {WeightEdit | LayerEdit} Edit
 */

import { KINDS } from './layers/index.js';
import { offset, tensor } from './layers/layer.js';

/** Kinds that can stand in for one another with the same settings. */
export const ALIKE = [
  ['maxpool', 'meanpool', 'sumpool'],
  ['relu', 'relu6', 'tanh', 'sigmoid', 'silu', 'gelu', 'hardsigmoid', 'hardswish'],
];

/** What a layer can be replaced by. @param {string} word */
export const replacements = (word) => (ALIKE.find((words) => words.includes(word)) ?? []).filter((other) => other !== word);

/** @param {Edit} a @param {Edit} b */
const samePlace = (a, b) => a.layer === b.layer && ('weight' in a ? 'weight' in b && a.weight === b.weight && a.cell.join() === b.cell.join() : !('weight' in b));

/** The list with one more edit; of the same place the last one counts. @param {Edit[]} edits @param {Edit} edit @returns {Edit[]} */
export const edited = (edits, edit) => [...edits.filter((other) => !samePlace(other, edit)), edit];

/** @param {import('./net.js').Layer[]} net @param {Edit[]} edits @returns {import('./net.js').Layer[]} */
export const editedNet = (net, edits) =>
  net.map((layer) => {
    const edit = edits.find((one) => one.layer === layer.name && !('weight' in one));
    if (!edit) return layer;
    if ('off' in edit) return { ...layer, kind: { ...KINDS.dropout, word: 'off', says: 'switched off: what comes in goes on unchanged' }, text: 'off', inputs: layer.inputs.slice(0, 1) };
    return 'kind' in edit ? { ...layer, kind: KINDS[edit.kind], text: layer.text.replace(/^\S+/, edit.kind) } : layer;
  });

/** Only what is edited is copied. @param {import('./net.js').NetWeights} weights @param {Edit[]} edits @returns {import('./net.js').NetWeights} */
export function editedWeights(weights, edits) {
  const own = { ...weights };
  for (const edit of edits) {
    if (!('weight' in edit) || !own[edit.layer]?.[edit.weight]) continue;
    const { shape, data } = own[edit.layer][edit.weight];
    const copy = own[edit.layer] === weights[edit.layer] || data === weights[edit.layer][edit.weight].data ? data.slice() : data;
    copy[offset(shape, edit.cell)] = edit.value;
    own[edit.layer] = { ...own[edit.layer], [edit.weight]: tensor(shape, copy) };
  }
  return own;
}

/** In few words. @param {Edit} edit */
export const inWords = (edit) => ('weight' in edit ? `${edit.layer}.${edit.weight}[${edit.cell.join(', ')}] = ${edit.value}` : 'off' in edit ? `${edit.layer} off` : `${edit.layer} is ${edit.kind}`);
