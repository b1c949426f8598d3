import { cells, describe, only, range, rounded, tensor } from './layer.js';
import { at, averaged, times } from './working.js';

/** Global mean: of each channel, the mean over the whole map. @type {import('./layer.js').Kind} */
export const globalmean = {
  word: 'globalmean',
  says: 'the mean of each whole map',

  shape(s, [x]) {
    if (x.length !== 3) throw new Error(`globalmean needs maps (height x width x channels); got ${describe(x)}`);
    return [x[2]];
  },

  forward(s, [x]) {
    const [height, width, depth] = x.shape, sums = new Float64Array(depth);
    for (let at = 0; at < x.data.length; at += depth) for (let k = 0; k < depth; k++) sums[k] += x.data[at + k];
    return rounded([depth], sums.map((sum) => sum / (height * width)));
  },

  backward(s, dy, [x]) {
    const [height, width, depth] = x.shape, dx = tensor(x.shape);
    for (let at = 0; at < dx.data.length; at += depth) for (let k = 0; k < depth; k++) dx.data[at + k] = dy.data[k] / (height * width);
    return { inputs: [dx], weights: {} };
  },

  sources: (s, cell, [x]) => ({ inputs: [[range(0, x[0]), range(0, x[1]), ...only(cell)]], weights: {} }),
  field: (s, [channels], [x]) => [[range(0, x[0]), range(0, x[1]), channels]],
  terms: (s, cell, [x]) => averaged(cells(globalmean.sources(s, cell, [x.shape]).inputs[0]).map((place) => times(at('input', x, place)))),
};
