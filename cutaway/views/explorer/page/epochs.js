/** A slider over the epochs that the run kept: filters, maps, votes and loss move together. It is the axis of its own plot. */

import { find, html, put } from './dom.js';
import { percent } from './numbers.js';

/** @param {import('./app.js').App} app @param {HTMLElement} root */
export function makeEpochs(app, root) {
  put(root, html`<span class="lead-in">epoch</span><span class="axis"><svg aria-hidden="true" preserveAspectRatio="none"><path/></svg><input type="range" aria-label="epoch"></span><output></output><button class="text newest" hidden>follow the training</button>`);
  const slider = /** @type {HTMLInputElement} */ (find(root, 'input')), svg = find(root, 'svg'), path = find(root, 'path'), newest = find(root, '.newest');
  /** While a training runs: whether the newest epoch is shown as it comes. */
  let follows = true;

  slider.addEventListener('input', () => { follows = false; app.toEpoch(app.epochs[Number(slider.value)].number).then(show); });
  newest.addEventListener('click', () => { follows = true; toNewest(); });
  const toNewest = () => { const last = app.epochs[app.epochs.length - 1]; if (last) app.toEpoch(last.number).then(show); };

  function show() {
    const { epochs } = app, at = epochs.findIndex(({ number }) => number === app.state.epoch), here = epochs[at];
    root.hidden = epochs.length < 2 && !app.live;
    if (root.hidden) return;
    slider.max = String(Math.max(1, epochs.length - 1));
    slider.disabled = epochs.length < 2;
    if (at >= 0) slider.value = String(at);
    newest.hidden = !app.live || follows;
    const said = here ? `${here.number} of ${epochs[epochs.length - 1].number}: ${percent(here.validation_accuracy)} of the validation pictures right, loss ${here.validation_loss.toFixed(4)}` : app.live ? 'the first is being trained' : 'the weights that were kept';
    find(root, 'output').textContent = said;
    slider.setAttribute('aria-valuetext', said);
    const best = Math.max(...epochs.map(({ validation_accuracy: right }) => right)), least = Math.min(...epochs.map(({ validation_accuracy: right }) => right)), span = best - least || 1;
    svg.setAttribute('viewBox', `0 0 ${Math.max(1, epochs.length - 1)} 1`);
    path.setAttribute('d', epochs.map(({ validation_accuracy: right }, n) => `${n ? 'L' : 'M'}${n} ${1 - (right - least) / span}`).join(''));
  }
  app.listen((what) => {
    if (what.has('epochs')) { app.live = true; if (follows) toNewest(); }
    if (what.has('epochs') || what.has('net') || what.has('layout')) show();
  });
}
