/**
 * The explorer: any trained net, opened down to the single multiplication. One module for a page, a notebook and a
 * server; it talks to the outside through `model` alone, as anywidget gives it.
 */

import { App } from './app.js';
import { compareLine, makeBeside } from './beside.js';
import { css } from './colour.js';
import { openPicture } from './content.js';
import { find, html, numbers, put } from './dom.js';
import { HELP, listenToKeys } from './keys.js';
import { drawMap } from './maps.js';
import { address } from './net.js';
import { percent, printed } from './numbers.js';
import { makeEditor } from './editor.js';
import { makeEpochs } from './epochs.js';
import { makeHeat } from './heat.js';
import { makeInput } from './input.js';
import { makeLearn } from './learn.js';
import { follow, keepLink } from './link.js';
import { makePatches } from './patches.js';
import { layOut } from './plan.js';
import { makePlayer } from './player.js';
import { makeStrip } from './strip.js';
import { makeTable } from './table.js';
import { makeWhy } from './why.js';
import { makeWhatIf } from './whatif.js';
import { workingMarkup } from './working.js';
/** Layers that are folded where the strip would be too wide: what they do is seen in the layer before or after. */
const QUIET = ['relu', 'relu6', 'leaky', 'prelu', 'tanh', 'silu', 'gelu', 'hardswish', 'hardsigmoid', 'norm', 'dropout', 'flatten', 'lrn'];

/** @param {{model: import('./host.js').Host, el: HTMLElement}} given @returns {Promise<() => void>} */
async function render({ model, el }) {
  const alone = el === document.body;
  const root = document.createElement('div');
  root.className = 'cutaway';
  root.dataset.lmSuppressShortcuts = 'true';                                                // JupyterLab's own keys stay out of it
  el.append(root);
  try {
    const content = model.get('content');
    const pictures = await Promise.all(content.pictures.map(openPicture));
    return open(content, pictures, model, root, alone);
  } catch (error) {
    console.error(error);
    put(root, html`<p class="trouble" role="alert">This page cannot show the net: ${error instanceof Error ? error.message : error}.</p>`);
    return () => root.remove();
  }
}

/** @param {import('./content.js').Content} content @param {import('./content.js').Picture[]} pictures @param {import('./host.js').Host} host @param {HTMLElement} root @param {boolean} alone  whether the page, and so its address, is ours */
function open(content, pictures, host, root, alone) {
  put(root, frame(content));
  const app = new App(content, pictures, host, root);
  const part = (/** @type {string} */ name) => find(root, `.${name}`);
  app.speak = (text) => { part('spoken').textContent = text; };
  startFolded(app, root.clientWidth);
  const strip = makeStrip(app, part('bench'));
  const input = makeInput(app, part('padhost'), part('controls'));
  app.controlsHeight = () => part('controls').offsetHeight + 8;
  const player = makePlayer(app, part('player'));
  const table = makeTable(app, part('table'));
  listenToKeys(app, part('bench'), strip, player);
  makeEditor(app, part('working'));
  makeEpochs(app, part('epochs'));
  /** @type {[string, () => void][]} */
  const drawn = [['why', makeWhy(app, part('why'))], ['heat', makeHeat(app, part('heat'))], ['learn', makeLearn(app, part('learn'))], ['what-if', makeWhatIf(app, part('what-if'))], ['patches', makePatches(app, part('patches'), input.take)]];
  const sections = drawn.map(([name, draw]) => whenSeen(app, part(name), draw));
  const beside = makeBeside(app, part('beside'), find(part('bench'), '.scroller'));
  find(root, '.show-beside').addEventListener('click', () => {
    beside.toggle();
    find(root, '.show-beside').setAttribute('aria-expanded', String(!part('beside').hidden));
  });
  listen(app, root, table);

  app.listen((what) => {
    if (what.has('look')) legend(app, root);
    if (what.has('focus') || what.has('stages') || what.has('net') || what.has('look') || what.has('layout') || what.has('beside')) showWorking(app, root, strip);
    if (what.has('stages')) showBest(app, root);
    if (what.has('trouble')) showTrouble(app, root);
    if (what.has('picture')) unhide(app);
    sections.forEach((update) => update());
  });
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const recolour = () => { app.look = app.readLook(); app.tell('look'); };
  dark.addEventListener('change', recolour);
  app.tell('layout', 'look', 'stages', 'focus', 'trouble');
  app.refresh();
  Object.assign(root, { app, strip, input, opened: performance.now(), showWorking: () => showWorking(app, root, strip) });                                               // for tests
  if (alone) {
    const folded = [...app.state.folded];
    follow(app, input, location.hash).then(() => keepLink(app, input, folded));
    addEventListener('hashchange', () => follow(app, input, location.hash));
  }
  return () => {
    dark.removeEventListener('change', recolour);
    strip.stop();
    root.remove();
  };
}

/** @param {import('./content.js').Content} content */
const frame = (content) => html`<header><h1>cutaway</h1><p class="about">${[content.title, ...content.about].join(' · ')}</p><output class="best" aria-label="guess"></output>
    <p class="legend"><span class="of"></span><span class="low"></span><canvas width="255" height="1" role="img" aria-label="colours: blue is negative, paper is zero, orange is positive"></canvas><span class="high"></span>
      <label>colours span <select class="range"><option value="layer">each layer</option><option value="net">the whole net</option><option value="map">each map</option></select></label>
      <button class="text show-beside" aria-expanded="false">two at once</button><button class="text show-table" aria-expanded="false">layers</button><button class="text show-keys" aria-expanded="false">keys</button></p></header>
  <p class="hint">${content.ink ? 'Draw, or turn this one: the net follows every stroke.' : 'Turn, paint out, or drop a picture of your own: the net follows.'} Point at any cell to see what made it, click to keep it.</p>
  <p class="trouble" role="alert" hidden></p><div class="help" hidden>${HELP}</div><div class="table" hidden></div><p class="epochs" hidden></p>
  <main><section class="bench-box" aria-label="the net"><div class="bench"></div><div class="padhost"></div></section><section class="beside" aria-label="beside" hidden></section><div class="rule" aria-hidden="true"><i></i></div>
    <aside class="controls" aria-label="the picture"></aside>
    <div class="explain"><section class="working" aria-label="working"><div class="head"><h2 class="where"></h2><p class="what"></p><p class="player"></p></div><div class="body"></div></section>
      <section class="why" aria-label="why this guess"></section><section class="heat" aria-label="where it comes from"></section><section class="learn" aria-label="the loss and a learning step"></section>
      <section class="what-if" aria-label="what if"></section><section class="patches" aria-label="what this map looks for"></section></div></main>
  <p class="spoken" aria-live="polite"></p><footer>Every number is computed ${content.remote ? 'by the program that opened this page' : 'in this page, from the weights that it carries'}. Printed sums add up as printed.</footer>`;

/** Preparation is folded, or hidden where it changes nothing; and of a net that would be too wide, what only bends or passes on. @param {App} app @param {number} width */
function startFolded(app, width) {
  const { prepared } = app, before = ['input', ...app.net.filter(({ keepsPixels }) => keepsPixels).map(({ name }) => name)].filter((name) => name !== prepared);
  app.hidden = new Set(before.filter((name) => same(app.stages[name], app.stages[prepared])));
  app.state.folded = [...before, ...app.net.filter(({ kind }) => ['scale', 'normalise'].includes(kind.word)).map(({ name }) => name)];
  const room = width - 48;
  if (width < 760 ? app.net.length > 8 : layOut(app, room, false).width > room) app.state.folded.push(...app.net.filter(({ kind, name }) => QUIET.includes(kind.word) && name !== app.output.name).map(({ name }) => name));
}

/** Preparation that was hidden since it changed nothing is shown, folded, once it does. @param {App} app */
function unhide(app) {
  const changing = [...app.hidden].filter((name) => app.isPixels(name) && app.stages[name] && !same(app.stages[name], app.stages[app.prepared]));
  if (!changing.length) return;
  changing.forEach((name) => app.hidden.delete(name));
  app.tell('layout');
}

/** @param {import('./layers/layer.js').Tensor | undefined} a @param {import('./layers/layer.js').Tensor | undefined} b */
const same = (a, b) => Boolean(a && b && a.shape.join() === b.shape.join() && a.data.every((v, n) => v === b.data[n]));

/** Draws a section when it is in sight, and again when what it shows has changed; not when something is only pointed at, or it would be replaced under the pointer. @param {App} app @param {HTMLElement} section @param {() => void} draw */
function whenSeen(app, section, draw) {
  let seen = false, drawn = '';
  const shown = () => {
    const { pin, chosen, rival, label, weight, range } = app.state;
    return JSON.stringify([app.version, pin, chosen, rival, label, weight, range, app.look.dark, app.fresh.size, Object.keys(app.weights).length]);
  };
  const update = () => {
    const now = shown();
    if (!seen || now === drawn) return;
    drawn = now;
    draw();
  };
  new IntersectionObserver(([{ isIntersecting }]) => { seen = isIntersecting; update(); }, { rootMargin: '200px' }).observe(section);
  return update;
}

/** @param {App} app @param {HTMLElement} root */
function legend(app, root) {
  const canvas = /** @type {HTMLCanvasElement} */ (find(root, '.legend canvas')), context = canvas.getContext('2d');
  if (!context) return;
  const image = context.createImageData(255, 1);
  new Uint32Array(image.data.buffer).set(app.look.colours.signed.packed.subarray(1));
  context.putImageData(image, 0, 0);
  root.style.setProperty('--positive', css(app.look.colours.signed, 196));
  root.style.setProperty('--negative', css(app.look.colours.signed, 60));
}

/** @param {App} app @param {HTMLElement} root */
function showTrouble(app, root) {
  const line = find(root, '.trouble');
  line.textContent = app.trouble;
  line.hidden = !app.trouble;
}

/** @param {App} app @param {HTMLElement} root */
function showBest(app, root) {
  const [best] = app.ranking;
  put(find(root, '.best'), html`<b>${app.classes[best]}</b> ${percent(app.guesses[best])}`);
}

/** @param {App} app @param {HTMLElement} root @param {ReturnType<typeof makeStrip>} strip */
function showWorking(app, root, strip) {
  const { layer: name, cell } = app.focus, layer = app.layer(name), value = app.valueOf(name, cell);
  put(find(root, '.where'), html`${address(name, cell)} <span>= ${name === app.output.name && layer?.kind.word === 'softmax' ? percent(value, 2) : printed(value)}</span>${app.other ? html` <span class="quiet">${compareLine(app)}</span>` : ''}`);
  find(root, '.what').textContent = layer ? `${layer.text}: ${layer.kind.says}` : 'the picture, as it came in';
  put(find(root, '.working .body'), workingMarkup(app));
  for (const canvas of root.querySelectorAll('.working canvas[data-stage]')) {
    const { stage = '', map, until } = /** @type {HTMLElement} */ (canvas).dataset;
    drawMap(/** @type {HTMLCanvasElement} */ (canvas), app, stage, Number(map), until ? Number(until) : undefined);
  }
  const pixels = app.isPixels(name), top = pixels ? '255' : String(app.rangeOf(name, cell[cell.length - 1]));
  find(root, '.legend .of').textContent = name;
  find(root, '.legend .low').textContent = pixels ? '' : `−${top}`;
  find(root, '.legend .high').textContent = pixels ? '0 to 255' : `+${top}`;
  settle(app, root, strip);
}

/** A tick ties the working to its layer; a working that is narrower than the page stands under the layer that it explains. @param {App} app @param {HTMLElement} root @param {ReturnType<typeof makeStrip>} strip */
function settle(app, root, strip) {
  const band = strip.plan.byName[app.focus.layer], body = find(root, '.working .body'), where = find(root, '.where');
  const middle = band ? (band.fixed ? band.x : band.x - strip.scroll) + Math.min(band.w, 60) / 2 : 0;
  find(root, '.rule i').style.left = `${middle}px`;
  body.style.paddingLeft = where.style.marginLeft = '0';
  const first = body.firstElementChild;
  if (strip.plan.down || !band || !first || first.className === 'two' || first.className === 'grids wide') return;
  const box = first.getBoundingClientRect(), right = Math.max(...[...first.children].map((child) => child.getBoundingClientRect().right)), wide = right - box.left;
  const space = body.clientWidth - wide, heading = body.clientWidth - where.offsetWidth - find(root, '.what').scrollWidth - 28;
  const shift = Math.round(Math.max(0, Math.min(space, heading, middle - parseFloat(getComputedStyle(root).getPropertyValue('--left')) - wide / 2)));
  if (space > 120) body.style.paddingLeft = where.style.marginLeft = `${shift}px`;
}

/** @param {App} app @param {HTMLElement} root @param {{show: () => void}} table */
function listen(app, root, table) {
  const explain = find(root, '.explain');
  explain.addEventListener('click', (event) => {
    if (!(event.target instanceof Element)) return;
    const channel = /** @type {HTMLElement | null} */ (event.target.closest('[data-channel]')), cell = /** @type {HTMLElement | null} */ (event.target.closest('[data-cell]'));
    if (channel) app.change({ channel: Number(channel.dataset.channel) }, 'focus');
    else if (cell && !event.target.closest('select')) app.pin({ layer: cell.dataset.layer ?? '', cell: numbers(cell, 'cell') });
  });
  const working = find(root, '.working');
  // The working keeps its height while votes are pointed at: else they would move away under the pointer.
  find(root, '.why').addEventListener('pointerenter', () => { working.style.height = `${working.offsetHeight}px`; });
  find(root, '.why').addEventListener('pointerover', (event) => {
    const row = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest('tr[data-cell]')) : null;
    if (row) app.change({ hover: { layer: row.dataset.layer ?? '', cell: numbers(row, 'cell') }, channel: null }, 'focus');
  });
  find(root, '.why').addEventListener('pointerleave', () => { working.style.height = ''; if (app.state.hover) app.change({ hover: null }, 'focus'); });
  const range = /** @type {HTMLSelectElement} */ (find(root, '.range'));
  range.addEventListener('change', () => app.change({ range: /** @type {'net' | 'layer' | 'map'} */ (range.value) }, 'stages', 'focus'));
  toggle(find(root, '.show-table'), find(root, '.table'), table.show);
  toggle(find(root, '.show-keys'), find(root, '.help'));
  root.addEventListener('keydown', (event) => {
    if (event.key === '?' && !(event.target instanceof HTMLInputElement)) find(root, '.show-keys').click();
  });
}

/** @param {HTMLElement} button @param {HTMLElement} panel @param {() => void} [shown] */
function toggle(button, panel, shown) {
  button.addEventListener('click', () => {
    panel.hidden = !panel.hidden;
    button.setAttribute('aria-expanded', String(!panel.hidden));
    shown?.();
  });
}

export default { render };
