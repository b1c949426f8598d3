/**
 * The working of one cell, as it is set in type. What is drawn follows from the terms: a window becomes grids, a list
 * becomes votes, what only passes says so. Every `.sum` holds addends `.t` and one `.total`: as printed, they add up.
 *
 * @typedef {import('./layers/working.js').Working} Working
 * @typedef {import('./layers/working.js').Term} Term
 * @typedef {import('./layers/working.js').Factor} Factor
 * @typedef {import('./app.js').App} App
 * @typedef {import('./net.js').Layer} Layer
 * @typedef {import('./numbers.js').Ruler} Ruler
 */

import { cellStyle, css, entry } from './colour.js';
import { html } from './dom.js';
import { spanOf, termsOf, weightOf, windowOf } from './grids.js';
import { count } from './layers/layer.js';
import { valueOf, winner } from './layers/working.js';
import { paperTable } from './maps.js';
import { address, consumers, feeds, sourceOf, sources } from './net.js';
import { MINUS, niceCeil, print, printed, ruler, shortest, signed, subtotalsThatAddUp } from './numbers.js';

/** A list of more parts than the first shows as many of the strongest as the second, and the others together. */
const LISTED = 12, STRONGEST = 10, VOTES = 6, FINE = 6;

/** @param {App} app @returns {import('./dom.js').Markup} */
export function workingMarkup(app) {
  const { layer: name, cell } = app.focus, layer = app.layer(name);
  if (!layer) return pixel(app, cell);
  const made = app.made;
  if (!made) return html`<p class="say">${app.content.remote ? 'The numbers are being computed.' : `${layer.kind.says}.`}</p>`;
  return html`${body(app, layer, cell, made)}${foot(app, layer, cell, made)}`;
}

/** @param {App} app @param {Layer} layer @param {number[]} cell @param {Working} made */
function body(app, layer, cell, made) {
  if (!made.terms.length) return html`<p class="say">The window lies in the padding alone: there is nothing to add up.</p>`;
  const [only] = made.terms;
  if (made.terms.length === 1 && only.factors.length === 1 && !only.formula) return made.steps.length ? bent(app, layer, made) : passed(app, layer, cell, made);
  const drawn = windowOf(made, app.weightsOf(layer.name));
  if (drawn && made.rule === 'max') return won(app, layer, cell, made, drawn);
  if (drawn) return windowSum(app, layer, cell, made, drawn);
  if (made.terms.some(({ formula }) => formula)) return formulas(app, layer, made);
  return votes(app, layer, made);
}

// ---------------------------------------------------------------- parts that all share

/** A cell that can be walked to. @param {App} app @param {string} name @param {number[]} cell @param {string} [text] */
export const cellLink = (app, name, cell, text) => html`<button class="cell" data-layer="${name}" data-cell="${cell.join(' ')}">${text ?? classOf(app, name, cell) ?? address(name, cell)}</button>`;

/** The class that a score or probability belongs to, by name. @param {App} app @param {string} name @param {number[]} cell */
const classOf = (app, name, cell) => (cell.length === 1 && app.content.kind !== 'two' && app.isScores(name) ? app.classes[cell[0]] : undefined);

/** Where a factor stands: relu1[3, 4, 0], bias[2], share of red. @param {Layer} layer @param {Factor} factor */
const where = (layer, { of, cell }) => (cell.length ? address(sourceOf(layer, of) || of, cell) : of);

/** "0.123", then "+ 0.456", "− 0.789": signs stand apart so that a column of numbers is quiet. @param {string} text @param {boolean} first */
export function addend(text, first) {
  const negative = text.startsWith(MINUS);
  return html`<span class="t ${/[1-9]/.test(text) ? '' : 'z'}"><i>${negative ? MINUS : first ? '' : '+'}</i>${negative ? text.slice(1) : text}</span>`;
}

/** A table of numbers. @param {string[][]} rows @param {(i: number, j: number) => string} style @param {unknown} caption @param {string} label @param {{won?: (i: number, j: number) => boolean, edit?: (i: number, j: number) => string}} [options] */
function grid(rows, style, caption, label, { won: hot, edit } = {}) {
  const small = rows[0].length > 7 ? 'small' : '';
  return html`<figure class="grid ${small}"><table aria-label="${label}" style="--n:${rows[0].length}">${rows.map((row, i) => html`<tr>${row.map((text, j) =>
    html`<td class="${hot?.(i, j) ? 'won' : ''}" style="${style(i, j)}" ${edit ? html`data-weight="${edit(i, j)}" tabindex="-1"` : ''}>${text}</td>`)}</tr>`)}</table><figcaption>${caption}</figcaption></figure>`;
}

/** A map, enlarged, with the window or the cell framed. Painted by `paintMinis` once it is on the page. @param {App} app @param {string} name @param {number} channel @param {number[] | null} box  rows and columns from, to @param {number} [until] */
export function mini(app, name, channel, box, until) {
  const shape = app.shapes[name], [h, w] = shape.length === 3 ? shape : [1, shape[0]], side = 100;
  const [r0, r1, c0, c1] = box ?? [0, 0, 0, 0], wide = w >= h ? 100 : (w / h) * 100, high = h >= w ? 100 : (h / w) * 100;
  return html`<figure class="mini"><div style="width:calc(var(--mini) * ${wide / 100});height:calc(var(--mini) * ${high / 100})"><canvas data-stage="${name}" data-map="${channel}" data-until="${until ?? ''}"></canvas>
    ${box ? html`<b style="left:${(c0 / w) * side}%;top:${(r0 / h) * side}%;width:${((c1 - c0) / w) * side}%;height:${((r1 - r0) / h) * side}%"></b>` : ''}</div><figcaption>${name === app.prepared && !app.layer(name) ? 'picture' : name}${shape.length === 3 && shape[2] > 1 && !app.isPixels(name) ? `, map ${channel}` : ''}</figcaption></figure>`;
}

/** The box of a region's rows and columns. @param {import('./layers/layer.js').Region} region */
const boxOf = ([rows, columns]) => [rows[0], rows[0] + (count(rows) - 1) * rows[2] + 1, columns[0], columns[0] + (count(columns) - 1) * columns[2] + 1];

/** How a number of a stage is coloured. @param {App} app @param {string} name @param {number} channel @param {number} value */
const stageStyle = (app, name, channel, value) => (app.isPixels(name) ? cellStyle(paperTable(app), Math.max(0, Math.min(255, Math.round(value)))) : cellStyle(app.look.colours.signed, entry(value, app.rangeOf(name, channel))));

/** How far along the window is, while it moves: what it has not reached yet is left empty. @param {App} app @param {string} name @param {number[]} cell */
const reached = (app, name, cell) => (app.state.playing ? cell[0] * app.shapes[name][1] + cell[1] + 1 : undefined);

/** What the terms come to, step by step. @param {Working} made @param {string} total @param {Ruler} marks */
function stepsOf(made, total, marks) {
  let before = total;
  return made.steps.map(({ formula, value }) => {
    const text = stepText(value, marks), line = html`<p class="step"><span class="lead"></span>${signed(formula.replace(/\bx\b/g, before))} = <b>${text}</b></p>`;
    before = text;
    return line;
  });
}

/** As fine as the sum before it, but whole where it is whole. @param {number} value @param {Ruler} marks */
function stepText(value, marks) {
  const own = ruler([value]);
  return print(value, own.decimals && !own.exponent && !marks.exponent ? { decimals: Math.max(own.decimals, marks.decimals), exponent: 0 } : own);
}

/** The exact number, what was kept, how far that is; and where it goes on. @param {App} app @param {Layer} layer @param {number[]} cell @param {Working} made */
function foot(app, layer, cell, made) {
  const exact = valueOf(made), kept = app.valueOf(layer.name, cell), apart = Math.abs(exact - kept);
  const away = apart === 0 || Number.isNaN(apart) ? 'the same' : html`${power(apart)} away`;
  return html`<p class="exact">Exact: ${signed(String(Number(exact.toPrecision(12))))}; kept as float32: ${shortest(kept)}, ${away}. ${goesOn(app, layer.name, cell)}</p>`;
}

/** 3 × 10⁻⁸ @param {number} value */
function power(value) {
  const [digits, exponent] = value.toExponential(0).split('e');
  return html`${digits} × 10<sup>${signed(String(Number(exponent)))}</sup>`;
}

/** Where this cell is used next. @param {App} app @param {string} name @param {number[]} cell */
function goesOn(app, name, cell) {
  const parts = consumers(app.net, name).map((next) => {
    const found = feeds(next, app.shapes, name, cell);
    if (!found) return `no window of ${next.name} reaches it`;
    const spans = found.box.map(([from, to]) => (to - from > 1 ? `${from}…${to - 1}` : from));
    return `into ${next.name}[${spans.join(', ')}], ${found.count === 1 ? 'one cell' : `${found.count} cells`}`;
  });
  return parts.length ? `Goes on ${parts.join('; ')}.` : '';
}

// ---------------------------------------------------------------- one form each

/** @param {App} app @param {number[]} cell */
function pixel(app, cell) {
  const [r, c] = cell, depth = app.shapes.input[2], values = Array.from({ length: depth }, (_, k) => app.valueOf('input', [r, c, k]));
  const names = depth === 3 ? ['red', 'green', 'blue'] : [''];
  return html`<div class="grids">${mini(app, 'input', 0, [r, r + 1, c, c + 1])}<p class="say">Row ${r}, column ${c} of the picture.<br>${values.map((value, k) => html`${names[k]} <b>${value}</b> of 255<br>`)}<span class="quiet">${goesOn(app, 'input', cell)}</span></p></div>`;
}

/** @param {App} app @param {Layer} layer @param {number[]} cell @param {Working} made */
function passed(app, layer, cell, made) {
  const [{ factors: [factor] }] = made.terms, name = sourceOf(layer, factor.of), [r, c, k] = factor.cell;
  const note = layer.kind.note?.(layer.settings, cell, layer.inputs.map((source) => app.shapes[source]));
  return html`<div class="grids">${factor.cell.length === 3 ? mini(app, name, k, [r, r + 1, c, c + 1]) : ''}<p class="say">${cellLink(app, name, factor.cell)} goes on unchanged.<br>${note ? html`${note}<br>` : ''}The number stays <b class="total">${printed(factor.value)}</b>.</p></div>`;
}

/** One number through a function. @param {App} app @param {Layer} layer @param {Working} made */
function bent(app, layer, made) {
  const [{ factors: [factor] }] = made.terms, name = sourceOf(layer, factor.of), marks = ruler([factor.value]), x = print(factor.value, marks);
  const last = made.steps[made.steps.length - 1];
  return html`<div class="grids">${layer.kind.curve ? curve(app, layer, factor, name, last.value) : factor.cell.length === 3 ? mini(app, name, factor.cell[2], [factor.cell[0], factor.cell[0] + 1, factor.cell[1], factor.cell[1] + 1]) : ''}
    <div class="say"><p>${cellLink(app, name, factor.cell)} is <span class="total">${x}</span>.</p>${stepsOf(made, x, marks)}</div></div>`;
}

/** The function as a curve, and where this number is on it. @param {App} app @param {Layer} layer @param {Factor} factor @param {string} name @param {number} y */
function curve(app, layer, factor, name, y) {
  const f = /** @type {(x: number) => number} */ (layer.kind.curve?.(layer.settings)), range = Math.max(app.rangeOf(name, factor.cell[2]), 1e-9), side = 70;
  const at = (/** @type {number} */ v) => Math.max(-side, Math.min(side, (v / range) * side)).toFixed(1);
  const points = Array.from({ length: 81 }, (_, n) => ((n - 40) / 40) * range).map((x, n) => `${n ? 'L' : 'M'}${at(x)} ${(-Number(at(f(x)))).toFixed(1)}`).join('');
  return html`<figure class="plot"><svg viewBox="-80 -80 160 160" width="140" height="140" role="img" aria-label="${layer.kind.word} at ${printed(factor.value)} is ${printed(y)}"><path class="axis" d="M-76 0H76M0 76V-76"/><path class="curve" d="${points}"/><path class="drop" d="M${at(factor.value)} 0V${-Number(at(y))}H0"/><circle cx="${at(factor.value)}" cy="${-Number(at(y))}" r="4"/></svg><figcaption>${layer.kind.word} <s>±${range}</s></figcaption></figure>`;
}

/** @param {App} app @param {Layer} layer @param {number[]} cell @param {Working} made @param {import('./grids.js').Window} drawn */
function won(app, layer, cell, made, drawn) {
  const [[channel, terms]] = drawn.grids, name = layer.inputs[0], best = winner(made), marks = ruler(made.terms.map(({ value }) => value));
  const ties = made.terms.filter(({ value }) => value === best?.value).length;
  return html`<div class="grids">${mini(app, name, channel, boxOf(sources(layer, app.shapes, cell)[name]))}
    ${grid(terms.map((row) => row.map((term) => (term ? print(term.value, marks) : ''))), (i, j) => stageStyle(app, name, channel, terms[i][j]?.value ?? 0), 'window', 'the window', { won: (i, j) => terms[i][j] === best })}<span class="op">→</span>
    ${mini(app, layer.name, cell[2], [cell[0], cell[0] + 1, cell[1], cell[1] + 1], reached(app, layer.name, cell))}
    <p class="say">${best ? html`${cellLink(app, name, best.factors[0].cell)} is the largest of ${made.terms.length}${ties > 1 ? html`; of ${ties} that are equal, the first` : ''}.<br><b class="total">${print(best.value, marks)}</b> goes on; the others stop here.` : 'One of them is not a number.'}</p></div>`;
}

/** Groups as they are printed: the strongest by themselves, the others together, what is fixed (a bias) last. @param {number[][]} groups @param {number[]} fixed @param {Ruler} marks @param {number} [always]  a group that is listed in any case @param {number} [listed] */
function partsOf(groups, fixed, marks, always, listed = LISTED) {
  const weight = groups.map((group) => Math.abs(group.reduce((sum, v) => sum + v, 0))), all = groups.map((_, n) => n);
  let shown = groups.length <= listed ? all : [...all].sort((a, b) => weight[b] - weight[a]).slice(0, STRONGEST);
  if (always !== undefined && !shown.includes(always)) shown = [...shown.slice(0, -1), always];
  const rest = all.filter((n) => !shown.includes(n));
  const parts = [...shown.map((n) => groups[n]), ...(rest.length ? [rest.flatMap((n) => groups[n])] : []), ...fixed.map((value) => [value])];
  return { shown, rest: rest.length, ...subtotalsThatAddUp(parts, marks) };
}

/** Window, kernel, products; the sum of a channel; the sum over channels and bias. @param {App} app @param {Layer} layer @param {number[]} cell @param {Working} made @param {import('./grids.js').Window} drawn */
function windowSum(app, layer, cell, made, drawn) {
  const channels = [...drawn.grids.keys()], groups = [...drawn.grids.values()].map((rows) => termsOf(rows).map(({ value }) => value));
  const strong = groups.reduce((best, group, n) => (Math.abs(sum(group)) > Math.abs(sum(groups[best])) ? n : best), 0);
  const chosen = app.state.channel !== null && channels.includes(app.state.channel) ? channels.indexOf(app.state.channel) : strong;
  const channel = channels[chosen], rows = /** @type {import('./grids.js').Grid} */ (drawn.grids.get(channel)), flat = termsOf(rows);
  const marks = ruler(made.terms.map(({ value }) => value)), fixed = drawn.others.map(({ value }) => value);
  const alone = channels.length === 1, parts = alone ? null : partsOf(groups, fixed, marks, chosen);
  // One channel: its products and the bias add up to the total directly.
  const together = alone ? subtotalsThatAddUp([...flat.map(({ value }) => [value]), ...fixed.map((value) => [value])], marks).outer : null;
  const inner = parts ? parts.inner[parts.shown.indexOf(chosen)] : { terms: together?.terms.slice(0, flat.length) ?? [], total: '' };
  const texts = rows.map((row) => row.map((term) => (term ? inner.terms[flat.indexOf(term)] : '')));
  const name = layer.inputs[0], region = sources(layer, app.shapes, cell)[name];
  const windowMarks = ruler(flat.map(({ factors }) => factors[0].value)), weightMarks = ruler(flat.map(weightOf));
  const weights = drawn.weighted ? kernelGrid(app, layer, rows, weightMarks, cell, channel) : '';
  const range = niceCeil(Math.max(...made.terms.map(({ value }) => Math.abs(value))));
  const one = alone ? together?.total : inner.total;
  return html`<div class="grids wide">${mini(app, name, channel, boxOf(region))}
    ${grid(rows.map((row) => row.map((term) => (term ? print(term.factors[0].value, windowMarks) : 'edge'))), (i, j) => (rows[i][j] ? stageStyle(app, name, channel, rows[i][j]?.factors[0].value ?? 0) : ''), html`window <s>${app.isPixels(name) ? '0 to 255' : `±${app.rangeOf(name, channel)}`}</s>`, `window: ${spanOf(flat, 0, name)}`)}
    ${weights}${drawn.weighted ? html`<span class="op">=</span>${grid(texts, (i, j) => cellStyle(app.look.colours.signed, entry(rows[i][j]?.value ?? 0, range)), html`products <s>±${range}</s>`, 'products')}` : ''}<span class="op">→</span>
    ${mini(app, layer.name, cell[2], [cell[0], cell[0] + 1, cell[1], cell[1] + 1], reached(app, layer.name, cell))}</div>
  <div class="sum"><span class="lead">${alone ? 'sum' : `map ${channel}`}</span>${texts.map((row, i) => html`<span class="row">${row.filter(Boolean).map((text, j) => addend(text, i === firstRow(texts) && j === 0))}</span>`)}
    ${alone ? drawn.others.map((term, n) => html`<span class="row">${addend(together?.terms[flat.length + n] ?? '', false)}<small>${term.factors[0].of}</small></span>`) : ''}<span class="row">= <b class="total">${one}</b></span></div>
  ${parts ? html`<div class="sum maps"><span class="lead">all maps</span><span class="row">${parts.shown.map((n, place) => html`<button class="group" data-channel="${channels[n]}" aria-pressed="${n === chosen}">${addend(parts.outer.terms[place], place === 0)}<small>map ${channels[n]}</small></button>`)}</span>
    ${parts.rest ? html`<span class="row"><span class="group">${addend(parts.outer.terms[parts.shown.length], false)}<small>${parts.rest} others</small></span></span>` : ''}${drawn.others.map((term, n) => html`<span class="row"><span class="group">${addend(parts.outer.terms[parts.shown.length + (parts.rest ? 1 : 0) + n], false)}<small>${term.factors[0].of}</small></span></span>`)}<span class="row">= <b class="total">${parts.outer.total}</b></span></div>` : ''}
  ${stepsOf(made, (parts?.outer.total ?? one) || '', marks)}`;
}

/** @param {string[][]} rows */
const firstRow = (rows) => rows.findIndex((row) => row.some(Boolean));

/** @param {number[]} values */
const sum = (values) => values.reduce((total, v) => total + v, 0);

/** What multiplies the window; a kernel's numbers can be changed. @param {App} app @param {Layer} layer @param {import('./grids.js').Grid} rows @param {Ruler} marks @param {number[]} cell @param {number} channel */
function kernelGrid(app, layer, rows, marks, cell, channel) {
  const factor = /** @type {Term} */ (rows.flat().find(Boolean)).factors[1], weight = app.weightsOf(layer.name)?.[factor.of];
  const range = weight ? niceCeil(weight.data.reduce((top, v) => Math.max(top, Math.abs(v)), 0)) : 1;
  const whole = weight && weight.shape.length === factor.cell.length && rows.flat().some((term) => !term);
  const at = (/** @type {number} */ i, /** @type {number} */ j) => {
    const term = rows[i][j];
    if (term || !whole || !weight) return term ? weightOf(term) : null;
    const [, columns, depth, kernels] = weight.shape;
    return weight.data[((i * columns + j) * depth + factor.cell[2]) * kernels + factor.cell[3]];   // over the edge: it multiplies nothing
  };
  const texts = rows.map((row, i) => row.map((_, j) => { const v = at(i, j); return v === null ? '' : print(v, marks); }));
  const names = /** @type {Term} */ (rows.flat().find(Boolean)).factors.slice(1).map(({ of }) => of).join(' × ');
  return html`<span class="op">×</span>${grid(texts, (i, j) => cellStyle(app.look.colours.signed, entry(at(i, j) ?? 0, range)),
    html`${factor.of === 'kernel' ? html`kernel ${cell[2]}${weight && weight.shape[2] > 1 ? `, map ${channel}` : ''}` : names} ${weight ? html`<s>±${range}</s>` : ''}`, names,
    weight ? { edit: (i, j) => `${layer.name} ${factor.of} ${[i, j, ...factor.cell.slice(2)].join(' ')}` } : {})}`;
}

/** Terms that are something else of a number (the powers of softmax): a table in order. @param {App} app @param {Layer} layer @param {Working} made */
function formulas(app, layer, made) {
  const marks = { decimals: FINE, exponent: 0 }, parts = partsOf(made.terms.map(({ value }) => [value]), [], marks), x = ruler(made.terms.map(({ factors }) => factors[0].value));
  return html`<div class="grids"><div class="sum listed"><table class="votes"><thead><tr><th></th><td>x</td><td></td><td></td></tr></thead>${parts.shown.map((n, place) => {
    const { factors: [factor], formula } = made.terms[n], name = sourceOf(layer, factor.of);
    return html`<tr data-layer="${name}" data-cell="${factor.cell.join(' ')}" class="${factor.cell.join() === app.focus.cell.join() ? 'own' : ''}"><th>${cellLink(app, name, factor.cell)}</th><td>${print(factor.value, x)}</td><td class="x">${signed(formula)}</td><td class="t">${parts.outer.terms[place]}</td></tr>`;
  })}${parts.rest ? html`<tr class="rest"><th>${parts.rest} others</th><td></td><td></td><td class="t">${parts.outer.terms[parts.shown.length]}</td></tr>` : ''}
    <tr class="sub"><th>together</th><td></td><td></td><td class="total">${parts.outer.total}</td></tr></table></div>
    <div class="say">${stepsOf(made, parts.outer.total, marks)}</div></div>`;
}

/** A long sum: what speaks for it and what against, strongest first. @param {App} app @param {Layer} layer @param {Working} made */
function votes(app, layer, made) {
  const fed = made.terms.filter(({ factors }) => factors.some(({ of }) => sourceOf(layer, of))), fixed = made.terms.filter((term) => !fed.includes(term));
  const entries = fed.map((term) => ({ name: sourceOf(layer, term.factors[0].of), cell: term.factors[0].cell, factors: term.factors, value: term.value }));
  return html`${ranked(app, entries, fixed.map((term) => ({ name: term.factors.length === 1 ? term.factors[0].of : where(layer, term.factors[0]), value: term.value })), { pro: 'Votes for', con: 'Votes against', lead: 'sum' }).markup}${stepsOf(made, print(made.combined, ruler(made.terms.map(({ value }) => value))), ruler(made.terms.map(({ value }) => value)))}`;
}

/**
 * Two ranked lists, for and against, and how they add up.
 * @param {App} app @param {{name: string, cell: number[], factors: {value: number, of: string}[], value: number}[]} entries @param {{name: string, value: number}[]} fixed
 * @param {{pro: string, con: string, lead: string, top?: number}} words
 */
export function ranked(app, entries, fixed, { pro, con, lead, top = VOTES }) {
  const strong = entries.filter(({ value }) => value !== 0).sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const sides = [strong.filter(({ value }) => value > 0), strong.filter(({ value }) => !(value > 0))];
  const marks = ruler([...entries.map(({ value }) => value), ...fixed.map(({ value }) => value)]);
  // Nested: the votes of a side add up to its subtotal; the two and what is fixed add up to the total.
  const { outer, inner } = subtotalsThatAddUp([...sides.map((side) => side.map(({ value }) => value)), ...fixed.map(({ value }) => [value])], marks);
  const longest = Math.abs(strong[0]?.value ?? 1), most = entries[0]?.factors.length ?? 1;
  const rulers = Array.from({ length: most }, (_, n) => ruler(entries.map(({ factors }) => factors[n]?.value ?? 0)));
  const list = (/** @type {number} */ n, /** @type {string} */ words) => {
    const side = sides[n], shown = Math.min(top, side.length), rest = side.length - shown, texts = inner[n].terms;
    const others = rest ? addTexts(texts.slice(shown), marks) : '';
    return html`<table class="votes sum"><caption>${words}</caption>${side.slice(0, shown).map((one, i) => html`<tr data-layer="${one.name}" data-cell="${one.cell.join(' ')}"><th>${cellLink(app, one.name, one.cell)}</th>
      ${most > 1 ? one.factors.map(({ value }, f) => html`<td>${print(value, rulers[f])}</td><td class="x">${f < one.factors.length - 1 ? '×' : '='}</td>`) : ''}<td class="t">${texts[i]}</td><td class="bar"><i style="width:${Math.min(1, Math.abs(one.value) / longest) * 100}%;background:${css(app.look.colours.signed, n ? 60 : 196)}"></i></td></tr>`)}
      ${Array.from({ length: Math.min(top, Math.max(...sides.map((one) => one.length))) - shown }, () => html`<tr class="none"><th>&nbsp;</th></tr>`)}
      <tr class="rest"><th>${rest ? `${rest} more` : html`&nbsp;`}</th><td colspan="${most > 1 ? 2 * most : 0}" class="${most > 1 ? '' : 'gone'}"></td><td class="${rest ? 't' : ''}">${others}</td><td></td></tr>
      <tr class="sub"><th>together</th><td colspan="${most > 1 ? 2 * most : 0}" class="${most > 1 ? '' : 'gone'}"></td><td class="total">${inner[n].total}</td><td></td></tr></table>`;
  };
  const silent = entries.length - strong.length;
  return {
    total: outer.total,
    markup: html`<div class="two">${list(0, pro)}${list(1, con)}</div><div class="sum"><span class="lead">${lead}</span><span class="row">${addend(outer.terms[0], true)}<small>for</small></span><span class="row">${addend(outer.terms[1], false)}<small>against</small></span>
      ${fixed.map(({ name }, n) => html`<span class="row">${addend(outer.terms[2 + n], false)}<small>${name}</small></span>`)}<span class="row">= <b class="total">${outer.total}</b></span>${silent ? html`<span class="zeros">${silent} of ${entries.length} cells are zero and have no vote</span>` : ''}</div>`,
  };
}

/** The sum of printed numbers, printed: exact, in whole units of the last place. @param {string[]} texts @param {Ruler} marks */
function addTexts(texts, marks) {
  const units = texts.reduce((total, text) => total + BigInt(text.split('e')[0].replace(MINUS, '-').replace('.', '')), 0n);
  return print(Number(units) / 10 ** (marks.decimals - marks.exponent), marks);
}
