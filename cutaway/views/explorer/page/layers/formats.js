/** Numbers in formulas, written as the declarations write them. */

import { digitsOf, written } from '../numbers.js';

/** Python's `{x:.9g}`: nine significant digits, without zeros at the end. @param {number} x @param {number} [digits] */
export function general(x, digits = 9) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'nan' : x > 0 ? 'inf' : '-inf';
  const sign = x < 0 || Object.is(x, -0) ? '-' : '';
  return sign + (x ? written(digitsOf(Math.abs(x), digits), digits) : '0');
}

/** Python's `repr` of a finite float: the shortest digits that name it. @param {number} x */
export function repr(x) {
  const [mantissa, power] = Math.abs(x).toExponential().split('e');
  const text = x ? written({ digits: mantissa.replace('.', ''), power: Number(power) }, 16) : '0';
  return `${x < 0 || Object.is(x, -0) ? '-' : ''}${text}${/[.e]/.test(text) ? '' : '.0'}`;
}
