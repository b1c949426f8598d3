/**
 * The picture that goes in: the pad, the pictures at hand, files and the webcam, and the sliders, each the x axis of its
 * own plot of the guess. All of it ends in one picture a frame.
 *
 * @typedef {import('./layers/layer.js').Shape} Shape
 * @typedef {import('./picture.js').Sheet} Sheet
 * @typedef {import('./picture.js').Move} Move
 * @typedef {import('./picture.js').Moves} Moves
 */

import { find, html, put } from './dom.js';
import { decode, filesOf, fitted, makeWebcam } from './files.js';
import { paperTable } from './maps.js';
import { shapesOf } from './net.js';
import { percent } from './numbers.js';
import { makePad } from './pad.js';
import { atRest, blank, borderOf, drawingText, drawnOn, meanOf, movesFor, pictureOf, readDrawing, sheetOf, shrinking, snapped } from './picture.js';
import { makeSweeps } from './sweep.js';

/** The longest drawing that a link carries; px of a thumbnail's canvas; ms of quiet before the guess is said; ms that a program may take to answer before it is asked again. */
const LINK = 4096, THUMB = 56, SAID = 700, ANSWER = 2000;
const WHITE = 255;

/** The names of the colours of an <input type=color>. @param {string} colour */
const rgbOf = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

/** @param {import('./app.js').App} app @param {HTMLElement} padHost @param {HTMLElement} controlsHost */
export function makeInput(app, padHost, controlsHost) {
  const { ink } = app.content, brush = (/** @type {string} */ where) => html`<label class="brush ${where}">brush <input type="range" min="4" max="22" step="0.5" value="11" aria-label="size of the brush"></label>`;
  padHost.classList.add('drawing');
  controlsHost.classList.add('picking');
  put(padHost, html`<div class="tools">${brush('wide')}<button class="text clear" title="an empty sheet to draw on">clear</button>
    <span class="pens" role="group" aria-label="what the pen does"><span>
      <button class="text" data-tool="ink" aria-pressed="true">ink</button><input type="color" class="colour" value="#000000" aria-label="colour of the ink" title="colour of the ink"></span>
      <button class="text" data-tool="rub" aria-pressed="false" title="${ink ? 'or shift, or the right button' : 'with the mean colour of the picture; or shift, or the right button'}">${ink ? 'rub out' : 'paint out'}</button>
      <button class="text" data-tool="blur" aria-pressed="false">blur</button></span></div>
    <div class="pad"></div>`);
  put(controlsHost, html`<div class="thumbs" role="toolbar" aria-label="the pictures at hand"></div>
    <p class="sources"><button class="text open-file">drop or choose a file</button><button class="text webcam" aria-pressed="false">webcam</button>${brush('down')}</p><input type="file" accept="image/*" multiple hidden>
    <p class="said" role="status" hidden></p><p class="lines">${app.content.remote ? 'Too large to run here over a whole range.' : 'Lines: the guess over the range'}</p><div class="sliders"></div><p class="back"><button class="text put-back" disabled>put it back</button></p>`);
  const thumbs = find(controlsHost, '.thumbs'), colour = /** @type {HTMLInputElement} */ (find(padHost, '.colour')), rest = /** @type {HTMLButtonElement} */ (find(controlsHost, '.put-back'));
  const chooser = /** @type {HTMLInputElement} */ (find(controlsHost, '[type=file]')), camera = find(controlsHost, '.webcam');
  const pad = makePad(app, find(padHost, '.pad'), { began: () => webcam.stop(), drawn: () => { touch(); soon(); }, undone: () => { untouch(); soon(); } });
  const sweeps = makeSweeps(app, () => ({ sheet: pad.sheet, moves, version }));
  const webcam = makeWebcam({ frame, ended });

  /** What lies under the strokes: a sheet before the first, and which of the pictures it is, if any. @type {{sheet: Sheet, index: number | null}} */
  let base = { sheet: pad.sheet, index: null };
  let list = movesFor([1, 1, 1]), moves = atRest(list), touched = false, version = 0, waiting = 0, asked = 0;
  /** How many of the pictures were there from the start: only those have a number in a link. */
  const given = app.pictures.length;

  // ---- the picture, once a frame

  function soon() { waiting ||= requestAnimationFrame(feed); }

  function feed() {
    cancelAnimationFrame(waiting);
    waiting = 0;
    if (app.content.remote && app.waiting.size && performance.now() - asked < ANSWER) return soon();
    asked = performance.now();
    const picture = pictureOf(pad.sheet, moves), other = picture.shape.join() !== app.picture.shape.join(), { layer } = app.state.pin;
    app.setPicture(picture);
    app.change({ picture: touched || base.index === null || base.index >= given ? null : base.index });
    if (other) app.change({ pin: { layer, cell: app.cellIn(layer) }, hover: null }, 'layout', 'focus');
    app.refresh();
    sayGuess();
    return undefined;
  }

  /** Another sheet on the pad. @param {Sheet} sheet @param {number | null} index  of the picture that it is @param {number | null} label @param {string} what */
  function lay(sheet, index, label, what) {
    base = { sheet: { ...sheet, pixels: sheet.pixels.slice() }, index };
    touched = false;
    version += 1;
    pad.rub = ink ? [0].concat(sheet.shape[2] > 1 ? [0, 0] : []) : meanOf([sheet.shape[0] * sheet.factor, sheet.shape[1] * sheet.factor, sheet.shape[2]], sheet.pixels);
    setInk(sheet.shape[2]);
    pad.lay(sheet, what);
    if (sheet.shape.slice(0, 2).join() !== shown) putSliders(sheet.shape);
    if (label !== app.state.label) app.change({ label }, 'label');
    showThumbs();
  }

  /** The first stroke: what is seen is no longer one of the pictures. */
  function touch() {
    version += 1;
    if (touched) return;
    touched = true;
    if (ink && base.index !== null) app.change({ label: null }, 'label');
    showThumbs();
    showMoves();
  }

  /** A stroke has been taken back: perhaps it was the only one. */
  function untouch() {
    version += 1;
    const { index, sheet } = base, label = index === null ? null : app.pictures[index].label;
    if (!pad.sheet.pixels.every((v, n) => v === sheet.pixels[n])) return;
    touched = false;
    if (ink && label !== app.state.label) app.change({ label }, 'label');
    showThumbs();
    showMoves();
  }

  /** The size and the channels of an own drawing: as the net prepares them. @returns {Shape} */
  function ownShape() {
    const [height, width, depth] = app.content.input, prepared = app.shapes[app.prepared];
    return [height || prepared[0], width || prepared[1], depth || prepared[2]];
  }

  /** @param {Shape} shape @param {Uint8Array} pixels */
  const open = (shape, pixels) => sheetOf(shape, pixels, ink ? Array(shape[2]).fill(0) : borderOf(shape, pixels));
  const empty = (/** @type {Shape} */ shape) => blank(shape, ink ? 0 : WHITE);

  /** Shows one of the pictures at hand, as it is. @param {number} index */
  function take(index) {
    const picture = app.pictures[index];
    if (!picture) return;
    webcam.stop();
    rested();
    const name = picture.label === null ? picture.name : `${picture.name}, ${app.classes[picture.label]}`;
    lay(open(picture.shape, picture.pixels), index, picture.label, name);
    app.speak(name);
    feed();
  }

  function clear() {
    webcam.stop();
    rested();
    lay(empty(ownShape()), null, null, 'an empty sheet');
    feed();
  }

  /** @param {number} depth */
  function setInk(depth) {
    const tint = rgbOf(colour.value);
    colour.hidden = depth === 1;
    pad.ink = depth === 1 ? [ink ? WHITE : 0] : tint;
  }

  // ---- pictures at hand

  /** Draws thumbnails when they have come into sight, one after the other: nothing waits for them. */
  const watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      setTimeout(() => { if (target.isConnected) drawThumb(app, /** @type {HTMLCanvasElement} */ (target)); });
    }
  });

  function putThumbs() {
    put(thumbs, html`${app.pictures.map(({ name, label }, n) => {
      const says = label === null ? name : `${name}, ${app.classes[label]}`;
      return html`<button data-n="${n}" title="${says}" aria-label="${says}" aria-pressed="false"><canvas></canvas></button>`;
    })}`);
    thumbs.hidden = !app.pictures.length;
    for (const canvas of thumbs.querySelectorAll('canvas')) watcher.observe(canvas);
    showThumbs();
  }

  function showThumbs() {
    [...thumbs.children].forEach((button, n) => {
      button.setAttribute('aria-pressed', String(n === base.index && !touched));
      /** @type {HTMLElement} */ (button).tabIndex = n === (base.index ?? 0) ? 0 : -1;         // one stop for Tab, arrows from there
    });
  }

  /** Scrolls to a thumbnail, and nothing but the thumbnails. @param {number} index */
  function bringThumb(index) {
    const { offsetTop: top, offsetLeft: left, offsetHeight: high, offsetWidth: wide } = /** @type {HTMLElement} */ (thumbs.children[index]);
    thumbs.scrollTo(left + wide - thumbs.clientWidth, top + high - thumbs.clientHeight);
  }

  /** Adds a picture to those at hand. @param {string} name @param {import('./files.js').Pixels} pixels */
  function add(name, { shape, pixels }) {
    app.pictures.push({ name, label: null, shape, pixels, prepared: false, part: 'own' });
    putThumbs();
    resized();
    return app.pictures.length - 1;
  }

  // ---- files and the webcam

  /** @param {string} text */
  function say(text) {
    const said = find(controlsHost, '.said');
    if (said.textContent === text) return;
    said.textContent = text;
    said.hidden = !text;
    resized();
  }

  /** On a narrow screen the strip makes room for what is here. */
  function resized() { if (app.root.classList.contains('down')) app.tell('layout'); }

  /** @param {File[]} files */
  async function read(files) {
    const lines = [];
    let first = -1;
    say('');
    for (const file of files) {
      const name = file.name || 'the picture';
      try {
        const { picture, done } = fitted(app.content.input, await decode(file, name));
        shapesFit(picture.shape, name);
        const index = add(name, picture);
        if (first < 0) first = index;
        if (done) lines.push(`${name}: ${done}, as this net takes it.`);
      } catch (error) {
        lines.push(error instanceof Error ? error.message : String(error));
      }
    }
    if (first >= 0) { take(first); bringThumb(first); }
    say(lines.join(' '));
  }

  /** @param {Shape} shape @param {string} name */
  function shapesFit(shape, name) {
    try { shapesOf(app.net, shape); } catch (error) {
      throw new Error(`${name}, of ${shape.join(' × ')}, does not fit this net: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** The last frame of the webcam. @type {import('./files.js').Pixels | null} */
  let caught = null;
  let shots = 0;

  /** What the webcam sees. @param {import('./files.js').Pixels} seen */
  function frame(seen) {
    if (!app.root.isConnected) return webcam.stop();
    const { picture } = fitted(app.content.input, seen);
    caught = picture;
    lay(open(picture.shape, picture.pixels), null, null, 'the webcam');
    feed();
    return undefined;
  }

  /** @param {string} said */
  function ended(said) {
    camera.textContent = 'webcam';
    camera.setAttribute('aria-pressed', 'false');
    if (said) say(said);
    if (caught) { base.index = add(`webcam ${++shots}`, caught); bringThumb(base.index); }
    caught = null;
    showThumbs();
    sweeps.update();
  }

  function toggleWebcam() {
    if (webcam.on) return webcam.stop();
    say('');
    camera.textContent = 'stop';
    camera.setAttribute('aria-pressed', 'true');
    webcam.start();
    return undefined;
  }

  // ---- sliders

  let shown = '';
  /** @param {Shape} shape */
  function putSliders(shape) {
    const before = moves;
    list = movesFor(shape);
    moves = Object.fromEntries(list.map((move) => [move.name, snapped(move, before[move.name] ?? move.rest)]));
    shown = shape.slice(0, 2).join();
    put(find(controlsHost, '.sliders'), html`${list.map(({ name, label, min, max, step }) => html`<div class="move" data-move="${name}"><span>${label}</span><output></output>
      ${app.content.remote ? '' : html`<canvas role="img"></canvas>`}<input type="range" min="${min}" max="${max}" step="${step}" aria-label="${label}" title="double click: back"></div>`)}`);
    if (!app.content.remote) sweeps.set(list.map((move) => ({ move, canvas: /** @type {HTMLCanvasElement} */ (rowOf(move).querySelector('canvas')) })));
    showMoves();
  }

  /** @param {{name: string}} move */
  const rowOf = ({ name }) => find(controlsHost, `[data-move="${name}"]`);

  function showMoves() {
    for (const move of list) {
      const row = rowOf(move), slider = /** @type {HTMLInputElement} */ (row.querySelector('input')), value = moves[move.name];
      if (Number(slider.value) !== value) slider.value = String(value);
      slider.setAttribute('aria-valuetext', move.say(value));
      find(row, 'output').textContent = move.show(value);
    }
    rest.disabled = list.every(({ name, rest: still }) => moves[name] === still) && !(touched && base.index !== null);
  }

  /** @param {Moves} more */
  function move(more) {
    moves = { ...moves, ...more };
    showMoves();
    for (const name of Object.keys(more)) sweeps.draw(name);
    soon();
  }

  function rested() {
    moves = atRest(list);
    if (list.length && shown) showMoves();
    sweeps.draw();
  }

  // ---- what is said to those who listen

  let speaking = 0, said = '';
  function sayGuess() {
    clearTimeout(speaking);
    if (webcam.on) return;
    speaking = setTimeout(() => {
      const [best] = app.ranking, now = `guess: ${app.classes[best]}`;
      if (!app.stages[app.output.name] || now === said) return;
      said = now;
      app.speak(`${now}, ${percent(app.guesses[best])}`);
    }, SAID);
  }

  // ---- listening

  padHost.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest('[data-tool]')) : null;
    if (!button) return;
    pad.tool = /** @type {import('./pad.js').Tool} */ (button.dataset.tool);
    for (const other of padHost.querySelectorAll('[data-tool]')) other.setAttribute('aria-pressed', String(other === button));
  });
  find(padHost, '.clear').addEventListener('click', clear);
  colour.addEventListener('input', () => { setInk(pad.sheet.shape[2]); /** @type {HTMLElement} */ (find(padHost, '[data-tool=ink]')).click(); });
  const brushes = [padHost, controlsHost].map((host) => /** @type {HTMLInputElement} */ (find(host, '.brush input')));
  for (const one of brushes) {
    one.addEventListener('input', () => {
      pad.radius = Number(one.value);
      for (const other of brushes) other.value = one.value;
    });
  }
  thumbs.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest('[data-n]')) : null;
    if (button) take(Number(button.dataset.n));
  });
  thumbs.addEventListener('keydown', (event) => {
    const buttons = /** @type {HTMLElement[]} */ ([...thumbs.children]), at = buttons.indexOf(/** @type {HTMLElement} */ (event.target));
    const line = buttons.filter(({ offsetTop }) => offsetTop === buttons[0].offsetTop).length;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - line, ArrowDown: at + line, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    buttons[to]?.focus();
  });
  controlsHost.addEventListener('input', (event) => {
    const slider = event.target, name = slider instanceof HTMLInputElement ? /** @type {HTMLElement | null} */ (slider.closest('[data-move]'))?.dataset.move : undefined;
    if (name) move({ [name]: Number(/** @type {HTMLInputElement} */ (slider).value) });
  });
  controlsHost.addEventListener('dblclick', (event) => {
    const one = event.target instanceof HTMLInputElement ? list.find(({ name }) => name === /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest('[data-move]'))?.dataset.move) : undefined;
    if (one) move({ [one.name]: one.rest });
  });
  controlsHost.addEventListener('click', (event) => {                                       // a plot is an axis too
    const canvas = event.target instanceof HTMLCanvasElement ? event.target : null, one = list.find(({ name }) => name === /** @type {HTMLElement | null} */ (canvas?.closest('[data-move]'))?.dataset.move);
    if (!canvas || !one) return;
    const edge = 5.5, box = canvas.getBoundingClientRect();
    move({ [one.name]: snapped(one, one.min + ((event.clientX - box.left - edge) / (box.width - 2 * edge)) * (one.max - one.min)) });
  });
  rest.addEventListener('click', () => {
    if (touched && base.index !== null) take(base.index);
    else { rested(); soon(); }
  });

  find(controlsHost, '.open-file').addEventListener('click', () => chooser.click());
  chooser.addEventListener('change', () => { read([...(chooser.files ?? [])]); chooser.value = ''; });
  camera.addEventListener('click', toggleWebcam);
  app.root.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    padHost.classList.add('over');
  });
  app.root.addEventListener('dragleave', (event) => { if (!(event.relatedTarget instanceof Node) || !app.root.contains(event.relatedTarget)) padHost.classList.remove('over'); });
  app.root.addEventListener('drop', (event) => {
    padHost.classList.remove('over');
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    read(filesOf(event.dataTransfer));
  });
  onDocument(app.root, 'paste', (event) => {
    const { target } = event, files = filesOf(/** @type {ClipboardEvent} */ (event).clipboardData), ours = target instanceof Node && app.root.contains(target);
    if (!files.length || !(ours || (target === document.body && document.querySelectorAll('.cutaway').length === 1))) return;
    event.preventDefault();
    read(files);
  });
  onDocument(app.root, 'visibilitychange', () => { if (document.hidden) webcam.stop(); });

  app.listen((what) => {
    if (what.has('look')) {
      pad.show();
      for (const canvas of thumbs.querySelectorAll('canvas')) if (canvas.dataset.drawn) drawThumb(app, canvas);
    }
    if (what.has('look') || what.has('layout')) sweeps.draw();
    if (what.has('net')) sweeps.otherNet();
    if ((what.has('picture') || what.has('net')) && !webcam.on) sweeps.update();
  });

  // The page opens with the first picture, which the net has been run on.
  const [first] = app.pictures;
  putThumbs();
  if (first) lay(open(first.shape, first.pixels), 0, first.label, first.name);
  else { lay(empty(ownShape()), null, null, 'an empty sheet'); if (!ink) soon(); }
  sweeps.update();

  return {
    take,
    /** The picture at hand that has been drawn on, if it is one. @returns {number | null} */
    under: () => (base.index !== null && base.index < given ? base.index : null),
    /** Those that are not at rest. @returns {Moves} */
    getMoves: () => Object.fromEntries(list.filter(({ name, rest: still }) => moves[name] !== still).map(({ name }) => [name, moves[name]])),
    /** All others are put to rest. @param {Moves} wanted */
    setMoves(wanted) {
      moves = Object.fromEntries(list.map((one) => [one.name, Number.isFinite(wanted[one.name]) ? snapped(one, wanted[one.name]) : one.rest]));
      showMoves();
      sweeps.draw();
      soon();
    },
    /** The drawing as text; null where a picture at hand is shown as it is, and where it is too long for a link. @returns {Promise<string | null>} */
    async getDrawing() {
      if (app.state.picture !== null || webcam.on) return null;
      const { index } = base, own = index === null || index >= given;
      const text = await drawingText(pad.sheet, own ? empty(pad.sheet.shape) : base.sheet, own ? null : index);
      return text.length > LINK ? null : text;
    },
    /** @param {string} text */
    async setDrawing(text) {
      const found = readDrawing(text), picture = found && found.index !== null ? app.pictures[found.index] : null;
      const size = found && app.content.input.every((n, axis) => !n || n === found.shape[axis]) && found.shape[0] * found.shape[1] <= 2 ** 20;
      if (!found || !size || (found.index !== null && picture?.shape.join() !== found.shape.join())) throw new Error('not a drawing for this net');
      shapesFit(found.shape, 'the drawing');
      const under = picture ? open(picture.shape, picture.pixels) : empty(found.shape), sheet = await drawnOn(found, under);
      webcam.stop();
      rested();
      lay(under, picture ? found.index : null, picture && !ink ? picture.label : null, picture ? picture.name : 'a drawing');
      pad.sheet.pixels.set(sheet.pixels);
      pad.show();
      touch();
      feed();
    },
  };
}

/** Listens on the document for as long as the explorer is in it. @param {HTMLElement} root @param {string} name @param {(event: Event) => void} hear */
function onDocument(root, name, hear) {
  document.addEventListener(name, function listen(event) {
    if (root.isConnected) hear(event); else document.removeEventListener(name, listen);
  });
}

/** A picture, small: as it is, or each pixel the mean of what it covers. @param {import('./app.js').App} app @param {HTMLCanvasElement} canvas */
function drawThumb(app, canvas) {
  const { shape, pixels } = app.pictures[Number(canvas.parentElement?.dataset.n)], [height, width, depth] = shape, less = Math.min(1, THUMB / Math.max(height, width));
  const high = Math.max(1, Math.round(height * less)), wide = Math.max(1, Math.round(width * less));
  let bytes = pixels;
  if (less < 1) {
    const smaller = shrinking(shape, [high, wide]);
    for (let r = 0; r < height; r++) smaller.row(pixels, r * width * depth, depth);
    bytes = smaller.bytes();
  }
  [canvas.width, canvas.height] = [wide, high];
  const context = canvas.getContext('2d');
  if (!context) return;
  const image = context.createImageData(wide, high), out = new Uint32Array(image.data.buffer), table = paperTable(app).packed;
  for (let n = 0, at = 0; n < out.length; n++, at += depth) out[n] = depth === 1 ? table[bytes[at]] : (255 << 24) | (bytes[at + 2] << 16) | (bytes[at + 1] << 8) | bytes[at];
  context.putImageData(image, 0, 0);
  canvas.dataset.drawn = '1';
}
