/**
 * Pictures of the lab: three that it draws itself, and how any picture becomes the one that is worked on: at most so many
 * pixels a side, in grey or in colour, by the explorer's own layers.
 *
 * @typedef {object} Source
 * @property {string} name @property {number[]} shape @property {Uint8Array} pixels
 * @property {number} [usual]  the size that suits it
 * @property {() => Source} [sketch]  a small one, quickly, where drawing it takes a while
 * @typedef {import('./layers/layer.js').Tensor} Tensor
 */

import { KINDS } from './layers/index.js';
import { tensor } from './layers/layer.js';

/** Pixels of the longer side, at most. */
export const LARGEST_SIDE = 512;

/** @param {number} low @param {number} high @param {number} x */
const smooth = (low, high, x) => { const t = Math.max(0, Math.min(1, (x - low) / (high - low))); return t * t * (3 - 2 * t); };
/** @param {number[]} a @param {number[]} b @param {number} t */
const mix = (a, b, t) => a.map((v, k) => v + (b[k] - v) * t);
/** A number from 0 to 1 that looks like chance and is the same every time. @param {number} x @param {number} y */
const grain = (x, y) => { const v = Math.sin(x * 127.1 + y * 311.7) * 43758.5453; return v - Math.floor(v); };
/** Grain, smoothed. @param {number} x @param {number} y */
function cloud(x, y) {
  const [i, j] = [Math.floor(x), Math.floor(y)], [u, v] = [smooth(0, 1, x - i), smooth(0, 1, y - j)];
  return (grain(i, j) * (1 - u) + grain(i + 1, j) * u) * (1 - v) + (grain(i, j + 1) * (1 - u) + grain(i + 1, j + 1) * u) * v;
}
/** @param {number} x @param {number} y */
const clouds = (x, y) => (cloud(x, y) * 4 + cloud(x * 2.1, y * 2.1) * 2 + cloud(x * 4.3, y * 4.3)) / 7;

/** A picture that is drawn when it is first looked at. @param {string} name @param {number} usual @param {number[]} shape @param {(x: number, y: number) => number[]} colour  of a place, both from 0 to 1 @returns {Source} */
function drawn(name, usual, [height, width, depth], colour) {
  const draw = (/** @type {number} */ rows, /** @type {number} */ columns) => {
    const pixels = new Uint8Array(rows * columns * depth);
    for (let r = 0, at = 0; r < rows; r++) for (let c = 0; c < columns; c++) for (const v of colour((c + 0.5) / columns, (r + 0.5) / rows)) pixels[at++] = Math.max(0, Math.min(255, Math.round(v)));
    return pixels;
  };
  /** @type {Uint8Array | undefined} */
  let kept;
  const sketch = () => ({ name, shape: [height / 4, width / 4, depth], pixels: draw(height / 4, width / 4) });
  return { name, usual, shape: [height, width, depth], get pixels() { return (kept ??= draw(height, width)); }, sketch };
}

/** How far a place is from a line between two. @param {number} x @param {number} y @param {number[]} line */
function away(x, y, [x0, y0, x1, y1]) {
  const [dx, dy] = [x1 - x0, y1 - y0], t = Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(x - x0 - t * dx, y - y0 - t * dy);
}

/** A letter with every direction of stroke, light on black as digits are: upright, level, round, slanting. */
const letter = () => drawn('letter', 28, [224, 224, 1], (x, y) => {
  const bow = x > 0.5 ? Math.abs(Math.hypot(x - 0.5, y - 0.34) - 0.16) : Infinity;
  const lines = [[0.3, 0.18, 0.3, 0.82], [0.3, 0.18, 0.5, 0.18], [0.3, 0.5, 0.5, 0.5], [0.47, 0.5, 0.7, 0.82]].map((line) => away(x, y, line));
  return [255 * (1 - smooth(0.036, 0.056, Math.min(bow, ...lines)))];
});

/** Rings that grow finer outwards: with a stride they show what it takes away. */
const rings = () => drawn('rings', 64, [224, 224, 1], (x, y) => [127.5 + 127.5 * Math.cos(78 * ((x - 0.5) ** 2 + (y - 0.5) ** 2))]);

/** A lake in the evening: soft sky, hard roof, fine trees, still water. */
const landscape = () => drawn('landscape', 128, [288, 384, 3], (x, y) => {
  const shore = 0.66, mirrored = y > shore, up = mirrored ? 2 * shore - y + 0.006 * Math.sin(y * 260) : y, right = mirrored ? x + 0.004 * Math.sin(y * 190 + x * 9) : x;
  const sun = Math.hypot((right - 0.7) * 4, (up - 0.27) * 3);
  let c = mix(mix([64, 92, 148], [247, 202, 158], smooth(0, 0.62, up)), [255, 246, 222], 0.95 * (1 - smooth(0.24, 0.27, sun)) + 0.35 * (1 - smooth(0.2, 0.9, sun)));
  c = mix(c, [252, 226, 204], 0.5 * smooth(0.5, 0.78, clouds(right * 5, up * 17)) * (1 - smooth(0.2, 0.5, up)));
  const far = 0.43 - 0.13 * Math.abs(Math.sin(right * 4.1 + 0.7)) - 0.05 * clouds(right * 13, 3), snow = smooth(0.03, 0, up - far - 0.035 * clouds(right * 40, up * 40));
  if (up > far) c = mix(mix([104, 112, 146], [150, 150, 168], smooth(far, 0.66, up)), [236, 232, 236], up < 0.4 ? snow : 0);
  const near = 0.56 + 0.05 * Math.sin(right * 6.3 + 2) - 0.035 * clouds(right * 60, 9) * smooth(0.1, 0.9, clouds(right * 17, 1));
  if (up > near) c = mix([38, 62, 52], [74, 88, 50], clouds(right * 30, up * 50));
  const [hx, hy] = [(right - 0.17) / 0.15, (up - 0.5) / 0.16];
  if (hx > 0 && hx < 1 && hy > 0.42 && hy < 1) c = hx % 0.34 > 0.12 && hx % 0.34 < 0.27 && hy > 0.55 && hy < 0.78 ? [255, 214, 120] : [206, 196, 182].map((v) => v - 26 * (hx < 0.06 || hx > 0.94 ? 1 : 0));
  if (hy > 0 && hy <= 0.44 && Math.abs(hx - 0.5) < 0.12 + hy * 1.05) c = mix([128, 52, 44], [150, 70, 54], Math.floor(hy * 26) % 2);
  const tree = [[0.42, 0.2], [0.47, 0.27], [0.9, 0.3], [0.955, 0.22]].find(([at, tall]) => up < 0.665 && up > 0.665 - tall && Math.abs(right - at) < (0.2 + 0.8 * (((up - 0.665 + tall) * 22) % 1)) * 0.035 * ((up - 0.665 + tall) / tall));
  if (tree) c = mix([18, 40, 36], [40, 66, 48], grain(Math.floor(x * 384), Math.floor(y * 288)));
  if (mirrored) c = mix(c.map((v) => v * 0.82), [58, 84, 120], 0.3 + 0.25 * smooth(shore, 1, y));
  return c.map((v) => v + 10 * (grain(Math.floor(x * 384), Math.floor(y * 288) + 7) - 0.5));
});

/** What is there when nothing was given. @returns {Source[]} */
export const drawnPictures = () => [letter(), landscape(), rings()];

/** The longer side. @param {number[]} shape */
export const longest = (shape) => Math.max(shape[0], shape[1]);

/** The size that a picture is worked on in: its longer side at most `size` (0: as large as can be), never enlarged. @param {number[]} shape @param {number} size @returns {[number, number]} */
export function workingSize([height, width], size) {
  const side = Math.min(longest([height, width]), size || LARGEST_SIDE), by = side / longest([height, width]);
  return [Math.max(1, Math.round(height * by)), Math.max(1, Math.round(width * by))];
}

/** @param {Source} source @param {number} size @param {boolean} colour @returns {Tensor} */
export function prepared({ shape, pixels }, size, colour) {
  const given = tensor(shape, Float32Array.from(pixels)), [height, width] = workingSize(shape, size);
  const few = colour ? given : KINDS.grey.forward({}, [given], {});
  return KINDS.resize.forward({ height, width, how: 'squash' }, [few], {});
}
