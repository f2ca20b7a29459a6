/**
 * What groups and columns of numbers do not explain of one section: the residual of a least-squares regression with
 * intercept. Regressing what is left after taking off group means is regressing on the group dummies as well (Frisch,
 * Waugh, Lovell), so thirty industries cost one pass, and only the columns are made orthogonal to each other.
 */
import { dot } from './dot.ts';
import type { Section } from './section.ts';

/** What neutralises a section. A symbol that lacks any of it has no residual. */
export interface Exposures {
  /** A code per symbol, any number; NaN is in no group. */
  readonly groups?: Section;
  readonly columns: readonly Section[];
  /** Each symbol's weight in the sum of squares, such as the root of its capital; above 0, or the symbol lacks it. */
  readonly weights?: Section;
}

/** Of a column's size, below which what is left of it is rounding: it says nothing that others have not said. */
const collinear = 1e-10;
/** Of y's spread. Fields are float32: of a factor explained to so many digits only their rounding is left. */
const explained = 1e-6;

/** y or a column: less its group means, times the root of the weights. */
interface Part {
  readonly values: Float64Array;
  /** Sum of squares about the mean. */
  readonly spread: number;
  /** Sum of squares about the group means. */
  readonly within: number;
  /** Sum of squares that rounding may amount to. */
  readonly dust: number;
}

/** Holds the buffers, so that thousands of dates allocate nothing. */
export class Regression {
  #capacity = 0;
  /** Symbols that take part; all buffers below have one number for each of them. */
  #cells = new Int32Array(0);
  /** Numbers of the groups, from 0. */
  #group = new Int32Array(0);
  /** Square roots of the weights. */
  #root = new Float64Array(0);
  /** y, then the columns: less their group means, times the root of the weights. */
  #values: Float64Array[] = [];
  #known = new Float64Array(0);
  /** Per group. */
  #members = new Int32Array(0);
  #weight = new Float64Array(0);
  #mean = new Float64Array(0);
  /** Of all weights. */
  #total = 0;
  #groups = 0;
  /** A hash table from codes to numbers, at least twice as long as there may be codes: a Map would box each code. */
  #codes = new Float64Array(0);
  #numbers = new Int32Array(0);
  /** Of each group in the table, which is cleared by it. */
  #places = new Int32Array(0);

  /**
   * A column that is constant, constant within the groups, or a combination of others changes nothing. A symbol alone
   * in its group is explained by it: its residual is exactly 0. So are all, exactly, where everything is explained: a
   * constant y, no more symbols than exposures, a y that is one of the columns. Numbers that are not finite are missing.
   */
  residuals(y: Section, exposures: Exposures, out: Section): void {
    const n = this.#gather(y, exposures);
    const { values: rest, spread } = this.#demean(0, y, n);
    const columns = exposures.columns.map((column, c) => this.#demean(1 + c, column, n));
    project(rest, columns, n);
    const nothing = dot(rest, rest, n) <= explained ** 2 * spread;
    const cells = this.#cells;
    const group = this.#group;
    const members = this.#members;
    const root = this.#root;
    out.fill(Number.NaN);
    for (let i = 0; i < n; i++) {
      const alone = members[group[i] as number] === 1;
      out[cells[i] as number] = nothing || alone ? 0 : (rest[i] as number) / (root[i] as number);
    }
  }

  /** Finds the symbols that take part and their groups; how many they are. */
  #gather(y: Section, { groups, columns, weights }: Exposures): number {
    this.#fit(y.length, 1 + columns.length);
    // A number less itself is 0 if it is finite, and missing if not.
    const known = this.#known.fill(0);
    for (const needed of [y, ...columns, ...(groups ? [groups] : []), ...(weights ? [weights] : [])]) {
      addDifferenceFromItself(needed, known, y.length);
    }
    const cells = this.#cells;
    const group = this.#group;
    const root = this.#root;
    const members = this.#members;
    const weight = this.#weight;
    for (let g = 0; g < this.#groups; g++) this.#codes[this.#places[g] as number] = Number.NaN;
    this.#groups = 0;
    let n = 0;
    let total = 0;
    for (let cell = 0; cell < y.length; cell++) {
      const w = weights ? (weights[cell] as number) : 1;
      if (Number.isNaN(known[cell]) || w <= 0) continue;
      const g = this.#numberOf(groups ? (groups[cell] as number) : 0);
      cells[n] = cell;
      group[n] = g;
      root[n] = weights ? Math.sqrt(w) : 1;
      members[g] = (members[g] as number) + 1;
      weight[g] = (weight[g] as number) + w;
      total += w;
      n++;
    }
    this.#total = total;
    return n;
  }

  /** Of the code's group; a group not met before gets the next one. */
  #numberOf(code: number): number {
    const last = this.#codes.length - 1;
    let place = Math.imul(code, 0x9e3779b1) & last;
    while (this.#codes[place] !== code) {
      if (Number.isNaN(this.#codes[place])) {
        this.#codes[place] = code;
        this.#numbers[place] = this.#groups;
        this.#places[this.#groups] = place;
        this.#members[this.#groups] = 0;
        this.#weight[this.#groups] = 0;
        this.#groups++;
        break;
      }
      place = (place + 1) & last;
    }
    return this.#numbers[place] as number;
  }

  /** Copies what the symbols that take part have in y or a column, less their group means, times the root of the weights. */
  #demean(p: number, from: Section, n: number): Part {
    const values = this.#values[p] as Float64Array;
    const cells = this.#cells;
    const group = this.#group;
    const root = this.#root;
    const mean = this.#mean.fill(0, 0, this.#groups);
    // Means of large numbers that differ little would be inexact; of what they are above any one of them they are not.
    const origin = from[cells[0] as number] as number;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const r = root[i] as number;
      const g = group[i] as number;
      const value = r * ((from[cells[i] as number] as number) - origin);
      values[i] = value;
      mean[g] = (mean[g] as number) + r * value;
      sum += r * value;
      squares += value * value;
    }
    for (let g = 0; g < this.#groups; g++) mean[g] = (mean[g] as number) / (this.#weight[g] as number);
    let within = 0;
    for (let i = 0; i < n; i++) {
      const value = (values[i] as number) - (root[i] as number) * (mean[group[i] as number] as number);
      values[i] = value;
      within += value * value;
    }
    return { values, spread: squares - (sum * sum) / this.#total, within, dust: collinear ** 2 * squares };
  }

  #fit(symbols: number, parts: number): void {
    if (symbols > this.#capacity) {
      this.#capacity = symbols;
      this.#cells = new Int32Array(symbols);
      this.#group = new Int32Array(symbols);
      this.#root = new Float64Array(symbols);
      this.#known = new Float64Array(symbols);
      this.#members = new Int32Array(symbols);
      this.#weight = new Float64Array(symbols);
      this.#mean = new Float64Array(symbols);
      this.#codes = new Float64Array(2 ** Math.ceil(Math.log2(2 * symbols))).fill(Number.NaN);
      this.#places = new Int32Array(symbols);
      this.#groups = 0;
      this.#numbers = new Int32Array(this.#codes.length);
      this.#values = [];
    }
    while (this.#values.length < parts) this.#values.push(new Float64Array(this.#capacity));
  }
}

function addDifferenceFromItself(x: Section, to: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) to[i] = (to[i] as number) + ((x[i] as number) - (x[i] as number));
}

/**
 * Takes off y what the columns explain, by Gram and Schmidt's orthogonalisation, the column with the largest share of
 * it left first. The columns are used up.
 */
function project(y: Float64Array, columns: readonly Part[], n: number): void {
  const left = columns.map(({ within }) => within);
  for (;;) {
    let pivot = -1;
    let most = 0;
    for (const [c, { within, dust }] of columns.entries()) {
      const square = left[c] as number;
      if (square <= dust || square / within <= most) continue;
      pivot = c;
      most = square / within;
    }
    if (pivot < 0) return;
    const direction = (columns[pivot] as Part).values;
    const length = left[pivot] as number;
    left[pivot] = 0;
    takeOff(y, direction, length, n);
    for (const [c, { values, dust }] of columns.entries()) {
      if ((left[c] as number) > dust) left[c] = takeOff(values, direction, length, n);
    }
  }
}

/** Leaves of x what is orthogonal to the direction, whose sum of squares is `length`; the sum of squares of what is left. */
function takeOff(x: Float64Array, direction: Float64Array, length: number, n: number): number {
  const slope = dot(x, direction, n) / length;
  let square = 0;
  for (let i = 0; i < n; i++) {
    const rest = (x[i] as number) - slope * (direction[i] as number);
    x[i] = rest;
    square += rest * rest;
  }
  return square;
}
