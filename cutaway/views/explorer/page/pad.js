/**
 * The drawing pad: a sheet at full resolution, drawn on by mouse, pen, finger or keyboard.
 *
 * @typedef {import('./picture.js').Sheet} Sheet
 * @typedef {'ink' | 'rub' | 'blur'} Tool
 */

import { find, html, put } from './dom.js';
import { paperTable } from './maps.js';
import { stroke, unit } from './picture.js';

/** What rubs out is wider than what draws; the pen walks in this many steps along a photograph; how many strokes can be taken back. */
const WIDER = 1.6, STEPS = 28, KEPT = 20;
/** The right button, and the other end of a pen. */
const RUBS = 2 | 32;

/**
 * @param {import('./app.js').App} app @param {HTMLElement} root
 * @param {{began: () => void, drawn: () => void, undone: () => void}} tell  before a stroke, after each step of one, and when one has been taken back
 */
export function makePad(app, root, tell) {
  put(root, html`<canvas tabindex="0" role="application"></canvas><i class="pen" hidden></i>`);
  const canvas = /** @type {HTMLCanvasElement} */ (find(root, 'canvas')), ring = find(root, '.pen'), context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  const pad = {
    /** @type {Sheet} */
    sheet: { shape: [1, 1, 1], factor: 1, pixels: new Uint8Array(1), paper: [0] },
    /** @type {Tool} */
    tool: 'ink',
    ink: [255],
    rub: [0],
    /** In 280ths of the longer side. */
    radius: 11,
    canvas, show, lay,
  };
  /** @type {Uint8Array[]} */
  let before = [];
  let image = context.createImageData(1, 1), packed = new Uint32Array(image.data.buffer);

  /** Puts another sheet on the pad. @param {Sheet} sheet @param {string} what  it shows */
  function lay(sheet, what) {
    const [height, width] = sheet.shape, longer = Math.max(height, width);
    const moved = sheet.shape.join() !== pad.sheet.shape.join();
    pad.sheet = sheet;
    before = [];
    [canvas.width, canvas.height] = [width * sheet.factor, height * sheet.factor];
    [canvas.style.width, canvas.style.height] = [`${(100 * width) / longer}%`, 'auto'];
    canvas.style.aspectRatio = `${width} / ${height}`;
    canvas.setAttribute('aria-label', `${what}, ${height} by ${width} pixels, to draw on. Arrow keys move the pen, space draws, shift and space ${app.content.ink ? 'rubs out' : 'paints out'}, control and z takes a stroke back.`);
    image = context.createImageData(canvas.width, canvas.height);
    packed = new Uint32Array(image.data.buffer);
    if (moved) place = { x: canvas.width / 2, y: canvas.height / 2 };
    show();
  }

  /** @param {import('./picture.js').Box} [box] */
  function show([top, bottom, left, right] = [0, canvas.height, 0, canvas.width]) {
    const { pixels, shape: [, , depth] } = pad.sheet, table = paperTable(app).packed;
    for (let y = top; y < bottom; y++) {
      for (let x = left, to = y * canvas.width + left, at = to * depth; x < right; x++, to++, at += depth) {
        packed[to] = depth === 1 ? table[pixels[at]] : (255 << 24) | (pixels[at + 2] << 16) | (pixels[at + 1] << 8) | pixels[at];
      }
    }
    if (right > left && bottom > top) context.putImageData(image, 0, 0, left, top, right - left, bottom - top);
  }

  /** @param {Tool} tool */
  const radiusOf = (tool) => pad.radius * unit(pad.sheet) * (tool === 'ink' ? 1 : WIDER);

  /** @param {[number, number][]} line @param {Tool} tool */
  function draw(line, tool) {
    for (let n = 0; n < line.length; n++) show(stroke(pad.sheet, line[Math.max(0, n - 1)], line[n], radiusOf(tool), tool === 'blur' ? 'blur' : pad[tool]));
    tell.drawn();
  }

  function begin() {
    tell.began();
    before.push(pad.sheet.pixels.slice());
    if (before.length * pad.sheet.pixels.length > 2e7 || before.length > KEPT) before.shift();
  }

  function back() {
    const pixels = before.pop();
    if (!pixels) return;
    pad.sheet.pixels.set(pixels);
    show();
    tell.undone();
  }

  // ---- by pointer

  /** @type {[number, number] | null} */
  let last = null;
  /** @param {PointerEvent} event @returns {[number, number]} */
  function at(event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  }
  /** @param {PointerEvent} event */
  function step(event) {
    const events = event.getCoalescedEvents?.() ?? [], places = (events.length ? events : [event]).map(at);
    draw(last ? [last, ...places] : places, event.shiftKey || event.buttons & RUBS ? 'rub' : pad.tool);
    last = places[places.length - 1];
  }
  canvas.addEventListener('pointerdown', (event) => {
    if (!event.isPrimary || event.button === 1) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    last = null;
    begin();
    step(event);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (event.pointerType !== 'touch') mark(at(event));
    if (last && event.buttons && event.isPrimary) step(event);
  });
  for (const name of ['pointerup', 'pointercancel', 'lostpointercapture']) canvas.addEventListener(name, () => { last = null; });
  canvas.addEventListener('pointerleave', () => { ring.hidden = true; });
  canvas.addEventListener('contextmenu', (event) => event.preventDefault());

  // ---- by keyboard

  let place = { x: 0, y: 0 }, down = false;
  /** Rings what the brush would touch. @param {[number, number]} place */
  function mark([x, y]) {
    const scale = canvas.clientWidth / canvas.width;
    ring.hidden = false;
    Object.assign(ring.style, { left: `${x * scale}px`, top: `${y * scale}px`, width: `${2 * radiusOf(pad.tool) * scale}px` });
  }
  const arrows = /** @type {Record<string, [number, number]>} */ ({ ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] });
  canvas.addEventListener('keydown', (event) => {
    const tool = event.shiftKey ? 'rub' : pad.tool, arrow = arrows[event.key];
    if (event.key === 'z' && (event.ctrlKey || event.metaKey)) back();
    else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else if (event.key === ' ') {
      if (!event.repeat) { down = true; begin(); draw([[place.x, place.y]], tool); }
    } else if (arrow) {
      const { factor, shape } = pad.sheet, far = factor > 1 ? factor : Math.max(1, Math.round(Math.max(shape[0], shape[1]) / STEPS)), from = { ...place };
      place.x = Math.max(0, Math.min(canvas.width, place.x + arrow[0] * far));
      place.y = Math.max(0, Math.min(canvas.height, place.y + arrow[1] * far));
      if (down) draw([[from.x, from.y], [place.x, place.y]], tool);
      app.speak(`row ${Math.floor(place.y / factor)}, column ${Math.floor(place.x / factor)}`);
    } else return;
    event.preventDefault();
    event.stopPropagation();
    mark([place.x, place.y]);
  });
  canvas.addEventListener('keyup', (event) => { if (event.key === ' ') down = false; });
  canvas.addEventListener('focus', () => { if (canvas.matches(':focus-visible')) mark([place.x, place.y]); });
  canvas.addEventListener('blur', () => { ring.hidden = true; down = false; });
  return pad;
}
