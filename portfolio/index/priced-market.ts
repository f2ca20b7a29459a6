import type { PricedMarket } from '../../evaluation/tear-sheet/prices.ts';
import type { PortfolioInputs } from '../inputs.ts';

export const pricedMarket = ({
  dates,
  symbols,
  close,
  trade,
  canBuy,
  canSell,
  suspended,
}: Pick<
  PortfolioInputs,
  'dates' | 'symbols' | 'close' | 'trade' | 'canBuy' | 'canSell' | 'suspended'
>): PricedMarket => ({
  ...{ dates: dates.length, symbols: symbols.length, close, trade, canBuy, canSell, suspended },
});
