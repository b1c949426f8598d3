/**
 * Where in the picture the guess comes from: what covering a patch does to the score, and gradient x input. Signed, on a
 * scale that is the same for every picture.
 */

import { find, html, put } from './dom.js';
import { entry } from './colour.js';
import { tensor } from './layers/layer.js';
import { backward, run } from './net.js';
import { niceCeil, printed } from './numbers.js';
import { compared } from './why.js';

const SLICE = 8, REST = 120;
/** Milliseconds of work at a time, and of quiet before it starts: the votes come first. */

/** The stage of the scores: what the last layer makes probabilities of. @param {import('./app.js').App} app */
const scoresOf = (app) => (['softmax', 'logsoftmax', 'sigmoid'].includes(app.output.kind.word) ? app.output.inputs[0] : app.output.name);

/** The score of one class less that of the other. @param {import('./app.js').App} app @param {import('./net.js').Stages} stages @param {number} a @param {number} b */
function lead(app, stages, a, b) {
  const { data } = stages[scoresOf(app)];
  return app.content.kind === 'two' ? (a ? data[0] : -data[0]) : data[a] - data[b];
}

/** The stage in which the picture has become numbers, before any weight. @param {import('./app.js').App} app */
function numbersOf(app) {
  let name = app.prepared;
  for (const layer of app.net) if (layer.inputs[0] === name && ['scale', 'normalise'].includes(layer.kind.word)) name = layer.name;
  return name;
}

/** @param {import('./app.js').App} app @param {HTMLElement} root */
export function makeHeat(app, root) {
  put(root, html`<h2>Where it comes from</h2><p class="lede"></p><div class="grids heat"><figure><canvas class="picture"></canvas><figcaption>picture</figcaption></figure><figure><canvas class="occlusion"></canvas><figcaption class="covered"></figcaption></figure><figure><canvas class="gradient"></canvas><figcaption class="slope"></figcaption></figure>
    <div class="say"><p class="at">Point at a place.</p><p><label>size of the patch <input type="range" class="size" min="1" max="8" value="3"></label></p></div></div>`);
  const size = /** @type {HTMLInputElement} */ (find(root, '.size'));
  const canvases = ['picture', 'occlusion', 'gradient'].map((name) => /** @type {HTMLCanvasElement} */ (find(root, `.${name}`)));
  let job = 0, timer = 0;
  /** What covering each patch takes from the lead; NaN where it has not been tried yet. */
  let covered = new Float32Array(0), slopes = new Float32Array(0), steps = [1, 1], range = [1, 1];

  size.addEventListener('input', show);
  for (const canvas of canvases) canvas.addEventListener('pointermove', (event) => {
    const [h, w] = app.shapes[app.prepared], box = canvas.getBoundingClientRect();
    const r = Math.min(h - 1, Math.floor(((event.clientY - box.top) / box.height) * h)), c = Math.min(w - 1, Math.floor(((event.clientX - box.left) / box.width) * w));
    const patch = covered[Math.floor(r / steps[0]) * steps[1] + Math.floor(c / steps[0])] ?? NaN;
    find(root, '.at').textContent = `Row ${r}, column ${c}: covering this patch takes ${Number.isFinite(patch) ? printed(patch) : '…'} from the lead; gradient × input is ${printed(slopes[r * w + c])}.`;
  });

  function show() {
    clearTimeout(timer);
    job += 1;
    if (app.content.remote || !app.stages[app.prepared] || !app.stages[scoresOf(app)]) return put(find(root, '.lede'), html`${app.content.remote ? 'This net is too large for it in the page.' : 'The scores of this net are not computed here.'}`);
    const [a, b] = compared(app), [h, w, depth] = app.shapes[app.prepared], scores = scoresOf(app);
    const lede = app.content.kind === 'two' ? `for ${app.classes[a]}` : `of ${app.classes[a]} over ${app.classes[b]}`;
    find(root, '.lede').textContent = `The lead ${lede} is ${printed(lead(app, app.stages, a, b))}. Orange: this place speaks for it; blue: against. The scale is the same for every picture.`;
    const top = app.rangeOf(scores);
    range = [niceCeil(top / 3), niceCeil(top / Math.sqrt(h * w))];
    find(root, '.covered').textContent = `covered, ±${range[0]}`;
    find(root, '.slope').textContent = `gradient × ${numbersOf(app)}, ±${range[1]}`;
    slopes = gradientTimesInput(app, a, b);
    const patch = Math.max(1, Math.round((Number(size.value) / 24) * Math.max(h, w)));
    steps = [patch, Math.ceil(w / patch)];
    covered = new Float32Array(Math.ceil(h / patch) * steps[1]).fill(NaN);
    draw(h, w, depth);
    const mine = job, started = { n: 0 };
    timer = setTimeout(function slice() {
      const until = performance.now() + SLICE;
      while (mine === job && started.n < covered.length && performance.now() < until) cover(started.n++, patch, a, b);
      if (mine !== job) return;
      draw(h, w, depth);
      if (started.n < covered.length) timer = setTimeout(slice, 0);
    }, REST);
  }

  /** @param {number} n @param {number} patch @param {number} a @param {number} b */
  function cover(n, patch, a, b) {
    const { shape, data } = app.stages[app.prepared], [h, w, depth] = shape, changed = data.slice(), paper = paperOf(app);
    const r0 = Math.floor(n / steps[1]) * patch, c0 = (n % steps[1]) * patch;
    for (let r = r0; r < Math.min(h, r0 + patch); r++) for (let c = c0; c < Math.min(w, c0 + patch); c++) for (let k = 0; k < depth; k++) changed[(r * w + c) * depth + k] = paper[k];
    const from = app.layer(app.prepared)?.index ?? -1, known = { ...app.stages, [app.prepared]: tensor(shape, changed) };
    const stages = from < 0 ? run(app.net, app.weights, known.input) : run(app.net, app.weights, app.picture, known, from + 1);
    covered[n] = lead(app, app.stages, a, b) - lead(app, stages, a, b);
  }

  /** @param {number} h @param {number} w @param {number} depth */
  function draw(h, w, depth) {
    const { signed, ink, light } = app.look.colours, paper = app.content.ink ? ink : light, pixels = app.stages[app.prepared].data;
    paint(canvases[0], h, w, (n) => (depth === 3 ? (255 << 24) | (pixels[n * 3 + 2] << 16) | (pixels[n * 3 + 1] << 8) | pixels[n * 3] : paper.packed[pixels[n]]));
    paint(canvases[1], h, w, (n) => signed.packed[entry(covered[Math.floor(Math.floor(n / w) / steps[0]) * steps[1] + Math.floor((n % w) / steps[0])], range[0])]);
    paint(canvases[2], h, w, (n) => signed.packed[entry(slopes[n], range[1])]);
    for (const canvas of canvases) canvas.style.aspectRatio = `${w} / ${h}`;
  }
  return show;
}

/** What a covered place shows: paper for ink, the picture's mean otherwise. @param {import('./app.js').App} app */
function paperOf(app) {
  const { shape: [h, w, depth], data } = app.stages[app.prepared];
  if (app.content.ink) return Array(depth).fill(0);
  return Array.from({ length: depth }, (_, k) => { let sum = 0; for (let n = k; n < data.length; n += depth) sum += data[n]; return Math.round(sum / (h * w)); });
}

/** The gradient of the lead by each number of the prepared picture, times the number, added up over the channels. @param {import('./app.js').App} app @param {number} a @param {number} b */
function gradientTimesInput(app, a, b) {
  const scores = scoresOf(app), name = numbersOf(app), slope = tensor(app.shapes[scores]);
  if (app.content.kind === 'two') slope.data[0] = a ? 1 : -1;
  else { slope.data[a] += 1; slope.data[b] -= 1; }
  const { stages } = backward(app.net, app.weights, app.stages, scores, slope), x = app.stages[name], [h, w, depth] = x.shape;
  return Float32Array.from({ length: h * w }, (_, n) => { let sum = 0; for (let k = 0; k < depth; k++) sum += x.data[n * depth + k] * stages[name].data[n * depth + k]; return sum; });
}

/** @param {HTMLCanvasElement} canvas @param {number} h @param {number} w @param {(n: number) => number} colour */
function paint(canvas, h, w, colour) {
  const context = canvas.getContext('2d');
  if (!context) return;
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const image = context.createImageData(w, h), pixels = new Uint32Array(image.data.buffer);
  for (let n = 0; n < pixels.length; n++) pixels[n] = colour(n);
  context.putImageData(image, 0, 0);
}

