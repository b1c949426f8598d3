/** The net as a table: every layer with its shape, parameters and cost; to show, fold or hide it. */

import { html, put } from './dom.js';
import { grouped } from './numbers.js';

/** @param {import('./app.js').App} app @param {HTMLElement} root */
export function makeTable(app, root) {
  function show() {
    if (root.hidden) return;
    const total = (/** @type {'parameters' | 'multiplications'} */ what) => grouped(app.net.reduce((sum, layer) => sum + layer[what], 0));
    const state = (/** @type {string} */ name) => (app.hidden.has(name) ? 'hidden' : app.state.folded.includes(name) ? 'folded' : 'shown');
    put(root, html`<table class="net"><thead><tr><th>layer</th><th>in the notation</th><th>from</th><td>shape</td><td>parameters</td><td>multiplications</td><th>in the strip</th></tr></thead><tbody>${app.net.map((layer) => html`<tr><th><button class="cell" data-layer="${layer.name}">${layer.name}</button></th><th>${layer.text}</th><th>${layer.inputs.join(', ')}</th><td>${app.shapes[layer.name].join('×')}</td><td>${grouped(layer.parameters)}</td><td>${grouped(layer.multiplications)}</td>
      <th>${layer.name === app.prepared ? 'at the left' : html`<select data-show="${layer.name}" aria-label="${layer.name} in the strip">${['shown', 'folded', 'hidden'].map((word) => html`<option ${word === state(layer.name) ? 'selected' : ''}>${word}</option>`)}</select>`}</th></tr>`)}</tbody><tfoot><tr><th>together</th><th></th><th></th><td></td><td>${total('parameters')}</td><td>${total('multiplications')}</td><th></th></tr></tfoot></table>`);
  }
  root.addEventListener('change', (event) => {
    const select = /** @type {HTMLSelectElement} */ (event.target), name = select.dataset.show;
    if (!name) return;
    app.hidden.delete(name);
    if (select.value === 'hidden') app.hidden.add(name);
    app.fold(name, select.value === 'folded');
  });
  root.addEventListener('click', (event) => {
    const name = event.target instanceof HTMLElement ? event.target.dataset.layer : undefined;
    if (name) app.pin({ layer: name, cell: app.cellIn(name) });
  });
  app.listen((what) => { if (what.has('net') || what.has('layout')) show(); });
  return { show };
}
