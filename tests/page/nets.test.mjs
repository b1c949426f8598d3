// Whole nets in the page against cutaway.net.run and cutaway.trace.reach.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { backward, behind, consumers, feeds, run, shapesOf, sources, strongest, valueAt, working } from '../../cutaway/views/explorer/page/net.js';
import { byLayer, given, near, opened, openedAll, openedNet, region, regions } from './given.mjs';

for (const one of given.nets) {
  const net = openedNet(one.layers), weights = byLayer(openedAll(one.weights)), picture = opened(one.picture), shapes = shapesOf(net, picture.shape);

  test(`${one.name}: every stage`, () => {
    const stages = run(net, weights, picture);
    assert.deepEqual(Object.keys(stages).sort(), Object.keys(one.stages).sort());
    for (const [name, due] of Object.entries(one.stages)) near(stages[name], due, name);
    for (const [name, shape] of Object.entries(shapes)) assert.deepEqual(shape, one.stages[name].shape, name);
    const half = Math.floor(net.length / 2), known = { ...stages, [net[net.length - 1].name]: picture };
    assert.deepEqual(run(net, weights, picture, known, half), stages, 'from the middle on');
  });

  test(`${one.name}: every gradient`, () => {
    const slopes = backward(net, weights, run(net, weights, picture), one.end, opened(one.dy)), own = byLayer(one.gradients);
    for (const [layer, due] of Object.entries(own)) for (const [name, gradient] of Object.entries(due)) near(slopes.weights[layer][name], gradient, `gradient of ${layer}.${name}`);
    assert.deepEqual(Object.keys(slopes.stages).sort(), Object.keys(one.slopes).sort());
    for (const [name, due] of Object.entries(one.slopes)) near(slopes.stages[name], due, `gradient of ${name}`);
  });

  test(`${one.name}: the strongest source`, () => {
    const stages = run(net, weights, picture);
    for (const { name, cell } of one.cells.filter((looked) => looked.name !== 'input')) {
      const layer = net.find((own) => own.name === name), made = working(layer, stages, weights, cell), found = strongest(layer, made);
      assert.ok(layer.inputs.includes(found.name), `${name} ${cell}`);
      const own = made.terms.find(({ factors }) => factors.some((factor) => factor.cell.join() === found.cell.join() && factor.value === valueAt(stages, found.name, found.cell)));
      const sizes = made.terms.filter(({ factors }) => factors.some(({ of }) => of.startsWith('input'))).map(({ value }) => (made.rule === 'max' ? value : Math.abs(value)));
      assert.equal(made.rule === 'max' ? own.value : Math.abs(own.value), Math.max(...sizes), `${name} ${cell}`);
    }
  });

  test(`${one.name}: where cells come from, and go`, () => {
    for (const { name, cell, behind: boxes, sources: direct, feeds: fed } of one.cells) {
      const layer = net.find((own) => own.name === name);
      assert.deepEqual(regions(behind(net, shapes, name, cell)), boxes, `behind ${name} ${cell}`);
      if (layer) assert.deepEqual(regions(sources(layer, shapes, cell)), direct, `sources of ${name} ${cell}`);
      assert.deepEqual(consumers(net, name).map((next) => next.name), Object.keys(fed));
      for (const next of consumers(net, name)) {
        const found = feeds(next, shapes, name, cell), due = fed[next.name];
        assert.deepEqual(found ? { count: found.count, box: region(found.box) } : { count: 0, box: [] }, due, `${name} ${cell} feeds ${next.name}`);
      }
    }
  });
}
