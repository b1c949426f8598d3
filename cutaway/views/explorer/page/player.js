/** The window moves: over every cell of a map, with step, speed and a slider. For every layer with a window: it asks the declaration. */

import { find, html, put } from './dom.js';
import { cellsIn } from './layers/layer.js';
import { sources } from './net.js';

const SPEEDS = [2, 8, 30, 120];
/** Cells a second. */

/** @param {import('./app.js').App} app @param {HTMLElement} root */
export function makePlayer(app, root) {
  put(root, html`<button class="text play">play the window</button><button class="text step" aria-label="one cell back" data-step="-1">‹</button><input type="range" class="place" min="0" value="0" aria-label="where the window is"><button class="text step" aria-label="one cell on" data-step="1">›</button><output></output>
    <label class="speed">speed <input type="range" min="0" max="${SPEEDS.length - 1}" value="1" aria-label="speed of the window"></label>`);
  const button = find(root, '.play'), place = /** @type {HTMLInputElement} */ (find(root, '.place')), output = find(root, 'output'), speed = /** @type {HTMLInputElement} */ (find(root, '.speed input'));
  let timer = 0;

  /** Whether the cell in focus was made by a window: its place in the order of reading. */
  function windowed() {
    const { layer: name, cell } = app.focus, layer = app.layer(name), shape = app.shapes[name];
    if (!layer || shape.length !== 3 || shape[0] * shape[1] < 2) return false;
    const middle = [Math.floor(shape[0] / 2), Math.floor(shape[1] / 2), cell[2]];
    return Object.values(sources(layer, app.shapes, middle)).some((region) => region.length === 3 && cellsIn(region.slice(0, 2)) > 1);
  }

  /** @param {number} n  the place in the order of reading @param {boolean} playing */
  function go(n, playing) {
    const { layer, cell } = app.state.pin, [rows, columns] = app.shapes[layer], at = Math.max(0, Math.min(rows * columns - 1, n));
    app.change({ pin: { layer, cell: [Math.floor(at / columns), at % columns, cell[2]] }, hover: null, playing }, 'focus');
  }

  const now = () => app.state.pin.cell[0] * app.shapes[app.state.pin.layer][1] + app.state.pin.cell[1];
  const last = () => app.shapes[app.state.pin.layer][0] * app.shapes[app.state.pin.layer][1] - 1;

  function tick() {
    if (!app.state.playing) return;
    if (now() >= last()) return stop();
    go(now() + 1, true);
    timer = setTimeout(tick, 1000 / SPEEDS[Number(speed.value)]);
  }
  function stop() {
    clearTimeout(timer);
    app.change({ playing: false }, 'focus');
  }
  function toggle() {
    if (app.state.playing) return stop();
    if (!windowed()) return;
    app.state.hover = null;
    go(now() >= last() ? 0 : now(), true);
    timer = setTimeout(tick, 1000 / SPEEDS[Number(speed.value)]);
  }

  button.addEventListener('click', toggle);
  place.addEventListener('input', () => { clearTimeout(timer); go(Number(place.value), true); app.state.playing = true; });
  place.addEventListener('change', stop);
  root.addEventListener('click', (event) => {
    const step = event.target instanceof HTMLElement ? Number(event.target.dataset.step ?? 0) : 0;
    if (step) { clearTimeout(timer); go(now() + step, false); }
  });

  function show() {
    const on = windowed();
    root.classList.toggle('off', !on);
    button.textContent = app.state.playing ? 'stop the window' : 'play the window';
    if (!on) return;
    const { layer, cell } = app.focus, [rows, columns] = app.shapes[layer], at = cell[0] * columns + cell[1];
    place.max = String(rows * columns - 1);
    place.value = String(at);
    place.setAttribute('aria-valuetext', `cell ${at + 1} of ${rows * columns}`);
    output.textContent = `${at + 1} of ${rows * columns}`;
  }
  app.listen((what) => { if (what.has('focus') || what.has('stages') || what.has('net')) show(); });
  return { toggle };
}
