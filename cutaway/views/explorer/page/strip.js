/** The net as one strip: picture, every stage as a column of maps, the guesses as bars. Pointing, pinning, walking. */

import { find, html, put } from './dom.js';
import { cellOfClass } from './guesses.js';
import { cellsIn } from './layers/layer.js';
import { drawMaps } from './maps.js';
import { drawMarks } from './marks.js';
import { behind, feeds, sourceOf, sources, consumers } from './net.js';
import { grouped, percent } from './numbers.js';
import { barClasses, barRect, barsOf, cellUnder, layOut } from './plan.js';

/** The canvases are this much larger than the strip on every side, so that frames at its edge are not cut. */
const MARGIN = 3;
const NARROW = 700, TIGHT = 1160, HEAD = 46, STRONGEST = 14, LEAVING = 300;

/** @param {import('./app.js').App} app @param {HTMLElement} bench */
export function makeStrip(app, bench) {
  put(bench, html`<canvas class="maps" aria-hidden="true"></canvas><canvas class="marks" aria-hidden="true"></canvas>
    <div class="still"></div><div class="stilllabel"></div><div class="scroller" tabindex="-1"><div class="spacer"></div><div class="labels"></div><ol class="guesses" aria-label="the guesses"></ol></div>`);
  const maps = /** @type {HTMLCanvasElement} */ (find(bench, '.maps')), marks = /** @type {HTMLCanvasElement} */ (find(bench, '.marks'));
  const scroller = find(bench, '.scroller'), labels = find(bench, '.labels'), guesses = find(bench, '.guesses'), still = find(bench, '.still'), stillLabel = find(bench, '.stilllabel');
  const pixels = {};
  let plan = layOut(app, 1000, false);
  const context = (/** @type {HTMLCanvasElement} */ canvas) => /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  /** Kept, since asking the page makes it lay out everything anew. */
  let scrolled = 0, seen = 0;
  const view = () => ({ scroll: plan.down ? 0 : scrolled, seen, margin: MARGIN });

  /** Where everything goes, for this width and these layers. */
  function place() {
    const width = bench.clientWidth, down = width < NARROW;
    seen = width;
    app.root.classList.toggle('down', down);
    app.root.classList.toggle('tight', !down && width < TIGHT);
    plan = layOut(app, width, down, down ? app.controlsHeight() : 0);
    const head = down ? 0 : HEAD;
    bench.style.height = `${plan.height + head + (plan.width > width ? 12 : 0)}px`;
    const density = down ? Math.min(app.look.density, Math.sqrt(14e6 / (width * plan.height))) : app.look.density;
    app.look = { ...app.look, density };
    for (const canvas of [maps, marks]) {
      const size = [width + 2 * MARGIN, plan.height + 2 * MARGIN];
      [canvas.width, canvas.height] = size.map((v) => Math.round(v * density));
      Object.assign(canvas.style, { width: `${size[0]}px`, height: `${size[1]}px`, left: `${-MARGIN}px`, top: `${head - MARGIN}px` });
    }
    scroller.style.left = `${down ? 0 : plan.left - 6}px`;
    Object.assign(find(scroller, '.spacer').style, { width: `${down ? width : plan.width - plan.left + 6}px`, height: `${plan.height + head}px` });
    scroller.classList.toggle('wide', plan.width > width);
    const prepared = plan.bands[0];
    Object.assign(still.style, { left: `${prepared.x}px`, top: `${prepared.y + head}px`, width: `${prepared.w}px`, height: `${prepared.h}px` });
    app.root.style.setProperty('--left', `${plan.left}px`);
    putLabels();
    paint();
  }

  /** @param {import('./plan.js').Band} band */
  function label(band) {
    const origin = plan.down || band.fixed ? 0 : plan.left - 6, layer = app.layer(band.name), shape = app.shapes[band.name].join('×');
    const where = plan.down ? `left:0;top:${band.labelY}px` : `left:${band.x - origin}px;top:${band.fixed ? band.y + HEAD - 41 : band.folded ? HEAD : 0}px`;
    const scale = app.isPixels(band.name) ? '0 to 255' : band.kind === 'bars' ? 'probability' : html`±<span data-range="${band.name}"></span>`;
    const title = band.fixed ? 'picture' : band.name;
    const cost = layer ? `${layer.text}: ${grouped(layer.parameters)} parameters, ${grouped(layer.multiplications)} multiplications` : 'the picture';
    return html`<span class="label ${band.folded ? 'folded' : ''} ${layer?.kind.word === 'off' ? 'off' : ''}" style="${where}"><button class="name" data-layer="${band.name}" title="${cost}; double-click folds it"
      aria-label="${title}${title === band.name ? '' : ` (${band.name})`}, ${shape}; ${cost}">${title}</button>${band.folded ? '' : html`<small>${shape}</small><small>${scale}</small>`}</span>`;
  }

  function putLabels() {
    const origin = plan.down ? 0 : plan.left - 6;
    put(stillLabel, html`${plan.bands.filter(({ fixed }) => fixed).map(label)}`);
    put(labels, html`${plan.bands.filter(({ fixed }) => !fixed).map(label)}`);
    const bars = plan.bands.find(({ kind }) => kind === 'bars');
    guesses.hidden = !bars || bars.folded;
    if (!bars) return;
    Object.assign(guesses.style, { left: `${bars.x - origin}px`, top: `${bars.y + (plan.down ? 0 : HEAD)}px`, width: `${plan.down ? plan.width : bars.w}px` });
    put(guesses, html`${barClasses(app).map((_, n) => {
      const [, y, , h] = barRect(plan, bars, n, barsOf(app));
      return html`<li style="top:${y - bars.y}px;height:${h}px"><b></b><i><u></u></i><span></span></li>`;
    })}`);
  }

  /** Stages that are in sight. */
  function inSightNow() {
    const { scroll, seen: wide } = view();
    return plan.bands.filter((band) => !band.folded && (band.fixed || plan.down || (band.x + band.w - scroll > 0 && band.x - scroll < wide))).map(({ name }) => name);
  }

  function paint() {
    app.want([...inSightNow(), app.output.name]);
    drawMaps(context(maps), app, plan, view(), pixels);
    for (const span of bench.querySelectorAll('[data-range]')) {
      const name = /** @type {HTMLElement} */ (span).dataset.range ?? '';
      span.textContent = app.state.range === 'map' ? ' each map' : String(app.rangeOf(name));
    }
    showGuesses();
    mark();
  }

  function showGuesses() {
    const shares = app.guesses, [best] = app.ranking;
    barClasses(app).forEach((index, n) => {
      const row = guesses.children[n];
      if (!row) return;
      row.className = index === best ? 'best' : '';
      /** @type {HTMLElement} */ (row).dataset.class = String(index);
      find(row, 'b').textContent = app.classes[index];
      find(row, 'b').title = app.classes[index];
      find(row, 'u').style.width = `${shares[index] * 100}%`;
      find(row, 'span').textContent = percent(shares[index]);
    });
  }

  function mark() {
    drawMarks(context(marks), app, plan, view(), focusOf(app, plan));
    const { layer, cell } = app.focus;
    for (const row of guesses.children) row.classList.toggle('here', layer === app.output.name && cellOfClass(app.content.kind, Number(/** @type {HTMLElement} */ (row).dataset.class))[0] === cell[0]);
    for (const label of bench.querySelectorAll('.label .name')) label.classList.toggle('here', /** @type {HTMLElement} */ (label).dataset.layer === layer);
  }

  // ---- pointing

  /** The cell under the pointer. @param {PointerEvent | MouseEvent} event @returns {import('./app.js').Place | null} */
  function under(event) {
    const box = bench.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top - (plan.down ? 0 : HEAD);
    const row = /** @type {Element | null} */ (event.target instanceof Element ? event.target.closest('.guesses li') : null);
    if (row) return { layer: app.output.name, cell: cellOfClass(app.content.kind, Number(/** @type {HTMLElement} */ (row).dataset.class)) };
    for (const band of plan.bands) {
      const cell = cellUnder(plan, band, band.fixed || plan.down ? x : x + scrolled, y);
      if (cell && (band.fixed || plan.down || x >= plan.left - 6)) return { layer: band.name, cell };
    }
    return null;
  }

  let leaving = 0;
  const leave = () => { if (app.state.hover) app.change({ hover: null }, 'focus'); };
  /** @param {PointerEvent} event */
  function point(event) {
    if (event.pointerType === 'touch' || app.state.playing) return;
    const hit = under(event), { hover } = app.state;
    if (hit ? hover && hit.layer === hover.layer && hit.cell.join() === hover.cell.join() : !hover) return clearTimeout(leaving);
    clearTimeout(leaving);
    if (hit) app.change({ hover: hit, channel: null }, 'focus');
    else leaving = setTimeout(leave, LEAVING);                                              // crossing a gap is not leaving
  }
  for (const element of [scroller, still]) {
    element.addEventListener('pointermove', point);
    element.addEventListener('pointerleave', () => { clearTimeout(leaving); leave(); });
    element.addEventListener('click', (event) => {
      const hit = under(event);
      if (hit) app.pin(hit);
    });
  }
  scroller.addEventListener('scroll', () => { scrolled = scroller.scrollLeft; app.want(inSightNow()); drawMaps(context(maps), app, plan, view(), pixels); mark(); }, { passive: true });
  bench.addEventListener('click', (event) => {
    const name = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest('.label .name'))?.dataset.layer : undefined;
    if (!name) return;
    if (app.state.folded.includes(name)) app.fold(name, false);
    else app.pin({ layer: name, cell: app.strongestCell(name) });
  });
  bench.addEventListener('dblclick', (event) => {
    const name = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest('.label .name'))?.dataset.layer : undefined;
    if (name && name !== app.prepared) app.fold(name, true);
  });
  bench.addEventListener('focusin', (event) => {
    const name = event.target instanceof HTMLElement && event.target.matches(':focus-visible') ? event.target.closest('.label')?.querySelector('button')?.dataset.layer : undefined;
    if (name && name !== app.focus.layer) app.change({ hover: { layer: name, cell: app.cellIn(name) }, channel: null }, 'focus');
    if (name) reveal(name);
  });

  /** Brings a band into sight. @param {string} name */
  function reveal(name) {
    const band = plan.byName[name];
    if (!band || band.fixed || plan.down || plan.width <= bench.clientWidth) return;
    const left = band.x - plan.left, right = band.x + band.w - bench.clientWidth;
    if (scroller.scrollLeft > left) scroller.scrollLeft = left - 20;
    else if (scroller.scrollLeft < right) scroller.scrollLeft = right + 20;
  }

  let revealed = app.state.pin.layer;
  app.listen((what) => {
    if (what.has('look') || what.has('layout') || what.has('net')) place();
    else if (what.has('stages')) paint();
    else if (what.has('focus')) mark();
    const { pin, hover } = app.state;
    if (!hover && pin.layer !== revealed) reveal(revealed = pin.layer);
  });
  let width = 0;
  const observer = new ResizeObserver(() => {
    if (bench.clientWidth !== width) { width = bench.clientWidth; app.tell('layout'); }
  });
  observer.observe(bench);
  return {
    place,
    reveal,
    get plan() { return plan; },
    get scroll() { return view().scroll; },
    paint,
    stop() { observer.disconnect(); },
  };
}

/** What is to be marked for the cell in focus. @param {import('./app.js').App} app @param {import('./plan.js').Plan} plan @returns {import('./marks.js').Focus | null} */
export function focusOf(app, plan) {
  const { layer: name, cell } = app.focus, layer = app.layer(name);
  if (!cell.length) return null;
  /** @type {Record<string, import('./layers/layer.js').Region>} */
  const fed = {};
  for (const next of consumers(app.net, name)) {
    const found = feeds(next, app.shapes, name, cell);
    if (found) fed[next.name] = found.box;
  }
  const boxes = behind(app.net, app.shapes, name, cell);
  return { name, cell, behind: boxes, direct: layer ? inSight(app, plan, sources(layer, app.shapes, cell), boxes) : {}, feeds: fed, votes: votesOf(app, plan), pointing: Boolean(app.state.hover) };
}

/** @param {import('./plan.js').Plan} plan @param {string} name */
const isShown = (plan, name) => Boolean(plan.byName[name] && !plan.byName[name].folded);

/** The sources that can be seen: in place of a stage that is folded away, what it was made from. @param {import('./app.js').App} app @param {import('./plan.js').Plan} plan @param {Record<string, import('./layers/layer.js').Region>} regions @param {Record<string, import('./layers/layer.js').Region>} boxes @returns {Record<string, import('./layers/layer.js').Region>} */
function inSight(app, plan, regions, boxes) {
  return Object.fromEntries(Object.entries(regions).flatMap(([name, region]) => {
    const layer = app.layer(name);
    if (isShown(plan, name) || !layer) return [[name, region]];
    return Object.entries(inSight(app, plan, Object.fromEntries(layer.inputs.filter((source) => boxes[source]).map((source) => [source, boxes[source]])), boxes));
  }));
}

/** The strongest votes, where a cell adds up a list; each from where it can be seen. @param {import('./app.js').App} app @param {import('./plan.js').Plan} plan */
function votesOf(app, plan) {
  const { layer: name } = app.focus, layer = app.layer(name), { made } = app;
  if (!layer || !made || made.rule !== 'sum' || app.shapes[layer.inputs[0]].length !== 1 || !made.terms.some(({ factors }) => factors.length > 1)) return [];
  const strong = made.terms.filter(({ value, factors }) => value && factors[0].of.startsWith('input')).sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, STRONGEST);
  return strong.map(({ factors: [factor], value }) => {
    let at = { name: sourceOf(layer, factor.of), cell: factor.cell };
    while (!isShown(plan, at.name)) {
      const before = app.layer(at.name), found = before ? Object.entries(sources(before, app.shapes, at.cell)) : [];
      if (found.length !== 1 || cellsIn(found[0][1]) !== 1) break;
      at = { name: found[0][0], cell: found[0][1].map(([place]) => place) };
    }
    return { ...at, value };
  });
}
