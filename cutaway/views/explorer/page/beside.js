/** Two at once: a second strip under the first, for another picture, another epoch or another model, on the same colour scale, cursors linked. */

import { App } from './app.js';
import { find, html, put } from './dom.js';
import { tensor } from './layers/layer.js';
import { printed } from './numbers.js';
import { makeStrip } from './strip.js';

/** @param {App} app @param {HTMLElement} root @param {HTMLElement} scroller  of the first strip */
export function makeBeside(app, root, scroller) {
  const others = app.content.beside ?? [];
  /** @type {{app: App, strip: ReturnType<typeof makeStrip>} | null} */
  let second = null;
  put(root, html`<p class="choose"><span class="lead-in">beside</span>${others.length ? html`<label>model <select class="model"><option value="-1">this one</option>${others.map(({ title }, n) => html`<option value="${n}">${title}</option>`)}</select></label>` : ''}
    <label>picture <select class="picture-of"><option value="-1">the same</option>${app.pictures.map(({ name }, n) => html`<option value="${n}">${name}</option>`)}</select></label><label class="epoch-of">epoch <select></select></label> <span class="quiet"></span><output class="guess"></output></p><div class="bench"></div>`);
  const picture = /** @type {HTMLSelectElement} */ (find(root, '.picture-of')), epoch = /** @type {HTMLSelectElement} */ (find(root, '.epoch-of select')), model = /** @type {HTMLSelectElement | null} */ (root.querySelector('.model'));

  /** Whether the second net has this cell too. @param {App} one @param {import('./app.js').Place | null} place */
  const has = (one, place) => Boolean(place && one.shapes[place.layer]?.length === place.cell.length && place.cell.every((at, axis) => at < one.shapes[place.layer][axis]));

  function open() {
    const which = model ? Number(model.value) : -1, content = which < 0 ? app.content : others[which];
    const bench = find(root, '.bench'), fresh = document.createElement('div');
    fresh.className = 'bench';
    bench.replaceWith(fresh);
    second?.strip.stop();
    const host = which < 0 ? app.host : { ...app.host, send: (/** @type {any} */ message, /** @type {any} */ callbacks, /** @type {any} */ buffers) => app.host.send({ ...message, model: which + 1 }, callbacks, buffers) };
    // One colour scale for both: the wider of the two, layer by layer.
    for (const [name, range] of Object.entries(content.ranges)) if (name in app.content.ranges) content.ranges[name] = app.content.ranges[name] = Math.max(range, app.content.ranges[name]);
    const other = new App(content, app.pictures, host, root);
    if (which < 0) other.given = app.given;
    other.epochWeights = which < 0 ? app.epochWeights : other.epochWeights;
    other.hidden = app.hidden;
    second = { app: other, strip: makeStrip(other, fresh) };
    other.listen((what) => {
      if (what.has('focus') && has(app, other.state.hover)) app.change({ hover: other.state.hover, channel: null }, 'focus');
      else if (what.has('focus') && !other.state.hover && app.state.hover && !linking) app.change({ hover: null }, 'focus');
      if (what.has('stages')) app.tell('beside');
    });
    fresh.addEventListener('click', () => { if (has(app, other.state.pin)) app.pin(other.state.pin); });
    const far = find(fresh, '.scroller');
    far.addEventListener('scroll', () => { scroller.scrollLeft = far.scrollLeft; });
    app.other = other;
    follow(new Set(/** @type {import('./app.js').What[]} */ (['layout', 'picture', 'net', 'focus'])));
  }

  let linking = false;
  /** @param {Set<import('./app.js').What>} what */
  function follow(what) {
    if (!second || root.hidden) return;
    const { app: other } = second;
    linking = true;
    if (what.has('epochs') || what.has('layout')) put(epoch, html`<option value="">the same</option>${app.epochs.map(({ number }) => html`<option value="${number}" ${String(number) === epoch.value ? 'selected' : ''}>${number}</option>`)}`);
    find(root, '.epoch-of').hidden = app.epochs.length < 2 || (model !== null && Number(model.value) >= 0);
    if (what.has('picture')) show();
    if (what.has('net') && !epoch.value && other.content === app.content && other.state.epoch !== app.state.epoch) other.toEpoch(app.state.epoch);
    if (what.has('layout') || what.has('look')) { other.look = app.look; other.state.folded = app.state.folded; other.tell('layout', 'look'); }
    if (what.has('stages')) { other.state.range = app.state.range; other.tell('stages'); }
    if (what.has('focus') && has(other, app.focus)) {
      const { pin, hover } = app.state;
      Object.assign(other.state, { pin: has(other, pin) ? pin : other.state.pin, hover: has(other, hover) ? hover : null });
      other.tell('focus');
      second.strip.reveal(app.focus.layer);
    }
    other.refresh();
    linking = false;
    say();
  }

  /** The picture of the second strip: the same, or one of those at hand. */
  function show() {
    if (!second) return;
    const given = app.pictures[Number(picture.value)];
    second.app.setPicture(given ? tensor(given.shape, Float32Array.from(given.pixels)) : app.picture);
    second.app.refresh();
  }

  function say() {
    if (!second) return;
    const { app: other } = second, [best] = other.ranking;
    find(root, '.guess').textContent = `${other.classes[best]} ${(other.guesses[best] * 100).toFixed(1)} %`;
    find(root, '.quiet').textContent = app.state.edits.length && other.content === app.content ? 'as it was, without what was changed' : '';
  }

  picture.addEventListener('change', () => { show(); app.tell('beside'); });
  epoch.addEventListener('change', () => second?.app.toEpoch(epoch.value ? Number(epoch.value) : app.state.epoch).then(() => { second?.app.refresh(); app.tell('beside'); }));
  model?.addEventListener('change', open);
  scroller.addEventListener('scroll', () => { const far = root.querySelector('.scroller'); if (far && !root.hidden) far.scrollLeft = scroller.scrollLeft; });
  app.listen(follow);
  return {
    toggle() {
      root.hidden = !root.hidden;
      if (!root.hidden) open();
      else { second?.strip.stop(); second = null; app.other = null; }
      app.tell('beside');
    },
  };
}

/** What the second net has in the cell that is looked at, and how far it is from this one's. @param {App} app */
export function compareLine(app) {
  const { layer, cell } = app.focus, { other } = app;
  if (!other) return '';
  const here = app.valueOf(layer, cell), there = other.valueOf(layer, cell);
  return Number.isFinite(there) ? `beside: ${printed(there)}, ${here === there ? 'the same' : `a difference of ${printed(here - there)}`}` : 'beside: no such cell';
}
