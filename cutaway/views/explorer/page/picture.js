/**
 * From the sheet that is drawn on to the picture that the net gets: turned, shifted, scaled, squashed, averaged, made
 * brighter, with noise. Everything here is a function of numbers; pad.js draws them, input.js holds them.
 *
 * @typedef {import('./layers/layer.js').Shape} Shape
 * @typedef {import('./layers/layer.js').Tensor} Tensor
 * @typedef {Record<string, number>} Moves  how far each slider is, by its name
 * @typedef {[number, number, number, number]} Box  rows and columns of a sheet: [top, bottom, left, right)
 *
 * @typedef {object} Sheet
 * @property {Shape} shape  of the picture
 * @property {number} factor  how many times higher and wider than the picture the sheet is
 * @property {Uint8Array} pixels
 * @property {number[]} paper  what comes in from outside, by channel
 *
 * @typedef {object} Move
 * @property {string} name  in links
 * @property {string} label
 * @property {number} min @property {number} max @property {number} step @property {number} rest
 * @property {(value: number) => string} show @property {(value: number) => string} say
 */

import { size, tensor } from './layers/layer.js';
import { signed } from './numbers.js';

/** The longer side of a sheet, about; larger pictures are drawn on as they are. */
const SIDE = 280, LARGE = 140;
/** Samples of the sheet along each side of a pixel, of what has moved. */
const SAMPLES = 5;

// ---- sheets

/** What brushes are measured in, so that they look the same on every sheet: a 280th of its longer side. @param {Sheet} sheet */
export const unit = ({ shape, factor }) => (Math.max(shape[0], shape[1]) * factor) / SIDE;

/** @param {Shape} shape */
export function factorFor([height, width]) {
  const longer = Math.max(height, width);
  return longer > LARGE ? 1 : Math.max(1, Math.round(SIDE / longer));
}

/** The picture enlarged: every pixel becomes a square patch, so that averaging gives it back exactly. @param {Shape} shape @param {Uint8Array} pixels @param {number[]} paper @returns {Sheet} */
export function sheetOf(shape, pixels, paper) {
  const [height, width, depth] = shape, factor = factorFor(shape), row = width * factor * depth;
  if (factor === 1) return { shape, factor, pixels: pixels.slice(), paper };
  const large = new Uint8Array(height * factor * row);
  for (let r = 0; r < height; r++) {
    const first = r * factor * row;
    for (let c = 0, to = first; c < width; c++) {
      const from = (r * width + c) * depth;
      for (let i = 0; i < factor; i++) for (let k = 0; k < depth; k++) large[to++] = pixels[from + k];
    }
    for (let i = 1; i < factor; i++) large.copyWithin(first + i * row, first, first + row);
  }
  return { shape, factor, pixels: large, paper };
}

/** A sheet with nothing on it. @param {Shape} shape @param {number} paper @returns {Sheet} */
export const blank = (shape, paper) => sheetOf(shape, new Uint8Array(size(shape)).fill(paper), Array(shape[2]).fill(paper));

/** The mean of each channel. @param {Shape} shape @param {Uint8Array} pixels @param {(r: number, c: number) => boolean} [where] */
export function meanOf([height, width, depth], pixels, where = () => true) {
  const sums = Array(depth).fill(0);
  let n = 0;
  for (let r = 0; r < height; r++) {
    for (let c = 0; c < width; c++) {
      if (!where(r, c)) continue;
      n += 1;
      for (let k = 0; k < depth; k++) sums[k] += pixels[(r * width + c) * depth + k];
    }
  }
  return sums.map((sum) => Math.round(sum / n));
}

/** The mean of the outermost pixels, by channel: what a picture is taken to lie on. @param {Shape} shape @param {Uint8Array} pixels */
export const borderOf = (shape, pixels) => meanOf(shape, pixels, (r, c) => r === 0 || c === 0 || r === shape[0] - 1 || c === shape[1] - 1);

// ---- strokes

/**
 * What a brush does along a line, its ends in pixels of the sheet; soft over one pixel, in quarters, so that a drawing is
 * short as text. Returns what it may have touched.
 * @param {Sheet} sheet @param {[number, number]} from  x, y @param {[number, number]} to @param {number} radius @param {number[] | 'blur'} paint @returns {Box}
 */
export function stroke(sheet, [x0, y0], [x1, y1], radius, paint) {
  const { shape, factor, pixels } = sheet, [, , depth] = shape, high = shape[0] * factor, wide = shape[1] * factor;
  const dx = x1 - x0, dy = y1 - y0, length2 = dx * dx + dy * dy || 1, within = (/** @type {number} */ v, /** @type {number} */ most) => Math.max(0, Math.min(most, v));
  const box = /** @type {Box} */ ([
    within(Math.floor(Math.min(y0, y1) - radius - 1), high), within(Math.ceil(Math.max(y0, y1) + radius + 1) + 1, high),
    within(Math.floor(Math.min(x0, x1) - radius - 1), wide), within(Math.ceil(Math.max(x0, x1) + radius + 1) + 1, wide),
  ]);
  const [top, bottom, left, right] = box, [soft, flat] = paint === 'blur' ? [blurred(sheet, box, Math.max(1, Math.round(radius / 2))), []] : [null, paint];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const t = within(((x + 0.5 - x0) * dx + (y + 0.5 - y0) * dy) / length2, 1);
      const cover = Math.round(4 * within(radius + 0.5 - Math.hypot(x + 0.5 - x0 - t * dx, y + 0.5 - y0 - t * dy), 1)) / 4;
      if (!cover) continue;
      const at = (y * wide + x) * depth, own = ((y - top) * (right - left) + x - left) * depth;
      for (let k = 0; k < depth; k++) pixels[at + k] = Math.round(pixels[at + k] + ((soft ? soft[own + k] : flat[k]) - pixels[at + k]) * cover);
    }
  }
  return box;
}

/** The mean of the square around each pixel of a box: running sums, along rows, then down columns. @param {Sheet} sheet @param {Box} box @param {number} reach */
function blurred({ shape, factor, pixels }, [top, bottom, left, right], reach) {
  const [, , depth] = shape, high = shape[0] * factor, wide = shape[1] * factor;
  const first = Math.max(0, top - reach), last = Math.min(high, bottom + reach), columns = right - left;
  const along = new Float64Array((last - first) * columns * depth), out = new Float64Array((bottom - top) * columns * depth);
  for (let y = first; y < last; y++) {
    for (let k = 0; k < depth; k++) slide(left, right, wide, reach, (x) => pixels[(y * wide + x) * depth + k], (x, mean) => { along[((y - first) * columns + x - left) * depth + k] = mean; });
  }
  for (let n = 0; n < columns * depth; n++) slide(top, bottom, high, reach, (y) => along[(y - first) * columns * depth + n], (y, mean) => { out[(y - top) * columns * depth + n] = mean; });
  return out;
}

/** Means of a window that slides over what there is of a line. @param {number} from @param {number} to @param {number} length @param {number} reach @param {(at: number) => number} read @param {(at: number, mean: number) => void} write */
function slide(from, to, length, reach, read, write) {
  let start = Math.max(0, from - reach), stop = start, sum = 0;
  for (let at = from; at < to; at++) {
    for (const end = Math.min(length, at + reach + 1); stop < end; stop++) sum += read(stop);
    for (const begin = Math.max(0, at - reach); start < begin; start++) sum -= read(start);
    write(at, sum / (stop - start));
  }
}

// ---- sliders

/** @param {number} value @param {number} [decimals] */
const number = (value, decimals = 0) => signed(value.toFixed(decimals));
/** @param {number} value */
const plus = (value) => (value > 0 ? `+${value}` : number(value));

/** What the sliders do to a picture of this shape, with their ranges. Every value at `rest` leaves it as it is, to the last byte. @param {Shape} shape @returns {Move[]} */
export function movesFor([height, width]) {
  const step = Math.max(height, width) > LARGE ? 1 : 0.5, pixels = (/** @type {number} */ v) => `${number(v, step < 1 ? 1 : 0)} px`, far = (/** @type {number} */ side) => Math.max(1, Math.round((side * 5) / 14));
  const times = { step: 0.02, rest: 1, show: (/** @type {number} */ v) => `× ${v.toFixed(2)}` };
  return [
    { name: 'rotate', label: 'rotate', min: -90, max: 90, step: 1, rest: 0, show: (v) => `${number(v)}°`, say: (v) => `${number(v)} degrees` },
    { name: 'right', label: 'shift right', min: -far(width), max: far(width), step, rest: 0, show: pixels, say: (v) => `${number(v, step < 1 ? 1 : 0)} pixels to the right` },
    { name: 'down', label: 'shift down', min: -far(height), max: far(height), step, rest: 0, show: pixels, say: (v) => `${number(v, step < 1 ? 1 : 0)} pixels down` },
    { name: 'scale', label: 'scale', min: 0.5, max: 1.5, ...times, say: (v) => `${v.toFixed(2)} times as large` },
    { name: 'squash', label: 'squash', min: 0.4, max: 1.6, ...times, say: (v) => `${v.toFixed(2)} times as wide` },
    { name: 'brightness', label: 'brightness', min: -128, max: 128, step: 1, rest: 0, show: plus, say: (v) => `${plus(v)} of 255` },
    { name: 'noise', label: 'noise', min: 0, max: 100, step: 1, rest: 0, show: (v) => `± ${v}`, say: (v) => `standard deviation ${v} of 255` },
  ];
}

/** @param {Move[]} list @returns {Moves} */
export const atRest = (list) => Object.fromEntries(list.map(({ name, rest }) => [name, rest]));

/** The nearest value that a slider can have. @param {Move} move @param {number} value */
export function snapped({ min, max, step }, value) {
  const near = min + Math.round((value - min) / step) * step;
  return Number(Math.max(min, Math.min(max, near)).toFixed(4));
}

/** The sheet as the net gets it: whole numbers from 0 to 255. @param {Sheet} sheet @param {Moves} moves @returns {Tensor} */
export function pictureOf(sheet, moves) {
  const { rotate, right, down, scale, squash, brightness, noise } = moves, picture = tensor(sheet.shape);
  const still = rotate === 0 && right === 0 && down === 0 && scale === 1 && squash === 1;
  if (still) average(sheet, picture.data);
  else (sheet.factor === 1 ? sampleBetween : sampleWithin)(sheet, picture.data, backwards(sheet, moves));
  if (brightness || noise) light(picture.data, brightness, noise);
  return picture;
}

/** The mean of the patch of each pixel. @param {Sheet} sheet @param {Float32Array} out */
function average({ shape: [height, width, depth], factor, pixels }, out) {
  if (factor === 1) return out.set(pixels);
  const row = width * factor * depth, area = factor * factor;
  for (let r = 0, at = 0; r < height; r++) {
    for (let c = 0; c < width; c++) {
      for (let k = 0; k < depth; k++, at++) {
        let sum = 0;
        for (let i = 0, from = r * factor * row + c * factor * depth + k; i < factor; i++, from += row) for (let j = 0, x = from; j < factor; j++, x += depth) sum += pixels[x];
        out[at] = Math.round(sum / area);
      }
    }
  }
  return undefined;
}

/** Where on the sheet a place of the picture comes from, both in pixels of the sheet: u = a x + b y + c, v = d x + e y + f. @param {Sheet} sheet @param {Moves} moves */
function backwards({ shape, factor }, { rotate, right, down, scale, squash }) {
  const angle = (rotate * Math.PI) / 180, cos = Math.cos(angle), sin = Math.sin(angle);
  const [y0, x0] = [(shape[0] * factor) / 2, (shape[1] * factor) / 2];
  const a = cos / (scale * squash), b = sin / (scale * squash), d = -sin / scale, e = cos / scale, x = x0 + right * factor, y = y0 + down * factor;
  return { a, b, c: x0 - a * x - b * y, d, e, f: y0 - d * x - e * y };
}

/** Of an enlarged sheet: the mean of the samples in each pixel. @param {Sheet} sheet @param {Float32Array} out @param {ReturnType<typeof backwards>} from */
function sampleWithin({ shape: [height, width, depth], factor, pixels, paper }, out, { a, b, c, d, e, f }) {
  const high = height * factor, wide = width * factor, step = factor / SAMPLES, sums = new Float64Array(depth), area = SAMPLES * SAMPLES;
  for (let row = 0, to = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      sums.fill(0);
      for (let i = 0; i < SAMPLES; i++) {
        const y = (row * SAMPLES + i + 0.5) * step;
        for (let j = 0; j < SAMPLES; j++) {
          const x = (column * SAMPLES + j + 0.5) * step, u = Math.floor(a * x + b * y + c), v = Math.floor(d * x + e * y + f);
          if (u >= 0 && u < wide && v >= 0 && v < high) for (let k = 0, at = (v * wide + u) * depth; k < depth; k++) sums[k] += pixels[at + k];
          else for (let k = 0; k < depth; k++) sums[k] += paper[k];
        }
      }
      for (let k = 0; k < depth; k++) out[to++] = Math.round(sums[k] / area);
    }
  }
}

/** Of a sheet of the picture's own size: between the four pixels around. @param {Sheet} sheet @param {Float32Array} out @param {ReturnType<typeof backwards>} from */
function sampleBetween({ shape: [height, width, depth], pixels, paper }, out, { a, b, c, d, e, f }) {
  for (let row = 0, to = 0; row < height; row++) {
    for (let column = 0; column < width; column++, to += depth) {
      const x = column + 0.5, y = row + 0.5, u = a * x + b * y + c - 0.5, v = d * x + e * y + f - 0.5;
      const u0 = Math.floor(u), v0 = Math.floor(v), s = u - u0, t = v - v0, at = (v0 * width + u0) * depth, below = at + width * depth;
      if (u0 >= 0 && v0 >= 0 && u0 < width - 1 && v0 < height - 1) {
        for (let k = 0; k < depth; k++) {
          const upper = pixels[at + k] * (1 - s) + pixels[at + depth + k] * s, lower = pixels[below + k] * (1 - s) + pixels[below + depth + k] * s;
          out[to + k] = Math.round(upper * (1 - t) + lower * t);
        }
      } else {
        const left = u0 >= 0 && u0 < width, right = u0 >= -1 && u0 < width - 1, above = v0 >= 0 && v0 < height, under = v0 >= -1 && v0 < height - 1;
        for (let k = 0; k < depth; k++) {
          const upper = (above && left ? pixels[at + k] : paper[k]) * (1 - s) + (above && right ? pixels[at + depth + k] : paper[k]) * s;
          const lower = (under && left ? pixels[below + k] : paper[k]) * (1 - s) + (under && right ? pixels[below + depth + k] : paper[k]) * s;
          out[to + k] = Math.round(upper * (1 - t) + lower * t);
        }
      }
    }
  }
}

let normal = new Float32Array(0);

/** The same normal numbers every time: noise is a function of its slider alone. @param {number} n */
function normals(n) {
  if (normal.length >= n) return normal;
  normal = new Float32Array(n);
  let state = 20240229;
  const uniform = () => {                                                                   // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  for (let i = 0; i < n; i++) normal[i] = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return normal;
}

/** @param {Float32Array} data @param {number} brightness @param {number} noise */
function light(data, brightness, noise) {
  const more = noise ? normals(data.length) : null;
  for (let n = 0; n < data.length; n++) {
    const value = Math.round(data[n] + brightness + (more ? noise * more[n] : 0));
    data[n] = value < 0 ? 0 : value > 255 ? 255 : value;
  }
}

/** Smaller, each pixel the mean of the area that it covers. Rows go in from the top; bytes come out. @param {Shape} from @param {[number, number]} to  no larger */
export function shrinking([height, width, depth], [high, wide]) {
  const means = new Float64Array(high * wide * depth), line = new Float64Array(wide * depth);
  let r = 0;
  /** How a pixel's length is shared between the new one that it starts in and the next. @param {number} at @param {number} length @param {number} shorter @returns {[number, number, number]} */
  const shares = (at, length, shorter) => {
    const begin = (at * shorter) / length, end = ((at + 1) * shorter) / length, first = Math.floor(begin), cut = Math.min(end, first + 1);
    return [first, cut - begin, end - cut > 1e-9 ? end - cut : 0];
  };
  const across = Array.from({ length: width }, (_, c) => shares(c, width, wide));
  return {
    /** @param {ArrayLike<number>} data @param {number} start @param {number} stride  bytes from one pixel to the next */
    row(data, start, stride) {
      line.fill(0);
      for (let c = 0; c < width; c++) {
        const [first, here, next] = across[c];
        for (let k = 0; k < depth; k++) {
          const value = data[start + c * stride + k];
          line[first * depth + k] += value * here;
          if (next) line[(first + 1) * depth + k] += value * next;
        }
      }
      const [first, here, next] = shares(r, height, high);
      for (let n = 0, to = first * line.length; n < line.length; n++, to++) {
        means[to] += line[n] * here;
        if (next) means[to + line.length] += line[n] * next;
      }
      r += 1;
    },
    bytes: () => Uint8Array.from(means, Math.round),
  };
}

// ---- a drawing as text, for the link

/** @param {Uint8Array<ArrayBuffer>} bytes @param {CompressionStream | DecompressionStream} way */
const through = async (bytes, way) => new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(way)).arrayBuffer());

/**
 * A drawing: `28x28x1,,eJz...` is a whole sheet, `375x500x3,3,eJz...` what has been drawn on picture 3: first which pixels
 * of the sheet have changed, then their values. Deflated.
 * @param {Sheet} sheet @param {Sheet} base  as it was before @param {number | null} index  of the picture that it was
 */
export async function drawingText(sheet, base, index) {
  const bytes = index === null ? sheet.pixels.slice() : changes(sheet, base), deflated = await through(bytes, new CompressionStream('deflate'));
  let text = '';
  for (const byte of deflated) text += String.fromCharCode(byte);
  return `${sheet.shape.join('x')},${index ?? ''},${btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
}

/** @param {Sheet} sheet @param {Sheet} base */
function changes({ shape: [, , depth], pixels }, base) {
  const places = pixels.length / depth, bytes = new Uint8Array(places * (1 + depth));
  for (let n = 0; n < places; n++) {
    for (let k = 0; k < depth; k++) if (pixels[n * depth + k] !== base.pixels[n * depth + k]) bytes[n] = 1;
    if (bytes[n]) for (let k = 0; k < depth; k++) bytes[places + n * depth + k] = pixels[n * depth + k];
  }
  return bytes;
}

/** @param {string} text @returns {{shape: Shape, index: number | null, body: string} | null} */
export function readDrawing(text) {
  const found = text.match(/^(\d{1,4})x(\d{1,4})x([13]),(\d*),([\w-]+)$/);
  if (!found || !Number(found[1]) || !Number(found[2])) return null;
  return { shape: [Number(found[1]), Number(found[2]), Number(found[3])], index: found[4] ? Number(found[4]) : null, body: found[5] };
}

/** The sheet with the drawing. @param {{index: number | null, body: string}} drawing @param {Sheet} base  the picture that it was drawn on, or any sheet of the size @returns {Promise<Sheet>} */
export async function drawnOn({ index, body }, base) {
  const deflated = Uint8Array.from(atob(body.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
  const bytes = await through(deflated, new DecompressionStream('deflate')), [, , depth] = base.shape, places = base.pixels.length / depth;
  const expected = index === null ? base.pixels.length : places * (1 + depth);
  if (bytes.length !== expected) throw new Error(`a drawing of ${bytes.length} bytes, not ${expected}`);
  const pixels = index === null ? bytes : base.pixels.map((own, n) => (bytes[Math.floor(n / depth)] ? bytes[places + n] : own));
  return { ...base, pixels };
}
