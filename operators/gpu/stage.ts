/**
 * A kernel of gpu.js as data: its body, what it is called with and what it gives. gpu.js compiles text, and these are
 * texts rather than functions so that no bundler or test runner can rename what is in them.
 *
 * Every value on a device is a date-major float32 matrix. Missing is a number, because WGSL may assume there is no NaN
 * and drop a test for it: what is below `-3e38` is missing, and `missing` is what is written.
 */

/** Written for a missing value; whatever is below -3e38 is read as one. */
export const missing = '-3.4e38';

/** Series are matrices, by letter or by the earlier stage that makes them; all else are numbers. */
const wholeNumbers = ['s', 'columns', 'steps', 'bars', 'start', 'split', 'delay'] as const;
const numbers = ['q', 'k'] as const;

export interface Stage {
  readonly name: string;
  /** Names of the arguments, in order: `x`, `y`, `z`, an earlier stage, or a number. */
  readonly takes: readonly string[];
  /** A cell for each of the result's, or so many columns for each date. */
  readonly gives: 'cells' | number;
  readonly body: string;
}

/** A sum over a row is made in so many parts, each of every 64th symbol. */
export const partsOfRow = 64;

/** What stages over a row are told of it. */
export const rowNumbers = (columns: number): { readonly columns: number; readonly steps: number } => ({
  columns,
  steps: Math.ceil(columns / partsOfRow),
});

/** The type gpu.js must give an argument: inferred ones would make a window of 20 a float. */
export function typeOf(taken: string): 'Input' | 'Integer' | 'Float' {
  if ((wholeNumbers as readonly string[]).includes(taken)) return 'Integer';
  return (numbers as readonly string[]).includes(taken) ? 'Float' : 'Input';
}

export const textOf = ({ name, takes, body }: Stage): string => `function ${name}(${takes.join(', ')}) {${body}}`;

/** Returns a number, or missing where it cannot be stored. */
export const settle = (value: string): string => `
  const settled = ${value};
  if (settled > -3e38 && settled < 3e38) return settled;
  return ${missing};`;

/**
 * Adds `term` to `total` and keeps in `lost` what rounding took, so that sums are as exact as their terms. The maximum
 * changes nothing, for no sum gets that low: without it, compilers of shaders (Mesa's) take `(next - total) - due` for 0.
 */
export const addUp = (term: string): string => `
    const due = ${term} - lost;
    const next = total + due;
    lost = (Math.max(next, -3.3e38) - total) - due;
    total = next;`;

/** `day`, the date of the thread's bar. A device's quotient may be one part in 1e7 short of the whole number it should be. */
export const dayOfBar = `
  let day = Math.floor(this.thread.y / bars);
  if (day * bars > this.thread.y) day = day - 1;
  if ((day + 1) * bars <= this.thread.y) day = day + 1;`;
