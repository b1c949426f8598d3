// Numbers as the page prints them against cutaway.trace.digits, and its losses against cutaway.losses.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { general, repr } from '../../cutaway/views/explorer/page/layers/formats.js';
import { valueOf } from '../../cutaway/views/explorer/page/layers/working.js';
import { LOSSES } from '../../cutaway/views/explorer/page/losses.js';
import { exactSum, print, ruler, shortest, subtotalsThatAddUp, termsThatAddUp } from '../../cutaway/views/explorer/page/numbers.js';
import { given, number, plain, sameWorking } from './given.mjs';

const plainSum = ({ terms, total }) => ({ terms: terms.map(plain), total: plain(total) });
const close = (found, due, what) => assert.ok(Math.abs(found - due) <= 1e-14 * Math.max(1, Math.abs(due)), `${what}: ${found}, not ${due}`);

test('sums are exact, rounded once', () => {
  for (const { values, sum } of given.sums) assert.equal(exactSum(values.map(number)), number(sum), String(values));
});

test('what is printed adds up as where Python prints it', () => {
  for (const { groups, ruler: marks, outer, inner } of given.printed) {
    const own = groups.map((group) => group.map(number)), what = JSON.stringify(groups);
    assert.deepEqual(ruler(own.flat()), marks, what);
    const made = subtotalsThatAddUp(own, marks);
    assert.deepEqual(plainSum(made.outer), outer, what);
    assert.deepEqual(made.inner.map(plainSum), inner, what);
  }
  assert.deepEqual(plainSum(termsThatAddUp([1 / 3, 1 / 3, 1 / 3], { decimals: 2, exponent: 0 })), { terms: ['0.34', '0.33', '0.33'], total: '1.00' });
});

test('a number by a ruler is rounded correctly', () => {
  for (const [value, decimals, text] of given.texts) assert.equal(plain(print(value, { decimals, exponent: 0 })), text, `${value} to ${decimals}`);
});

test('the shortest name of a float32', () => {
  for (const [value, text] of given.shortest) assert.equal(Number(plain(shortest(value))), Number(text), text);
  assert.deepEqual([0.1, -3, 16777216, 1e-7, 0, -0, NaN, -Infinity].map(shortest), ['0.1', '−3', '16777216', '1e−07', '0', '0', 'nan', '−inf']);
});

test('numbers in formulas are written as Python writes them', () => {
  for (const [value, nine, six, all] of given.general) assert.deepEqual([general(value), general(value, 6), repr(value)], [nine, six, all]);
  assert.deepEqual([NaN, Infinity, -Infinity].map((value) => general(value)), ['nan', 'inf', '-inf']);
});

given.losses.forEach((one, n) => test(`${one.name}, ${n}`, () => {
  const loss = LOSSES[one.name], made = loss.terms(one.outputs, one.targets);
  assert.equal(loss.name, one.name);
  assert.equal(loss.last, one.last);
  sameWorking(made, one.working, one.last ? 2 : 0, one.name);
  close(valueOf(made), one.value, 'value');
  assert.deepEqual(loss.gradient(one.outputs, one.targets), one.gradient);
  if (one.scores) loss.gradientOfScores(one.scores, one.targets).forEach((v, k) => close(v, one.of_scores[k], `gradient of score ${k}`));
  else assert.throws(() => loss.gradientOfScores(one.outputs, one.targets));
}));

test('every loss is there', () => assert.deepEqual(Object.keys(LOSSES).sort(), [...new Set(given.losses.map(({ name }) => name))].sort()));
