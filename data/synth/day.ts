/** One date of the whole market before any bar is drawn: factor returns and what each stock is to do. */
import type { Stream } from '../../core/random.ts';
import { bell, chance, growth } from './noise.ts';
import { industries, type Stock, styleCount } from './stock.ts';

/** What moves every stock. Variance and excitement carry over to the next date. */
export interface MarketState {
  variance: number;
  excitement: number;
}

export const usualMarketVolatility = 0.01;

export interface FactorReturns {
  readonly market: number;
  readonly industry: readonly number[];
  readonly style: readonly number[];
}

export function drawFactors(seed: number, t: number, state: MarketState): FactorReturns {
  const random = chance(seed, 'market', t, 0);
  const shock = Math.sqrt(state.variance) * bell(random);
  state.variance = 0.03 * usualMarketVolatility ** 2 + 0.12 * shock ** 2 + 0.85 * state.variance;
  state.excitement = 0.9 * state.excitement + 0.12 * bell(random);
  return {
    market: 0.0004 + shock,
    industry: industries.map(() => 0.006 * bell(random)),
    style: Array.from({ length: styleCount }, () => 0.003 * bell(random)),
  };
}

/** What one stock is to do on one date. */
export interface Plan {
  readonly stock: Stock;
  /** Close over the close before, less 1; planted signals are added to it. */
  change: number;
  /** Open over the close before, less 1. */
  readonly gap: number;
  /** Volatility of its own, within the day. */
  readonly volatility: number;
  /** Shares to trade, as quoted that day. */
  readonly volume: number;
}

/** Nothing on dates without trading. Moves the stock's own state on by one date. */
export function planStock(
  seed: number,
  t: number,
  stock: Stock,
  factors: FactorReturns,
  busy: MarketState,
): Plan | undefined {
  if (t < stock.listed || t > stock.last) return undefined;
  const random = chance(seed, 'day', t, stock.n);
  if (isSuspended(random, stock, t)) return undefined;
  split(random, stock, t);
  const volatility = Math.sqrt(stock.variance);
  const surprise = volatility * bell(random);
  stock.variance = 0.03 * stock.volatility ** 2 + 0.15 * surprise ** 2 + 0.82 * stock.variance;
  stock.excitement = 0.88 * stock.excitement + 0.22 * bell(random);
  const industry = factors.industry[stock.industry] as number;
  const style = factors.style.reduce((sum, value, k) => sum + value * (stock.styles[k] as number), 0);
  const change = stock.beta * factors.market + industry + style + surprise;
  const attention = growth(stock.excitement + busy.excitement) * (0.7 + 0.35 * Math.abs(surprise / volatility));
  return {
    stock,
    change,
    gap: 0.2 * change + 0.25 * volatility * bell(random),
    volatility,
    volume: stock.shares * stock.adjustment * stock.freeFloat * stock.turnover * attention,
  };
}

/** About one date in sixty is lost: rare, and a week or so long. Never the first date. */
function isSuspended(random: Stream, stock: Stock, t: number): boolean {
  const starts = random.next() < 0.002;
  const length = 2 + random.below(12);
  if (stock.suspended > 0) stock.suspended--;
  else if (starts && t > stock.listed) stock.suspended = length;
  return stock.suspended > 0;
}

/** Dear stocks split and penny stocks consolidate; others pay a stock dividend now and then. */
function split(random: Stream, stock: Stock, t: number): void {
  const dividend = random.next() < 0.0012;
  const ratio = random.pick([1.2, 1.5, 2]);
  if (t === stock.listed) return;
  const times = stock.cents > 8000 ? 2 : stock.cents < 200 ? 0.2 : dividend ? ratio : 1;
  if (times === 1) return;
  const cents = Math.round(stock.cents / times);
  // The quote moves by whole cents, so what it was adjusted by is their ratio and not the round number.
  stock.adjustment *= stock.cents / cents;
  stock.cents = cents;
}
