/**
 * Numbers as a person reads them: rounded so that what is printed adds up. The twin of cutaway/trace/digits.py.
 *
 * @typedef {{decimals: number, exponent: number}} Ruler  how numbers read together are printed: decimals, times 10^exponent
 * @typedef {{terms: string[], total: string}} Sum  printed; as decimals, the terms add up exactly to the total
 */

const DECIMALS = 3, PLAIN = [1e-5, 1e7];

/** A true minus sign: it has the width of a digit. */
export const MINUS = '−';

/**
 * The exact sum of doubles, rounded once (Shewchuk's partials, as Python's math.fsum); infinities and what is not a number
 * add up as in a processor.
 * @param {number[]} values
 */
export function exactSum(values) {
  /** @type {number[]} */
  const partials = [];
  for (let x of values) {
    if (!Number.isFinite(x)) return values.reduce((sum, one) => (Number.isFinite(one) ? sum : sum + one), 0);
    let n = 0;
    for (let y of partials) {
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y, low = y - (high - x);
      if (low) partials[n++] = low;
      x = high;
    }
    partials.length = n;
    if (x) partials.push(x);
  }
  let n = partials.length - 1, high = n < 0 ? 0 : partials[n], low = 0;
  while (n > 0) {
    const x = high, y = partials[--n];
    high = x + y;
    low = y - (high - x);
    if (low) break;
  }
  // Half-way cases: the partials that are left decide, as in math.fsum.
  if (n > 0 && ((low < 0 && partials[n - 1] < 0) || (low > 0 && partials[n - 1] > 0))) {
    const y = low * 2, x = high + y;
    if (y === x - high) high = x;
  }
  return high;
}

/**
 * The ruler for numbers that are read together: whole ones stay whole, others show 3 or 4 digits of the largest.
 * @param {Iterable<number>} values @returns {Ruler}
 */
export function ruler(values) {
  let largest = 0, whole = true;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    largest = Math.max(largest, Math.abs(value));
    whole &&= Number.isInteger(value);
  }
  if (whole && largest < PLAIN[1]) return { decimals: 0, exponent: 0 };
  const power = Number(largest.toExponential(6).split('e')[1]);
  if (largest < PLAIN[0] || largest >= PLAIN[1]) return { decimals: DECIMALS, exponent: power };
  return { decimals: Math.max(0, DECIMALS - power - (power < 0 ? 1 : 0)), exponent: 0 };
}

/** To the nearest whole number, halves to the even one, as Python's round. @param {number} x */
export function round(x) {
  const low = Math.floor(x), over = x - low;
  if (over !== 0.5) return over < 0.5 ? low : low + 1;
  return low % 2 ? low + 1 : low;
}

const VIEW = new DataView(new ArrayBuffer(8));

/** A finite double as a whole number times a power of two. @param {number} value @returns {[bigint, number]} */
function asWhole(value) {
  if (value === 0) return [0n, 0];
  VIEW.setFloat64(0, value);
  const bits = VIEW.getBigUint64(0), power = Number((bits >> 52n) & 2047n), part = bits & (2n ** 52n - 1n);
  const whole = power ? part | (2n ** 52n) : part;
  return [value < 0 ? -whole : whole, Math.max(power, 1) - 1075];
}

/**
 * Numbers in units of the last printed place, exactly, however far their magnitudes spread: each is whole / under.
 * @param {number[]} values @param {Ruler} marks @returns {{wholes: bigint[], under: bigint}}
 */
function unitsOf(values, { decimals, exponent }) {
  const parts = values.map(asWhole), least = parts.reduce((low, [, power]) => Math.min(low, power), 0), tens = decimals - exponent;
  const up = 10n ** BigInt(Math.max(0, tens)), under = 10n ** BigInt(Math.max(0, -tens)) << BigInt(-least);
  return { wholes: parts.map(([whole, power]) => (whole << BigInt(power - least)) * up), under };
}

/** @param {bigint} whole @param {bigint} under */
function floor(whole, under) {
  const low = whole / under;
  return whole < 0n && low * under !== whole ? low - 1n : low;
}

/** To the nearest, halves to the even one. @param {bigint} whole @param {bigint} under */
function nearest(whole, under) {
  const low = floor(whole, under), over = 2n * (whole - low * under);
  return over > under || (over === under && low & 1n) ? low + 1n : low;
}

/** -1234 units of 10^-3 -> "−1.234". @param {bigint} units @param {Ruler} marks */
export function printUnits(units, { decimals, exponent }) {
  const text = String(units < 0n ? -units : units).padStart(decimals + 1, '0'), point = text.length - decimals;
  const plain = decimals ? `${text.slice(0, point)}.${text.slice(point)}` : text;
  const power = exponent ? `e${exponent < 0 ? MINUS : '+'}${String(Math.abs(exponent)).padStart(2, '0')}` : '';
  return (units < 0n ? MINUS : '') + plain + power;
}

/** One number by a ruler, correctly rounded; minus zero is zero. @param {number} value @param {Ruler} marks */
export function print(value, marks) {
  if (!Number.isFinite(value)) return plainly(value);
  const { wholes, under } = unitsOf([value], marks);
  return printUnits(nearest(wholes[0], under), marks);
}

/** One number by itself. @param {number} value */
export const printed = (value) => print(value, ruler([value]));

/** What is not finite. @param {number} value */
const plainly = (value) => (Number.isNaN(value) ? 'nan' : value < 0 ? `${MINUS}inf` : 'inf');

/**
 * Whole numbers that add up to the total, each the one below or above its own: those with the largest remainders go up.
 * @param {bigint[]} wholes @param {bigint} under @param {bigint} total
 */
function shared(wholes, under, total) {
  const units = wholes.map((whole) => floor(whole, under)), short = Number(total - added(units));
  if (!short) return units;
  const over = wholes.map((whole, n) => whole - units[n] * under);
  const order = over.map((_, n) => n).sort((a, b) => (over[a] < over[b] ? 1 : over[a] > over[b] ? -1 : a - b));
  for (const n of order.slice(0, short)) units[n] += 1n;
  return units;
}

/** @param {bigint[]} wholes */
const added = (wholes) => wholes.reduce((sum, one) => sum + one, 0n);

/**
 * Prints groups of numbers so that the terms of each add up to its subtotal, and the subtotals to the total, which is the
 * exact sum, rounded as usual. Each is the true one rounded down or up, never further off.
 * @param {number[][]} groups @param {Ruler} marks @returns {{outer: Sum, inner: Sum[]}}
 */
export function subtotalsThatAddUp(groups, marks) {
  const all = groups.flat();
  if (!all.every(Number.isFinite)) {
    const sums = groups.map((group) => group.reduce((sum, one) => sum + one, 0));
    const say = (/** @type {number} */ value) => print(value, marks);
    return {
      outer: { terms: sums.map(say), total: say(sums.reduce((sum, one) => sum + one, 0)) },
      inner: groups.map((group, n) => ({ terms: group.map(say), total: say(sums[n]) })),
    };
  }
  const { wholes, under } = unitsOf(all, marks), text = (/** @type {bigint} */ units) => printUnits(units, marks);
  let at = 0;
  const own = groups.map(({ length }) => wholes.slice(at, (at += length)));
  const total = nearest(added(wholes), under), parts = shared(own.map(added), under, total);
  return {
    outer: { terms: parts.map(text), total: text(total) },
    inner: own.map((group, n) => ({ terms: shared(group, under, parts[n]).map(text), total: text(parts[n]) })),
  };
}

/** Prints numbers and their sum so that they add up. @param {number[]} values @param {Ruler} marks @returns {Sum} */
export const termsThatAddUp = (values, marks) => subtotalsThatAddUp(values.map((value) => [value]), marks).outer;

/** The shortest decimals that name this float32 and no other. @param {number} value */
export function shortest(value) {
  const near = Math.fround(value), size = Math.abs(near);
  if (!Number.isFinite(near)) return plainly(near);
  if (!size) return '0';
  let count = 1;
  while (Math.fround(Number(asPower(digitsOf(size, count)))) !== size) count += 1;
  return (near < 0 ? MINUS : '') + signed(written(digitsOf(size, count), 16));
}

/** @typedef {{digits: string, power: number}} Digits  1230 is 123 with power 3: the first digit counts thousands */

/** A number above 0 to so many digits; a tie goes to the even one, as in C and Python. @param {number} x @param {number} count @returns {Digits} */
export function digitsOf(x, count) {
  const [exact, power] = digitsUp(x, count + 40), isTie = /^50*$/.test(exact.slice(count)), isEven = Number(exact[count - 1]) % 2 === 0;
  const [digits, rounded] = isTie && isEven ? [exact.slice(0, count), power] : digitsUp(x, count);
  return { digits, power: rounded };
}

/** The same with ties upwards, as JavaScript prints. @param {number} x @param {number} count @returns {[string, number]} */
function digitsUp(x, count) {
  const [mantissa, power] = x.toExponential(count - 1).split('e');
  return [mantissa.replace('.', ''), Number(power)];
}

/** As Python writes digits: plainly from 0.0001 up to 10^limit, else times a power of ten. @param {Digits} of @param {number} limit */
export function written({ digits, power }, limit) {
  const own = digits.replace(/0+$/, '');
  if (power < -4 || power >= limit) return asPower({ digits: own, power });
  if (power < 0) return `0.${'0'.repeat(-power - 1)}${own}`;
  return own.length > power + 1 ? `${own.slice(0, power + 1)}.${own.slice(power + 1)}` : own.padEnd(power + 1, '0');
}

/** 1.23e+03 @param {Digits} of */
const asPower = ({ digits, power }) =>
  `${digits[0]}${digits.length > 1 ? `.${digits.slice(1)}` : ''}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;

/** A number's text with a true minus sign. @param {string} text */
export const signed = (text) => text.replaceAll('-', MINUS);

/** "97.31 %" @param {number} share @param {number} [decimals] */
export const percent = (share, decimals = 1) => `${(share * 100).toFixed(decimals)} %`;

/** "61,706" @param {number} n */
export const grouped = (n) => n.toLocaleString('en');

/** Two significant digits, upwards: the honest end of a colour scale. @param {number} value */
export function niceCeil(value) {
  if (!(value > 0) || !Number.isFinite(value)) return 1;
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Number((Math.ceil(value / unit - 1e-9) * unit).toPrecision(2));
}
