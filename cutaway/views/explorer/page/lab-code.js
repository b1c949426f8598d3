/** The lab's net as others write it: lines to copy for PyTorch, Keras, and the command line. */

import { axesOf } from './layers/window.js';
import { shown } from './lab-kernels.js';
import { convWindow, poolWindow } from './lab-net.js';

const TORCH = /** @type {Record<string, string>} */ ({ relu: 'nn.ReLU()', leaky: 'nn.LeakyReLU(0.01)', tanh: 'nn.Tanh()', sigmoid: 'nn.Sigmoid()', silu: 'nn.SiLU()', gelu: 'nn.GELU()' });
const KERAS = /** @type {Record<string, string>} */ ({ relu: 'layers.ReLU()', leaky: 'layers.LeakyReLU(negative_slope=0.01)', tanh: 'layers.Activation("tanh")', sigmoid: 'layers.Activation("sigmoid")', silu: 'layers.Activation("silu")', gelu: 'layers.Activation("gelu")' });

/** 3, or (3, 5). @param {number[]} pair */
const pairOf = (pair) => (pair[0] === pair[1] ? String(pair[0]) : `(${pair.join(', ')})`);

/** A named argument; nothing where it says what is meant without it. @param {string} name @param {number[]} pair @param {number[]} [silent] */
const argument = (name, pair, silent = [1, 1]) => (pair.join() === silent.join() ? '' : `, ${name}=${pairOf(pair)}`);

/** Padding above, below, left, right over a picture of this shape; nothing where the kernel does not fit. @param {import('./lab-net.js').Setup} setup @param {number[]} shape */
function sides(setup, shape) {
  try {
    const [rows, columns] = axesOf(convWindow(setup), shape);
    return [rows.before, rows.after, columns.before, columns.after];
  } catch {
    return typeof setup.padding === 'string' ? [0, 0, 0, 0] : [setup.padding[0], setup.padding[2], setup.padding[1], setup.padding[3]];
  }
}

/** A Python number: 0.1 stays, 1 is 1.0. @param {number} n */
const float = (n) => (Number.isInteger(n) && Math.abs(n) < 1e15 ? `${n}.` : String(n));

/** The kernel as nested lists. @param {import('./lab-kernels.js').Kernel} kernel */
const lists = ({ rows }) => `[${rows.map((row) => `[${row.map(float).join(', ')}]`).join(', ')}]`;

/** @param {import('./lab-kernels.js').Kernel} kernel */
const divided = ({ by }) => (by === 1 ? '' : ` / ${by}`);

/** The layers in PyTorch, with the kernel; what it cannot do, it says. @param {import('./lab-net.js').Setup} setup @param {number[]} shape of the picture @param {number[] | undefined} pooled  the shape that is pooled */
export function pytorch(setup, shape, pooled) {
  const channels = shape[2], { size, stride, dilation } = convWindow(setup), [above, below, left, right] = sides(setup, shape), even = above === below && left === right;
  const conv = `nn.Conv2d(${channels}, ${channels}, ${pairOf(size)}${argument('stride', stride)}${even ? argument('padding', [above, left], [0, 0]) : ''}${argument('dilation', dilation)}${channels > 1 ? `, groups=${channels}` : ''})`;
  const parts = [
    ...(even ? [] : [`nn.ZeroPad2d((${left}, ${right}, ${above}, ${below}))`]), 'conv',
    ...(setup.activation === 'none' ? [] : [TORCH[setup.activation]]), ...(setup.pool === 'none' ? [] : [torchPool(setup)]),
  ];
  return [
    `conv = ${conv}`,
    `conv.weight.data[:] = torch.tensor(${lists(setup.kernel)})${divided(setup.kernel)}`,
    `conv.bias.data[:] = ${float(setup.bias)}`,
    parts.length > 1 ? `net = nn.Sequential(${parts.join(', ')})${pooled && tooWide(setup, pooled) ? '  # PyTorch refuses a window larger than the map' : ''}` : 'net = conv',
    ...(setup.unit ? ['y = net(x / 255)  # [N, C, H, W]'] : ['y = net(x)  # [N, C, H, W], 0 to 255']),
  ];
}

/** Whether the window of the pooling is larger than what it pools. @param {import('./lab-net.js').Setup} setup @param {number[]} shape */
const tooWide = ({ pool, poolSize }, shape) => pool !== 'none' && poolSize.some((n, side) => n > shape[side]);

/** @param {import('./lab-net.js').Setup} setup */
function torchPool(setup) {
  const { size, stride, edge } = poolWindow(setup), options = `${pairOf(size)}${argument('stride', stride, size)}${edge === 'partial' ? ', ceil_mode=True' : ''}`;
  if (setup.pool === 'maxpool') return `nn.MaxPool2d(${options})`;
  return `nn.AvgPool2d(${options}${setup.pool === 'sumpool' ? ', divisor_override=1' : ''})`;
}

/** The layers in Keras, with the kernel; what it cannot say, it says. @param {import('./lab-net.js').Setup} setup @param {number[]} shape of the picture @param {number[] | undefined} pooled  the shape that is pooled */
export function keras(setup, shape, pooled) {
  const channels = shape[2], { size, stride, padding, dilation } = convWindow(setup), [above, below, left, right] = sides(setup, shape), cells = typeof padding !== 'string' && [above, below, left, right].some(Boolean);
  const options = `${pairOf(size)}${argument('strides', stride)}${padding === 'same' ? ', padding="same"' : ''}${argument('dilation_rate', dilation)}`;
  // Keras's Conv2D refuses stride and dilation together; its DepthwiseConv2D does not.
  const deep = channels > 1 || (stride.some((n) => n > 1) && dilation.some((n) => n > 1)), [pool, told] = setup.pool === 'none' ? [[], ''] : kerasPool(setup, pooled);
  const parts = [
    ...(setup.unit ? ['layers.Rescaling(1 / 255)'] : []), ...(cells ? [`layers.ZeroPadding2D(((${above}, ${below}), (${left}, ${right})))`] : []), 'conv',
    ...(setup.activation === 'none' ? [] : [KERAS[setup.activation]]), ...pool,
  ];
  return [
    `conv = ${deep ? 'layers.DepthwiseConv2D(' : 'layers.Conv2D(1, '}${options})`,
    `net = keras.Sequential([${parts.join(', ')}])${told && `  # ${told}`}`,
    `net.build((None, ${shape.join(', ')}))`,
    `kernel = np.array(${lists(setup.kernel)})${divided(setup.kernel)}`,
    `conv.set_weights([${channels > 1 ? `np.stack([kernel] * ${channels}, -1)[..., None]` : 'kernel[..., None, None]'}, np.full(${channels}, ${float(setup.bias)})])`,
  ];
}

/** @param {import('./lab-net.js').Setup} setup @param {number[] | undefined} shape @returns {[string[], string]} */
function kerasPool(setup, shape) {
  const { size, stride, edge } = poolWindow(setup), own = `${pairOf(size)}${argument('strides', stride, size)}`, cut = edge === 'partial' && shape && unlikeFloor(setup, shape);
  const same = cut && likeSame(setup, shape), told = cut && !same ? 'Keras leaves out the windows that are cut short here' : '';
  const kind = setup.pool === 'maxpool' ? 'MaxPooling2D' : 'AveragePooling2D', pool = `layers.${kind}(${own}${same ? ', padding="same"' : ''})`;
  if (setup.pool !== 'sumpool') return [[pool], told];
  return [[pool, `layers.Rescaling(${size[0] * size[1]})`], same ? 'a window that is cut short counts as if it were whole' : told];
}

/** Whether `partial` makes another map than leaving out. @param {import('./lab-net.js').Setup} setup @param {number[]} shape */
const unlikeFloor = (setup, shape) => axesOf(poolWindow(setup), shape).some(({ count, stride, size, length }) => (count - 1) * stride + size > length);

/** Whether Keras's `same` is this `partial`: as many windows, none that starts outside. @param {import('./lab-net.js').Setup} setup @param {number[]} shape */
function likeSame(setup, shape) {
  const own = axesOf(poolWindow(setup), shape), same = axesOf({ ...poolWindow(setup), padding: 'same', edge: 'floor' }, shape);
  return own.every(({ count }, side) => same[side].count === count && same[side].before === 0);
}

/** The same on the command line, where it can be said; it repeats the outermost pixels at the edge. @param {import('./lab-net.js').Setup} setup */
export const command = (setup) =>
  (setup.bias || setup.stride.some((n) => n > 1) || setup.dilation.some((n) => n > 1) ? '' : `cutaway filter photo.jpg --kernel '${shown(setup.kernel)}' -o filtered.png`);

