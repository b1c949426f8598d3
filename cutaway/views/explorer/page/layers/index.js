import { add } from './add.js';
import { colour } from './colour.js';
import { concat } from './concat.js';
import { conv } from './conv.js';
import { dense } from './dense.js';
import { dropout } from './dropout.js';
import { flatten } from './flatten.js';
import { gelu } from './gelu.js';
import { globalmean } from './globalmean.js';
import { grey } from './grey.js';
import { hardsigmoid } from './hardsigmoid.js';
import { hardswish } from './hardswish.js';
import { leaky } from './leaky.js';
import { logsoftmax } from './logsoftmax.js';
import { lrn } from './lrn.js';
import { maxpool } from './maxpool.js';
import { meanpool } from './meanpool.js';
import { multiply } from './multiply.js';
import { norm } from './norm.js';
import { normalise } from './normalise.js';
import { prelu } from './prelu.js';
import { relu } from './relu.js';
import { relu6 } from './relu6.js';
import { resize } from './resize.js';
import { scale } from './scale.js';
import { sigmoid } from './sigmoid.js';
import { silu } from './silu.js';
import { softmax } from './softmax.js';
import { sumpool } from './sumpool.js';
import { tanh } from './tanh.js';

const ALL = [
  ...[grey, colour, resize, scale, normalise],
  ...[conv, norm, lrn],
  ...[relu, relu6, leaky, prelu, tanh, sigmoid, silu, gelu, hardsigmoid, hardswish],
  ...[maxpool, meanpool, sumpool, globalmean],
  ...[flatten, dense, dropout],
  ...[add, concat, multiply],
  ...[softmax, logsoftmax],
];

/** Every kind of layer, by its word. A new kind is a new file, and a word here. @type {Record<string, import('./layer.js').Kind>} */
export const KINDS = Object.fromEntries(ALL.map((kind) => [kind.word, kind]));
