/**
 * What can be set in the lab, beside what it changes: the picture, the kernel, the activation and the pooling. Controls
 * follow the state; what is being typed is left alone until it is left.
 *
 * @typedef {import('./lab-app.js').Lab} Lab
 * @typedef {import('./lab-net.js').Setup} Setup
 */

import { cellStyle, entry } from './colour.js';
import { find, html, numbers, put } from './dom.js';
import { decode, filesOf, makeWebcam } from './files.js';
import { KERNELS, LARGEST_KERNEL, nameOf, numberIn, random, resized, sumOf, turned, withNumber } from './lab-kernels.js';
import { borderOf } from './lab-maps.js';
import { MOST, SIZES, readPair, readSides } from './lab-link.js';
import { ACTIVATIONS, POOLS, shortText, sizeText } from './lab-net.js';
import { longest, prepared } from './lab-pictures.js';
import { printed } from './numbers.js';

const THUMB = 40, CURVE = 60;
/** Height of the kernel's place, so that nothing moves when its size does. */
const KERNEL = 140;

/** Buttons of which one is on. @param {string} label @param {string} key @param {string[]} values @param {(value: string) => unknown} [words] */
const choice = (label, key, values, words = (value) => value) =>
  html`<span class="choice" role="group" aria-label="${label}">${values.map((value) => html`<button class="text" data-set="${key}" data-value="${value}" aria-pressed="false">${words(value)}</button>`)}</span>`;

/** A number or two, with less and more on both sides. @param {string} label @param {string} key @param {string} [width] */
const stepper = (label, key, width = '') =>
  html`<span class="stepper"><button class="text step" data-less="${key}" aria-label="${label}: less">−</button><input class="${width}" data-pair="${key}" type="text" inputmode="text" autocomplete="off" spellcheck="false" aria-label="${label}"><button class="text step" data-more="${key}" aria-label="${label}: more">+</button></span>`;

/** @param {string} label @param {unknown} control @param {string} [title] */
const line = (label, control, title = '') => html`<div class="set" title="${title}"><span>${label}</span>${control}</div>`;

/** What a pair of numbers is, and what it becomes. @type {Record<string, {get: (setup: Setup) => string, set: (setup: Setup, text: string) => Partial<Setup> | null, step: (setup: Setup, by: number) => Partial<Setup> | null}>} */
const PAIRS = {
  size: {
    get: ({ kernel: { rows } }) => sizeText([rows.length, rows[0].length]),
    set: ({ kernel }, text) => { const pair = readPair(text, 1, LARGEST_KERNEL); return pair && { kernel: resized(kernel, pair[0], pair[1]) }; },
    step: (setup, by) => { const { rows } = setup.kernel, to = [rows.length + by, rows[0].length + by]; return within(to, 1, LARGEST_KERNEL) ? { kernel: resized(setup.kernel, to[0], to[1]) } : null; },
  },
  stride: pairOf('stride', MOST.stride),
  dilation: pairOf('dilation', MOST.dilation),
  padding: {
    get: ({ padding }) => (typeof padding === 'string' ? (padding === 'valid' ? '0' : '') : new Set(padding).size === 1 ? String(padding[0]) : padding.join(' ')),
    set: (_, text) => { const four = readSides(text, MOST.padding); return four && { padding: four.some(Boolean) ? four : 'valid' }; },
    step: ({ padding }, by) => { const four = (typeof padding === 'string' ? [0, 0, 0, 0] : padding).map((n) => n + by); return within(four, 0, MOST.padding) ? { padding: four.some(Boolean) ? four : 'valid' } : null; },
  },
  poolSize: pairOf('poolSize', MOST.pool),
  poolStride: {
    get: ({ poolStride, poolSize }) => shortText(poolStride ?? poolSize),
    set: (_, text) => { const pair = readPair(text, 1, MOST.stride); return pair && { poolStride: pair }; },
    step: ({ poolStride, poolSize }, by) => { const to = (poolStride ?? poolSize).map((n) => n + by); return within(to, 1, MOST.stride) ? { poolStride: to } : null; },
  },
};

/** @param {number[]} all @param {number} least @param {number} most */
const within = (all, least, most) => all.every((n) => n >= least && n <= most);

/** @param {'stride' | 'dilation' | 'poolSize'} key @param {number} most */
function pairOf(key, most) {
  return {
    get: (/** @type {Setup} */ setup) => shortText(setup[key]),
    set: (/** @type {Setup} */ _, /** @type {string} */ text) => { const pair = readPair(text, 1, most); return pair && { [key]: pair }; },
    step: (/** @type {Setup} */ setup, /** @type {number} */ by) => { const to = setup[key].map((n) => n + by); return within(to, 1, most) ? { [key]: to } : null; },
  };
}

/** Puts all controls that change the layers. @param {Lab} lab @param {HTMLElement} kernel @param {HTMLElement} rest */
export function makeSetup(lab, kernel, rest) {
  put(kernel, html`<div class="title"><h2>kernel</h2><small class="size-of"></small></div>
    <div class="presets">${choice('kernels', 'kernel', Object.keys(KERNELS))}</div><p class="says"></p>
    <div class="numbers" role="group" aria-label="the numbers of the kernel"></div>
    <div class="set pair"><label>divided by <input class="by" type="number" step="any" aria-label="all divided by"></label><label>bias <input class="bias" type="number" step="any" aria-label="bias"></label></div>
    <p class="acts"><button class="text" data-act="random">random</button><button class="text" data-act="turn" title="a quarter turn">turn</button><button class="text" data-act="flip" title="every number times −1">negate</button></p>
    ${line('size', stepper('size of the kernel', 'size'), 'rows x columns: 3, or 3x5')}${line('stride', stepper('stride', 'stride'), 'how far the window moves at a time: 2, or 2x1')}
    ${line('padding', html`${choice('padding', 'padding', ['valid', 'same'])}${stepper('padding in cells', 'padding', 'wide')}`, 'valid: none; same: as large as the picture, at stride 1; or cells on every side; or above left below right')}
    ${line('dilation', stepper('dilation', 'dilation'), 'how far the numbers of the kernel stand apart')}${line('uneven', choice('where the last window does not fit', 'fit', ['no', 'yes'], (value) => (value === 'no' ? 'left out' : 'refused')), 'what happens with cells at the end that no whole window reaches')}`);
  put(rest, html`<div class="title"><h2>then</h2><small>each cell by itself</small></div>
    <p class="group-name">activation</p>${choice('activation', 'activation', ACTIVATIONS)}
    <figure class="plot"><svg viewBox="-66 -46 132 92" role="img"><path class="axis" d="M-64 0H64M0 44V-44"/><path class="curve"/><path class="drop"/><circle r="3.5"/></svg></figure>
    <p class="group-name">pooling</p>${choice('pooling', 'pool', POOLS, (value) => value.replace('pool', ''))}
    ${line('size', stepper('size of the pooling window', 'poolSize'))}${line('stride', stepper('stride of the pooling', 'poolStride'))}
    <div class="set edge"><span>uneven</span>${choice('where the last pooling window does not fit', 'edge', ['floor', 'partial', 'fit'], (value) => ({ floor: 'left out', partial: 'cut short', fit: 'refused' })[value])}</div>`);
  const field = /** @type {(selector: string) => HTMLInputElement} */ ((selector) => find(kernel, selector));
  let drawn = '';

  for (const root of [kernel, rest]) {
    root.addEventListener('click', (event) => { if (event.target instanceof HTMLElement) clicked(lab, event.target); });
    root.addEventListener('input', (event) => { if (event.target instanceof HTMLInputElement) typed(event.target); });
    root.addEventListener('focusout', (event) => { if (event.target instanceof HTMLInputElement) { event.target.classList.remove('wrong'); show(true); } });
    root.addEventListener('keydown', (event) => { if (event.target instanceof HTMLInputElement) pressed(event, event.target); });
  }

  /** @param {HTMLInputElement} input */
  function typed(input) {
    const { setup } = lab.state, value = numberIn(input.value), pair = input.dataset.pair;
    let changes = /** @type {Partial<Setup> | null} */ (null);
    if (pair) changes = PAIRS[pair].set(setup, input.value);
    else if (input.classList.contains('bias')) changes = Number.isFinite(value) && Math.abs(value) <= MOST.bias ? { bias: value } : null;
    else if (input.classList.contains('by')) changes = Number.isFinite(value) && value ? { kernel: { ...setup.kernel, by: value } } : null;
    else if (Number.isFinite(value)) changes = { kernel: withNumber(setup.kernel, numbers(input, 'at')[0], numbers(input, 'at')[1], value) };
    input.classList.toggle('wrong', !changes);
    if (changes) lab.set(changes);
  }

  /** Up and down change a number; along its row and column one goes with Enter and Alt. @param {KeyboardEvent} event @param {HTMLInputElement} input */
  function pressed(event, input) {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (by && input.dataset.pair && !event.altKey) {
      event.preventDefault();
      const changes = PAIRS[input.dataset.pair].step(lab.state.setup, by);
      if (changes) { lab.set(changes); lab.refresh(); input.value = PAIRS[input.dataset.pair].get(lab.state.setup); }
      return;
    }
    if (!input.dataset.at) return;
    const [row, column] = numbers(input, 'at'), move = event.key === 'Enter' ? [event.shiftKey ? -1 : 1, 0] : event.altKey && { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!move) return;
    event.preventDefault();
    const next = kernel.querySelector(`[data-at="${row + move[0]} ${column + move[1]}"]`);
    if (next instanceof HTMLInputElement) { next.focus(); next.select(); }
  }

  /** @param {HTMLInputElement} input @param {string} value @param {boolean} [always] */
  const fill = (input, value, always) => { if (always || input !== document.activeElement) input.value = value; };

  /** @param {boolean} [always]  also what is being typed in */
  function show(always) {
    const { setup } = lab.state, { rows, by } = setup.kernel, size = sizeText([rows.length, rows[0].length]), name = nameOf(setup.kernel) ?? '';
    if (size !== drawn) {
      drawn = size;
      const side = Math.min(42, Math.floor(KERNEL / rows.length));
      put(find(kernel, '.numbers'), html`<table role="presentation" style="--side:${side}px;--columns:${rows[0].length}">${rows.map((row, i) => html`<tr>${row.map((_, j) => html`<td><input type="number" step="any" data-at="${i} ${j}" aria-label="row ${i + 1}, column ${j + 1}"></td>`)}</tr>`)}</table>`);
    }
    const top = Math.max(...rows.flat().map(Math.abs)) || 1;
    kernel.querySelectorAll('[data-at]').forEach((input, n) => {
      const value = rows[Math.floor(n / rows[0].length)][n % rows[0].length];
      fill(/** @type {HTMLInputElement} */ (input), String(value), always);
      input.parentElement?.setAttribute('style', cellStyle(lab.look.colours.signed, entry(value / by, Math.abs(top / by))));
    });
    fill(field('.by'), String(by), always);
    fill(field('.bias'), String(setup.bias), always);
    find(kernel, '.size-of').textContent = `${size.replace('x', '×')}, adds up to ${printed(sumOf(setup.kernel))}`;
    find(kernel, '.says').textContent = name ? KERNELS[name].says : 'numbers of your own';
    for (const root of [kernel, rest]) {
      root.querySelectorAll('[data-pair]').forEach((input) => { if (input instanceof HTMLInputElement) { fill(input, PAIRS[input.dataset.pair ?? ''].get(setup), always); if (input.dataset.pair === 'padding') { input.placeholder = paddingNow(lab); input.classList.toggle('four', (input.value || input.placeholder).length > 3); } } });
      root.querySelectorAll('[data-set]').forEach((button) => { if (button instanceof HTMLElement) button.setAttribute('aria-pressed', String(isSet(setup, name, button.dataset.set ?? '', button.dataset.value ?? ''))); });
    }
    rest.classList.toggle('unpooled', setup.pool === 'none');
  }

  /** The curve of the activation, and where the cell in focus is on it. */
  function curve() {
    const { bend, chain } = lab, svg = find(rest, 'svg'), range = lab.ranges[0], f = bend?.kind.curve?.(bend.settings) ?? ((/** @type {number} */ x) => x);
    const high = bend && ['tanh', 'sigmoid'].includes(bend.kind.word) ? 1 : range, across = (/** @type {number} */ x) => Math.max(-CURVE, Math.min(CURVE, (x / range) * CURVE)), up = (/** @type {number} */ y) => -Math.max(-42, Math.min(42, (y / high) * 40));
    const points = Array.from({ length: 121 }, (_, n) => ((n - 60) / 60) * range);
    find(svg, '.curve').setAttribute('d', points.map((x, n) => `${n ? 'L' : 'M'}${across(x).toFixed(1)} ${up(f(x)).toFixed(1)}`).join(''));
    const x = chain.conv ? lab.valueOf('conv1', chain.conv) : NaN, there = Number.isFinite(x);
    find(svg, 'circle').toggleAttribute('hidden', !there);
    find(svg, '.drop').setAttribute('d', there ? `M${across(x).toFixed(1)} 0V${up(f(x)).toFixed(1)}H0` : '');
    if (there) { find(svg, 'circle').setAttribute('cx', across(x).toFixed(1)); find(svg, 'circle').setAttribute('cy', up(f(x)).toFixed(1)); }
    svg.setAttribute('aria-label', there ? `${bend?.kind.word ?? 'no activation'}: ${printed(x)} becomes ${printed(f(x))}` : 'the activation');
  }

  lab.listen((what) => {
    if (what.has('setup') || what.has('look')) show();
    if (what.has('focus') || what.has('stages') || what.has('setup')) curve();
  });
  show();
}

/** What `same` comes to. @param {Lab} lab */
function paddingNow(lab) {
  const { above, left, below, right } = borderOf(lab), all = [above, left, below, right];
  return new Set(all).size === 1 ? String(above) : all.join(' ');
}

/** @param {Setup} setup @param {string} name  of the kernel @param {string} key @param {string} value */
function isSet(setup, name, key, value) {
  if (key === 'kernel') return value === name;
  if (key === 'fit') return setup.fit === (value === 'yes');
  return /** @type {Record<string, any>} */ (setup)[key] === value;
}

/** @param {Lab} lab @param {HTMLElement} target */
function clicked(lab, target) {
  const { set: key, value = '', less, more, act } = target.dataset, { setup } = lab.state, [rows, columns] = [setup.kernel.rows.length, setup.kernel.rows[0].length];
  if (key === 'kernel') lab.set({ kernel: kernelNamed(value) });
  else if (key === 'fit') lab.set({ fit: value === 'yes' });
  else if (key) lab.set({ [key]: value });
  const by = less ? -1 : more ? 1 : 0, changes = by && PAIRS[less ?? more ?? ''].step(setup, by);
  if (changes) lab.set(changes);
  if (act === 'random') lab.set({ kernel: random(rows, columns) });
  if (act === 'turn') lab.set({ kernel: turned(setup.kernel) });
  if (act === 'flip') lab.set({ kernel: { ...setup.kernel, rows: setup.kernel.rows.map((row) => row.map((n) => 0 - n)) } });
}

/** @param {string} name */
function kernelNamed(name) {
  const [rows, by] = KERNELS[name].text.split('/');
  return { rows: rows.split(';').map((row) => row.trim().split(' ').map(Number)), by: Number(by ?? 1) };
}

// ---------------------------------------------------------------- the picture

/** The pictures at hand, files, the webcam, and how large. @param {Lab} lab @param {HTMLElement} root @param {HTMLElement} page  where files are dropped */
export function makePictures(lab, root, page) {
  put(root, html`<div class="thumbs" role="group" aria-label="the pictures at hand"></div>
    <p class="from"><button class="text choose">choose a file</button><button class="text webcam" aria-pressed="false">webcam</button><span>or drop one, or paste</span><input type="file" accept="image/*" hidden></p>
    <div class="set"><span>pixels</span>${choice('the longer side in pixels', 'size', SIZES.map(String), (value) => (value === '0' ? 'full' : value))}</div>
    <div class="set as"><span>as</span>${choice('grey or colour', 'colour', ['no', 'yes'], (value) => (value === 'yes' ? 'colour' : 'grey'))}${choice('which channel is looked at', 'channel', ['0', '1', '2'], (value) => ['red', 'green', 'blue'][Number(value)])}</div>`);
  const thumbs = find(root, '.thumbs'), chooser = /** @type {HTMLInputElement} */ (find(root, '[type=file]')), camera = find(root, '.webcam');
  const webcam = makeWebcam({
    frame: (picture) => lab.take({ name: 'webcam', ...picture }, { colour: lab.state.colour }),
    ended: (said) => { camera.setAttribute('aria-pressed', 'false'); if (said) lab.report(new Error(said)); },
  });

  /** @param {File | undefined} file */
  async function open(file) {
    if (!file) return;
    webcam.stop();
    try {
      const name = file.name || 'pasted', source = { name, ...(await decode(file, name)) };
      lab.pictures.push(source);
      putThumbs();
      lab.report(null);
      lab.take(source, { colour: lab.state.colour });
    } catch (error) {
      lab.report(error instanceof Error ? error : new Error(String(error)));
    }
  }

  find(root, '.choose').addEventListener('click', () => chooser.click());
  chooser.addEventListener('change', () => { open(chooser.files?.[0]); chooser.value = ''; });
  camera.addEventListener('click', () => {
    if (webcam.on) return webcam.stop();
    camera.setAttribute('aria-pressed', 'true');
    lab.report(null);
    return webcam.start();
  });
  page.addEventListener('dragover', (event) => event.preventDefault());
  page.addEventListener('drop', (event) => { event.preventDefault(); open(filesOf(event.dataTransfer)[0]); });
  page.ownerDocument.addEventListener('paste', (event) => { const [file] = filesOf(event.clipboardData); if (file) { event.preventDefault(); open(file); } });
  root.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest('[data-set], [data-n]')) : null;
    if (!button) return;
    const { set: key, value = '', n } = button.dataset;
    if (n !== undefined) { webcam.stop(); lab.take(lab.pictures[Number(n)]); }
    if (key === 'size') lab.work({ size: Number(value) });
    if (key === 'colour') lab.work({ colour: value === 'yes' });
    if (key === 'channel') lab.change({ channel: Number(value) }, 'stages', 'focus', 'picture');
  });

  function putThumbs() {
    put(thumbs, html`${lab.pictures.map(({ name }, n) => html`<button data-n="${n}" title="${name}" aria-label="${name}" aria-pressed="false"><canvas width="${THUMB}" height="${THUMB}"></canvas></button>`)}`);
    const canvases = [...thumbs.querySelectorAll('canvas')];
    let next = 0;
    // One at a time, after the page is there.
    const draw = () => { if (next < canvases.length && canvases[next].isConnected) { drawThumb(canvases[next], lab.pictures[next].sketch?.() ?? lab.pictures[next]); next += 1; setTimeout(draw, 0); } };
    setTimeout(draw, 0);
    show();
  }

  function show() {
    const { size, colour, channel } = lab.state, side = longest(lab.source.shape), three = lab.source.shape[2] === 3;
    [...thumbs.children].forEach((button, n) => button.setAttribute('aria-pressed', String(lab.pictures[n] === lab.source)));
    root.querySelectorAll('[data-set]').forEach((button) => {
      if (!(button instanceof HTMLButtonElement)) return;
      const { set: key, value = '' } = button.dataset, on = { size: Number(value) === size, colour: colour === (value === 'yes'), channel: Number(value) === channel }[key ?? ''];
      button.setAttribute('aria-pressed', String(on));
      if (key === 'size') button.disabled = Number(value) >= side;
      if (key === 'colour') button.disabled = value === 'yes' && !three;
      if (key === 'channel') button.disabled = !colour;
    });
    find(root, '[aria-label="which channel is looked at"]').hidden = !colour;
  }
  lab.listen((what) => { if (what.has('picture')) show(); });
  putThumbs();
  return { stop: () => webcam.stop() };
}

/** @param {HTMLCanvasElement} canvas @param {import('./lab-pictures.js').Source} source */
function drawThumb(canvas, source) {
  const { shape: [rows, columns, depth], data } = prepared(source, 2 * THUMB, source.shape[2] === 3), context = canvas.getContext('2d');
  if (!context) return;
  Object.assign(canvas, { width: columns, height: rows });
  const image = context.createImageData(columns, rows);
  for (let at = 0; at < rows * columns; at++) for (let k = 0; k < 4; k++) image.data[4 * at + k] = k === 3 ? 255 : data[depth === 3 ? 3 * at + k : at];
  context.putImageData(image, 0, 0);
}
