/**
 * The weights of an index on every date, as known at its close. Nothing later moves them: a symbol that is delisted leaves
 * an index of the largest at the first review with no CAP of it on the 20 dates up to it, and until then keeps the weight
 * of its last one.
 */
import { EvolveError } from '../../core/failure.ts';
import { isPrice } from '../../evaluation/tear-sheet/prices.ts';
import type { Panel } from '../inputs.ts';

export type IndexRule =
  /** The market's own: WEIGHT, else MEMBER x CAP. */
  | { readonly kind: 'market' }
  /** By CAP, those from the first rank to the last: from 1 for the largest. */
  | { readonly kind: 'top'; readonly from: number; readonly to: number }
  /** Date-major weights of anybody's making: those of a date are held until the next one that has some. */
  | { readonly kind: 'weights'; readonly values: Float32Array; readonly name: string };

export interface IndexMarket {
  readonly dates: number;
  readonly symbols: number;
  /** A daily field; undefined when the market does not have it. */
  field(name: string): Panel | undefined;
}

export interface IndexWeights {
  /** Rows add up to 1; all NaN where the index is unknown. */
  readonly weights: Panel;
  /** Where members are told apart from weights. */
  readonly member: Panel | undefined;
  /** What it is, such as `the 200 of the highest CAP`. */
  readonly doc: string;
}

/** Dates between two reviews of who belongs to the largest: half a year. */
const reviewed = 126;
/** Who had a CAP on the last so many of them, the review's included, can be a member. */
const recent = 20;

export function indexWeights(market: IndexMarket, rule: IndexRule): IndexWeights {
  switch (rule.kind) {
    case 'market':
      return ofMarket(market);
    case 'top':
      return largest(market, rule);
    case 'weights':
      return held(market, rule);
  }
}

function ofMarket(market: IndexMarket): IndexWeights {
  const member = market.field('MEMBER');
  const weight = market.field('WEIGHT');
  if (weight) {
    const weights = rowByRow(market, (t, row) => row.set(rowOf(weight, t, market.symbols)));
    return { weights, member, doc: 'the WEIGHT of the market' };
  }
  if (!member) {
    throw new EvolveError(
      'missing-field',
      'The market has no index: neither WEIGHT nor MEMBER. Import its members with --members, or make one of the largest, such as --index top:300.',
    );
  }
  const caps = new LastCaps(market, 'The index is MEMBER x CAP');
  const weights = rowByRow(market, (t, row) => {
    caps.moveTo(t);
    const members = rowOf(member, t, market.symbols);
    for (let n = 0; n < row.length; n++) row[n] = (members[n] as number) > 0 ? (caps.last[n] as number) : 0;
  });
  return { weights, member, doc: 'the MEMBERs of the market by CAP' };
}

function largest(market: IndexMarket, { from, to }: Extract<IndexRule, { kind: 'top' }>): IndexWeights {
  const asked = from === 1 ? `top:${to}` : `top:${from}-${to}`;
  if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 1 && to >= from)) {
    throw new EvolveError('bad-argument', `No symbols are ${asked} by CAP. Ask for top:K or top:A-B with 1 <= A <= B.`);
  }
  if (to > market.symbols) {
    throw new EvolveError(
      'bad-argument',
      `An index of ${asked} needs ${to} symbols and the market has ${market.symbols}. Ask for fewer.`,
    );
  }
  const caps = new LastCaps(market, `The index is ${asked} by CAP`);
  const members = new Uint8Array(market.symbols);
  let [review, any] = [0, false];
  const weights = rowByRow(market, (t, row) => {
    caps.moveTo(t);
    if (t >= review) {
      const ranked = caps.ranked(t - recent).subarray(from - 1, to);
      // Before the first there may be nobody yet, and then the next date is as good.
      if (ranked.length > 0) {
        members.fill(0);
        for (const n of ranked) members[n] = 1;
        [review, any] = [t + reviewed, true];
      }
    }
    for (let n = 0; n < row.length; n++) row[n] = members[n] === 1 ? (caps.last[n] as number) : 0;
  });
  if (!any) {
    throw new EvolveError(
      'bad-argument',
      `An index of ${asked} has no symbol on any date: fewer than ${from} have a CAP. Ask for larger ones.`,
    );
  }
  const doc = from === 1 ? `the ${to} of the highest CAP` : `those from ${from} to ${to} by CAP`;
  return { weights, member: undefined, doc };
}

/** Shares bought at a date's weights and held: in between, weights go with known closes. */
function held(market: IndexMarket, { values, name }: Extract<IndexRule, { kind: 'weights' }>): IndexWeights {
  const { symbols } = market;
  const close = market.field('CLOSE');
  if (!close) throw new RangeError('CLOSE was not loaded');
  const last = new Float64Array(symbols).fill(Number.NaN);
  const worth = new Float64Array(symbols);
  const weights = rowByRow(market, (t, row) => {
    const prices = rowOf(close, t, symbols);
    for (let n = 0; n < symbols; n++) {
      const price = prices[n] as number;
      if (!isPrice(price)) continue;
      // Before its first price a weight says nothing of how many shares it is.
      if ((last[n] as number) > 0) worth[n] = ((worth[n] as number) * price) / (last[n] as number);
      last[n] = price;
    }
    const today = values.subarray(t * symbols, (t + 1) * symbols);
    if (today.some((x) => x > 0)) worth.set(today);
    row.set(worth);
  });
  return { weights, member: undefined, doc: `the weights of ${name}` };
}

/** `fill` leaves anything in a row: what is above 0 counts, in proportion. */
function rowByRow({ dates, symbols }: IndexMarket, fill: (t: number, row: Float64Array) => void): Panel {
  const cells = new Float32Array(new SharedArrayBuffer(dates * symbols * Float32Array.BYTES_PER_ELEMENT));
  const row = new Float64Array(symbols);
  for (let t = 0; t < dates; t++) {
    row.fill(0);
    fill(t, row);
    let sum = 0;
    for (const x of row) if (x > 0) sum += x;
    for (let n = 0; n < symbols; n++) {
      const x = row[n] as number;
      cells[t * symbols + n] = sum > 0 ? (x > 0 ? x / sum : 0) : Number.NaN;
    }
  }
  return { cells, stride: symbols };
}

/** The last known CAP of each symbol; NaN before the first. */
class LastCaps {
  readonly last: Float64Array;
  /** When it was known. */
  readonly #date: Int32Array;
  readonly #cap: Panel;

  constructor(market: IndexMarket, what: string) {
    const cap = market.field('CAP');
    if (!cap) {
      throw new EvolveError(
        'missing-field',
        `${what}, and the market has no CAP. Import it, or give the weights of an index with --index FILE.`,
      );
    }
    this.#cap = cap;
    this.last = new Float64Array(market.symbols).fill(Number.NaN);
    this.#date = new Int32Array(market.symbols).fill(-1);
  }

  moveTo(t: number): void {
    const row = rowOf(this.#cap, t, this.last.length);
    for (let n = 0; n < row.length; n++) {
      const cap = row[n] as number;
      if (!(cap > 0 && cap < Number.POSITIVE_INFINITY)) continue;
      this.last[n] = cap;
      this.#date[n] = t;
    }
  }

  /** Those with a CAP after `since`, or ever, highest first; equal ones in their order in the market. */
  ranked(since: number): Int32Array {
    const { last } = this;
    const known = Int32Array.from(last.keys()).filter((n) => (this.#date[n] as number) > Math.max(since, -1));
    return known.sort((a, b) => (last[b] as number) - (last[a] as number) || a - b);
  }
}

const rowOf = ({ cells, stride }: Panel, t: number, symbols: number): Float32Array =>
  cells.subarray(t * stride, t * stride + symbols);
