import { allFinite, cells, count, describe, fieldOfDiagonal, range, rounded, tensor } from './layer.js';
import { axesOf, reach, tap } from './window.js';
import { at, bias, summed, times } from './working.js';

/** @param {import('./layer.js').Settings} s */
const windowOf = (s) => ({ size: s.size, stride: s.stride, padding: s.padding, dilation: s.dilation, edge: s.fit ? 'fit' : 'floor' });

/** One map for each that comes in: the taps in turn, each over all channels. @type {import('./layer.js').Kind['forward']} */
function depthwise(s, [x], w) {
  const [, width, channels] = x.shape, [rows, columns] = axesOf(windowOf(s), x.shape);
  const y = tensor([rows.count, columns.count, channels]), from = x.data, kernel = w.kernel.data, sums = new Float64Array(channels);
  for (let r = 0, out = 0; r < rows.count; r++) for (let c = 0; c < columns.count; c++, out += channels) {
    if (w.bias) sums.set(w.bias.data); else sums.fill(0);
    for (let i = 0; i < rows.size; i++) {
      const row = r * rows.stride - rows.before + i * rows.dilation;
      if (row < 0 || row >= rows.length) continue;
      for (let j = 0; j < columns.size; j++) {
        const column = c * columns.stride - columns.before + j * columns.dilation;
        if (column < 0 || column >= columns.length) continue;
        const at = (row * width + column) * channels, base = (i * columns.size + j) * channels;
        for (let k = 0; k < channels; k++) sums[k] += from[at + k] * kernel[base + k];
      }
    }
    y.data.set(sums, out);
  }
  return y;
}

/** Convolution: y[r, c, k] = bias[k] + sum of x[r s + i, c s + j, d] kernel[i, j, d, k]. @type {import('./layer.js').Kind} */
export const conv = {
  word: 'conv',
  says: 'the window times the kernel, summed over all maps, plus a bias',

  shape(s, [x]) {
    const [rows, columns] = axesOf(windowOf(s), x);
    for (const [number, which] of /** @type {[number, string][]} */ ([[x[2], 'channels'], [s.count, 'kernels']])) {
      if (number % s.groups) throw new Error(`conv over ${describe(x)}: ${number} ${which} cannot be split into ${s.groups} equal groups`);
    }
    return [rows.count, columns.count, s.count];
  },

  /** Window by window: what in it is not zero (paper and half of what ReLU leaves are), and that times four kernels at a time. */
  forward(s, [x], w) {
    const [, width, channels] = x.shape, [rows, columns] = axesOf(windowOf(s), x.shape), { count, groups } = s;
    if (groups === channels && count === channels && channels > 1) return depthwise(s, [x], w);
    const y = tensor([rows.count, columns.count, count]), depth = channels / groups, own = count / groups;
    const from = x.data, to = y.data, kernel = w.kernel.data, bias = w.bias ? w.bias.data : new Float32Array(count), skips = allFinite(kernel);
    const values = new Float64Array(rows.size * columns.size * depth), taps = new Int32Array(values.length);
    for (let stop = 0, out = 0; stop < rows.count * columns.count; stop++) for (let first = 0, at = 0; first < count; first += own, at += depth) {
      const r = Math.floor(stop / columns.count), c = stop % columns.count;
      let n = 0;
      for (let i = 0; i < rows.size; i++) {
        const row = r * rows.stride - rows.before + i * rows.dilation;
        if (row < 0 || row >= rows.length) continue;
        for (let j = 0; j < columns.size; j++) {
          const column = c * columns.stride - columns.before + j * columns.dilation;
          if (column < 0 || column >= columns.length) continue;
          const begin = (row * width + column) * channels + at;
          for (let d = 0, base = (i * columns.size + j) * depth * count + first; d < depth; d++, base += count) {
            const value = from[begin + d];
            if (value !== 0 || !skips) { values[n] = value; taps[n++] = base; }
          }
        }
      }
      let k = 0;
      for (; k + 4 <= own; k += 4, out += 4) {
        let sum0 = bias[first + k], sum1 = bias[first + k + 1], sum2 = bias[first + k + 2], sum3 = bias[first + k + 3];
        for (let p = 0; p < n; p++) {
          const value = values[p], base = taps[p] + k;
          sum0 += value * kernel[base]; sum1 += value * kernel[base + 1]; sum2 += value * kernel[base + 2]; sum3 += value * kernel[base + 3];
        }
        to[out] = sum0; to[out + 1] = sum1; to[out + 2] = sum2; to[out + 3] = sum3;
      }
      for (; k < own; k++, out++) {
        let sum = bias[first + k];
        for (let p = 0; p < n; p++) sum += values[p] * kernel[taps[p] + k];
        to[out] = sum;
      }
    }
    return y;
  },

  /** Window by window, over the slopes that are not zero: behind ReLU and max pooling, most are. */
  backward(s, dy, [x], w) {
    const [, width, channels] = x.shape, [rows, columns] = axesOf(windowOf(s), x.shape), { count, groups } = s;
    const depth = channels / groups, own = count / groups, kernel = w.kernel.data, from = x.data, skips = allFinite(kernel) && allFinite(from);
    const dx = new Float64Array(from.length), dkernel = new Float64Array(kernel.length), dbias = new Float64Array(count);
    const slopes = new Float64Array(own), kernels = new Int32Array(own);
    for (let stop = 0, out = 0; stop < rows.count * columns.count; stop++) for (let first = 0, at = 0; first < count; first += own, at += depth) {
      const r = Math.floor(stop / columns.count), c = stop % columns.count;
      let n = 0;
      for (let k = first; k < first + own; k++, out++) {
        const slope = dy.data[out];
        dbias[k] += slope;
        if (slope !== 0 || !skips) { slopes[n] = slope; kernels[n++] = k; }
      }
      if (n === 0) continue;
      for (let i = 0; i < rows.size; i++) {
        const row = r * rows.stride - rows.before + i * rows.dilation;
        if (row < 0 || row >= rows.length) continue;
        for (let j = 0; j < columns.size; j++) {
          const column = c * columns.stride - columns.before + j * columns.dilation;
          if (column < 0 || column >= columns.length) continue;
          const begin = (row * width + column) * channels + at;
          for (let d = 0, base = (i * columns.size + j) * depth * count; d < depth; d++, base += count) {
            const value = from[begin + d];
            let sum = 0;
            for (let p = 0; p < n; p++) {
              const place = base + kernels[p], slope = slopes[p];
              sum += slope * kernel[place];
              dkernel[place] += slope * value;
            }
            dx[begin + d] += sum;
          }
        }
      }
    }
    /** @type {import('./layer.js').Weights} */
    const weights = { kernel: rounded(w.kernel.shape, dkernel), ...(w.bias ? { bias: rounded(w.bias.shape, dbias) } : {}) };
    return { inputs: [rounded(x.shape, dx)], weights };
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
