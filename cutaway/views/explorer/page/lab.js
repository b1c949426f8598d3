/**
 * The lab: a page without a model. A picture goes in, a filtered picture comes out, and every number of it opens into the
 * sum that made it: any kernel, stride, padding, dilation, activation and pooling.
 */

import { openPicture } from './content.js';
import { find, html, numbers, put } from './dom.js';
import { command, keras, pytorch } from './lab-code.js';
import { Lab } from './lab-app.js';
import { makePictures, makeSetup } from './lab-controls.js';
import { parsed, shown } from './lab-kernels.js';
import { linkOf, readLink } from './lab-link.js';
import { borderOf, cellUnder, drawMarks, framesOf, marksOf, paint, paintScale, reachedOf } from './lab-maps.js';
import { convWindow, notation, poolWindow } from './lab-net.js';
import { drawnPictures } from './lab-pictures.js';
import { makeLabPlayer } from './lab-player.js';
import { comesTo, filledIn, sizing } from './lab-sizes.js';
import { bodyOf, headOf, paintLoupes } from './lab-working.js';
import { address } from './net.js';
import { MINUS, printed } from './numbers.js';

/** Milliseconds of quiet before the address and the descriptions follow. */
const QUIET = 300;

const HELP = html`<dl class="keys"><div><dt>Tab</dt><dd>from picture to picture, and to all controls</dd></div><div><dt>← ↑ → ↓</dt><dd>from cell to cell</dd></div><div><dt>Home, End</dt><dd>first, last cell of the row</dd></div><div><dt>&lt; &gt;</dt><dd>to the cells it is made from, to the cell it makes</dd></div>
  <div><dt>[ ]</dt><dd>channel before, after</dd></div><div><dt>Enter</dt><dd>keep this cell</dd></div><div><dt>Esc</dt><dd>back to the cell that is kept</dd></div><div><dt>Space</dt><dd>play the window</dd></div><div><dt>↑ ↓ in a number</dt><dd>one more, one less</dd></div><div><dt>Enter, Alt and arrows in the kernel</dt><dd>to the next number</dd></div><div><dt>?</dt><dd>this list</dd></div></dl>`;

/** @param {number} panel @param {unknown} below */
const panelOf = (panel, below) => html`<section class="panel" data-panel="${panel}"><div class="title"><button class="name" aria-describedby="walk"></button><small></small></div>
  <div class="place"><canvas class="map" role="img"></canvas><canvas class="marks" aria-hidden="true"></canvas><p class="missing" hidden></p></div>${below}</section>`;

/** The scale and the formula under a picture. @param {unknown} [more] */
const under = (more = '') => html`<p class="scale"><span class="low"></span><canvas width="255" height="1" role="img" aria-label="colours: blue is negative, paper is zero, orange is positive"></canvas><span class="high"></span><button class="text hold" aria-pressed="false" title="keep both scales as they are while the numbers change">hold</button>${more}</p>
  <table class="formula"><caption>output = (H − K + P) / S + 1</caption><tbody></tbody></table><p class="note"></p>`;

const FRAME = html`<header><h1>cutaway</h1><p class="about">the lab: a picture, a kernel, and what comes of it</p>
    <p class="legend"><span class="choice" role="group" aria-label="how numbers are shown"><button class="text" data-look="asPicture" data-value="no">signed numbers</button><button class="text" data-look="asPicture" data-value="yes" title="rounded and cut to 0 … 255, as filter programs show it">as a picture</button></span>
      <span class="choice" role="group" aria-label="pixels are"><button class="text" data-look="unit" data-value="no">0 to 255</button><button class="text" data-look="unit" data-value="yes" title="every pixel divided by 255 first, as nets are fed">0 to 1</button></span>
      <span class="choice" role="group" aria-label="how large"><button class="text" data-look="toScale" data-value="no">filling</button><button class="text" data-look="toScale" data-value="yes" title="a cell is as large in all three pictures">to scale</button></span>
      <button class="text show-keys" aria-expanded="false">keys</button></p></header>
  <main class="lab"><p class="hint">Choose a kernel, or type numbers of your own: everything follows. Point at any cell to see what made it, click to keep it.</p>
    <p class="trouble" role="alert" hidden></p><div class="help" hidden>${HELP}</div><div class="bench-row">${panelOf(0, html`<div class="picking"></div>`)}<section class="kernel" aria-label="kernel"></section>${panelOf(1, under())}<section class="after" aria-label="activation and pooling"></section>${panelOf(2, under(html`<button class="text save" title="this picture as a PNG file">save</button>`))}</div>
    <section class="working" aria-label="working"><div class="head"><h2 class="where"></h2><p class="what"></p><p class="player"></p></div><div class="body"></div></section>
    <section class="code" aria-label="the same as text"><h2>The same as text</h2><div class="texts"></div></section><p class="spoken" aria-live="polite"></p><p class="spoken" id="walk">arrow keys walk from cell to cell, Enter keeps one</p></main>
  <footer>Every number is computed in this page, by the layers that a net is made of. Printed sums add up as printed.</footer>`;

/** @param {import('./lab-pictures.js').Source[]} pictures @param {HTMLElement} root */
function open(pictures, root) {
  put(root, FRAME);
  const lab = new Lab(pictures, root), part = (/** @type {string} */ selector) => find(root, selector);
  lab.speak = (text) => { part('.spoken').textContent = text; };
  const panels = [0, 1, 2].map((n) => part(`.panel[data-panel="${n}"]`)), places = panels.map((panel) => find(panel, '.place'));
  const player = makeLabPlayer(lab, part('.player'));
  makeSetup(lab, part('.kernel'), part('.after'));
  makePictures(lab, part('.picking'), root);
  const texts = makeTexts(lab, part('.texts'));
  let frames = /** @type {ReturnType<typeof framesOf>} */ ([]), size = { width: 0, height: 0 }, described = 0;

  function measure() {
    const [rows, columns] = lab.picture.shape, width = places[0].clientWidth, height = Math.round(Math.min(width, Math.max(width * 0.4, (width * rows) / columns)));
    size = { width, height };
    root.style.setProperty('--high', `${height}px`);
    frames = framesOf(lab, width, height);
  }

  function showMaps() {
    measure();
    panels.forEach((panel, n) => {
      const canvas = /** @type {HTMLCanvasElement} */ (find(panel, '.map')), frame = frames[n], name = lab.stageOf(n), missing = find(panel, '.missing'), shape = lab.shapeOf(n);
      canvas.hidden = !frame;
      missing.hidden = Boolean(frame);
      put(find(panel, '.name'), html`${n === 0 ? 'picture' : n === 1 ? 'after the convolution' : titleOf(lab)}`);
      find(panel, 'small').textContent = shape ? `${n ? `${name} ` : ''}${shape.join('×')}${n === 0 ? ` ${lab.source.name}` : shownChannel(lab)}` : name;
      if (!frame || !shape) { missing.textContent = missingText(lab, n); return; }
      paint(canvas, lab, name);
      Object.assign(canvas.style, { left: `${frame.x}px`, top: `${frame.y}px`, width: `${frame.columns * frame.cell}px`, height: `${frame.rows * frame.cell}px` });
      canvas.classList.toggle('small', frame.cell * lab.look.density < 1);
      canvas.setAttribute('aria-label', `${name}: ${shape[0]} rows, ${shape[1]} columns`);
    });
    clearTimeout(described);
    described = setTimeout(() => panels.forEach((panel, n) => { if (lab.shapeOf(n)) find(panel, '.map').setAttribute('aria-label', altOf(lab, n)); }), QUIET);
    showScales(lab, panels);
    showFormulas(lab, panels);
  }

  function showFocus() {
    const marks = marksOf(lab), reached = reachedOf(lab);
    panels.forEach((panel, n) => {
      const canvas = /** @type {HTMLCanvasElement} */ (find(panel, '.marks')), frame = frames[n];
      if (frame) drawMarks(canvas, lab, n, frame, marks[n], reached[n], size);
      else canvas.getContext('2d')?.clearRect(0, 0, canvas.width, canvas.height);
      find(panel, '.name').classList.toggle('here', lab.focus.panel === n);
    });
    const { where, what } = headOf(lab);
    put(part('.where'), where);
    part('.what').textContent = what;
    put(part('.working .body'), bodyOf(lab));
    paintLoupes(lab, root);
  }

  lab.listen((what) => {
    if (what.has('stages') || what.has('look') || what.has('layout')) showMaps();
    if (what.has('stages') || what.has('focus') || what.has('look') || what.has('layout')) showFocus();
    if (what.has('stages')) texts.show();
    if (what.has('stages') || what.has('look')) showLooks(lab, root);
    if (what.has('trouble')) { part('.trouble').textContent = lab.trouble; part('.trouble').hidden = !lab.trouble; }
  });
  point(lab, places, () => frames);
  walk(lab, root, player);
  looks(lab, root);
  part('.save').addEventListener('click', () => save(lab, frames));
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', () => { lab.look = lab.readLook(); lab.tell('look'); });
  new ResizeObserver(() => { if (places[0].clientWidth !== size.width) lab.tell('layout'); }).observe(places[0]);
  Object.assign(root, { lab });                                                              // for tests
  follow(lab);
  keep(lab);
  addEventListener('hashchange', () => follow(lab));
  lab.tell('stages', 'focus', 'setup', 'look');
  lab.refresh();
  return lab;
}

// ---------------------------------------------------------------- words

/** @param {Lab} lab */
function titleOf(lab) {
  const { activation, pool } = lab.state.setup, parts = [activation, pool].filter((word) => word !== 'none');
  return parts.length ? `after ${parts.join(', ')}` : 'nothing follows';
}

/** Which of three channels a map shows. @param {Lab} lab */
const shownChannel = ({ state: { colour, channel, asPicture } }) => (colour && !asPicture ? `, ${['red', 'green', 'blue'][channel]}` : '');

/** @param {Lab} lab @param {number} panel */
function missingText(lab, panel) {
  const { broken } = lab.bench;
  if (broken !== 'conv1') return 'The pooling window does not fit this map.';
  return panel === 1 ? 'The kernel does not fit this picture.' : 'Nothing comes this far.';
}

/** What a picture shows, for those who do not see it. @param {Lab} lab @param {number} panel */
function altOf(lab, panel) {
  const name = lab.stageOf(panel), { data, shape } = lab.bench.stages[name];
  let low = Infinity, high = -Infinity;
  for (const v of data) { low = Math.min(low, v); high = Math.max(high, v); }
  return `${panel ? name : `picture ${lab.source.name}`}: ${shape[0]} rows, ${shape[1]} columns, from ${printed(low)} to ${printed(high)}`;
}

// ---------------------------------------------------------------- scales and formulas

/** @param {Lab} lab @param {HTMLElement[]} panels */
function showScales(lab, panels) {
  const { asPicture, hold } = lab.state, { colours } = lab.look;
  panels.slice(1).forEach((panel, n) => {
    const top = lab.ranges[n], last = lab.state.setup.unit ? '1' : '255';
    find(panel, '.low').textContent = asPicture ? '0' : `${MINUS}${top}`;
    find(panel, '.high').textContent = asPicture ? `${last}, cut` : `+${top}`;
    find(panel, '.hold').setAttribute('aria-pressed', String(Boolean(hold)));
    find(panel, '.hold').style.visibility = asPicture ? 'hidden' : '';
    paintScale(/** @type {HTMLCanvasElement} */ (find(panel, '.scale canvas')), asPicture ? colours.light : colours.signed);
  });
}

/** @param {Lab} lab @param {HTMLElement[]} panels */
function showFormulas(lab, panels) {
  const { setup } = lab.state, { pool } = lab, before = pool && lab.bench.shapes[pool.inputs[0]];
  fillFormula(panels[1], convWindow(setup), lab.picture.shape);
  if (pool && before) fillFormula(panels[2], poolWindow(setup), before);
  else put(find(panels[2], '.formula tbody'), html`<tr><th colspan="3">${pool ? 'no map to pool' : 'no pooling: as many cells as before'}</th></tr>`);
  if (!pool || !before) find(panels[2], '.note').textContent = '';
  find(panels[2], '.formula').classList.toggle('without', !pool || !before);
}

/** @param {HTMLElement} panel @param {import('./layers/window.js').Window} window @param {number[]} shape */
function fillFormula(panel, window, shape) {
  const sides = [sizing(window, shape, 0), sizing(window, shape, 1)], notes = sides.map(({ note }) => note);
  put(find(panel, '.formula tbody'), html`${sides.map((side, n) => html`<tr class="${side.count === null ? 'wrong' : ''}"><th>${n ? 'columns' : 'rows'}</th><td>${filledIn(side)}</td><td class="out">${comesTo(side)}</td></tr>`)}`);
  const gaps = window.dilation.some((d, n) => d > 1 && window.size[n] > 1) ? `K = ${sides.map(({ span }, n) => `(${window.size[n]} ${MINUS} 1) × ${window.dilation[n]} + 1 = ${span}`).filter((text, n, all) => all.indexOf(text) === n).join(', ')}. ` : '';
  const same = notes[0] === notes[1].replaceAll('columns', 'rows').replaceAll('column', 'row'), said = same ? notes.slice(0, 1).map((note) => note.replace(/\brows?\b/, (word) => `${word} and ${word.replace('row', 'column')}`)) : notes;
  find(panel, '.note').textContent = gaps + said.filter(Boolean).map((note, n) => (same || said.filter(Boolean).length < 2 ? note : `${n ? 'columns' : 'rows'}: ${note}`)).join('; ');
  find(panel, '.note').classList.toggle('wrong', sides.some(({ count }) => count === null));
}

// ---------------------------------------------------------------- pointing and walking

/** @param {Lab} lab @param {HTMLElement[]} places @param {() => ReturnType<typeof framesOf>} framesNow */
function point(lab, places, framesNow) {
  places.forEach((place, panel) => {
    const under = (/** @type {PointerEvent | MouseEvent} */ event) => {
      const box = place.getBoundingClientRect(), frame = framesNow()[panel];
      return frame ? cellUnder(frame, event.clientX - box.left, event.clientY - box.top) : null;
    };
    const look = (/** @type {PointerEvent} */ event) => {
      const cell = under(event), { hover, pin } = lab.state;
      if (event.pointerType === 'touch') { if (cell) lab.change({ pin: { panel, cell }, hover: null, playing: false }, 'focus'); return; }
      if (lab.state.playing || (hover && cell && hover.panel === panel && hover.cell.join() === cell.join())) return;
      if (cell) lab.change({ hover: { panel, cell } }, 'focus');
      else if (hover) lab.change({ hover: null, pin }, 'focus');
    };
    place.addEventListener('pointermove', look);
    place.addEventListener('pointerleave', () => { if (lab.state.hover) lab.change({ hover: null }, 'focus'); });
    place.addEventListener('click', (event) => {
      const cell = under(event);
      if (cell) lab.change({ pin: { panel, cell }, playing: false }, 'focus');
    });
  });
}

/** @param {Lab} lab @param {HTMLElement} root @param {{toggle: () => void}} player */
function walk(lab, root, player) {
  /** @param {number} panel @param {number[]} cell @param {boolean} [keepIt] */
  function look(panel, cell, keepIt) {
    const spot = lab.inside({ panel, cell });
    if (!spot) return;
    lab.change(keepIt ? { pin: spot, hover: null, playing: false } : { hover: spot, playing: false }, 'focus');
    const name = lab.stageOf(spot.panel), button = find(root, `.panel[data-panel="${spot.panel}"] .name`);
    if (document.activeElement !== button) button.focus({ preventScroll: true });
    lab.refresh();
    lab.speak(`${address(name, lab.inChannel(spot.cell))}: ${printed(lab.valueOf(name, spot.cell))}${keepIt ? ', kept' : ''}`);
  }
  const here = (/** @type {number} */ rows, /** @type {number} */ columns) => () => { const { panel, cell } = lab.focus; look(panel, [cell[0] + rows, cell[1] + columns]); };
  const row = (/** @type {number} */ end) => () => { const { panel, cell } = lab.focus; look(panel, [cell[0], end * (lab.shapeOf(panel)?.[1] ?? 1)]); };
  const channel = (/** @type {number} */ by) => () => { if (lab.state.colour) lab.change({ channel: (lab.state.channel + by + 3) % 3 }, 'picture'); };
  const keys = /** @type {Record<string, () => void>} */ ({
    ArrowUp: here(-1, 0), ArrowDown: here(1, 0), ArrowLeft: here(0, -1), ArrowRight: here(0, 1), Home: row(0), End: row(1), '[': channel(-1), ']': channel(1),
    '<': () => toward(-1), ',': () => toward(-1), '>': () => toward(1), '.': () => toward(1),
    Enter: () => look(lab.focus.panel, lab.focus.cell, true), Escape: () => lab.change({ hover: null }, 'focus'),
    ' ': () => { if (lab.state.hover) look(lab.focus.panel, lab.focus.cell, true); player.toggle(); },
  });

  /** To the cell before or after in the chain. @param {number} by */
  function toward(by) {
    const { panel } = lab.focus, { conv, pooled } = lab.chain;
    if (by < 0 && panel === 1 && conv) return look(0, middleOf(lab, conv));
    if (by < 0 && panel === 2 && conv) return look(1, conv);
    if (by > 0 && panel === 0 && conv) return look(1, conv);
    if (by > 0 && panel === 1 && lab.shapeOf(2)) { const next = lab.pool ? pooled : conv; if (next) look(2, next); }
    return undefined;
  }

  root.addEventListener('keydown', (event) => {
    if (!(event.target instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '?' && !(event.target instanceof HTMLInputElement) && !(event.target instanceof HTMLTextAreaElement)) return find(root, '.show-keys').click();
    const button = /** @type {HTMLElement | null} */ (event.target.closest('.panel .name')), key = keys[event.key];
    if (!button || !key) return;
    event.preventDefault();
    const panel = Number(/** @type {HTMLElement} */ (button.closest('.panel')).dataset.panel);
    if (lab.focus.panel !== panel) lab.state.hover = lab.inside({ panel, cell: cellFor(lab, panel) });
    key();
    lab.refresh();
  });
  root.addEventListener('focusin', (event) => {
    const button = event.target instanceof Element && event.target.closest('.panel .name'), panel = button ? Number(/** @type {HTMLElement} */ (button.closest('.panel')).dataset.panel) : -1;
    if (panel >= 0 && lab.focus.panel !== panel && lab.shapeOf(panel) && button instanceof HTMLElement && button.matches(':focus-visible')) lab.change({ hover: { panel, cell: cellFor(lab, panel) } }, 'focus');
  });
  root.addEventListener('focusout', (event) => {
    const to = event.relatedTarget instanceof Element && event.relatedTarget.closest('.panel .name');
    if (event.target instanceof Element && event.target.closest('.panel .name') && !to && lab.state.hover) lab.change({ hover: null }, 'focus');
  });
  find(root, '.working').addEventListener('click', (event) => {
    const cell = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest('[data-panel][data-cell]')) : null;
    if (cell) lab.change({ pin: { panel: Number(cell.dataset.panel), cell: numbers(cell, 'cell') }, hover: null, playing: false }, 'focus');
  });
}

/** The pixel in the middle of the window of a cell. @param {Lab} lab @param {number[]} conv */
function middleOf(lab, conv) {
  const { size, stride, dilation } = convWindow(lab.state.setup), { above, left } = borderOf(lab);
  return conv.map((at, side) => Math.min(lab.picture.shape[side] - 1, at * stride[side] - [above, left][side] + ((size[side] - 1) >> 1) * dilation[side]));
}

/** Where a picture is entered by keyboard: at the cell that belongs to the one in focus. @param {Lab} lab @param {number} panel */
function cellFor(lab, panel) {
  const { conv, pooled, pixel } = lab.chain;
  return (panel === 0 ? pixel ?? conv : panel === 1 ? conv : lab.pool ? pooled : conv) ?? [0, 0];
}

// ---------------------------------------------------------------- how it is shown

/** @param {Lab} lab @param {HTMLElement} root */
function looks(lab, root) {
  root.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest('[data-look], .hold, .show-keys')) : null;
    if (!button) return;
    const { look, value } = button.dataset, yes = value === 'yes';
    if (look === 'unit') { lab.state.hold = null; lab.set({ unit: yes }); }
    if (look === 'asPicture') lab.change({ asPicture: yes }, 'look');
    if (look === 'toScale') lab.change({ toScale: yes }, 'look');
    if (button.matches('.hold')) { lab.change({ hold: lab.state.hold ? null : lab.ranges }); lab.ranges = lab.ends(); lab.tell('stages', 'focus'); }
    if (button.matches('.show-keys')) { const help = find(root, '.help'); help.hidden = !help.hidden; button.setAttribute('aria-expanded', String(!help.hidden)); }
  });
}

/** @param {Lab} lab @param {HTMLElement} root */
function showLooks(lab, root) {
  const { asPicture, toScale, setup: { unit } } = lab.state, on = /** @type {Record<string, boolean>} */ ({ asPicture, toScale, unit });
  root.querySelectorAll('[data-look]').forEach((button) => { if (button instanceof HTMLElement) button.setAttribute('aria-pressed', String(on[button.dataset.look ?? ''] === (button.dataset.value === 'yes'))); });
}

// ---------------------------------------------------------------- as text

/** @param {Lab} lab @param {HTMLElement} root */
function makeTexts(lab, root) {
  const names = /** @type {[string, string][]} */ ([['notation', 'in the notation'], ['command', 'on the command line, which repeats the outermost pixels at the edge'], ['pytorch', 'PyTorch'], ['keras', 'Keras']]);
  put(root, html`<div class="text-of"><label class="lead-in" for="rows">kernel, as rows</label><button class="text" data-copy="rows">copy</button><textarea id="rows" rows="7" spellcheck="false" autocomplete="off"></textarea><p class="quiet" role="status"></p></div>
    ${names.map(([name, says]) => html`<div class="text-of ${name}"><span class="lead-in">${says}</span><button class="text" data-copy="${name}" aria-label="copy ${name}">copy</button><pre tabindex="0" id="${name}"></pre></div>`)}`);
  const rows = /** @type {HTMLTextAreaElement} */ (find(root, '#rows')), status = find(root, '[role=status]');
  rows.addEventListener('input', () => {
    try {
      lab.set({ kernel: parsed(rows.value) });
      status.textContent = '';
    } catch (error) {
      status.textContent = error instanceof Error ? error.message : String(error);
    }
    rows.classList.toggle('wrong', Boolean(status.textContent));
  });
  rows.addEventListener('blur', () => { status.textContent = ''; rows.classList.remove('wrong'); show(); });
  root.addEventListener('click', async (event) => {
    const button = event.target instanceof HTMLElement ? event.target : null, name = button?.dataset.copy;
    if (!button || !name) return;
    const text = find(root, `#${name}`), value = text instanceof HTMLTextAreaElement ? text.value : text.textContent ?? '';
    try {
      await navigator.clipboard.writeText(value);
      button.textContent = 'copied';
    } catch {
      // No clipboard here: what is marked can be copied by hand.
      if (text instanceof HTMLTextAreaElement) { text.focus(); text.select(); } else getSelection()?.selectAllChildren(text);
      button.textContent = 'marked';
    }
    setTimeout(() => { button.textContent = 'copy'; }, 1500);
  });

  function show() {
    const { setup } = lab.state, { shape } = lab.picture, pooled = lab.pool && lab.bench.shapes[lab.pool.inputs[0]];
    if (document.activeElement !== rows) rows.value = shown(setup.kernel, '\n');
    find(root, '#notation').textContent = notation(lab.bench.net);
    find(root, '#command').textContent = command(setup) || 'cutaway filter has no stride, dilation or bias.';
    find(root, '[data-copy="command"]').hidden = !command(setup);
    find(root, '#pytorch').textContent = pytorch(setup, shape, pooled).join('\n');
    find(root, '#keras').textContent = keras(setup, shape, pooled).join('\n');
  }
  return { show };
}

// ---------------------------------------------------------------- out of the page

/** The last picture as a file: its numbers as a filter program shows them, or its colours, as it is shown. @param {Lab} lab @param {ReturnType<typeof framesOf>} frames */
function save(lab, frames) {
  if (!frames[2]) return lab.report(new Error('there is nothing to save: the layers do not fit'));
  const canvas = document.createElement('canvas');
  paint(canvas, lab, lab.stageOf(2));
  canvas.toBlob((blob) => {
    if (!blob) return lab.report(new Error('this browser does not write pictures'));
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = `${lab.source.name.replace(/\.\w+$/, '').replace(/[^\w-]+/g, '-')}-filtered.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    return undefined;
  });
  return undefined;
}

/** Shows what the link says, as far as it fits; says what does not. @param {Lab} lab */
function follow(lab) {
  if (!location.hash || location.hash === '#') return;
  const { view, unread } = readLink(location.hash), source = lab.pictures.find(({ name }) => name === view.picture), said = [];
  if (view.picture && !source) said.push(`the picture of this link, ${view.picture}, is not here`);
  if (unread.length) said.push(`of this link, ${unread.join(', ')} cannot be read`);
  Object.assign(lab.state, { setup: view.setup, asPicture: view.asPicture, toScale: view.toScale, hold: view.hold, channel: view.channel, playing: false, hover: null });
  if (view.size !== undefined) lab.chosen = view.size;
  lab.take(source ?? lab.source, { colour: view.colour ?? false, ...(view.size === undefined ? {} : { size: view.size }) });
  lab.state.channel = lab.state.colour ? view.channel ?? 0 : 0;
  lab.compute();
  const panel = [0, 1, 2].find((n) => lab.stageOf(n) === view.cell?.layer);
  lab.state.pin = (panel !== undefined && view.cell && lab.inside({ panel, cell: view.cell.cell.slice(0, 2) })) || { panel: 1, cell: lab.brightest(1) };
  if (view.cell && panel === undefined) said.push(`there is no ${view.cell.layer} here`);
  lab.report(said.length ? new Error(`${said.join('; ')}; the rest is shown`) : null);
  lab.tell('setup', 'stages', 'focus', 'look', 'picture');
}

/** Keeps the address up to date, a moment after the last change. @param {Lab} lab */
function keep(lab) {
  let timer = 0;
  lab.listen(() => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const { setup, size, colour, channel, asPicture, toScale, hold, pin, playing, hover } = lab.state;
      if (playing || hover) return;
      try {
        history.replaceState(null, '', linkOf({ setup, size, colour, channel, asPicture, toScale, hold, picture: lab.source.name, cell: { layer: lab.stageOf(pin.panel), cell: lab.inChannel(pin.cell) } }));
      } catch { /* a page without an address of its own, as in a frame: the view is not kept */ }
    }, QUIET);
  });
}

/** The pictures that the page was given, and what is wrong with those that cannot be read. */
async function given() {
  const content = document.getElementById('content'), pictures = /** @type {import('./lab-pictures.js').Source[]} */ ([]), wrong = [];
  for (const one of JSON.parse(content?.textContent || '{}').pictures ?? []) {
    try { pictures.push(await openPicture(one)); } catch { wrong.push(one.name); }
  }
  return { pictures, wrong: wrong.length ? `of the pictures of this page, ${wrong.join(', ')} cannot be read` : '' };
}

async function start() {
  const root = document.createElement('div');
  root.className = 'cutaway';
  document.body.append(root);
  const { pictures, wrong } = await given().catch(() => ({ pictures: [], wrong: 'what this page was given cannot be read; the pictures that the lab draws are here' }));
  const lab = open([...pictures, ...drawnPictures()], root);
  if (wrong) lab.report(new Error(wrong));
}

start().catch((error) => {
  const line = document.createElement('p');
  line.textContent = `This page cannot be shown: ${error.message}.`;
  document.body.append(line);
});
