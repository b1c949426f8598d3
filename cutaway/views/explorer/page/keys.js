/** Walking by keyboard: cells, maps, layers, and along the strongest source to the pixels. */

import { html } from './dom.js';
import { address, consumers, feeds, strongest } from './net.js';
import { printed } from './numbers.js';
import { cellOfClass } from './guesses.js';

export const HELP = html`<dl class="keys"><div><dt>Tab</dt><dd>from layer to layer</dd></div><div><dt>← ↑ → ↓</dt><dd>from cell to cell</dd></div><div><dt>[ ]</dt><dd>map before, after</dd></div><div><dt>&lt; &gt;</dt><dd>layer before, after</dd></div>
  <div><dt>Enter</dt><dd>keep this cell; once more: to its strongest source</dd></div><div><dt>Esc</dt><dd>back to the cell that is kept</dd></div><div><dt>Space</dt><dd>play the window</dd></div><div><dt>f</dt><dd>fold the layer, or unfold it</dd></div><div><dt>?</dt><dd>this list</dd></div></dl>`;

/** @param {import('./app.js').App} app @param {HTMLElement} bench @param {{plan: import('./plan.js').Plan, reveal: (name: string) => void}} strip @param {{toggle: () => void}} player */
export function listenToKeys(app, bench, strip, player) {
  /** @param {import('./app.js').Place} place @param {boolean} keep */
  function look(place, keep) {
    if (keep) app.pin(place); else app.change({ hover: place, channel: null }, 'focus');
    strip.reveal(place.layer);
    const button = bench.querySelector(`.label .name[data-layer="${CSS.escape(place.layer)}"]`);
    if (button instanceof HTMLElement && document.activeElement !== button) button.focus({ preventScroll: true });
    app.speak(`${address(place.layer, place.cell)}: ${printed(app.valueOf(place.layer, place.cell))}`);
  }

  /** @param {number} rows @param {number} columns */
  function walk(rows, columns) {
    const { layer, cell } = app.focus, shape = app.shapes[layer], cut = (/** @type {number} */ v, /** @type {number} */ n) => Math.max(0, Math.min(n - 1, v));
    if (shape.length === 3) return look({ layer, cell: [cut(cell[0] + rows, shape[0]), cut(cell[1] + columns, shape[1]), cell[2]] }, false);
    const line = strip.plan.byName[layer]?.kind === 'bars' ? 1 : (strip.plan.byName[layer]?.perLine ?? 1), [along, across] = strip.plan.down ? [columns, rows] : [rows, columns];
    look({ layer, cell: [cut(cell[0] + along + across * line, shape[0])] }, false);
  }

  /** @param {number} step */
  function walkMap(step) {
    const { layer, cell } = app.focus, shape = app.shapes[layer], depth = shape[shape.length - 1];
    look({ layer, cell: [...cell.slice(0, -1), (cell[cell.length - 1] + step + depth) % depth] }, false);
  }

  /** To the strongest source. @param {boolean} keep */
  function back(keep) {
    const layer = app.layer(app.focus.layer), made = app.made, from = layer && made && strongest(layer, made);
    if (from) look({ layer: from.name, cell: from.cell }, keep);
  }

  /** To a cell that this one feeds: towards the guess. */
  function on() {
    const { layer, cell } = app.focus, [next] = consumers(app.net, layer);
    if (!next) return;
    const found = feeds(next, app.shapes, layer, cell);
    if (!found) return;
    const toClasses = app.isScores(next.name) ? cellOfClass(app.content.kind, app.isScores(layer) ? cell[0] : app.ranking[0]) : null;
    look({ layer: next.name, cell: toClasses ?? found.box.map(([from, to], axis) => (axis === cell.length - 1 && to - from > 1 ? Math.min(cell[axis] ?? 0, to - 1) : Math.floor((from + to - 1) / 2))) }, false);
  }

  const keys = /** @type {Record<string, () => void>} */ ({
    ArrowUp: () => walk(-1, 0), ArrowDown: () => walk(1, 0), ArrowLeft: () => walk(0, -1), ArrowRight: () => walk(0, 1),
    '[': () => walkMap(-1), ']': () => walkMap(1), '<': () => back(false), ',': () => back(false), '>': on, '.': on,
    Enter: () => (app.state.hover ? look(app.state.hover, true) : back(true)),
    ' ': () => { if (app.state.hover) look(app.state.hover, true); player.toggle(); },
    f: () => app.fold(app.focus.layer, !app.state.folded.includes(app.focus.layer)),
  });
  bench.addEventListener('keydown', (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (!target.closest('.label') || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') { app.change({ hover: null }, 'focus'); return; }
    const key = keys[event.key];
    if (!key) return;
    event.preventDefault();
    event.stopPropagation();
    key();
    app.refresh();
  });
}
