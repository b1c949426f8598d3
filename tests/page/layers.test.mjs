/**
 * The page's layers against answers that others worked out: the named cases of tests/cases.py, and what the declarations
 * say of every kind over odd sizes (tests/test_explorer_layers.py writes them into the file that CASES names).
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { KINDS } from '../../cutaway/views/explorer/page/layers/index.js';
import { range, tensor } from '../../cutaway/views/explorer/page/layers/layer.js';
import { LOSSES } from '../../cutaway/views/explorer/page/losses.js';
import { backward, behind, feeds, run, sources } from '../../cutaway/views/explorer/page/net.js';
import { exactSum, ruler, shortest, subtotalsThatAddUp } from '../../cutaway/views/explorer/page/numbers.js';

const given = JSON.parse(readFileSync(process.env.CASES, 'utf8'));

const number = (v) => ({ nan: NaN, inf: Infinity, '-inf': -Infinity })[v] ?? v;
const opened = ({ shape, data }) => tensor(shape, Float32Array.from(data, number));
const openedAll = (weights) => Object.fromEntries(Object.entries(weights).map(([name, one]) => [name, opened(one)]));
const openNet = (layers) => layers.map((layer, index) => ({ ...layer, index, kind: KINDS[layer.kind] }));
const plain = (text) => text.replaceAll('−', '-');

/** Each number within its bound of what it should be; not a number only where it should be none. */
function near(found, expected, what) {
  assert.deepEqual(found.shape, expected.shape, what);
  expected.data.forEach((value, n) => {
    const [v, want, bound] = [found.data[n], number(value), expected.bound?.[n] ?? 0];
    assert.ok(Object.is(v, want) || v === want || (Number.isNaN(v) && Number.isNaN(want)) || Math.abs(v - want) <= bound, `${what} at ${n}: ${v}, not ${want} (within ${bound})`);
  });
}

test('the page has every kind of layer that there is', () => assert.deepEqual(Object.keys(KINDS).sort(), given.kinds));

for (const one of given.layers) {
  test(one.name, () => {
    const kind = KINDS[one.kind], xs = one.inputs.map(opened), w = openedAll(one.weights), shapes = xs.map(({ shape }) => shape);
    assert.deepEqual(kind.shape(one.settings, shapes), one.output.shape);
    near(kind.forward(one.settings, xs, w), one.output, 'forward');
    if (one.dy) {
      const back = kind.backward(one.settings, opened(one.dy), xs, w);
      one.dx.forEach((expected, n) => near(back.inputs[n], expected, `gradient of input ${n}`));
      assert.deepEqual(Object.keys(back.weights).sort(), Object.keys(one.dweights).sort());
      for (const [name, expected] of Object.entries(one.dweights)) near(back.weights[name], expected, `gradient of ${name}`);
    }
    for (const { cell, inputs, weights, working } of one.cells) {
      const own = kind.sources(one.settings, cell, shapes);
      assert.deepEqual(own.inputs.map(asPython), inputs, `sources of ${cell}`);
      assert.deepEqual(Object.fromEntries(Object.entries(own.weights).map(([name, region]) => [name, asPython(region)])), weights, `weights of ${cell}`);
      sameWorking(kind.terms(one.settings, cell, xs, w), working, `working of ${cell}`);
    }
    for (const { region, fields } of one.fields) assert.deepEqual(kind.field(one.settings, region.map((axis) => range(...axis)), shapes).map(asPython), fields, `field of ${JSON.stringify(region)}`);
  });
}

/** Ranges as their places: an empty one is empty, wherever it starts. */
function asPython(region) {
  return region.map(([start, stop, step]) => (stop > start ? Array.from({ length: Math.ceil((stop - start) / step) }, (_, n) => start + n * step) : []));
}

/** The same terms, in the same order; library functions may differ in the last bits of a double. */
function sameWorking(found, expected, what) {
  assert.equal(found.rule, expected.rule, what);
  assert.deepEqual(found.terms.map(({ factors, formula }) => ({ factors: factors.map(({ of, cell }) => [of, cell]), formula })), expected.terms.map(({ factors, formula }) => ({ factors: factors.map(([of, cell]) => [of, cell]), formula })), what);
  found.terms.forEach((term, n) => {
    close(term.value, expected.terms[n].value, what);
    term.factors.forEach(({ value }, f) => close(value, expected.terms[n].factors[f][2], what));
  });
  close(found.combined, expected.combined, what);
  assert.deepEqual(found.steps.map(({ formula }) => formula), expected.steps.map(([formula]) => formula), what);
  found.steps.forEach(({ value }, n) => close(value, expected.steps[n][1], what));
}

function close(found, value, what) {
  const expected = number(value);
  assert.ok(Object.is(found, expected) || found === expected || Math.abs(found - expected) <= 1e-14 * Math.max(Math.abs(expected), 1e-290), `${what}: ${found}, not ${expected}`);
}

for (const one of given.nets) {
  test(`net ${one.name}`, () => {
    const net = openNet(one.layers), weights = Object.fromEntries(Object.entries(one.weights).map(([name, own]) => [name, openedAll(own)])), picture = opened(one.picture);
    const stages = run(net, weights, picture), shapes = Object.fromEntries(Object.entries(stages).map(([name, { shape }]) => [name, shape]));
    for (const [name, expected] of Object.entries(one.stages)) near(stages[name], expected, name);
    const slopes = backward(net, weights, stages, one.end, opened(one.dy));
    for (const [name, expected] of Object.entries(one.gradients)) { const at = name.lastIndexOf('.'); near(slopes.weights[name.slice(0, at)][name.slice(at + 1)], expected, `gradient of ${name}`); }
    for (const [name, expected] of Object.entries(one.slopes)) near(slopes.stages[name], expected, `gradient of ${name}`);
    for (const { name, cell, behind: boxes, sources: direct, feeds: fed } of one.cells) {
      const layer = net.find((own) => own.name === name);
      assert.deepEqual(mapped(behind(net, shapes, name, cell)), boxes, `behind ${name} ${cell}`);
      if (layer) assert.deepEqual(mapped(sources(layer, shapes, cell)), direct, `sources of ${name} ${cell}`);
      for (const [next, count] of Object.entries(fed)) assert.equal(feeds(net.find((own) => own.name === next), shapes, name, cell)?.count ?? 0, count, `${name} ${cell} feeds ${next}`);
    }
  });
}

const mapped = (regions) => Object.fromEntries(Object.entries(regions).map(([name, region]) => [name, asPython(region)]));

for (const one of given.losses) {
  test(`loss ${one.name}`, () => {
    const loss = LOSSES[one.name];
    sameWorking(loss.terms(one.outputs, one.targets), one.working, one.name);
    loss.gradient(one.outputs, one.targets).forEach((v, n) => close(v, one.gradient[n], 'gradient'));
    if (one.scores) loss.gradientOfScores(one.scores, one.targets).forEach((v, n) => assert.ok(Math.abs(v - one.gradientOfScores[n]) < 1e-7));
  });
}

test('exact sums', () => { for (const { values, sum } of given.sums) assert.equal(exactSum(values), sum); });

test('printed numbers add up as Python prints them', () => {
  for (const { groups, decimals, exponent, outer, inner } of given.printed) {
    const marks = ruler(groups.flat());
    assert.deepEqual(marks, { decimals, exponent });
    const made = subtotalsThatAddUp(groups, marks);
    assert.deepEqual([made.outer.terms.map(plain), plain(made.outer.total)], outer);
    assert.deepEqual(made.inner.map(({ terms, total }) => [terms.map(plain), plain(total)]), inner);
  }
});

test('the shortest name of a float32', () => {
  for (const [value, text] of given.shortest) {
    const own = Number(plain(shortest(value)));                                             // half-way, either neighbour names it
    assert.equal(Math.fround(own), Math.fround(value));
    assert.equal(String(own).length, String(Number(text)).length);
  }
});
