import { only, tensor } from './layer.js';
import { at, summed, times } from './working.js';

/** Multiply: maps by maps, or each channel of maps by one number. @type {import('./layer.js').Kind} */
export const multiply = {
  word: 'multiply',
  says: 'each number of the first, times its number of the second',
  shape: (s, [x]) => x,
  forward: (s, [x, gate]) => tensor(x.shape, x.data.map((v, n) => v * gate.data[n % gate.data.length])),
  backward(s, dy, [x, gate]) {
    const dgate = new Float64Array(gate.data.length);
    dy.data.forEach((d, n) => { dgate[n % dgate.length] += d * x.data[n]; });
    return { inputs: [tensor(x.shape, dy.data.map((d, n) => d * gate.data[n % dgate.length])), tensor(gate.shape, Float32Array.from(dgate))], weights: {} };
  },
  sources: (s, cell, [x, gate]) => ({ inputs: [only(cell), only(cell.slice(x.length - gate.length))], weights: {} }),
  field: (s, region, [x, gate]) => [region, region.slice(x.length - gate.length)],
  terms: (s, cell, [x, gate]) => summed([times(at('input 1', x, cell), at('input 2', gate, cell.slice(x.shape.length - gate.shape.length)))]),
};
