import { describe, only, tensor } from './layer.js';
import { repr } from './formats.js';
import { at, constant, summed, times } from './working.js';

/** Less the mean of the training pictures, divided by their deviation, channel by channel. @type {import('./layer.js').Kind} */
export const normalise = {
  word: 'normalise',
  says: 'less the mean of the training pictures, divided by their deviation',

  shape({ mean }, [x]) {
    if (![1, x[x.length - 1]].includes(mean.length)) throw new Error(`normalise: ${mean.length} means do not fit the channels of ${describe(x)}`);
    return x;
  },

  // One mean for all, or one a channel, which comes round again at every place.
  forward({ mean, deviation }, [x]) {
    const y = tensor(x.shape), turn = mean.length;
    for (let n = 0; n < y.data.length; n++) y.data[n] = (x.data[n] - mean[n % turn]) / deviation[n % turn];
    return y;
  },

  backward({ deviation }, dy, [x]) {
    const dx = tensor(x.shape), turn = deviation.length;
    for (let n = 0; n < dx.data.length; n++) dx.data[n] = dy.data[n] / deviation[n % turn];
    return { inputs: [dx], weights: {} };
  },

  sources: (s, cell) => ({ inputs: [only(cell)], weights: {} }),
  field: (s, region) => [region],

  terms(s, cell, [x]) {
    const k = cell[cell.length - 1] % s.mean.length, deviation = s.deviation[k];
    const made = summed([times(at('input', x, cell)), times(constant('-mean', -s.mean[k]))]);
    return { ...made, steps: [{ formula: `x / ${repr(deviation)}`, value: made.combined / deviation }] };
  },
};
