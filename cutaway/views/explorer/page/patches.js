/** What a map looks for: the patches of the pictures at hand (or, where a program answers, of the validation pictures) that excite it most. */

import { find, html, put } from './dom.js';
import { cellAt, tensor } from './layers/layer.js';
import { paperTable } from './maps.js';
import { behind, run, shapesOf } from './net.js';
import { printed } from './numbers.js';

const MOST = 9, SLICE = 8;

/**
 * @typedef {{picture: string, index: number, label: number | null, cell: number[], value: number, box: number[], shape: number[], pixels: Uint8Array}} Patch
 */

/** @param {import('./app.js').App} app @param {HTMLElement} root @param {(index: number) => void} take  shows one of the pictures at hand */
export function makePatches(app, root, take) {
  put(root, html`<h2>What <span class="which"></span> looks for</h2><p class="lede"></p><ol class="patches"></ol>`);
  /** The strongest cell of each map of a layer, in each picture: computed once for a layer and a net. */
  let kept = { key: '', found: /** @type {Patch[][]} */ ([]) }, key = '', timer = 0;

  /** @param {Patch[]} patches @param {string} of */
  function list(patches, of) {
    const best = patches.filter(({ value }) => value > 0).sort((a, b) => b.value - a.value).slice(0, MOST);
    find(root, '.lede').textContent = best.length ? `The places that excite it most in ${of}, each with all that it sees.` : `Nothing in ${of} excites it: its largest number is not above zero.`;
    put(find(root, '.patches'), html`${best.map((patch, n) => html`<li><button data-n="${n}" title="${patch.picture}"><canvas></canvas></button><span>${patch.label === null ? '' : app.classes[patch.label]}</span><small>${printed(patch.value)}</small></li>`)}`);
    best.forEach((patch, n) => draw(app, /** @type {HTMLCanvasElement} */ (find(root, '.patches').children[n].querySelector('canvas')), patch));
    find(root, '.patches').onclick = (event) => {
      const button = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest('[data-n]')) : null, patch = button && best[Number(button.dataset.n)];
      if (!patch || patch.index < 0) return;
      take(patch.index);
      app.pin({ layer: app.state.pin.layer, cell: patch.cell });
    };
  }

  return function show() {
    const { layer: name, cell } = app.state.pin, layer = app.layer(name), shape = app.shapes[name];
    root.hidden = !layer || shape.length !== 3 || app.isPixels(name) || !(app.stages[name] || app.content.remote);
    if (root.hidden || !layer) return;
    const map = cell[2];
    find(root, '.which').textContent = shape[2] > 1 ? `map ${map} of ${name}` : name;
    const now = JSON.stringify([name, app.state.edits, app.state.epoch]), one = `${now} ${map}`;
    if (one === key) return;
    key = one;
    clearTimeout(timer);
    if (app.content.served) return ask(one, name, map);
    if (app.content.remote) return put(find(root, '.lede'), html`This net is too large to run over the pictures here.`);
    if (now !== kept.key) kept = { key: now, found: [] };
    timer = setTimeout(function slice() {
      const until = performance.now() + SLICE;
      while (kept.found.length < app.pictures.length && performance.now() < until) kept.found.push(strongestOf(app, layer, kept.found.length));
      if (kept.found.length < app.pictures.length) timer = setTimeout(slice, 0);
      else list(kept.found.map((maps) => maps[map]), `the ${app.pictures.length} pictures at hand`);
    }, 150);
  };

  /** @param {string} asked @param {string} name @param {number} map */
  function ask(asked, name, map) {
    timer = setTimeout(async () => {
      try {
        const { message, buffers } = await app.question({ ask: 'patches', layer: name, map, epoch: app.state.epoch, edits: app.state.edits, count: MOST });
        if (asked !== key) return;
        list(message.patches.map((/** @type {any} */ patch, /** @type {number} */ n) => ({ ...patch, index: app.pictures.findIndex(({ name: own }) => own === patch.picture), pixels: new Uint8Array(buffers[n].buffer, buffers[n].byteOffset, buffers[n].byteLength) })), 'the validation pictures');
      } catch (error) {
        if (asked === key) put(find(root, '.lede'), html`${/** @type {Error} */ (error).message}`);
      }
    }, 300);
  }
}

/** The strongest cell of every map of a layer in one of the pictures at hand. @param {import('./app.js').App} app @param {import('./net.js').Layer} layer @param {number} index @returns {Patch[]} */
function strongestOf(app, layer, index) {
  const { name, label, shape, pixels } = app.pictures[index], picture = tensor(shape, Float32Array.from(pixels));
  const stages = run(app.net.slice(0, layer.index + 1), app.weights, picture), shapes = shapesOf(app.net, shape), stage = stages[layer.name], [, , depth] = stage.shape;
  const seen = stages[app.prepared];
  return Array.from({ length: depth }, (_, map) => {
    let best = map;
    for (let at = map; at < stage.data.length; at += depth) if (stage.data[at] > stage.data[best]) best = at;
    const cell = cellAt(stage.shape, best), [rows, columns] = behind(app.net, shapes, layer.name, cell)[app.prepared];
    const box = [rows[0], rows[1], columns[0], columns[1]];
    return { picture: name, index, label, cell, value: stage.data[best], box, shape: [box[1] - box[0], box[3] - box[2], seen.shape[2]], pixels: crop(seen, box) };
  });
}

/** @param {import('./layers/layer.js').Tensor} picture @param {number[]} box */
function crop({ shape: [, w, depth], data }, [r0, r1, c0, c1]) {
  const out = new Uint8Array((r1 - r0) * (c1 - c0) * depth);
  for (let r = r0, at = 0; r < r1; r++, at += (c1 - c0) * depth) out.set(data.subarray((r * w + c0) * depth, (r * w + c1) * depth), at);
  return out;
}

/** @param {import('./app.js').App} app @param {HTMLCanvasElement} canvas @param {Patch} patch */
function draw(app, canvas, { shape: [h, w, depth], pixels }) {
  const context = canvas.getContext('2d'), { packed } = paperTable(app);
  if (!context) return;
  Object.assign(canvas, { width: w, height: h });
  canvas.style.aspectRatio = `${w} / ${h}`;
  const image = context.createImageData(w, h), out = new Uint32Array(image.data.buffer);
  for (let n = 0; n < h * w; n++) out[n] = depth === 3 ? (255 << 24) | (pixels[n * 3 + 2] << 16) | (pixels[n * 3 + 1] << 8) | pixels[n * 3] : packed[pixels[n]];
  context.putImageData(image, 0, 0);
}

