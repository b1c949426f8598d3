/**
 * One diverging table for every signed number on the page: blue below zero, paper at zero, orange above; told apart by
 * colour-blind eyes too. 256 entries, symmetric in lightness, mixed in OKLab (Ottosson 2020). And one from paper to ink.
 *
 * @typedef {{rgb: number[][], packed: Uint32Array, darkText: boolean[]}} Table
 *   rgb triples; pixels for putImageData; whether dark digits read better on an entry
 * @typedef {{signed: Table, ink: Table, light: Table}} Tables  `light`: from black to white, for photographs
 */

const STOPS = {
  light: ['#0a3a78', '#3f86cf', '#b5d4f1', '#ffffff', '#fbd0a5', '#e07a1f', '#7f3300'],
  dark: ['#a6d3ff', '#549be8', '#1d4a7d', '#101114', '#6f3f12', '#dc8430', '#ffc98c'],
};
const INK = { light: ['#ffffff', '#17191d'], dark: ['#101114', '#eceae6'] };
const DARK_TEXT_FROM = 0.21;
/** Relative luminance above which dark digits have the better contrast. */

/** @param {number} v a byte */
const linear = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
/** @param {number} v */
const gamma = (v) => Math.round(255 * Math.max(0, Math.min(1, v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055)));

/** @param {string} hex */
function toLab(hex) {
  const [r, g, b] = [1, 3, 5].map((i) => linear(parseInt(hex.slice(i, i + 2), 16)));
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s];
}

/** @param {number[]} lab */
function toRgb([L, A, B]) {
  const l = (L + 0.3963377774 * A + 0.2158037573 * B) ** 3, m = (L - 0.1055613458 * A - 0.0638541728 * B) ** 3, s = (L - 0.0894841775 * A - 1.291485548 * B) ** 3;
  return [4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s, -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s, -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s].map(gamma);
}

/** @param {string[]} stops @param {number} first  the entry of the first stop: 1 leaves an odd number, with zero in the middle */
function ramp(stops, first) {
  const labs = stops.map(toLab), table = [];
  for (let i = 0; i < 256; i++) {
    const t = ((Math.max(i, first) - first) / (255 - first)) * (labs.length - 1), a = Math.min(Math.floor(t), labs.length - 2);
    table.push(toRgb(labs[a].map((v, j) => v + (labs[a + 1][j] - v) * (t - a))));
  }
  return table;
}

/** @param {number[][]} rgb @returns {Table} */
const table = (rgb) => ({
  rgb,
  packed: Uint32Array.from(rgb, ([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r),
  darkText: rgb.map(([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) > DARK_TEXT_FROM),
});

/** @param {'light' | 'dark'} theme @returns {Tables} */
export const tables = (theme) => ({
  signed: table(ramp(STOPS[theme], 1)),
  ink: table(ramp(INK[theme], 0)),
  light: table(Array.from({ length: 256 }, (_, v) => [v, v, v])),
});

/** The table entry of a signed value on a scale of -range to +range; 128 is exactly zero, and what is not a number. @param {number} value @param {number} range */
export const entry = (value, range) => Math.max(1, Math.min(255, Math.round(128 + (value / range) * 127))) || 128;

/** CSS background and text colour of a cell with a number in it. @param {Table} table @param {number} at */
export const cellStyle = ({ rgb, darkText }, at) => `background:rgb(${rgb[at].join(' ')});color:${darkText[at] ? '#17191d' : '#fff'}`;

/** @param {Table} table @param {number} at */
export const css = ({ rgb }, at) => `rgb(${rgb[at].join(' ')})`;
