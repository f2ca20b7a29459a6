/**
 * A date's problem as a linear program: a column for what is bought and one for what is sold of each name that can be
 * traded, so that turnover is one row; one column where nobody asks what was bought and what sold. Constraints that are
 * let go have columns of slack, and a row for how much of it there may be.
 */
import type { LinearProgram } from './linear-program.ts';
import { type PortfolioProblem, type Relief, reliefs } from './problem.ts';

/** The weights of a solution are those held plus sign times value over each name's columns. */
export interface PortfolioProgram extends LinearProgram {
  /** The name a column trades; -1 for slack. */
  readonly columnNames: Int32Array;
  /** 1 where a column adds to the weight, -1 where it takes from it, 0 for slack. */
  readonly columnSigns: Int8Array;
}

/** The reliefs that are let go, and how much of each there may be: Infinity before it is known. */
export type Relaxation = ReadonlyMap<Relief, number>;

/**
 * Of several portfolios that are worth the same, such as names of one score offer, this picks one: a millionth of a
 * score's deviation at most, told by the symbol alone, so that the pick depends neither on the basis that a solve
 * starts from nor on which other names there are.
 */
const tie = 1e-6;
const tieOf = (symbol: number): number => (Math.imul(symbol + 1, 0x9e3779b1) >>> 0) / 2 ** 32 - 0.5;

/** Keys of rows: single ones first, then one for each relief, style and industry. */
const budget = 0;
const members = 1;
const turnover = 2;
const reliefKey = 8;
const styleKey = 16;
const industryKey = 1024;

/** A name's columns: the way, and what a step costs of the deviation that is let go. */
const pieces = [
  { sign: 1, slope: 0 },
  { sign: -1, slope: 0 },
  { sign: 1, slope: -1 },
  { sign: 1, slope: 1 },
  { sign: -1, slope: -1 },
  { sign: -1, slope: 1 },
] as const;
type Piece = 0 | 1 | 2 | 3 | 4 | 5;

/** For the most by score, or the least of one relief's slack. */
export function buildProgram(
  problem: PortfolioProblem,
  relaxation: Relaxation,
  goal: 'score' | Relief,
): PortfolioProgram {
  const { names, symbols, score, held, least, most, reachable, member, index, industries, styles, costs } = problem;
  const rows = new Rows();
  const columns = new Columns(goal);
  const active = (i: number): number => (held[i] as number) - (index[i] as number);
  const sum = (of: (i: number) => number): number => {
    let total = 0;
    for (let i = 0; i < names; i++) total += of(i);
    return total;
  };
  /** Infinity where nothing is asked of the constraint, or its slack is the goal; 0 where it stands. */
  const amountOf = (relief: Relief): number => relaxation.get(relief) ?? 0;
  const asked = (relief: Relief): boolean => goal === relief || amountOf(relief) < Number.POSITIVE_INFINITY;
  /** What one row may miss needs no column: its bound moves. */
  const moved = (relief: Relief): number => (goal === relief ? 0 : amountOf(relief));

  const cash = 1 - sum((i) => held[i] as number);
  const budgetRow = rows.add(budget, cash - moved('invested'), cash);
  const industryRows: number[] = [];
  if (industries && asked('style')) {
    const before = new Float64Array(industries.labels.length);
    for (let i = 0; i < names; i++) {
      const code = industries.codes[i] as number;
      before[code] = (before[code] as number) + active(i);
    }
    for (const [code, x] of before.entries()) {
      industryRows.push(rows.add(industryKey + code, -industries.limit - x, industries.limit - x));
    }
  }
  const styleRows = (asked('style') ? styles : []).map(({ values, limit }, s) => {
    const before = sum((i) => active(i) * (values[i] as number));
    return rows.add(styleKey + s, -limit - before, limit - before);
  });
  const share = sum((i) => (member[i] ? (held[i] as number) : 0));
  const memberRow =
    problem.memberFloor > 0 && asked('members')
      ? rows.add(members, problem.memberFloor - share - moved('members'), Number.POSITIVE_INFINITY)
      : undefined;
  const turnoverRow =
    problem.turnover !== undefined && asked('turnover')
      ? rows.add(turnover, Number.NEGATIVE_INFINITY, problem.turnover + moved('turnover'))
      : undefined;
  /** What several constraints may miss together. */
  const shared = (relief: Relief, before: number): number | undefined => {
    const amount = amountOf(relief);
    return amount > 0 && amount < Number.POSITIVE_INFINITY
      ? rows.add(reliefKey + reliefs.indexOf(relief), Number.NEGATIVE_INFINITY, amount - before)
      : undefined;
  };
  const styleTotal = shared('style', 0);
  const pieced = relaxation.has('deviation') && asked('deviation');
  const outside = pieced
    ? sum((i) => Math.max(0, (least[i] as number) - (held[i] as number), (held[i] as number) - (most[i] as number)))
    : 0;
  const deviationRow = shared('deviation', outside);
  const trade = (i: number, piece: Piece, from: number, to: number): void => {
    if (to <= 0) return;
    column(i, piece, from, to);
  };
  const column = (i: number, piece: Piece, from: number, to: number): void => {
    const { sign, slope } = pieces[piece];
    const worth = (score[i] as number) + tie * tieOf(symbols[i] as number);
    const paid = sign > 0 ? costs.buy : costs.sell;
    const cost = goal === 'score' ? paid - sign * worth : goal === 'deviation' ? slope : 0;
    columns.add((symbols[i] as number) * 8 + piece, i, sign, from, to, cost);
    columns.entry(budgetRow, sign);
    if (industries && industryRows.length > 0)
      columns.entry(industryRows[industries.codes[i] as number] as number, sign);
    for (const [s, row] of styleRows.entries()) columns.entry(row, sign * (styles[s]?.values[i] as number));
    if (memberRow !== undefined && member[i]) columns.entry(memberRow, sign);
    if (turnoverRow !== undefined) columns.entry(turnoverRow, 1);
    if (deviationRow !== undefined) columns.entry(deviationRow, slope);
  };
  const split = turnoverRow !== undefined || costs.buy > 0 || costs.sell > 0;
  for (let i = 0; i < names; i++) {
    const h = held[i] as number;
    const { least: lower, most: upper } = pieced || asked('deviation') ? problem : reachable;
    const l = lower[i] as number;
    const m = upper[i] as number;
    if (pieced) {
      // What a weight is outside its bounds by is convex in it, as turnover is, so pieces are used up in their order.
      trade(i, 2, 0, l - h);
      trade(i, 0, 0, m - Math.max(h, l));
      trade(i, 3, 0, (reachable.most[i] as number) - Math.max(h, m));
      trade(i, 4, 0, h - m);
      trade(i, 1, 0, Math.min(h, m) - l);
      trade(i, 5, 0, Math.min(h, l) - (reachable.least[i] as number));
    } else if (split) {
      trade(i, 0, Math.max(0, l - h), m - h);
      trade(i, 1, Math.max(0, h - m), h - l);
    } else if (l !== h || m !== h) column(i, 0, l - h, m - h);
  }
  const slack = (relief: Relief, key: number, row: number, coefficient: number): void => {
    if (goal !== relief && (relief !== 'style' || styleTotal === undefined)) return;
    columns.slack(relief, 2 * key + (coefficient < 0 ? 1 : 0));
    columns.entry(row, coefficient);
    if (relief === 'style' && styleTotal !== undefined) columns.entry(styleTotal, 1);
  };
  for (const [code, row] of industryRows.entries()) {
    slack('style', industryKey + code, row, 1);
    slack('style', industryKey + code, row, -1);
  }
  for (const [s, row] of styleRows.entries()) {
    slack('style', styleKey + s, row, 1);
    slack('style', styleKey + s, row, -1);
  }
  if (memberRow !== undefined) slack('members', members, memberRow, 1);
  if (turnoverRow !== undefined) slack('turnover', turnover, turnoverRow, -1);
  slack('invested', budget, budgetRow, 1);
  return { ...columns.finished(), ...rows.finished() };
}

class Rows {
  readonly #keys: number[] = [];
  readonly #lower: number[] = [];
  readonly #upper: number[] = [];
  readonly #places = new Map<number, number>();

  add(key: number, lower: number, upper: number): number {
    const row = this.#keys.length;
    this.#places.set(key, row);
    this.#keys.push(key);
    this.#lower.push(lower);
    this.#upper.push(upper);
    return row;
  }

  place(key: number): number {
    const row = this.#places.get(key);
    if (row === undefined) throw new Error(`row ${key} is not in the program`);
    return row;
  }

  finished(): Pick<LinearProgram, 'rows' | 'rowKeys' | 'rowLower' | 'rowUpper'> {
    return {
      rows: this.#keys.length,
      rowKeys: Int32Array.from(this.#keys),
      rowLower: Float64Array.from(this.#lower),
      rowUpper: Float64Array.from(this.#upper),
    };
  }
}

class Columns {
  readonly #goal: 'score' | Relief;
  readonly #keys: number[] = [];
  readonly #names: number[] = [];
  readonly #signs: number[] = [];
  readonly #lower: number[] = [];
  readonly #upper: number[] = [];
  readonly #costs: number[] = [];
  readonly #starts: number[] = [];
  readonly #indices: number[] = [];
  readonly #values: number[] = [];

  constructor(goal: 'score' | Relief) {
    this.#goal = goal;
  }

  add(key: number, name: number, sign: number, lower: number, upper: number, cost: number): void {
    this.#starts.push(this.#indices.length);
    this.#keys.push(key);
    this.#names.push(name);
    this.#signs.push(sign);
    this.#lower.push(lower);
    this.#upper.push(upper);
    this.#costs.push(cost);
  }

  /** Keys below 0 are free of names. */
  slack(relief: Relief, key: number): void {
    this.add(-1 - key, -1, 0, 0, Number.POSITIVE_INFINITY, this.#goal === relief ? 1 : 0);
  }

  /** Of the column added last. */
  entry(row: number, value: number): void {
    if (value === 0) return;
    this.#indices.push(row);
    this.#values.push(value);
  }

  finished(): Omit<PortfolioProgram, 'rows' | 'rowKeys' | 'rowLower' | 'rowUpper'> {
    return {
      columns: this.#keys.length,
      columnKeys: Int32Array.from(this.#keys),
      columnNames: Int32Array.from(this.#names),
      columnSigns: Int8Array.from(this.#signs),
      columnLower: Float64Array.from(this.#lower),
      columnUpper: Float64Array.from(this.#upper),
      cost: Float64Array.from(this.#costs),
      starts: Int32Array.from([...this.#starts, this.#indices.length]),
      indices: Int32Array.from(this.#indices),
      values: Float64Array.from(this.#values),
    };
  }
}
