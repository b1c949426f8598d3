/**
 * The working in the lab: window times kernel, added up; then the activation; then the pooling. All that is printed comes
 * from the terms of the layers. Every `.sum` holds addends `.t` and one `.total`: as printed, they add up.
 *
 * @typedef {import('./lab-app.js').Lab} Lab
 * @typedef {import('./layers/working.js').Working} Working
 * @typedef {import('./layers/working.js').Term} Term
 * @typedef {import('./numbers.js').Ruler} Ruler
 */

import { cellStyle, entry } from './colour.js';
import { html } from './dom.js';
import { paintPart, shade } from './lab-maps.js';
import { convWindow, poolWindow } from './lab-net.js';
import { axesOf, reach, span } from './layers/window.js';
import { valueOf, winner } from './layers/working.js';
import { address, feeds } from './net.js';
import { niceCeil, print, printed, ruler, shortest, signed, subtotalsThatAddUp } from './numbers.js';
import { addend } from './working.js';

/** Cells that are shown around a window, at least. */
const AROUND = 4;
/** Pixels of a grid's cell, by how many stand side by side. */
const WIDE = [0, 44, 44, 44, 44, 40, 36, 31, 30];

/** The heading: which cell, its number, what made it. @param {Lab} lab */
export function headOf(lab) {
  const { panel, cell } = lab.focus, name = lab.stageOf(panel), layer = lab.layer(name), whole = lab.inChannel(cell);
  const where = html`${address(name, whole)} <span>= ${printed(lab.valueOf(name, whole))}</span>`;
  if (!layer) return { where, what: pixelSays(lab, cell) };
  return { where, what: `${layer.text}: ${layer.kind.says}` };
}

/** @param {Lab} lab @param {number[]} cell */
function pixelSays(lab, cell) {
  if (!lab.bench.shapes.conv1) return 'a pixel of the picture';
  const found = feeds(lab.conv, lab.bench.shapes, lab.conv.inputs[0], lab.inChannel(cell));
  if (!found) return 'a pixel of the picture: no window reaches it';
  const [rows, columns] = found.box.map(([from, to]) => (to - from > 1 ? `${from}…${to - 1}` : String(from)));
  return `a pixel of the picture: ${found.count === 1 ? 'one window covers it' : `${found.count} windows cover it`}, conv1[${rows}, ${columns}]`;
}

/** Window, kernel, products; the activation and the pooling beside. @param {Lab} lab */
export function bodyOf(lab) {
  const { conv, pooled, pixel } = lab.chain;
  if (!conv) return html`<p class="say">${lab.bench.shapes.conv1 ? 'No window reaches this pixel: the last one ends before it.' : 'The kernel does not fit this picture: the formula beside it says what would.'}</p>`;
  return html`<section class="by-kernel" aria-label="how it was added up">${summed(lab, conv, pixel)}</section><section class="by-rest" aria-label="what follows the convolution">${bent(lab, conv)}${won(lab, conv, pooled)}</section>`;
}

/** @param {unknown[][]} rows @param {unknown} caption @param {string} label */
const table = (rows, caption, label) => html`<figure class="grid fit${rows[0].length}" style="--n:${rows[0].length};--w:${WIDE[rows[0].length]}px"><table aria-label="${label}">${rows.map((row) => html`<tr>${row}</tr>`)}</table><figcaption>${caption}</figcaption></figure>`;

/** The part of the first picture around the window, enlarged; painted by `paintLoupes` once it is on the page. @param {Lab} lab @param {number[]} conv */
function loupe(lab, conv) {
  const axes = axesOf(convWindow(lab.state.setup), lab.picture.shape), starts = axes.map((axis, side) => conv[side] * axis.stride - axis.before), spans = axes.map(span);
  const side = Math.min(Math.max(...spans) + 2 * AROUND, Math.max(...axes.map(({ length, before, after }) => length + before + after))), [top, left] = starts.map((start, n) => placed(start, spans[n], side, axes[n]));
  const percent = (/** @type {number} */ n) => `${((n / side) * 100).toFixed(3)}%`, box = (/** @type {number} */ r, /** @type {number} */ c, /** @type {number} */ h, /** @type {number} */ w) => `left:${percent(c - left)};top:${percent(r - top)};width:${percent(w)};height:${percent(h)}`;
  const gaps = axes.some(({ dilation, size }) => dilation > 1 && size > 1);
  const taps = gaps ? Array.from({ length: axes[0].size * axes[1].size }, (_, n) => html`<i style="${box(starts[0] + Math.floor(n / axes[1].size) * axes[0].dilation, starts[1] + (n % axes[1].size) * axes[1].dilation, 1, 1)}"></i>`) : '';
  return html`<figure class="mini loupe"><div><canvas data-top="${top}" data-left="${left}" data-side="${side}" role="img" aria-label="the picture around the window"></canvas>${taps}<b style="${box(starts[0], starts[1], spans[0], spans[1])}"></b></div><figcaption>picture, around it</figcaption></figure>`;
}

/** Where the part begins: the window in the middle, but no more outside than the padding. @param {number} start @param {number} covers @param {number} side @param {import('./layers/window.js').Axis} axis */
function placed(start, covers, side, { length, before, after }) {
  const middle = start - Math.floor((side - covers) / 2);
  return Math.max(-before, Math.min(length + after - side, middle));
}

/** @param {Lab} lab @param {ParentNode} root */
export function paintLoupes(lab, root) {
  for (const canvas of /** @type {NodeListOf<HTMLCanvasElement>} */ (root.querySelectorAll('.loupe canvas'))) {
    const [top, left, side] = ['top', 'left', 'side'].map((key) => Number(canvas.dataset[key]));
    paintPart(canvas, lab, 'input', top, left, side);
  }
}

/** A digit less where many stand side by side. @param {Ruler} marks @param {number} columns */
const narrow = ({ decimals, exponent }, columns) => ({ decimals: columns > 5 && decimals > 2 ? decimals - 1 : decimals, exponent });

/** @param {Lab} lab @param {number[]} conv @param {number[] | null} pixel */
function summed(lab, conv, pixel) {
  const { conv: layer, bench: { weights } } = lab, made = lab.workingOf(layer, conv), [name] = layer.inputs, { kernel } = weights.conv1, [height, width] = kernel.shape;
  const products = made.terms.filter(({ factors }) => factors.length > 1), fixed = made.terms.filter(({ factors }) => factors.length === 1);
  const marks = ruler(made.terms.map(({ value }) => value)), sum = subtotalsThatAddUp(made.terms.map(({ value }) => [value]), marks).outer;
  const rows = Array.from({ length: height }, () => /** @type {(Term | null)[]} */ (Array(width).fill(null)));
  for (const term of products) rows[term.factors[1].cell[0]][term.factors[1].cell[1]] = term;
  const seen = ruler(products.map(({ factors }) => factors[0].value)), own = narrow(ruler(kernel.data), width), ends = niceCeil(kernel.data.reduce((top, v) => Math.max(top, Math.abs(v)), 0)), range = niceCeil(Math.max(...products.map(({ value }) => Math.abs(value)), 0));
  const { colours } = lab.look, text = (/** @type {Term} */ term) => sum.terms[made.terms.indexOf(term)];
  const inWindow = (/** @type {Term | null} */ term) => {
    if (!term) return html`<td class="padding" title="padding"><span>0</span></td>`;
    const [{ value, cell }] = term.factors;
    return html`<td class="${pixel && cell[0] === pixel[0] && cell[1] === pixel[1] ? 'won' : ''}" style="${cellStyle(...shade(lab, name, value))}">${print(value, seen)}</td>`;
  };
  const inKernel = (/** @type {number} */ i, /** @type {number} */ j) => { const v = kernel.data[(i * width + j) * kernel.shape[3] + lab.state.channel]; return html`<td style="${cellStyle(colours.signed, entry(v, ends))}">${print(v, own)}</td>`; };
  const inProducts = (/** @type {Term | null} */ term) => (term ? html`<td style="${cellStyle(colours.signed, entry(term.value, range))}">${text(term)}</td>` : html`<td class="padding"><span>0</span></td>`);
  const lines = rows.map((row) => row.filter((term) => term !== null)).filter((row) => row.length);
  return html`<div class="grids wide">${loupe(lab, conv)}${table(rows.map((row) => row.map(inWindow)), html`window <s>${name === 'input' ? '0 to 255' : '0 to 1'}</s>`, 'the window')}<span class="op">×</span>
    ${table(rows.map((row, i) => row.map((_, j) => inKernel(i, j))), html`kernel <s>±${ends}</s>`, 'the kernel')}<span class="op">=</span>${table(rows.map((row) => row.map(inProducts)), html`products <s>±${range}</s>`, 'products')}</div>
  <div class="sum"><span class="lead">sum</span>${lines.map((row, i) => html`<span class="row">${row.map((term, j) => addend(text(term), i === 0 && j === 0))}</span>`)}${fixed.map((term) => html`<span class="row">${addend(text(term), !products.length)}<small>bias</small></span>`)}<span class="row">= <b class="total">${sum.total}</b></span></div>
  ${exact(made, lab.valueOf('conv1', conv))}`;
}

/** The exact number, and what was kept of it. @param {Working} made @param {number} kept */
function exact(made, kept) {
  const value = valueOf(made), apart = Math.abs(value - kept);
  const [digits, power] = apart.toExponential(0).split('e');
  return html`<p class="exact">Exact: ${signed(String(Number(value.toPrecision(12))))}; kept as float32: ${shortest(kept)}, ${apart ? html`${digits} × 10<sup>${signed(String(Number(power)))}</sup> away` : 'the same'}.</p>`;
}

/** A formula with the number in the place of x; in brackets where two signs would meet. @param {string} formula @param {string} x */
export function filled(formula, x) {
  const inner = x.startsWith('−') && !/^[a-z]+\((\d+, )?x\)$/.test(formula) ? `(${x})` : x;
  return signed(formula).replace(/\bx\b/g, inner);
}

/** As fine as the number before it, and whole where it is whole. @param {number} value @param {Ruler} marks */
function afterText(value, marks) {
  const own = ruler([value]);
  return print(value, own.decimals && !own.exponent && !marks.exponent ? { decimals: Math.max(own.decimals, marks.decimals), exponent: 0 } : own);
}

/** One number through the activation. @param {Lab} lab @param {number[]} conv */
function bent(lab, conv) {
  const { bend } = lab;
  if (!bend) return html`<p class="line"><span class="lead">activation</span> none: the number goes on as it is.</p>`;
  const made = lab.workingOf(bend, conv), x = made.terms[0].value, marks = ruler([x]), last = made.steps[made.steps.length - 1];
  return html`<p class="line"><span class="lead">${address(bend.name, lab.inChannel(conv))}</span> ${filled(last.formula, print(x, marks))} = <b>${afterText(last.value, marks)}</b></p>`;
}

/** A cell that can be gone to. @param {Lab} lab @param {number} panel @param {number[]} cell @param {string} name */
const link = (lab, panel, cell, name) => html`<button class="cell" data-panel="${panel}" data-cell="${cell.slice(0, 2).join(' ')}">${address(name, lab.inChannel(cell))}</button>`;

/** The window of the pooling, and what comes of it. @param {Lab} lab @param {number[]} conv @param {number[] | null} pooled */
function won(lab, conv, pooled) {
  const { pool } = lab;
  if (!pool) return html`<p class="line"><span class="lead">pooling</span> none: the map stays as large as it is.</p>`;
  if (!lab.bench.shapes[pool.name]) return html`<p class="line"><span class="lead">pooling</span> its window does not fit: the formula says what would.</p>`;
  if (!pooled) return html`<p class="line"><span class="lead">pooling</span> no window reaches this cell: it is left out.</p>`;
  const made = lab.workingOf(pool, pooled), [before] = pool.inputs, best = winner(made), marks = ruler(made.terms.map(({ value }) => value)), sum = subtotalsThatAddUp(made.terms.map(({ value }) => [value]), marks).outer;
  const [rows, columns] = axesOf(poolWindow(lab.state.setup), lab.bench.shapes[before]).map((axis, side) => ({ axis, from: pooled[side] * axis.stride - axis.before, seen: reach(axis, pooled[side]) }));
  const at = (/** @type {number} */ i, /** @type {number} */ j) => made.terms.find(({ factors: [{ cell }] }) => cell[0] === rows.from + i && cell[1] === columns.from + j);
  const grid = Array.from({ length: rows.axis.size }, (_, i) => Array.from({ length: columns.axis.size }, (_, j) => {
    const term = at(i, j);
    if (!term) return html`<td class="padding" title="outside"><span></span></td>`;
    const { cell } = term.factors[0], here = cell[0] === conv[0] && cell[1] === conv[1];
    return html`<td class="${term === best ? 'won' : here ? 'here' : ''}" style="${cellStyle(...shade(lab, before, term.value))}" data-panel="1" data-cell="${cell[0]} ${cell[1]}" title="${address(before, cell)}">${print(term.value, marks)}</td>`;
  }));
  const several = made.terms.length, ties = made.terms.filter(({ value }) => value === best?.value).length;
  const says = best
    ? html`${link(lab, 1, best.factors[0].cell, before)} is the largest of ${several}${ties > 1 ? html`; of ${ties} equal ones, the first` : ''}.<br><b class="total">${print(best.value, marks)}</b> goes on; ${several === 1 ? 'there is no other.' : several === 2 ? 'the other stops here.' : `the other ${several - 1} stop here.`}`
    : html`<span class="sum short">${sum.terms.map((text, n) => addend(text, n === 0))}<span class="row"> = <b class="total">${sum.total}</b></span></span>${made.steps.map(({ formula, value }) => html`<span class="step">${filled(formula, sum.total)} = <b>${afterText(value, marks)}</b></span>`)}`;
  return html`<div class="pooled"><p class="line"><span class="lead">${link(lab, 2, pooled, pool.name)}</span></p><div class="grids">${table(grid, html`window of ${before}`, 'the window of the pooling')}<div class="say">${says}</div></div></div>`;
}
