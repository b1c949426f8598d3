/**
 * Numbers as a person reads them: rounded so that what is printed adds up. The twin of cutaway/trace/digits.py.
 *
 * @typedef {{decimals: number, exponent: number}} Ruler  how numbers read together are printed: decimals, times 10^exponent
 * @typedef {{terms: string[], total: string}} Sum  printed; as decimals, the terms add up exactly to the total
 */

const DECIMALS = 3, PLAIN = [1e-5, 1e7];

/** A true minus sign: it has the width of a digit. */
export const MINUS = '−';

/** The exact sum of doubles, rounded once (Shewchuk's partials, as Python's math.fsum). @param {number[]} values */
export function exactSum(values) {
  /** @type {number[]} */
  const partials = [];
  for (let x of values) {
    if (!Number.isFinite(x)) return values.reduce((sum, one) => sum + one, 0);
    let n = 0;
    for (let y of partials) {
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y, low = y - (high - x);
      if (low) partials[n++] = low;
      x = high;
    }
    partials.length = n;
    partials.push(x);
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

/** The ruler for numbers that are read together: whole ones stay whole, others show 3 or 4 digits of the largest. @param {Iterable<number>} values @returns {Ruler} */
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

/** A number in units of the last printed place. @param {number} value @param {Ruler} marks */
const unitsOf = (value, { decimals, exponent }) => {
  const power = decimals - exponent;
  if (power < 0) return value / 10 ** -power;
  return power > 300 ? value * 1e300 * 10 ** (power - 300) : value * 10 ** power;              // 10 ** 309 would be infinite
};

/** -1234 units of 10^-3 -> "−1.234". @param {number} units @param {Ruler} marks */
export function printUnits(units, { decimals, exponent }) {
  const text = String(Math.abs(units)).padStart(decimals + 1, '0'), point = text.length - decimals;
  const plain = decimals ? `${text.slice(0, point)}.${text.slice(point)}` : text;
  const power = exponent ? `e${exponent < 0 ? MINUS : '+'}${String(Math.abs(exponent)).padStart(2, '0')}` : '';
  return (units < 0 ? MINUS : '') + plain + power;
}

/** One number by a ruler, correctly rounded; minus zero is zero. @param {number} value @param {Ruler} marks */
export const print = (value, marks) => (Number.isFinite(value) ? printUnits(round(unitsOf(value, marks)), marks) : plainly(value));

/** One number by itself. @param {number} value */
export const printed = (value) => print(value, ruler([value]));

/** What is not finite. @param {number} value */
const plainly = (value) => (Number.isNaN(value) ? 'nan' : value < 0 ? `${MINUS}inf` : 'inf');

/** Whole numbers that add up to the total, each the one below or above its own: those with the largest remainders go up. @param {number[]} exact @param {number} total */
function shared(exact, total) {
  const units = exact.map(Math.floor), short = total - units.reduce((sum, n) => sum + n, 0);
  if (short > 0) {
    const order = exact.map((_, n) => n).sort((a, b) => exact[b] - units[b] - (exact[a] - units[a]) || a - b);
    for (const n of order.slice(0, short)) units[n] += 1;
  }
  return units;
}

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
  const total = round(unitsOf(exactSum(all), marks));
  const parts = shared(groups.map((group) => unitsOf(exactSum(group), marks)), total);
  const text = (/** @type {number} */ units) => printUnits(units, marks);
  return {
    outer: { terms: parts.map(text), total: text(total) },
    inner: groups.map((group, n) => ({ terms: shared(group.map((value) => unitsOf(value, marks)), parts[n]).map(text), total: text(parts[n]) })),
  };
}

/** Prints numbers and their sum so that they add up. @param {number[]} values @param {Ruler} marks @returns {Sum} */
export const termsThatAddUp = (values, marks) => subtotalsThatAddUp(values.map((value) => [value]), marks).outer;

/** The shortest decimals that name this float32 and no other. @param {number} value */
export function shortest(value) {
  if (!Number.isFinite(value)) return plainly(value);
  const near = Math.fround(value);
  for (let n = 1; n < 10; n++) if (Math.fround(Number(value.toPrecision(n))) === near) return signed(String(Number(value.toPrecision(n))));
  return signed(String(value));
}

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
