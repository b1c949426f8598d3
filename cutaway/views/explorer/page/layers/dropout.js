import { only } from './layer.js';
import { at, summed, times } from './working.js';

/** Dropout: while training, cells are switched off by chance; here nothing happens. @type {import('./layer.js').Kind} */
export const dropout = {
  word: 'dropout',
  says: 'only while training are cells switched off by chance; now each goes on unchanged',
  shape: (s, [x]) => x,
  forward: (s, [x]) => x,
  backward: (s, dy) => ({ inputs: [dy], weights: {} }),
  sources: (s, cell) => ({ inputs: [only(cell)], weights: {} }),
  field: (s, region) => [region],
  terms: (s, cell, [x]) => summed([times(at('input', x, cell))]),
};
