/**
 * What the risk model's styles read of the past: regressions, deviations and sums over each symbol's last dates, newest
 * heaviest. Sums are carried from date to date (the newest date enters, the oldest leaves with the weight it has come
 * to), so a window of 504 dates costs what one of 5 does. What is carried forgets its rounding as it forgets its dates.
 *
 * A date without a return has no weight, and the others' weights make up for it. A value needs at least half of its
 * window. Returns are a close over the close of the date before; the risk-free rate is taken to be 0.
 */
import type { Section } from './section.ts';

/** Dates in a month, and in a year. */
const month = 21;
const year = 252;

export class ReturnHistory {
  /** Slope on the market's returns: 252 dates, half-life 63. */
  readonly beta: Section;
  /** Deviation of what that regression leaves. */
  readonly hsigma: Section;
  /** Deviation of returns: 252 dates, half-life 42. */
  readonly dastd: Section;
  /** Highest less lowest logarithmic return over the last 1 to 12 months. */
  readonly cmra: Section;
  /** Mean logarithmic return of 504 dates up to a month ago, half-life 126. */
  readonly rstr: Section;

  readonly #close: Float32Array;
  readonly #market: Float64Array;
  readonly #symbols: number;
  readonly #stride: number;
  readonly #returns: Rows;
  readonly #logs: Rows;
  /** Sum of all logarithmic returns so far, unknown ones passed over. */
  readonly #levels: Rows;
  readonly #onMarket: WeightedSums;
  readonly #alone: WeightedSums;
  readonly #trend: WeightedSums;
  /** Dates of the last year with a return. */
  readonly #known: Int32Array;
  readonly #highs: Float64Array;
  readonly #lows: Float64Array;

  /** Date-major closes, rows `stride` apart, and the market's return of each date: NaN where unknown, and Beta with it. */
  constructor(close: Float32Array, market: Float64Array, symbols: number, stride = symbols) {
    this.#close = close;
    this.#market = market;
    this.#symbols = symbols;
    this.#stride = stride;
    [this.beta, this.hsigma, this.dastd, this.cmra, this.rstr] = Array.from({ length: 5 }, () => missing(symbols)) as [
      Section,
      Section,
      Section,
      Section,
      Section,
    ];
    this.#onMarket = new WeightedSums(symbols, year, 63);
    this.#alone = new WeightedSums(symbols, year, 42);
    this.#trend = new WeightedSums(symbols, 2 * year, 126);
    this.#returns = new Rows(year + 1, missing(symbols));
    this.#logs = new Rows(2 * year + month + 1, missing(symbols));
    this.#levels = new Rows(year + 1, new Float64Array(symbols));
    this.#known = new Int32Array(symbols);
    [this.#highs, this.#lows] = [new Float64Array(symbols), new Float64Array(symbols)];
  }

  /** Called for each date in turn, from 0: takes it in. */
  step(date: number): void {
    this.#read(date);
    const [today, left] = [this.#returns.at(date), this.#returns.at(date - year)];
    const [market, marketLeft] = [this.#market[date] ?? Number.NaN, this.#market[date - year] ?? Number.NaN];
    this.#onMarket.pair(today, market, left, marketLeft);
    this.#alone.single(today, left);
    this.#trend.single(this.#logs.at(date - month), this.#logs.at(date - month - 2 * year));
    this.#count(today, left);
  }

  /** Makes the sections those of the last date taken in. */
  describe(date: number): void {
    this.#onMarket.line(this.beta, this.hsigma);
    this.#alone.deviation(this.dastd);
    this.#trend.mean(this.rstr);
    this.#range(date);
  }

  #read(date: number): void {
    const [N, stride, closes] = [this.#symbols, this.#stride, this.#close];
    const [returns, logs, levels] = [this.#returns.reuse(date), this.#logs.reuse(date), this.#levels.reuse(date)];
    const before = this.#levels.at(date - 1);
    for (let n = 0; n < N; n++) {
      const close = closes[date * stride + n] as number;
      const last = date > 0 ? (closes[(date - 1) * stride + n] as number) : Number.NaN;
      const gross = close > 0 && last > 0 ? close / last : Number.NaN;
      const log = Math.log(gross);
      returns[n] = gross - 1;
      logs[n] = log;
      levels[n] = (before[n] as number) + (Number.isNaN(log) ? 0 : log);
    }
  }

  #count(today: Float64Array, left: Float64Array): void {
    const known = this.#known;
    for (let n = 0; n < known.length; n++) {
      known[n] =
        (known[n] as number) + (Number.isNaN(today[n] as number) ? 0 : 1) - (Number.isNaN(left[n] as number) ? 0 : 1);
    }
  }

  /** Returns over T months end today, all of them: they differ by where they begin. */
  #range(date: number): void {
    const [highs, lows] = [this.#highs.fill(Number.NEGATIVE_INFINITY), this.#lows.fill(Number.POSITIVE_INFINITY)];
    for (let months = 1; months <= 12; months++) {
      const levels = this.#levels.at(date - months * month);
      for (let n = 0; n < levels.length; n++) {
        const level = levels[n] as number;
        if (level > (highs[n] as number)) highs[n] = level;
        if (level < (lows[n] as number)) lows[n] = level;
      }
    }
    for (let n = 0; n < highs.length; n++) {
      const enough = 2 * (this.#known[n] as number) >= year;
      this.cmra[n] = enough ? (highs[n] as number) - (lows[n] as number) : Number.NaN;
    }
  }
}

/** Logarithm of the shares turned over in a month, on average over one, three and twelve of them. */
export class TurnoverHistory {
  readonly stom: Section;
  readonly stoq: Section;
  readonly stoa: Section;
  readonly #turnover: Float32Array;
  readonly #symbols: number;
  readonly #stride: number;
  readonly #sums: readonly { readonly window: number; readonly out: Section; readonly held: Float64Array[] }[];

  /** Date-major shares of the stock traded. A month of 21 dates is 21 times the mean of the known ones. */
  constructor(turnover: Float32Array, symbols: number, stride = symbols) {
    this.#turnover = turnover;
    this.#symbols = symbols;
    this.#stride = stride;
    [this.stom, this.stoq, this.stoa] = [missing(symbols), missing(symbols), missing(symbols)];
    this.#sums = [
      { window: month, out: this.stom, held: columns(3, symbols) },
      { window: 3 * month, out: this.stoq, held: columns(3, symbols) },
      { window: year, out: this.stoa, held: columns(3, symbols) },
    ];
  }

  /** Called for each date in turn, from 0. */
  step(date: number): void {
    const [N, stride, turnover] = [this.#symbols, this.#stride, this.#turnover];
    for (const { window, out, held } of this.#sums) {
      const [total, known, traded] = held as [Float64Array, Float64Array, Float64Array];
      for (let n = 0; n < N; n++) {
        const today = turnover[date * stride + n] as number;
        const left = date < window ? Number.NaN : (turnover[(date - window) * stride + n] as number);
        if (!Number.isNaN(today)) {
          total[n] = (total[n] as number) + today;
          known[n] = (known[n] as number) + 1;
          if (today > 0) traded[n] = (traded[n] as number) + 1;
        }
        if (!Number.isNaN(left)) {
          total[n] = (total[n] as number) - left;
          known[n] = (known[n] as number) - 1;
          if (left > 0) traded[n] = (traded[n] as number) - 1;
        }
        // Dates with trade are counted, because what is left of a sum whose terms all went is rounding and not 0.
        const enough = 2 * (known[n] as number) >= window && (traded[n] as number) > 0;
        out[n] = enough ? Math.log((month * (total[n] as number)) / (known[n] as number)) : Number.NaN;
      }
    }
  }
}

/** For every symbol, sums over a window of dates whose weights halve every `halfLife` dates; today's is 1. */
class WeightedSums {
  readonly #window: number;
  readonly #decay: number;
  /** Of a date on the day it leaves the window. */
  readonly #last: number;
  readonly #nothing: Float64Array;
  readonly #count: Int32Array;
  readonly #weight: Float64Array;
  /** Of x, y, x², xy and y². */
  readonly #x: Float64Array;
  readonly #y: Float64Array;
  readonly #xx: Float64Array;
  readonly #xy: Float64Array;
  readonly #yy: Float64Array;

  constructor(symbols: number, window: number, halfLife: number) {
    this.#window = window;
    this.#decay = 0.5 ** (1 / halfLife);
    this.#last = 0.5 ** (window / halfLife);
    this.#nothing = missing(symbols);
    this.#count = new Int32Array(symbols);
    [this.#weight, this.#x, this.#y, this.#xx, this.#xy, this.#yy] = columns(6, symbols) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
  }

  /** One number a symbol enters, another leaves. */
  single(entering: Float64Array, leaving: Float64Array): void {
    const [count, weight, sum, squares] = [this.#count, this.#weight, this.#x, this.#xx];
    const [decay, last] = [this.#decay, this.#last];
    for (let n = 0; n < count.length; n++) {
      let w = decay * (weight[n] as number);
      let x = decay * (sum[n] as number);
      let xx = decay * (squares[n] as number);
      const fresh = entering[n] as number;
      const old = leaving[n] as number;
      if (!Number.isNaN(fresh)) {
        count[n] = (count[n] as number) + 1;
        w += 1;
        x += fresh;
        xx += fresh * fresh;
      }
      if (!Number.isNaN(old)) {
        count[n] = (count[n] as number) - 1;
        w -= last;
        x -= last * old;
        xx -= last * old * old;
      }
      weight[n] = w;
      sum[n] = x;
      squares[n] = xx;
    }
  }

  /** A number a symbol and one for all of them enter, others leave. */
  pair(entering: Float64Array, market: number, leaving: Float64Array, marketLeaving: number): void {
    const [sum, products, squares] = [this.#y, this.#xy, this.#yy];
    const [decay, last] = [this.#decay, this.#last];
    const [comes, goes] = [!Number.isNaN(market), !Number.isNaN(marketLeaving)];
    this.single(comes ? entering : this.#nothing, goes ? leaving : this.#nothing);
    for (let n = 0; n < sum.length; n++) {
      let y = decay * (sum[n] as number);
      let xy = decay * (products[n] as number);
      let yy = decay * (squares[n] as number);
      const fresh = entering[n] as number;
      const old = leaving[n] as number;
      if (comes && !Number.isNaN(fresh)) {
        y += market;
        xy += fresh * market;
        yy += market * market;
      }
      if (goes && !Number.isNaN(old)) {
        y -= last * marketLeaving;
        xy -= last * old * marketLeaving;
        yy -= last * marketLeaving * marketLeaving;
      }
      sum[n] = y;
      products[n] = xy;
      squares[n] = yy;
    }
  }

  mean(out: Section): void {
    for (let n = 0; n < out.length; n++) {
      out[n] = this.#enough(n) ? (this.#x[n] as number) / (this.#weight[n] as number) : Number.NaN;
    }
  }

  deviation(out: Section): void {
    for (let n = 0; n < out.length; n++) {
      const w = this.#weight[n] as number;
      const mean = (this.#x[n] as number) / w;
      out[n] = this.#enough(n) ? Math.sqrt(Math.max(0, (this.#xx[n] as number) / w - mean * mean)) : Number.NaN;
    }
  }

  /** Slope of x on y, and the deviation of what it leaves. */
  line(slope: Section, residual: Section): void {
    for (let n = 0; n < slope.length; n++) {
      const w = this.#weight[n] as number;
      const x = (this.#x[n] as number) / w;
      const y = (this.#y[n] as number) / w;
      const covariance = (this.#xy[n] as number) / w - x * y;
      const variance = (this.#yy[n] as number) / w - y * y;
      const known = this.#enough(n) && variance > 0;
      const beta = covariance / variance;
      slope[n] = known ? beta : Number.NaN;
      const left = (this.#xx[n] as number) / w - x * x - beta * covariance;
      residual[n] = known ? Math.sqrt(Math.max(0, left)) : Number.NaN;
    }
  }

  #enough(n: number): boolean {
    return 2 * (this.#count[n] as number) >= this.#window;
  }
}

/** The rows of the last dates; of dates before the first, the row given. */
class Rows {
  readonly #rows: readonly Float64Array[];
  readonly #before: Float64Array;

  constructor(depth: number, before: Float64Array) {
    this.#rows = columns(depth, before.length);
    this.#before = before;
  }

  at(date: number): Float64Array {
    return date < 0 ? this.#before : this.reuse(date);
  }

  /** The row of a new date, where that of the oldest was. */
  reuse(date: number): Float64Array {
    return this.#rows[date % this.#rows.length] as Float64Array;
  }
}

const missing = (symbols: number): Float64Array => new Float64Array(symbols).fill(Number.NaN);
const columns = (count: number, symbols: number): Float64Array[] =>
  Array.from({ length: count }, () => new Float64Array(symbols));
