/**
 * Daily returns of an index whose weights are known at each close: of the date after `start`, and all that follow. Returns
 * that are unknown, as while suspended, are 0, and what piles up meanwhile counts on the date it is known.
 *
 * On the first of these dates portfolios are bought at its trade prices, so the index counts from them as well; it would
 * be ahead or behind by a night otherwise.
 */
import { isPrice, Prices } from '../../evaluation/tear-sheet/prices.ts';
import type { PortfolioInputs } from '../inputs.ts';
import { pricedMarket } from './priced-market.ts';

export type IndexedPrices = Pick<
  PortfolioInputs,
  'dates' | 'priced' | 'symbols' | 'close' | 'trade' | 'canBuy' | 'canSell' | 'suspended' | 'index'
>;

export function indexReturns(inputs: IndexedPrices, start: number): Float64Array {
  const { index, symbols, dates } = inputs;
  const prices = new Prices(pricedMarket(inputs));
  for (let t = 0; t <= start; t++) prices.close(t);
  const returns = new Float64Array(Math.max(0, dates.length - start - 1));
  // Of the last date whose weights are known.
  let known = start;
  for (let t = start + 1; t < dates.length; t++) {
    if (isKnown(inputs, t - 1)) known = t - 1;
    if (t === start + 1) toTrade(inputs, prices, t);
    prices.close(t);
    let [sum, total] = [0, 0];
    for (let n = 0; n < symbols.length; n++) {
      const weight = index.cells[known * index.stride + n] as number;
      if (!(weight > 0)) continue;
      total += weight;
      sum += weight * ((prices.growth[n] as number) - 1);
    }
    returns[t - start - 1] = total > 0 ? sum / total : 0;
  }
  return returns;
}

/** Who closes without a trade price has no return: nobody could have bought it before that close. */
function toTrade({ trade, close, symbols }: IndexedPrices, prices: Prices, t: number): void {
  prices.trade(t);
  for (let n = 0; n < symbols.length; n++) {
    const closed = close.cells[t * close.stride + n] as number;
    if (isPrice(closed) && !isPrice(trade.cells[t * trade.stride + n] as number)) prices.last[n] = closed;
  }
}

const isKnown = ({ index, symbols }: IndexedPrices, t: number): boolean => {
  for (let n = 0; n < symbols.length; n++) if ((index.cells[t * index.stride + n] as number) > 0) return true;
  return false;
};
