/** Why this guess, and not another: the scores split over the features of the last dense layer, exactly; back to pixels. */

import { find, html, put } from './dom.js';
import { printed } from './numbers.js';
import { ranked } from './working.js';

/** The dense layer whose output are the scores; none where the net ends otherwise. @param {import('./app.js').App} app */
export function voting(app) {
  const layer = app.layer(app.output.inputs[0]);
  return layer?.kind.word === 'dense' && app.isScores(layer.name) ? layer : undefined;
}

/** The two classes that are compared: what was chosen, else the guess and the next best. @param {import('./app.js').App} app @returns {[number, number]} */
export function compared(app) {
  const [best, second] = app.ranking, a = app.state.chosen ?? best;
  const b = app.state.rival !== null && app.state.rival !== a ? app.state.rival : a === best ? second : best;
  return [a, b];
}

/** @param {import('./app.js').App} app @param {HTMLElement} root */
export function makeWhy(app, root) {
  const options = html`${app.classes.map((name, n) => html`<option value="${n}">${name}</option>`)}`;
  put(root, html`<h2>Why <select class="a" aria-label="the class">${options}</select> and not <select class="b" aria-label="the other class">${options}</select></h2><p class="lede"></p><div class="split"></div>`);
  const a = /** @type {HTMLSelectElement} */ (find(root, '.a')), b = /** @type {HTMLSelectElement} */ (find(root, '.b'));
  a.addEventListener('change', () => app.change({ chosen: Number(a.value) }, 'focus'));
  b.addEventListener('change', () => app.change({ rival: Number(b.value) }, 'focus'));

  return function show() {
    const layer = voting(app);
    if (layer) app.want([layer.name, layer.inputs[0]]);
    const weights = layer && app.weightsOf(layer.name), scores = layer && app.stages[layer.name];
    if (!layer || !weights || !scores || !app.stages[layer.inputs[0]]) return put(find(root, '.split'), html`<p class="lede">${layer ? 'The numbers are being computed.' : 'The scores of this net do not come from one dense layer; point at a guess to see what made it.'}</p>`);
    const two = app.content.kind === 'two', [chosen, other] = compared(app), units = scores.shape[0], features = app.stages[layer.inputs[0]].data, from = layer.inputs[0];
    a.value = String(chosen);
    b.value = String(other);
    // Of a single score, the second class is where it is positive.
    const weight = (/** @type {number} */ n) => (two ? (chosen ? 1 : -1) * weights.weight.data[n] : weights.weight.data[n * units + chosen] - weights.weight.data[n * units + other]);
    const bias = weights.bias ? (two ? (chosen ? 1 : -1) * weights.bias.data[0] : weights.bias.data[chosen] - weights.bias.data[other]) : 0;
    const entries = Array.from(features, (value, n) => {
      const origin = app.originOf(from, [n]), w = weight(n);
      return { name: origin.layer, cell: origin.cell, factors: [{ value, of: 'input' }, { value: w, of: 'weight' }], value: value * w };
    });
    const names = [app.classes[chosen], app.classes[other]];
    put(find(root, '.lede'), two ? html`The score is ${printed(scores.data[0])}: above zero it says ${app.classes[1]}. Each of the ${features.length} features before it votes with its number times its weight.`
      : html`The score of ${names[0]} is ${printed(scores.data[chosen])}, that of ${names[1]} is ${printed(scores.data[other])}. Each of the ${features.length} features before votes with its number times (its weight to ${names[0]} less its weight to ${names[1]}). Click one to see what made it.`);
    put(find(root, '.split'), ranked(app, entries, weights.bias ? [{ name: two ? 'bias' : 'biases', value: bias }] : [], { pro: `Says ${names[0]} rather than ${names[1]}`, con: `Says ${names[1]} rather than ${names[0]}`, lead: 'difference' }).markup);
  };
}
