/** The window moves over the lab's pictures and fills the map; quick enough for a photograph, slow enough for a digit. */

import { find, html, put } from './dom.js';

/** Cells a second. */
const SPEEDS = [1, 3, 10, 40, 200, 1000, 8000];
const USUAL = 2;

/** @param {import('./lab-app.js').Lab} lab @param {HTMLElement} root */
export function makeLabPlayer(lab, root) {
  put(root, html`<button class="text play">play the window</button><button class="text step" aria-label="one cell back" data-step="-1">‹</button><input type="range" class="place" min="0" value="0" aria-label="where the window is"><button class="text step" aria-label="one cell on" data-step="1">›</button><output></output>
    <label class="speed">speed <input type="range" min="0" max="${SPEEDS.length - 1}" value="${USUAL}" aria-label="speed of the window"></label>`);
  const button = find(root, '.play'), output = find(root, 'output'), place = /** @type {HTMLInputElement} */ (find(root, '.place')), speed = /** @type {HTMLInputElement} */ (find(root, '.speed input'));
  let frame = 0, then = 0, owed = 0;

  /** The picture that is filled: the one in focus, after the convolution where that is the first. */
  const panel = () => { const { panel: at } = lab.state.pin; return at && lab.shapeOf(at) ? at : 1; };
  const shape = () => lab.shapeOf(panel());
  const last = () => { const [rows, columns] = shape() ?? [0, 0]; return rows * columns - 1; };
  const now = () => (lab.state.pin.panel === panel() ? lab.state.pin.cell[0] * (shape()?.[1] ?? 0) + lab.state.pin.cell[1] : 0);

  /** @param {number} n  the place in the order of reading @param {boolean} playing */
  function go(n, playing) {
    const at = Math.max(0, Math.min(last(), n)), columns = shape()?.[1] ?? 1;
    lab.change({ pin: { panel: panel(), cell: [Math.floor(at / columns), at % columns] }, hover: null, playing }, 'focus');
  }

  /** @param {number} time */
  function tick(time) {
    if (!lab.state.playing) return;
    owed += (Math.min(100, time - then) / 1000) * SPEEDS[Number(speed.value)];
    then = time;
    const cells = Math.floor(owed);
    owed -= cells;
    if (cells && now() >= last()) return stop();
    if (cells) go(now() + cells, true);
    frame = requestAnimationFrame(tick);
  }
  function stop() {
    cancelAnimationFrame(frame);
    if (lab.state.playing) lab.change({ playing: false }, 'focus');
  }
  function start() {
    if (last() < 0) return;
    then = performance.now();
    owed = 0;
    go(now() >= last() ? 0 : now(), true);
    frame = requestAnimationFrame(tick);
  }
  const toggle = () => (lab.state.playing ? stop() : start());

  button.addEventListener('click', toggle);
  place.addEventListener('input', () => { cancelAnimationFrame(frame); go(Number(place.value), true); });
  place.addEventListener('change', stop);
  root.addEventListener('click', (event) => {
    const by = event.target instanceof HTMLElement ? Number(event.target.dataset.step ?? 0) : 0;
    if (by) { stop(); go(now() + by, false); }
  });

  lab.listen((what) => {
    if (!what.has('focus') && !what.has('stages')) return;
    const cells = last() + 1, at = lab.focus.panel === panel() ? lab.focus.cell[0] * (shape()?.[1] ?? 0) + lab.focus.cell[1] : now();
    root.classList.toggle('off', cells < 2);
    button.textContent = lab.state.playing ? 'stop the window' : 'play the window';
    place.max = String(Math.max(0, cells - 1));
    place.value = String(at);
    place.setAttribute('aria-valuetext', `cell ${at + 1} of ${cells}`);
    output.textContent = `${at + 1} of ${cells}`;
  });
  return { toggle };
}
