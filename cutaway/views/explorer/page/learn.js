/** The loss of this picture as arithmetic, and one learning step: a weight's gradient, cell by cell, and what it changes. */

import { find, html, put } from './dom.js';
import { edited } from './edits.js';
import { cells, offset, only, tensor, whole } from './layers/layer.js';
import { valueOf } from './layers/working.js';
import { LOSSES } from './losses.js';
import { backward, run, sourceOf } from './net.js';
import { percent, print, printed, ruler, shortest, signed } from './numbers.js';
import { probabilitiesOf } from './guesses.js';
import { addend, ranked } from './working.js';

const RATES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];

/** What should have come out: 1 for what is true. @param {import('./app.js').App} app @param {number} label */
function targetOf(app, label) {
  const outputs = app.cells(app.output.name);
  return outputs === 1 && app.content.kind === 'two' ? [label] : Array.from({ length: outputs }, (_, n) => (n === label ? 1 : 0));
}

/** The loss and its gradients, of the weights and of every stage. @param {import('./app.js').App} app @param {number[]} target */
export function slopesOf(app, target) {
  const loss = LOSSES[app.content.loss ?? ''], { output } = app, scores = output.inputs[0];
  if (!loss) return null;
  const together = loss.last === output.kind.word, end = together ? scores : output.name, at = app.stages[end];
  const slope = together ? loss.gradientOfScores(Array.from(at.data), target) : loss.gradient(Array.from(at.data), target);
  return backward(app.net, app.weights, app.stages, end, tensor(at.shape, Float32Array.from(slope)));
}

/** The loss of what a net said. @param {import('./app.js').App} app @param {import('./net.js').Stages} stages @param {number[]} target */
export const lossOf = (app, stages, target) => valueOf(LOSSES[app.content.loss ?? ''].terms(Array.from(stages[app.output.name].data), target));

/** The cells of a layer that a weight touched, each with the slope there and what the weight was multiplied by. @param {import('./app.js').App} app @param {{layer: string, weight: string, cell: number[]}} at @param {import('./layers/layer.js').Tensor} slope */
function touched(app, at, slope) {
  const layer = /** @type {import('./net.js').Layer} */ (app.layer(at.layer)), xs = layer.inputs.map((name) => app.stages[name]), fed = layer.inputs.map((name) => app.shapes[name]), shape = app.shapes[layer.name];
  // The last axis of a weight is the channel that it makes: only those cells can have it.
  const region = whole(shape), channel = at.cell[at.cell.length - 1];
  const own = cells([...region.slice(0, -1), ...only([channel])]).filter((cell) => layer.kind.sources(layer.settings, cell, fed).weights[at.weight]?.every(([start, stop, step], axis) => at.cell[axis] >= start && at.cell[axis] < stop && (at.cell[axis] - start) % step === 0));
  return own.flatMap((cell) => {
    const { terms } = layer.kind.terms(layer.settings, cell, xs, app.weights[layer.name]), up = slope.data[offset(shape, cell)];
    const term = terms.find(({ factors }) => factors.some((factor) => factor.of === at.weight && factor.cell.join() === at.cell.join()));
    if (!term) return [];
    const others = term.factors.filter((factor) => !(factor.of === at.weight && factor.cell.join() === at.cell.join()));
    const by = others.reduce((product, { value }) => product * value, 1), source = others.find(({ of }) => sourceOf(layer, of));
    return [{ name: layer.name, cell, factors: [{ value: up, of: 'slope' }, { value: by, of: source ? 'input' : 'one' }], value: up * by }];
  });
}

/** A weight to learn with: the one that was clicked, else the strongest of the cell in focus. @param {import('./app.js').App} app */
function chosenWeight(app) {
  const { weight } = app.state;
  if (weight && app.weightsOf(weight.layer)?.[weight.weight]) return weight;
  for (const name of [app.state.pin.layer, ...app.net.map((layer) => layer.name)]) {
    const layer = app.layer(name), made = layer && app.weightsOf(name) && app.workingOf({ layer: name, cell: name === app.state.pin.layer ? app.state.pin.cell : app.cellIn(name) });
    if (!made || made.steps.length) continue;
    const terms = made.terms.filter(({ factors }) => factors.length === 2 && factors[1].of in app.weights[name]);
    if (terms.length) {
      const [, factor] = terms.reduce((a, b) => (Math.abs(b.value) > Math.abs(a.value) ? b : a)).factors;
      return { layer: name, weight: factor.of, cell: factor.cell };
    }
  }
  return null;
}

/** @param {import('./app.js').App} app @param {HTMLElement} root */
export function makeLearn(app, root) {
  put(root, html`<h2>The loss of this picture, if it is <select class="label" aria-label="the true class">${app.classes.map((name, n) => html`<option value="${n}">${name}</option>`)}</select></h2><div class="loss"></div>
    <h3>One learning step</h3><p class="lede weight"></p><div class="gradient"></div><p class="update"></p>
    <p><label>learning rate <select class="rate">${RATES.map((rate) => html`<option ${rate === 0.1 ? 'selected' : ''}>${rate}</option>`)}</select></label> <button class="text take">take this step</button> <span class="quiet all"></span></p>`);
  const label = /** @type {HTMLSelectElement} */ (find(root, 'select.label')), rate = /** @type {HTMLSelectElement} */ (find(root, '.rate'));
  label.addEventListener('change', () => app.change({ label: Number(label.value) }, 'label'));
  rate.addEventListener('change', show);
  /** @type {import('./edits.js').WeightEdit | null} */
  let step = null;
  find(root, '.take').addEventListener('click', () => { if (step) app.setEdits(edited(app.state.edits, step)); });

  function show() {
    const truth = app.state.label ?? app.ranking[0], target = targetOf(app, truth);
    label.value = String(truth);
    const loss = LOSSES[app.content.loss ?? ''];
    if (!loss || app.content.remote || !app.stages[app.output.name]) {
      return put(find(root, '.loss'), html`<p class="lede">${app.content.remote ? 'This net is too large to be differentiated in the page.' : 'This net has no loss.'}</p>`);
    }
    const said = Array.from(app.stages[app.output.name].data), made = loss.terms(said, target), own = ruler(made.terms.map(({ value }) => value)), marks = own.exponent ? own : { decimals: Math.max(6, own.decimals), exponent: 0 };
    put(find(root, '.loss'), html`<div class="sum plain"><span class="quiet">${app.content.loss}</span>${made.terms.slice(0, 12).map((term, n) => html`<span class="row">${n ? '+ ' : ''}${term.formula ? html`${signed(term.formula.replace(/\bx\b/g, shortest(term.factors[0].value)))} =` : html`(${printed(term.factors[0].value)})² =`} ${addend(print(term.value, marks), true)}<small>${app.classes[app.content.kind === 'two' ? 1 : term.factors[0].cell[0]] ?? ''}</small></span>`)}${made.terms.length > 12 ? html`<span class="row">and ${made.terms.length - 12} more</span>` : ''}<span class="row">${made.terms.length > 1 ? '' : 'together '}= <b>${print(valueOf(made), marks)}</b></span></div>
      <p class="quiet">${said.length > 1 ? `Guessing at random among ${said.length} would cost ${Math.log(said.length).toFixed(3)}.` : 'Not knowing (one half) would cost 0.693.'}</p>`);
    learning(target, truth);
  }

  /** @param {number[]} target @param {number} truth */
  function learning(target, truth) {
    const at = chosenWeight(app), slopes = at && slopesOf(app, target), layer = at && app.layer(at.layer);
    const own = at && slopes?.weights[at.layer]?.[at.weight], up = at && slopes?.stages[at.layer];
    find(root, '.take').hidden = !own;
    step = null;
    if (!at || !own || !up || !layer) return put(find(root, '.weight'), html`Look at a cell of a layer with weights, or click a weight in its working.`);
    const weight = app.weights[at.layer][at.weight], old = weight.data[offset(weight.shape, at.cell)], gradient = own.data[offset(own.shape, at.cell)], by = Number(rate.value);
    const name = `${at.layer}.${at.weight}[${at.cell.join(', ')}]`, entries = touched(app, at, up), next = Math.fround(old - by * gradient);
    put(find(root, '.weight'), html`The weight <b>${name}</b> touched ${entries.length} ${entries.length === 1 ? 'cell' : 'cells'} of ${at.layer}. Its gradient adds up, over them, how the loss changes with the cell, times what the weight was multiplied by there.`);
    put(find(root, '.gradient'), ranked(app, entries, [], { pro: 'Pushes the weight down: slope × input', con: 'Pushes the weight up: slope × input', lead: 'gradient', top: 4 }).markup);
    const after = run(app.net, { ...app.weights, [at.layer]: { ...app.weights[at.layer], [at.weight]: tensor(weight.shape, weight.data.with(offset(weight.shape, at.cell), next)) } }, app.picture, app.stages, layer.index);
    const share = (/** @type {import('./net.js').Stages} */ stages) => percent(probabilitiesOf(app.content.kind, app.output, stages[app.output.name])[truth], 3);
    const marks = ruler([old, by * gradient]);
    put(find(root, '.update'), html`${print(old, marks)} − ${by} × ${printed(gradient)} = <b>${print(next, marks)}</b>. ${app.classes[truth]}: ${share(app.stages)} before, <b>${share(after)}</b> after; loss ${lossOf(app, app.stages, target).toFixed(6)} before, <b>${lossOf(app, after, target).toFixed(6)}</b> after.`);
    step = { ...at, value: next };
    const all = run(app.net, stepped(app.weights, slopes.weights, by, app), app.picture);
    find(root, '.all').textContent = `All ${countTrained(app)} weights at once: ${app.classes[truth]} ${share(all)}, loss ${lossOf(app, all, target).toFixed(6)}.`;
  }
  return show;
}

/** Every trained weight one step down its gradient. @param {import('./net.js').NetWeights} weights @param {import('./net.js').NetWeights} slopes @param {number} rate @param {import('./app.js').App} app */
function stepped(weights, slopes, rate, app) {
  return Object.fromEntries(Object.entries(weights).map(([layer, own]) => [layer, Object.fromEntries(Object.entries(own).map(([name, weight]) => {
    const slope = slopes[layer]?.[name];
    return [name, slope && app.content.weights[`${layer}.${name}`]?.trained ? tensor(weight.shape, weight.data.map((v, n) => v - rate * slope.data[n])) : weight];
  }))]));
}

/** @param {import('./app.js').App} app */
const countTrained = (app) => app.net.reduce((sum, { parameters }) => sum + parameters, 0).toLocaleString('en');

