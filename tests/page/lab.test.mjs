// The parts of the lab that need no page: kernels, sizes, the net, the lines of code, links, pictures.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { command, keras, pytorch } from '../../cutaway/views/explorer/page/lab-code.js';
import { KERNELS, nameOf, parsed, random, resized, shown, sumOf, turned, weightsOf, withNumber } from '../../cutaway/views/explorer/page/lab-kernels.js';
import { linkOf, readLink, readPair, readSides } from '../../cutaway/views/explorer/page/lab-link.js';
import { asByte, cellUnder, rectOf } from '../../cutaway/views/explorer/page/lab-maps.js';
import { START, computed, convWindow, layersOf, notation } from '../../cutaway/views/explorer/page/lab-net.js';
import { drawnPictures, prepared, workingSize } from '../../cutaway/views/explorer/page/lab-pictures.js';
import { comesTo, filledIn, sizing, whatFits } from '../../cutaway/views/explorer/page/lab-sizes.js';
import { filled } from '../../cutaway/views/explorer/page/lab-working.js';
import { tensor } from '../../cutaway/views/explorer/page/layers/layer.js';
import { axesOf } from '../../cutaway/views/explorer/page/layers/window.js';

const COUNTED = tensor([4, 5, 1], Float32Array.from({ length: 20 }, (_, n) => n));
const setup = (changes = {}) => ({ ...START, activation: 'none', pool: 'none', ...changes });
const plain = (changes = {}) => ({ size: [3, 3], stride: [1, 1], padding: 'valid', dilation: [1, 1], edge: 'floor', ...changes });

// ---- kernels

test('a kernel that cutaway filter has too is the same', () => {
  const python = readFileSync(new URL('../../cutaway/cli/filter.py', import.meta.url), 'utf8');
  const own = [...python.slice(python.indexOf('KERNELS = {'), python.indexOf('}')).matchAll(/"([\w-]+)": "([^"]+)"/g)].map(([, name, text]) => [name, text]);
  assert.deepEqual(own.map(([name]) => name), Object.keys(KERNELS));
  for (const [name, text] of own) assert.equal(KERNELS[name]?.text, text, name);
});

test('every kernel is read and written again', () => {
  for (const [name, { text }] of Object.entries(KERNELS)) {
    assert.deepEqual(parsed(text), parsed(name));
    assert.equal(shown(parsed(text)), text);
    assert.equal(nameOf(parsed(text)), name);
  }
  assert.equal(nameOf(parsed('1 2; 3 4')), undefined);
});

test('what kernels add up to', () => {
  const keep = ['identity', 'blur', 'mean-5x5', 'gaussian', 'gaussian-5x5', 'sharpen', 'sharpen-5x5', 'emboss'];
  for (const name of Object.keys(KERNELS)) assert.equal(sumOf(parsed(name)), keep.includes(name) ? 1 : 0, name);
});

test('rows as people type them', () => {
  assert.deepEqual(parsed(' 0, −1 .5\n1e1 2 3 ; '), { rows: [[0, -1, 0.5], [10, 2, 3]], by: 1 });
  assert.deepEqual(parsed('1 1 / 2'), { rows: [[1, 1]], by: 2 });
});

for (const [text, says] of [
  ['', /rows of numbers/], ['1 x', /rows of numbers/], ['0x10', /rows of numbers/], ['1 2; 3', /equally long: here 2, 1/],
  ['1 2 / 0', /not 0/], ['1 2 / y', /not 0/], ['1 1 1 1 1 1 1 1', /1x8 is more than the 7x7/], ['Infinity', /rows of numbers/],
]) test(`refused, with a reason: ${JSON.stringify(text)}`, () => assert.throws(() => parsed(text), says));

test('another size keeps the middle in the middle', () => {
  const cross = parsed('edge');
  assert.deepEqual(resized(cross, 5, 5).rows[2], [0, 1, -4, 1, 0]);
  assert.deepEqual(resized(resized(cross, 7, 5), 3, 3), cross);
  assert.deepEqual(resized(cross, 1, 1).rows, [[-4]]);
  assert.deepEqual(resized({ rows: [[7]], by: 1 }, 2, 2).rows, [[7, 0], [0, 0]]);      // as `same` pads: the odd cell below and right
  assert.deepEqual(resized({ rows: [[7, 8], [9, 1]], by: 3 }, 3, 3), { rows: [[0, 0, 0], [0, 7, 8], [0, 9, 1]], by: 3 });
});

test('turning, by lot, one number', () => {
  assert.deepEqual(turned({ rows: [[1, 2, 3], [4, 5, 6]], by: 2 }), { rows: [[4, 1], [5, 2], [6, 3]], by: 2 });
  assert.deepEqual(turned(turned(turned(turned(parsed('emboss'))))), parsed('emboss'));
  assert.deepEqual(random(2, 1, () => 0).rows, [[-1], [-1]]);
  assert.deepEqual(withNumber(parsed('1 2; 3 4'), 1, 0, 9).rows, [[1, 2], [9, 4]]);
});

test('the weights are float32 of what stands there, the same for every channel', () => {
  const { kernel, bias } = weightsOf(parsed('1 2 / 3'), 0.5, 3);
  assert.deepEqual(kernel.shape, [1, 2, 1, 3]);
  assert.deepEqual([...kernel.data], [1, 1, 1, 2, 2, 2].map((n) => Math.fround(n / 3)));
  assert.deepEqual([...bias.data], [0.5, 0.5, 0.5]);
});

// ---- sizes

for (const [room, stride, padding, says] of [
  [7, 2, 0, 'stride 1 or 7 fits, or 1 cell of padding in all'], [26, 2, 1, 'stride 2 or 1 fits, or 1 or 3 cells of padding in all'],
  [5, 2, 0, 'stride 1 or 5 fits, or 1 cell of padding in all'], [5, 3, 0, 'stride 1 or 5 fits, or 1 cell of padding in all'], [25, 4, 2, 'stride 5 or 1 fits, or 1 or 5 cells of padding in all'],
]) test(`what fits, in the words of the declaration: ${room} / ${stride}`, () => assert.equal(whatFits(room, stride, padding), says));

test('the formula comes to what the layers stop at, for every window', () => {
  let tried = 0;
  for (const length of [1, 2, 5, 8, 9]) for (const size of [1, 2, 3, 5]) for (const stride of [1, 2, 3]) for (const dilation of [1, 2]) for (const padding of ['valid', 'same', [0, 1, 2, 0]]) for (const edge of ['floor', 'partial', 'fit']) {
    const window = plain({ size: [size, 1], stride: [stride, 1], dilation: [dilation, 1], padding, edge });
    let count = null;
    try { count = axesOf(window, [length, 9, 1])[0].count; } catch { /* it does not fit */ }
    const row = sizing(window, [length, 9, 1], 0), shouldBe = (row.length - row.span + row.padding) / row.stride + 1;
    assert.equal(row.count, count);
    assert.equal(row.exact, shouldBe);
    assert.equal(Function(`return ${filledIn(row).replaceAll('−', '-')}`)(), shouldBe);
    if (count === null) assert.ok(row.note);
    else if (count === shouldBe) assert.equal(row.note, '');
    else assert.ok(row.note, JSON.stringify(row));
    tried += 1;
  }
  assert.equal(tried, 5 * 4 * 3 * 2 * 3 * 3);
});

for (const [changes, length, note, comes] of [
  [{}, 28, '', '= 26'],
  [{ padding: 'same' }, 28, '', '= 28'],
  [{ stride: [2, 2] }, 28, 'last 1 row unused; stride 1 or 5 fits, or 1 cell of padding in all', '= 13.5 → 13'],
  [{ stride: [2, 2], padding: [1, 1, 1, 1] }, 28, 'the last padding is unused; stride 1 or 3 fits, or 1 or 3 cells of padding in all', '= 14.5 → 14'],
  [{ stride: [2, 2], edge: 'fit' }, 28, 'not a whole number; stride 1 or 5 fits, or 1 cell of padding in all', '= 13.5'],
  [{ size: [3, 3], stride: [2, 2], edge: 'partial' }, 28, 'the last window is cut short: 2 of 3 rows', '= 13.5 → 14'],
  [{ size: [1, 1], stride: [4, 4], edge: 'partial' }, 7, 'one more window would start outside; last 2 rows unused', '= 2.5 → 2'],
  [{ size: [7, 7], edge: 'partial' }, 5, 'the window is cut short to the 5 rows there are', '= −1 → 1'],
  [{ size: [7, 7] }, 5, "the window covers 7 rows, there are 5; a smaller window fits, 'same', or 'pad 1'", '= −1'],
]) test(`said of ${JSON.stringify(changes)} over ${length} rows`, () => {
  const row = sizing(plain(changes), [length, length, 1], 0);
  assert.equal(row.note, note);
  assert.equal(comesTo(row), comes);
});

test('gaps count into what the window covers', () => {
  const row = sizing(plain({ dilation: [2, 3] }), [28, 28, 1], 1);
  assert.equal(filledIn(row), '(28 − 7 + 0) / 1 + 1');
});

// ---- the net

test('in the notation', () => {
  const all = setup({ stride: [2, 1], padding: [0, 1, 2, 0], dilation: [2, 2], fit: true, activation: 'leaky', pool: 'meanpool', poolSize: [3, 3], poolStride: [2, 2], edge: 'partial', unit: true });
  assert.equal(notation(layersOf(all, 3)), 'scale, conv 3 3x3 stride 2x1 pad 0 1 2 0 groups 3 dilation 2 fit, leaky, meanpool 3 stride 2 partial');
  assert.equal(notation(layersOf(START, 1)), 'conv 1 3x3, relu, maxpool 2');
});

test('a picture of small numbers, by hand', () => {
  const { stages, broken } = computed(setup({ kernel: parsed('1 0; 0 -1'), bias: 2 }), COUNTED);
  assert.equal(broken, '');
  assert.deepEqual([...stages.conv1.data], Array(12).fill(-4));            // x - (x + 6) + 2
});

test('the identity changes nothing, in each of three channels', () => {
  const colours = tensor([3, 4, 3], Float32Array.from({ length: 36 }, (_, n) => n * 7));
  const { stages } = computed(setup({ kernel: parsed('identity'), padding: 'same' }), colours);
  assert.deepEqual(stages.conv1, colours);
});

test('what does not fit stops there, and what is before it is kept', () => {
  const large = computed(setup({ kernel: resized(parsed('1'), 7, 7), activation: 'relu' }), COUNTED);
  assert.deepEqual([large.broken, Object.keys(large.stages)], ['conv1', ['input']]);
  const pooled = computed(setup({ activation: 'relu', pool: 'maxpool', poolSize: [2, 2], edge: 'fit' }), COUNTED);
  assert.deepEqual([pooled.broken, Object.keys(pooled.stages)], ['maxpool1', ['input', 'conv1', 'relu1']]);
  assert.deepEqual(convWindow(START).size, [3, 3]);
});

// ---- as others write it

test('PyTorch', () => {
  assert.deepEqual(pytorch(START, [28, 28, 1], [26, 26, 1]), [
    'conv = nn.Conv2d(1, 1, 3)', 'conv.weight.data[:] = torch.tensor([[-1., 0., 1.], [-2., 0., 2.], [-1., 0., 1.]])', 'conv.bias.data[:] = 0.',
    'net = nn.Sequential(conv, nn.ReLU(), nn.MaxPool2d(2))', 'y = net(x)  # [N, C, H, W], 0 to 255',
  ]);
  const lines = pytorch(setup({ kernel: parsed('1 1 / 2'), padding: 'same', unit: true, pool: 'sumpool', poolSize: [2, 3], edge: 'partial' }), [8, 8, 3], [8, 8, 3]);
  assert.equal(lines[0], 'conv = nn.Conv2d(3, 3, (1, 2), groups=3)');
  assert.equal(lines[1], 'conv.weight.data[:] = torch.tensor([[1., 1.]]) / 2');
  assert.equal(lines[3], 'net = nn.Sequential(nn.ZeroPad2d((0, 1, 0, 0)), conv, nn.AvgPool2d((2, 3), ceil_mode=True, divisor_override=1))');
  assert.match(pytorch(setup({ pool: 'maxpool', poolSize: [8, 8], edge: 'partial' }), [8, 8, 1], [6, 6, 1])[3], /refuses a window larger/);
});

test('Keras', () => {
  assert.deepEqual(keras(setup({ stride: [2, 2], padding: [1, 1, 1, 1] }), [28, 28, 1], undefined).slice(0, 3), [
    'conv = layers.Conv2D(1, 3, strides=2)', 'net = keras.Sequential([layers.ZeroPadding2D(((1, 1), (1, 1))), conv])', 'net.build((None, 28, 28, 1))',
  ]);
  assert.match(keras(setup({ stride: [2, 2], dilation: [2, 2] }), [28, 28, 1], undefined)[0], /DepthwiseConv2D\(3, strides=2, dilation_rate=2\)/);
  const partial = setup({ pool: 'maxpool', poolSize: [2, 2], edge: 'partial' });
  assert.match(keras(partial, [9, 9, 1], [7, 7, 1])[1], /MaxPooling2D\(2, padding="same"\)\]\)$/);
  assert.match(keras(setup({ pool: 'maxpool', poolSize: [4, 4], edge: 'partial' }), [9, 9, 1], [7, 7, 1])[1], /MaxPooling2D\(4, padding="same"\)|leaves out/);
  assert.match(keras(setup({ pool: 'sumpool' }), [9, 9, 1], [7, 7, 1])[1], /AveragePooling2D\(2\), layers.Rescaling\(4\)/);
});

test('the command line, where it can say it', () => {
  assert.equal(command(setup({ kernel: parsed('blur') })), "cutaway filter photo.jpg --kernel '1 1 1; 1 1 1; 1 1 1 / 9' -o filtered.png");
  assert.equal(command(setup({ stride: [2, 2] })), '');
  assert.equal(command(setup({ bias: 1 })), '');
});

// ---- links

test('a link restores all of it', () => {
  const view = {
    setup: { ...START, kernel: parsed('gaussian-5x5'), bias: -1.5, stride: [2, 1], padding: [0, 1, 2, 3], dilation: [3, 3], fit: true, activation: 'tanh', pool: 'sumpool', poolSize: [3, 2], poolStride: [1, 1], edge: 'partial', unit: true },
    picture: 'a cat & a dog.jpg', size: 64, colour: true, channel: 2, asPicture: true, toScale: true, hold: [640, 1.5], cell: { layer: 'sumpool1', cell: [3, 4, 2] },
  };
  const { view: back, unread } = readLink(linkOf(view));
  assert.deepEqual(back, view);
  assert.deepEqual(unread, []);
});

test('a short link says what differs from the start', () => {
  const link = linkOf({ setup: START, picture: 'letter', size: 0, colour: false, channel: 0, asPicture: false, toScale: false, hold: null, cell: null });
  assert.equal(link, '#picture=letter&size=full&kernel=-1+0+1;+-2+0+2;+-1+0+1&activation=relu&pool=maxpool+2');
  assert.deepEqual(readLink(link).view.setup, START);
  assert.deepEqual(readLink('').view.setup, START);
});

test('what a link says wrongly is named, and the rest is read', () => {
  const { view, unread } = readLink('#kernel=1+x&stride=99&pad=1+2&dilation=0&activation=nonsense&pool=maxpool+0&bias=NaN&size=7&hold=0,1&cell=conv1&channel=9&unit=yes&%E0%A4%A');
  assert.deepEqual(unread.sort(), ['activation', 'bias', 'cell', 'channel', 'dilation', 'hold', 'kernel', 'pad', 'pool', 'size', 'stride']);
  assert.deepEqual(view.setup, { ...START, unit: true });
});

test('pairs and sides', () => {
  assert.deepEqual([readPair('3', 1, 8), readPair(' 2 x 5 ', 1, 8), readPair('2×1', 1, 8)], [[3, 3], [2, 5], [2, 1]]);
  assert.deepEqual([readPair('0', 1, 8), readPair('9', 1, 8), readPair('2x', 1, 8), readPair('1.5', 1, 8)], [null, null, null, null]);
  assert.deepEqual([readSides('1', 16), readSides('0 1 2 3', 16), readSides('1 2', 16), readSides('-1', 16)], [[1, 1, 1, 1], [0, 1, 2, 3], null, null]);
});

// ---- pictures

test('the pictures that the lab draws are the same every time', () => {
  const [a, b] = [drawnPictures(), drawnPictures()];
  assert.deepEqual(a.map(({ name }) => name), ['letter', 'landscape', 'rings']);
  a.forEach((picture, n) => {
    assert.equal(picture.pixels.length, picture.shape.reduce((size, side) => size * side, 1));
    assert.deepEqual(picture.pixels, b[n].pixels);
    assert.equal(picture.pixels, picture.pixels);                          // drawn once
  });
});

test('the working size keeps the proportions and never enlarges', () => {
  assert.deepEqual(workingSize([300, 400, 3], 64), [48, 64]);
  assert.deepEqual(workingSize([1000, 700, 3], 0), [512, 358]);
  assert.deepEqual(workingSize([20, 10, 3], 64), [20, 10]);
  assert.deepEqual(workingSize([1000, 1, 3], 8), [8, 1]);
});

test('grey or colour, as the layers make it', () => {
  const source = { name: 'two', shape: [1, 2, 3], pixels: Uint8Array.from([255, 0, 0, 10, 20, 30]) };
  assert.deepEqual([...prepared(source, 0, true).data], [255, 0, 0, 10, 20, 30]);
  assert.deepEqual([...prepared(source, 0, false).data], [76, 18]);
});

// ---- what is shown

test('a number as a filter program shows it', () => {
  assert.deepEqual([-3, 0.5, 1.5, 254.6, 300, NaN].map((v) => asByte(v, false)), [0, 0, 2, 255, 255, 0]);
  assert.deepEqual([-0.1, 0.5, 1.2].map((v) => asByte(v, true)), [0, 128, 255]);
});

test('a point belongs to a cell; on the padding, to the nearest', () => {
  const frame = { cell: 10, x: 20, y: 10, rows: 3, columns: 4, border: { above: 1, left: 2, below: 0, right: 0 } };
  assert.deepEqual(rectOf(frame, 1, 2, 3, 4), [50, 20, 10, 10]);
  assert.deepEqual([cellUnder(frame, 55, 25), cellUnder(frame, 5, 5), cellUnder(frame, 61, 25), cellUnder(frame, 55, 41)], [[1, 3], [0, 0], null, null]);
});

test('a negative number in a formula is put in brackets where two signs would meet', () => {
  assert.equal(filled('max(0, x)', '−2'), 'max(0, −2)');
  assert.equal(filled('1 / (1 + exp(-x))', '−2'), '1 / (1 + exp(−(−2)))');
  assert.equal(filled('1 / (1 + exp(-x))', '2'), '1 / (1 + exp(−2))');
  assert.equal(filled('x / 4', '−2'), '(−2) / 4');
});
