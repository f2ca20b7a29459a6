/** Cell formulas. Whatever has no real, finite answer is missing: we do not invent values. */

/**
 * Missing where b is zero. Kernels never leave a residue where the exact answer is zero, so a divisor that is small but
 * not zero is meant; a fixed threshold would give another answer in another currency.
 */
export function divide(a: number, b: number): number {
  const q = a / b;
  return Number.isFinite(q) ? q : Number.NaN;
}

export const add = (a: number, b: number): number => a + b;
export const subtract = (a: number, b: number): number => a - b;
export const multiply = (a: number, b: number): number => a * b;
export const negate = (a: number): number => -a;
export const logarithm = (a: number): number => (a > 0 ? Math.log(a) : Number.NaN);
export const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a));
/** Math.pow says 1 for NaN⁰ and 1^NaN; a missing base stays missing. */
export const power = (a: number, k: number): number => (Number.isNaN(a) ? a : a ** k);
/** Of exactly two: Math.min itself would take the absent third argument in. */
export const smaller = (a: number, b: number): number => Math.min(a, b);
export const larger = (a: number, b: number): number => Math.max(a, b);
export const choose = (condition: number, a: number, b: number): number =>
  Number.isNaN(condition) ? condition : condition !== 0 ? a : b;
const flag = (a: number, b: number, holds: boolean): number =>
  Number.isNaN(a) || Number.isNaN(b) ? Number.NaN : holds ? 1 : 0;
export const greater = (a: number, b: number): number => flag(a, b, a > b);
export const less = (a: number, b: number): number => flag(a, b, a < b);
