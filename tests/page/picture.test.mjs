/** From the sheet to the picture: at rest to the last byte, and what every move does where its answer is known. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as page from '../../cutaway/views/explorer/page/picture.js';

const { atRest, blank, borderOf, drawingText, drawnOn, factorFor, movesFor, pictureOf, readDrawing, sheetOf, shrinking, snapped, stroke } = page;

/** Bytes without a pattern, the same every time. */
function bytes(n) {
  let state = 7;
  return Uint8Array.from({ length: n }, () => (state = (state * 1103515245 + 12345) % 2147483648) >> 15);
}

const SHAPES = { 'a digit': [28, 28, 1], 'a small colour picture': [64, 48, 3], 'a photograph of odd size': [151, 227, 3], 'a grey one': [5, 141, 1], 'one pixel': [1, 1, 3] };
const sheetFor = (shape) => sheetOf(shape, bytes(shape[0] * shape[1] * shape[2]), Array(shape[2]).fill(9));
const made = (sheet, moves = {}) => pictureOf(sheet, { ...atRest(movesFor(sheet.shape)), ...moves }).data;
const same = (data, expected) => assert.deepEqual(Array.from(data), Array.from(expected));

/** The picture with every pixel taken from another place, or paper. */
const taken = ([h, w, c], pixels, from, paper = 9) =>
  Array.from({ length: h * w * c }, (_, n) => {
    const [r, column] = from(Math.floor(n / (w * c)), Math.floor(n / c) % w);
    return r >= 0 && r < h && column >= 0 && column < w ? pixels[(r * w + column) * c + (n % c)] : paper;
  });

for (const [name, shape] of Object.entries(SHAPES)) {
  const pixels = bytes(shape[0] * shape[1] * shape[2]), sheet = sheetFor(shape), [h, w] = shape;
  test(`${name} at rest is what it was, to the last byte`, () => {
    const picture = pictureOf(sheet, atRest(movesFor(shape)));
    assert.deepEqual(picture.shape, shape);
    assert.ok(picture.data instanceof Float32Array);
    same(picture.data, pixels);
  });
  test(`${name} shifted by whole pixels is the same picture elsewhere, on paper`, () => {
    same(made(sheet, { right: 3, down: -2 }), taken(shape, pixels, (r, c) => [r + 2, c - 3]));
  });
  test(`${name} keeps its size and whole numbers from 0 to 255 under every slider`, () => {
    for (const { name: move, min, max } of movesFor(shape)) {
      for (const value of [min, (min + max) / 3, max]) {
        const data = made(sheet, { [move]: value });
        assert.equal(data.length, pixels.length);
        assert.ok(data.every((v) => Number.isInteger(v) && v >= 0 && v <= 255), `${move} ${value}`);
      }
    }
  });
  if (h !== w) continue;
  test(`${name} turned by 90 degrees is the same picture on its side`, () => {
    same(made(sheet, { rotate: 90 }), taken(shape, pixels, (r, c) => [h - 1 - c, r]));
    same(made(sheet, { rotate: -90 }), taken(shape, pixels, (r, c) => [c, w - 1 - r]));
  });
}

test('an oblong picture turned by 90 degrees is exact where it overlaps, and paper beside', () => {
  for (const shape of [[64, 48, 3], [151, 227, 3]]) {                                       // both sides even, or both odd: middles fall on middles
    const pixels = bytes(shape[0] * shape[1] * shape[2]), more = (shape[0] - shape[1]) / 2;
    same(made(sheetFor(shape), { rotate: 90 }), taken(shape, pixels, (r, c) => [shape[0] - 1 - c - more, r - more]));
  }
});

test('what is half as large lies in the middle', () => {
  const sheet = sheetOf([8, 8, 1], new Uint8Array(64).fill(200), [0]);
  same(made(sheet, { scale: 0.5 }), Array.from({ length: 64 }, (_, n) => (n >> 3 >= 2 && n >> 3 < 6 && n % 8 >= 2 && n % 8 < 6 ? 200 : 0)));
  same(made(sheet, { squash: 0.5 }), Array.from({ length: 64 }, (_, n) => (n % 8 >= 2 && n % 8 < 6 ? 200 : 0)));
});

test('brightness adds and clips', () => {
  const sheet = sheetFor([28, 28, 1]), pixels = bytes(784);
  same(made(sheet, { brightness: 40 }), pixels.map((v) => Math.min(255, v + 40)));
  same(made(sheet, { brightness: -128 }), pixels.map((v) => Math.max(0, v - 128)));
});

test('noise is the same for the same slider value, has its standard deviation, and grows with the slider', () => {
  const sheet = sheetOf([100, 100, 1], new Uint8Array(1e4).fill(128), [128]), noise = (value) => made(sheet, { noise: value });
  same(noise(20), noise(20));
  const first = noise(20);
  made(sheetFor([151, 227, 3]), { noise: 20 });                                             // a larger picture in between
  same(noise(20), first);
  const off = Array.from(first, (v) => v - 128), mean = off.reduce((a, b) => a + b) / 1e4, spread = Math.sqrt(off.reduce((a, b) => a + b * b, 0) / 1e4);
  assert.ok(Math.abs(mean) < 1 && Math.abs(spread - 20) < 0.5, `${mean} ${spread}`);
  assert.ok(noise(10).every((v, n) => Math.abs(2 * (v - 128) - off[n]) <= 2));
});

test('a sheet is a whole number of times as large as its picture, about 280 long; photographs are drawn on as they are', () => {
  assert.deepEqual([[28, 28], [64, 48], [140, 10], [141, 10], [1024, 768]].map(factorFor), [10, 4, 2, 1, 1]);
});

test('a stroke is drawn at full resolution and averaged', () => {
  const sheet = blank([28, 28, 1], 0);
  stroke(sheet, [145, 145], [145, 145], 4, [255]);
  const inked = Array.from(made(sheet)).flatMap((v, n) => (v ? [[Math.floor(n / 28), n % 28, v]] : []));
  assert.deepEqual(inked.map(([r, c]) => [r, c]), [[14, 14]]);
  assert.ok(Math.abs(inked[0][2] / 255 - (Math.PI * 16) / 100) < 0.03);
  stroke(sheet, [145, 145], [145, 145], 8, [0]);
  same(made(sheet), new Uint8Array(784));
});

test('a stroke tells all that it has touched, also beyond the edge', () => {
  for (const paint of [[1, 2, 3], 'blur']) {
    const sheet = sheetFor([64, 48, 3]), before = sheet.pixels.slice(), [top, bottom, left, right] = stroke(sheet, [-20, 100], [60.5, 290], 11, paint);
    let changed = 0;
    sheet.pixels.forEach((v, n) => {
      if (v === before[n]) return;
      const r = Math.floor(n / (192 * 3)), c = Math.floor(n / 3) % 192;
      changed += 1;
      assert.ok(r >= top && r < bottom && c >= left && c < right);
    });
    assert.ok(changed > 3000);
  }
});

test('blurring is a mean: what is flat stays, what is not gets closer, nothing outside is asked', () => {
  const flat = blank([200, 200, 3], 77);
  stroke(flat, [0, 0], [199, 199], 30, 'blur');
  assert.ok(flat.pixels.every((v) => v === 77));
  const sheet = sheetFor([151, 227, 3]), spread = () => { let sum = 0; for (let n = 0; n < 60; n++) sum += Math.abs(sheet.pixels[(75 * 227 + 80 + n) * 3] - 127.5); return sum / 60; }, before = spread();
  stroke(sheet, [70, 75], [150, 75], 12, 'blur');
  assert.ok(spread() < before / 4);
});

test('what is blurred most is the mean of the square around it, half as wide as the brush, as far as there is one', () => {
  const sheet = sheetFor([151, 227, 3]), { pixels } = sheetFor([151, 227, 3]);
  stroke(sheet, [1.5, 75.5], [1.5, 75.5], 6, 'blur');
  let sum = 0;
  for (let r = 72; r <= 78; r++) for (let c = 0; c <= 4; c++) sum += pixels[(r * 227 + c) * 3 + 1];
  assert.equal(sheet.pixels[(75 * 227 + 1) * 3 + 1], Math.round(sum / 35));
});

test('the paper of a picture is the mean of its border', () => {
  assert.deepEqual(borderOf([3, 3, 2], Uint8Array.from([1, 10, 1, 10, 1, 10, 1, 10, 255, 255, 1, 10, 1, 10, 1, 10, 1, 10])), [1, 10]);
});

test('sliders take their nearest value', () => {
  const [rotate, right, , scale] = movesFor([28, 28, 1]);
  assert.deepEqual([snapped(rotate, 38.4), snapped(rotate, 1000), snapped(right, 2.6), snapped(scale, 0.734)], [38, 90, 2.5, 0.74]);
});

test('smaller by whole factors is the mean of each patch, by others the mean of the area', () => {
  const shrink = ([h, w, c], data, to) => { const made = shrinking([h, w, c], to); for (let r = 0; r < h; r++) made.row(data, r * w * c, c); return Array.from(made.bytes()); };
  assert.deepEqual(shrink([2, 4, 1], [0, 10, 20, 30, 40, 50, 60, 70], [1, 2]), [25, 45]);
  assert.deepEqual(shrink([1, 3, 1], [0, 90, 240], [1, 2]), [30, 190]);
  assert.deepEqual(shrink([7, 5, 3], new Uint8Array(105).fill(201), [3, 2]), Array(18).fill(201));
  const pixels = bytes(64 * 48 * 3);
  assert.deepEqual(shrink([64, 48, 3], pixels, [64, 48]), Array.from(pixels));
});

test('a drawing comes back from its text, on nothing and on a picture', async () => {
  const shapes = [[28, 28, 1], [64, 48, 3], [151, 227, 3]];
  for (const shape of shapes) {
    for (const index of [null, 3]) {
      const base = index === null ? blank(shape, 0) : sheetFor(shape), sheet = { ...base, pixels: base.pixels.slice() }, paint = [0, 128, 255].slice(0, shape[2]);
      stroke(sheet, [30, 30], [120, 90], 11, paint);
      const text = await drawingText(sheet, base, index), read = readDrawing(text);
      assert.match(text, /^[\w,-]+$/);
      assert.ok(text.length < 4096, `${text.length}`);
      assert.deepEqual([read.shape, read.index], [shape, index]);
      same((await drawnOn(read, base)).pixels, sheet.pixels);
    }
  }
});

test('what is no drawing is refused', async () => {
  for (const text of ['', '28x28x1', '0x28x1,,abc', '28x28x2,,abc', '28x28x1,,a b', '28x28x1;;abc']) assert.equal(readDrawing(text), null, text);
  const small = await drawingText(blank([2, 2, 1], 0), blank([2, 2, 1], 0), null);
  await assert.rejects(drawnOn(readDrawing(small), blank([64, 48, 1], 0)), /bytes/);
  await assert.rejects(drawnOn({ index: null, body: 'abcd' }, blank([28, 28, 1], 0)));
});
