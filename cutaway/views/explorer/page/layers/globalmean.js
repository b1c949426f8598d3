import { cells, only, range, tensor } from './layer.js';
import { at, averaged, times } from './working.js';

/** Global mean: of each channel, the mean over the whole map. @type {import('./layer.js').Kind} */
export const globalmean = {
  word: 'globalmean',
  says: 'the mean of each whole map',
  shape: (s, [x]) => [x[2]],
  forward(s, [x]) {
    const [h, w, depth] = x.shape, sums = new Float64Array(depth);
    for (let n = 0, k = 0; n < x.data.length; n++) { sums[k] += x.data[n]; if (++k === depth) k = 0; }
    return tensor([depth], Float32Array.from(sums, (sum) => sum / (h * w)));
  },
  backward: (s, dy, [x]) => ({ inputs: [tensor(x.shape, x.data.map((_, n) => dy.data[n % x.shape[2]] / (x.shape[0] * x.shape[1])))], weights: {} }),
  sources: (s, [k], [x]) => ({ inputs: [[range(0, x[0]), range(0, x[1]), range(k, k + 1)]], weights: {} }),
  field: (s, [channels], [x]) => [[range(0, x[0]), range(0, x[1]), channels]],
  terms: (s, [k], [x]) => averaged(cells([range(0, x.shape[0]), range(0, x.shape[1]), ...only([k])]).map((place) => times(at('input', x, place)))),
};
