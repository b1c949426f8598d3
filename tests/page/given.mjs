// What tests/page_cases.py wrote, opened, and how it is compared.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { KINDS } from '../../cutaway/views/explorer/page/layers/index.js';
import { count, range, tensor } from '../../cutaway/views/explorer/page/layers/layer.js';
import { valueOf, winner } from '../../cutaway/views/explorer/page/layers/working.js';

export const given = JSON.parse(readFileSync(process.env.CASES, 'utf8'));

export const number = (v) => ({ nan: NaN, inf: Infinity, '-inf': -Infinity })[v] ?? v;
/** With the minus sign of a keyboard. */
export const plain = (text) => text.replaceAll('−', '-');

const doubles = (text) => new Float64Array(new Uint8Array(Buffer.from(text, 'base64')).buffer);
export const opened = ({ shape, data }) => tensor(shape, Float32Array.from(doubles(data)));
export const openedAll = (weights) => Object.fromEntries(Object.entries(weights).map(([name, one]) => [name, opened(one)]));
export const openedNet = (layers) => layers.map((layer, index) => ({ ...layer, index, kind: KINDS[layer.kind] }));

/** `{"conv1.kernel": a}` as `{"conv1": {"kernel": a}}`. */
export function byLayer(weights) {
  const own = {};
  for (const [name, one] of Object.entries(weights)) { const at = name.lastIndexOf('.'); (own[name.slice(0, at)] ??= {})[name.slice(at + 1)] = one; }
  return own;
}

/** Each number within its bound of what is due; not a number only where none is due. */
export function near(found, due, what) {
  assert.deepEqual(found.shape, due.shape, `${what}: shape`);
  assert.ok(found.data instanceof Float32Array, `${what}: float32`);
  const expected = doubles(due.data), bound = doubles(due.bound);
  assert.equal(found.data.length, expected.length, `${what}: length`);
  expected.forEach((value, n) => {
    const own = found.data[n];
    if (!(own === value || (Number.isNaN(own) && Number.isNaN(value)) || Math.abs(own - value) <= (bound[n] ?? bound[0]))) assert.fail(`${what} at ${n}: ${own}, not ${value} (within ${bound[n] ?? bound[0]})`);
  });
}

/** A region with each range from its first place to the one behind its last, and none as [0, 0, 1]. */
export const region = (axes) => axes.map((axis) => {
  const n = count(axis), [start, , step] = axis;
  return n ? range(start, start + (n - 1) * step + 1, n > 1 ? step : 1) : range(0, 0);
});
export const regions = (of) => Object.fromEntries(Object.entries(of).map(([name, own]) => [name, region(own)]));

/** The same terms in the same order; numbers that library functions gave may differ in so many last bits, all others in none. */
export function sameWorking(found, due, ulps, what) {
  const words = ({ rule, terms, steps }) => ({ rule, terms: terms.map(({ factors, formula }) => [formula, ...factors.map(({ of, cell }) => [of, cell])]), steps: steps.map(({ formula }) => formula) });
  if (ulps === 0) assert.deepEqual(words(found), words(due), what);
  else assert.deepEqual(withoutLast(words(found)), withoutLast(words(due)), what);
  const values = ({ terms, combined, steps }, value) => [...terms.flatMap((term) => [...term.factors.map((factor) => factor.value), term.value]), combined, ...steps.map((step) => step.value), value].map(number);
  const expected = values(due, due.value), scale = expected.reduce((most, value) => (Math.abs(value) > most ? Math.abs(value) : most), 0);
  const won = winner(found);
  assert.equal(won ? found.terms.indexOf(won) : -1, due.winner, `${what}: the winner`);
  values(found, valueOf(found)).forEach((value, n) => {
    const off = Math.abs(value - expected[n]);
    assert.ok(Object.is(value, expected[n]) || value === expected[n] || off <= ulps * 2 ** -53 * Math.max(Math.abs(expected[n]), scale < 64 ? scale : 0), `${what}: ${value}, not ${expected[n]}`);
  });
}

/** Nine digits of a number that library functions gave may end differently. */
const withoutLast = (made) => JSON.parse(JSON.stringify(made).replace(/\d(?= \/ x|e-\d+ \/ x| - log)/g, '#'));
