// The page's layers against the named cases of tests/cases.py and against the declarations, kind by kind.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { KINDS } from '../../cutaway/views/explorer/page/layers/index.js';
import { cells, whole } from '../../cutaway/views/explorer/page/layers/layer.js';
import { given, near, opened, openedAll, region, regions, sameWorking } from './given.mjs';

test('the page has every kind of layer that there is', () => {
  assert.deepEqual(Object.keys(KINDS).sort(), given.kinds);
  for (const [word, kind] of Object.entries(KINDS)) {
    assert.equal(kind.word, word);
    assert.match(kind.says, /^.{10,100}$/, word);
    assert.ok(given.layers.some((one) => one.kind === word), word);
  }
});

for (const one of given.layers) test(one.name, () => {
  const kind = KINDS[one.kind], { settings } = one, xs = one.inputs.map(opened), w = openedAll(one.weights), shapes = xs.map(({ shape }) => shape);
  const before = JSON.stringify([xs, w].map((all) => Object.values(all).map(({ data }) => Array.from(data))));
  assert.deepEqual(kind.shape(settings, shapes), one.output.shape);
  near(kind.forward(settings, xs, w), one.output, 'forward');
  const back = kind.backward(settings, opened(one.dy), xs, w);
  assert.equal(back.inputs.length, one.dx.length);
  one.dx.forEach((due, n) => near(back.inputs[n], due, `gradient of input ${n + 1}`));
  assert.deepEqual(Object.keys(back.weights).sort(), Object.keys(one.dweights).sort());
  for (const [name, due] of Object.entries(one.dweights)) near(back.weights[name], due, `gradient of ${name}`);
  for (const { cell, inputs, weights, working } of one.cells) {
    const own = kind.sources(settings, cell, shapes);
    assert.deepEqual(own.inputs.map(region), inputs, `sources of ${cell}`);
    assert.deepEqual(regions(own.weights), weights, `weights of ${cell}`);
    sameWorking(kind.terms(settings, cell, xs, w), working, one.ulps, `working of ${cell}`);
  }
  for (const { region: box, fields } of one.fields) assert.deepEqual(kind.field(settings, box, shapes).map(region), fields, `field of ${JSON.stringify(box)}`);
  assert.equal(JSON.stringify([xs, w].map((all) => Object.values(all).map(({ data }) => Array.from(data)))), before, 'what was given is changed');
});

test('a shape that does not fit is refused, in words', () => {
  assert.ok(given.misfits.length > 20);
  for (const { kind, settings, shapes } of given.misfits) {
    const what = JSON.stringify([kind, settings, shapes]);
    assert.throws(() => KINDS[kind].shape(settings, shapes), ({ message }) => /^.{10,160}$/.test(message) && !/undefined|NaN/.test(message), what);
  }
});

test('a curve draws what forward computes', () => {
  for (const one of given.layers.filter(({ kind, name }) => KINDS[kind].curve && !/nan|inf/.test(name))) {
    const [x] = one.inputs.map(opened), y = KINDS[one.kind].forward(one.settings, [x], {}), curve = KINDS[one.kind].curve(one.settings);
    for (const [n] of cells(whole([x.data.length]))) assert.equal(Math.fround(curve(x.data[n])), y.data[n], one.name);
  }
});

test('a size that does not fit is shown as arithmetic', () => {
  const settings = { size: [3, 3], stride: [2, 2], padding: [0, 0, 1, 0], edge: 'fit' };
  assert.throws(() => KINDS.maxpool.shape(settings, [[11, 11, 1]]), { message: '(11 - 3 + 1) / 2 + 1 = 5.5 is not a whole number' });
});

test('the note of flatten is its arithmetic', () => {
  const shape = [3, 4, 5];
  for (const cell of cells(whole(shape))) {
    const [r, c, k] = cell, slot = (r * 4 + c) * 5 + k;
    assert.equal(KINDS.flatten.note({}, [slot], [shape]), `(row ${r} × 4 columns + column ${c}) × 5 maps + map ${k} = slot ${slot}`);
  }
  assert.equal(KINDS.flatten.note({}, [3], [[5]]), '');
});
