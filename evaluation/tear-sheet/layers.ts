/**
 * What would have come of trading a factor: its symbols in layers by score, each held in equal weights.
 *
 * Scores are known at the close of date T and traded on at date T + 1, at that date's price, where orders can be
 * filled. Nothing later moves what is held or earned, with one exception: a symbol without any price on the last of
 * these dates and on 19 or more before it counts as delisted after its last one, which the exchange announces and prices
 * alone cannot tell from a suspension.
 */
import {
  type ExcessPerformance,
  excessPerformance,
  lessBenchmark,
  monthlyWins,
  netValuesFromOne,
  type Performance,
  performance,
} from './performance.ts';
import { type Costs, Portfolio } from './portfolio.ts';
import { type PricedMarket, Prices } from './prices.ts';
import { layerStart, rankOrder } from './rank-order.ts';

export interface LayerRule {
  readonly layers: number;
  /** Rebalanced on the scores of every so many dates, the first date's first. */
  readonly every: number;
  /** What `trade` of the market is, for the record. */
  readonly price: 'CLOSE' | 'OPEN' | 'VWAP';
  readonly cost: Costs;
  /**
   * What the bottom layer's costs are to the long-short. 'charged': paid, as by anyone who shorts it. 'credited': the
   * reports' way, top less bottom net of costs, so that they are a gain.
   */
  readonly shortCost: 'charged' | 'credited';
  readonly datesPerYear: number;
}

/** Cells are row-major, a row of symbols for each date. Missing prices, and those of 0 or less, are unknown. */
export interface LayerMarket {
  readonly dates: readonly string[];
  readonly symbols: number;
  /** Known at the date's close; the symbols that have one are the date's universe. */
  readonly scores: Float32Array;
  readonly close: Float32Array;
  /** The price orders are filled at. */
  readonly trade: Float32Array;
  /** 1 where it can be bought or sold; where the trade price is known and it is not suspended if not given. */
  readonly canBuy?: Float32Array;
  readonly canSell?: Float32Array;
  /** 1 where it is suspended: then it is neither traded nor valued at that date's trade price. */
  readonly suspended?: Float32Array;
}

export interface LayerReport {
  /** Those of the highest scores first. */
  readonly layers: readonly LayerFigures[];
  /** Of the daily returns of the first layer less those of the last. */
  readonly longShort: Performance & { readonly nav: readonly number[]; readonly monthlyWinRate: number };
  /** All symbols with a score in equal weights, rebalanced on the same dates under the same limits, without costs. */
  readonly universe: Performance & { readonly nav: readonly number[] };
  /** Dates that were traded on. */
  readonly rebalances: number;
  /** Dates due for a rebalance on which no symbol had a score, after the first that had: holdings were kept. */
  readonly skipped: number;
  /** From the first date whose scores were traded on, where every net value is 1. */
  readonly navDates: readonly string[];
  /** Rank correlation of a layer's place and annual return: 1 when returns fall from the first layer to the last. */
  readonly monotonicity: number;
  readonly untraded: {
    /** Orders of the layers that could not be filled. */
    readonly buys: number;
    readonly sells: number;
    /** Holdings whose symbol had no price for 20 dates or more to the last: cash at their last one, without costs. */
    readonly delisted: number;
  };
}

export interface LayerFigures {
  /** Net of costs. */
  readonly performance: Performance;
  /** Over the universe. */
  readonly excess: ExcessPerformance;
  /** Half of what is bought and sold as a share of the value, the mean of the rebalances after the first. */
  readonly turnover: number;
  readonly nav: readonly number[];
  /** prod(1 + r - b) of the daily returns and the universe's. */
  readonly excessNav: readonly number[];
  /** Mean number of symbols held after a rebalance. */
  readonly size: number;
}

/** Figures are missing where no date before the last has a score: there is nothing to hold then. */
export function layers(market: LayerMarket, rule: LayerRule): LayerReport {
  const { dates, symbols } = market;
  const T = dates.length;
  const order = rankOrder(symbols);
  const ranked = new Int32Array(symbols);
  const scored = (t: number) => order(market.scores.subarray(t * symbols, (t + 1) * symbols), ranked);

  let start = 0;
  while (start + 1 < T && scored(start) === 0) start += rule.every;
  const navDates = start + 1 < T ? dates.slice(start) : [];
  const days = Math.max(0, navDates.length - 1);
  const held = Array.from({ length: rule.layers }, () => new HeldLayer(new Portfolio(symbols, rule.cost), days));
  const universe = new HeldLayer(new Portfolio(symbols, { buy: 0, sell: 0 }), days);
  const all = [...held, universe];

  const prices = new Prices(pricedRows(market));
  for (let t = 0; t <= start && t < T; t++) prices.close(t);
  let [rebalances, skipped] = [0, 0];
  for (let day = 0; day < days; day++) {
    const t = start + day + 1;
    if (prices.leave(t)) for (const layer of all) layer.writeOff(prices.gone);
    const due = (t - 1) % rule.every === 0;
    const count = due ? scored(t - 1) : 0;
    if (due && count === 0) skipped++;
    if (count > 0) {
      rebalances++;
      prices.trade(t);
      for (const [k, layer] of held.entries()) {
        const members = ranked.subarray(layerStart(k, rule.layers, count), layerStart(k + 1, rule.layers, count));
        layer.rebalance(members, prices, day);
      }
      universe.rebalance(ranked.subarray(0, count), prices, day);
    }
    prices.close(t);
    for (const layer of all) layer.close(prices.growth, day);
  }

  const returnDates = navDates.slice(1);
  const { datesPerYear } = rule;
  const figures = held.map((layer) => layer.figures(universe.returns, returnDates, datesPerYear));
  const longShort = less(held[0] as HeldLayer, held[rule.layers - 1] as HeldLayer, rule.shortCost);
  const total = (of: (layer: HeldLayer) => number) => held.reduce((sum, layer) => sum + of(layer), 0);
  return {
    layers: figures,
    longShort: {
      ...performance(longShort, datesPerYear),
      nav: netValuesFromOne(longShort),
      monthlyWinRate: monthlyWins(longShort, returnDates).monthlyWinRate,
    },
    universe: { ...performance(universe.returns, datesPerYear), nav: netValuesFromOne(universe.returns) },
    rebalances,
    skipped,
    navDates,
    monotonicity: fallingOrder(figures.map((layer) => layer.performance.annualReturn)),
    untraded: {
      buys: total((layer) => layer.unbought),
      sells: total((layer) => layer.unsold),
      delisted: total((layer) => layer.delisted),
    },
  };
}

function pricedRows({ dates, symbols, close, trade, canBuy, canSell, suspended }: LayerMarket): PricedMarket {
  const rows = (cells: Float32Array) => ({ cells, stride: symbols });
  return {
    ...{ dates: dates.length, symbols, close: rows(close), trade: rows(trade) },
    ...{ canBuy: canBuy && rows(canBuy), canSell: canSell && rows(canSell), suspended: suspended && rows(suspended) },
  };
}

/** A layer's portfolio and its history. */
class HeldLayer {
  readonly returns: Float64Array;
  /** What costs leave of each date's value. */
  readonly left: Float64Array;
  unbought = 0;
  unsold = 0;
  delisted = 0;
  readonly #portfolio: Portfolio;
  #value = 1;
  #traded = 0;
  #rebalances = 0;
  #sizes = 0;

  constructor(portfolio: Portfolio, days: number) {
    this.#portfolio = portfolio;
    this.returns = new Float64Array(days);
    this.left = new Float64Array(days).fill(1);
  }

  writeOff(gone: Uint8Array): void {
    this.delisted += this.#portfolio.writeOff(gone);
  }

  /** At the trade prices `prices` is at. */
  rebalance(members: Int32Array, prices: Prices, day: number): void {
    this.#portfolio.drift(prices.growth);
    const { bought, sold, cost, unbought, unsold } = this.#portfolio.rebalance(members, prices);
    this.left[day] = 1 - cost;
    this.unbought += unbought;
    this.unsold += unsold;
    if (this.#rebalances > 0) this.#traded += (bought + sold) / 2;
    this.#rebalances++;
    this.#sizes += this.#portfolio.count;
  }

  close(growth: Float64Array, day: number): void {
    const value = this.#portfolio.drift(growth);
    this.returns[day] = value / this.#value - 1;
    this.#value = value;
  }

  figures(universe: Float64Array, dates: readonly string[], datesPerYear: number): LayerFigures {
    return {
      performance: performance(this.returns, datesPerYear),
      excess: excessPerformance(this.returns, universe, dates, datesPerYear),
      turnover: this.#rebalances > 1 ? this.#traded / (this.#rebalances - 1) : Number.NaN,
      nav: netValuesFromOne(this.returns),
      excessNav: netValuesFromOne(lessBenchmark(this.returns, universe)),
      size: this.#sizes / this.#rebalances,
    };
  }
}

function less(top: HeldLayer, bottom: HeldLayer, shortCost: LayerRule['shortCost']): Float64Array {
  return top.returns.map((up, day) => {
    const net = bottom.returns[day] as number;
    if (shortCost === 'credited') return up - net;
    const left = bottom.left[day] as number;
    const gross = (1 + net) / left - 1;
    return up - (gross + (1 - left));
  });
}

/** Rank correlation of the numbers with their places, last place lowest; ties share their mean rank. */
function fallingOrder(numbers: readonly number[]): number {
  const ranks = numbers.map((x) => {
    const below = numbers.filter((y) => y < x).length;
    const equal = numbers.filter((y) => y === x).length;
    return below + (equal + 1) / 2;
  });
  const middle = (numbers.length + 1) / 2;
  let [together, squares, places] = [0, 0, 0];
  for (const [k, rank] of ranks.entries()) {
    const place = numbers.length - k - middle;
    together += place * (rank - middle);
    squares += (rank - middle) ** 2;
    places += place ** 2;
  }
  return squares > 0 && !numbers.some(Number.isNaN) ? together / Math.sqrt(squares * places) : Number.NaN;
}
