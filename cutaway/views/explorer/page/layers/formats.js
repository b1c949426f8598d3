/** Numbers in formulas, written as the declarations write them. */

/** Python's `{x:.9g}`: nine significant digits, without zeros at the end. @param {number} x @param {number} [digits] */
export function general(x, digits = 9) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'nan' : x > 0 ? 'inf' : '-inf';
  if (x === 0) return Object.is(x, -0) ? '-0' : '0';
  const [mantissa, exponent] = x.toExponential(digits - 1).split('e'), power = Number(exponent);
  const trimmed = (/** @type {string} */ text) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  if (power < -4 || power >= digits) return `${trimmed(mantissa)}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  return trimmed(x.toFixed(Math.max(0, digits - 1 - power)));
}

/** Python's `repr` of a float: the shortest digits that name it. @param {number} x */
export function repr(x) {
  const text = String(x), [mantissa, exponent] = x.toExponential().split('e'), power = Number(exponent);
  if (power < -4 || power >= 16) return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  return text.includes('.') ? text : `${text}.0`;
}
