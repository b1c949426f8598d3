import { allFinite, describe, only, range, rounded, tensor } from './layer.js';
import { at, bias, summed, times } from './working.js';

/** Dense, or fully connected: every feature casts a vote, activation times weight, for every unit. @type {import('./layer.js').Kind} */
export const dense = {
  word: 'dense',
  says: 'every number times its weight, summed over all of them, plus a bias',

  shape(s, [x]) {
    if (x.length !== 1) throw new Error(`dense ${s.units} needs a list of features; got ${describe(x)}; put 'flatten' or 'globalmean' before it`);
    return [s.units];
  },

  forward({ units }, [x], w) {
    const weight = w.weight.data, sums = w.bias ? Float64Array.from(w.bias.data) : new Float64Array(units), skips = allFinite(weight);
    for (let f = 0, base = 0; f < x.data.length; f++, base += units) {
      const value = x.data[f];
      if (value !== 0 || !skips) for (let u = 0; u < units; u++) sums[u] += value * weight[base + u];
    }
    return rounded([units], sums);
  },

  backward({ units }, dy, [x], w) {
    const weight = w.weight.data, dx = new Float64Array(x.data.length), dweight = tensor(w.weight.shape);
    for (let f = 0, base = 0; f < x.data.length; f++, base += units) {
      const value = x.data[f];
      let sum = 0;
      for (let u = 0; u < units; u++) {
        sum += dy.data[u] * weight[base + u];
        dweight.data[base + u] = value * dy.data[u];
      }
      dx[f] = sum;
    }
    return { inputs: [rounded(x.shape, dx)], weights: { weight: dweight, ...(w.bias ? { bias: dy } : {}) } };
  },

  sources: (s, cell, [[features]]) => ({
    inputs: [[range(0, features)]],
    weights: { weight: [range(0, features), ...only(cell)], ...(s.biased ? { bias: only(cell) } : {}) },
  }),
  field: (s, region, [[features]]) => [[range(0, features)]],

  terms(s, [unit], [x], w) {
    const votes = Array.from(x.data, (_, slot) => times(at('input', x, [slot]), at('weight', w.weight, [slot, unit])));
    return summed([...votes, ...bias(w, unit)]);
  },
};
