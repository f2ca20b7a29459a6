/** Prices as a portfolio meets them: one moment after the other, the last known one where there is no new one. */
import type { Tradable } from './portfolio.ts';

/** Row t of a field begins at t * stride, one number per symbol. */
export interface PriceRows {
  readonly cells: Float32Array;
  readonly stride: number;
}

/** Missing prices, and those of 0 or less, are unknown. */
export interface PricedMarket {
  /** That prices are known of: holdings may be followed for fewer of them. */
  readonly dates: number;
  readonly symbols: number;
  readonly close: PriceRows;
  /** The price orders are filled at. */
  readonly trade: PriceRows;
  /** 1 where it can be bought or sold; where the trade price is known and it is not suspended if not given. */
  readonly canBuy?: PriceRows | undefined;
  readonly canSell?: PriceRows | undefined;
  /** 1 where it is suspended: then it is neither traded nor valued at that date's trade price. */
  readonly suspended?: PriceRows | undefined;
}

/** Without a price for so many dates, up to the last that prices are known of, a symbol is delisted. */
const delistedAfter = 20;

/** What holdings grow by from one moment to the next: a close, a date's trade price, its close. */
export class Prices implements Tradable {
  /** Since the moment before, by symbol; 1 without a new price. */
  readonly growth: Float64Array;
  /** The last known price, NaN before the first. */
  readonly last: Float64Array;
  readonly buy: Uint8Array;
  readonly sell: Uint8Array;
  /** 1 for symbols whose last price was the date before, and that are delisted. */
  readonly gone: Uint8Array;
  readonly #market: PricedMarket;
  /** Date of the last price of those that are delisted; none is that for others. */
  readonly #end: Int32Array;

  constructor(market: PricedMarket) {
    const { symbols, close, trade, dates } = market;
    this.#market = market;
    this.growth = new Float64Array(symbols).fill(1);
    this.buy = new Uint8Array(symbols);
    this.sell = new Uint8Array(symbols);
    this.gone = new Uint8Array(symbols);
    this.last = new Float64Array(symbols).fill(Number.NaN);
    this.#end = new Int32Array(symbols).fill(-1);
    for (let n = 0; n < symbols; n++) {
      let t = dates - 1;
      while (t >= 0 && !isPrice(cell(close, t, n)) && !isPrice(cell(trade, t, n))) t--;
      // A suspension that has not ended looks the same for a while.
      this.#end[n] = dates - 1 - t >= delistedAfter ? t : dates;
    }
  }

  /** Marks the symbols that are delisted from this date on; false when there are none. */
  leave(t: number): boolean {
    let any = false;
    for (let n = 0; n < this.gone.length; n++) {
      const gone = this.#end[n] === t - 1;
      this.gone[n] = gone ? 1 : 0;
      any ||= gone;
    }
    return any;
  }

  /** Moves on to the date's trade prices, and to what can be traded at them. */
  trade(t: number): void {
    const { symbols, trade, canBuy, canSell, suspended } = this.#market;
    for (let n = 0; n < symbols; n++) {
      const price = cell(trade, t, n);
      const traded = isPrice(price) && !(suspended && cell(suspended, t, n) === 1);
      this.buy[n] = traded && (!canBuy || cell(canBuy, t, n) === 1) ? 1 : 0;
      this.sell[n] = traded && (!canSell || cell(canSell, t, n) === 1) ? 1 : 0;
      this.#move(n, traded ? price : Number.NaN);
    }
  }

  /** Moves on to the date's closes. */
  close(t: number): void {
    const { symbols, close } = this.#market;
    for (let n = 0; n < symbols; n++) this.#move(n, cell(close, t, n));
  }

  #move(n: number, price: number): void {
    if (!isPrice(price)) {
      this.growth[n] = 1;
      return;
    }
    const last = this.last[n] as number;
    this.growth[n] = last > 0 ? price / last : 1;
    this.last[n] = price;
  }
}

export const isPrice = (price: number): boolean => price > 0 && price < Number.POSITIVE_INFINITY;

const cell = ({ cells, stride }: PriceRows, t: number, n: number): number => cells[t * stride + n] as number;
