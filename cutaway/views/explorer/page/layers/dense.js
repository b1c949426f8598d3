import { only, range, tensor } from './layer.js';
import { at, bias, summed, times } from './working.js';

/** Dense, or fully connected: every feature casts a vote, activation times weight, for every unit. @type {import('./layer.js').Kind} */
export const dense = {
  word: 'dense',
  says: 'every cell before, times its weight, plus a bias',
  shape(s, [x]) {
    if (x.length !== 1) throw new Error('a dense layer needs a list of features; put flatten before it');
    return [s.units];
  },
  forward(s, [x], w) {
    const sums = w.bias ? Float64Array.from(w.bias.data) : new Float64Array(s.units), weight = w.weight.data;
    for (let f = 0, at = 0; f < x.data.length; f++, at += s.units) {
      const value = x.data[f];
      if (value === 0) continue;
      for (let u = 0; u < s.units; u++) sums[u] += value * weight[at + u];
    }
    return tensor([s.units], Float32Array.from(sums));
  },
  backward(s, dy, [x], w) {
    const dx = new Float64Array(x.data.length), dweight = tensor(w.weight.shape);
    for (let f = 0, at = 0; f < x.data.length; f++, at += s.units) for (let u = 0; u < s.units; u++) {
      dx[f] += dy.data[u] * w.weight.data[at + u];
      dweight.data[at + u] = x.data[f] * dy.data[u];
    }
    return { inputs: [tensor(x.shape, Float32Array.from(dx))], weights: { weight: dweight, ...(w.bias ? { bias: tensor([s.units], dy.data.slice()) } : {}) } };
  },
  sources: (s, cell, [[features]]) => ({ inputs: [[range(0, features)]], weights: { weight: [range(0, features), ...only(cell)], ...(s.biased ? { bias: only(cell) } : {}) } }),
  field: (s, region, [[features]]) => [[range(0, features)]],
  terms: (s, [unit], [x], w) => summed([...Array.from(x.data, (_, slot) => times(at('input', x, [slot]), at('weight', w.weight, [slot, unit]))), ...bias(w, unit)]),
};
