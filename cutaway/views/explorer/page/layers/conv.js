import { cells, count, fieldOfDiagonal, range, tensor } from './layer.js';
import { axesOf, reach, tap } from './window.js';
import { at, bias, summed, times } from './working.js';

/** @param {import('./layer.js').Settings} s */
const windowOf = (s) => ({ size: s.size, stride: s.stride, padding: s.padding, dilation: s.dilation, edge: s.fit ? 'fit' : 'floor' });

/** Convolution: y[r, c, k] = bias[k] + sum of x[r s + i, c s + j, d] kernel[i, j, d, k]. @type {import('./layer.js').Kind} */
export const conv = {
  word: 'conv',
  says: 'the window times the kernel, summed over all maps, plus a bias',

  shape(s, [x]) {
    const [rows, columns] = axesOf(windowOf(s), x);
    return [rows.count, columns.count, s.count];
  },

  forward(s, [x], w) {
    const [, width, channels] = x.shape, [rows, columns] = axesOf(windowOf(s), x.shape);
    const y = tensor([rows.count, columns.count, s.count]), depth = channels / s.groups, own = s.count / s.groups;
    const kernel = w.kernel.data, sums = new Float64Array(s.count);
    for (let r = 0, out = 0; r < rows.count; r++) for (let c = 0; c < columns.count; c++, out += s.count) {
      if (w.bias) sums.set(w.bias.data); else sums.fill(0);
      for (let i = 0; i < rows.size; i++) {
        const row = r * rows.stride - rows.before + i * rows.dilation;
        if (row < 0 || row >= rows.length) continue;
        for (let j = 0; j < columns.size; j++) {
          const column = c * columns.stride - columns.before + j * columns.dilation;
          if (column < 0 || column >= columns.length) continue;
          const from = (row * width + column) * channels, tapAt = (i * columns.size + j) * depth * s.count;
          for (let d = 0; d < channels; d++) {
            const value = x.data[from + d];
            if (value === 0) continue;                               // paper and what ReLU cut: most of many maps
            const group = Math.floor(d / depth), first = group * own, base = tapAt + (d - group * depth) * s.count;
            for (let k = first; k < first + own; k++) sums[k] += value * kernel[base + k];
          }
        }
      }
      y.data.set(sums, out);
    }
    return y;
  },

  backward(s, dy, [x], w) {
    const [, width, channels] = x.shape, [rows, columns] = axesOf(windowOf(s), x.shape);
    const depth = channels / s.groups, own = s.count / s.groups, kernel = w.kernel.data;
    const dx = new Float64Array(x.data.length), dkernel = new Float64Array(kernel.length), dbias = new Float64Array(s.count);
    for (let r = 0, out = 0; r < rows.count; r++) for (let c = 0; c < columns.count; c++, out += s.count) {
      for (let k = 0; k < s.count; k++) dbias[k] += dy.data[out + k];
      for (let i = 0; i < rows.size; i++) {
        const row = r * rows.stride - rows.before + i * rows.dilation;
        if (row < 0 || row >= rows.length) continue;
        for (let j = 0; j < columns.size; j++) {
          const column = c * columns.stride - columns.before + j * columns.dilation;
          if (column < 0 || column >= columns.length) continue;
          const from = (row * width + column) * channels, tapAt = (i * columns.size + j) * depth * s.count;
          for (let d = 0; d < channels; d++) {
            const value = x.data[from + d], group = Math.floor(d / depth), first = group * own, base = tapAt + (d - group * depth) * s.count;
            let sum = 0;
            for (let k = first; k < first + own; k++) {
              const slope = dy.data[out + k];
              sum += slope * kernel[base + k];
              dkernel[base + k] += slope * value;
            }
            dx[from + d] += sum;
          }
        }
      }
    }
    /** @type {import('./layer.js').Weights} */
    const weights = { kernel: tensor(w.kernel.shape, Float32Array.from(dkernel)) };
    if (w.bias) weights.bias = tensor(w.bias.shape, Float32Array.from(dbias));
    return { inputs: [tensor(x.shape, Float32Array.from(dx))], weights };
  },

  sources(s, [row, column, channel], [x]) {
    const [rows, columns] = axesOf(windowOf(s), x), depth = x[2] / s.groups, group = Math.floor(channel / (s.count / s.groups));
    const [across, down] = [reach(columns, column), reach(rows, row)];
    /** @param {import('./window.js').Axis} axis @param {number} stop @param {import('./layer.js').Range} seen */
    const taps = (axis, stop, seen) => (count(seen) ? range(tap(axis, stop, seen[0]), tap(axis, stop, seen[0]) + count(seen)) : range(0, 0));
    const own = range(channel, channel + 1);
    /** @type {Record<string, import('./layer.js').Region>} */
    const weights = { kernel: [taps(rows, row, down), taps(columns, column, across), range(0, depth), own] };
    if (s.biased) weights.bias = [own];
    return { inputs: [[down, across, range(group * depth, (group + 1) * depth)]], weights };
  },

  field: (s, region, shapes) => fieldOfDiagonal((cell) => conv.sources(s, cell, shapes).inputs, region),

  terms(s, cell, [x], w) {
    const [row, column, channel] = cell, [rows, columns] = axesOf(windowOf(s), x.shape);
    const [[down, across, depths]] = conv.sources(s, cell, [x.shape]).inputs;
    const products = cells([depths, down, across]).map(([d, i, j]) =>
      times(at('input', x, [i, j, d]), at('kernel', w.kernel, [tap(rows, row, i), tap(columns, column, j), d - depths[0], channel])));
    return summed([...products, ...bias(w, channel)]);
  },
};
