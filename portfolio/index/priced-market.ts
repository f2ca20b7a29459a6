import type { PricedMarket } from '../../evaluation/tear-sheet/prices.ts';
import type { PortfolioInputs } from '../inputs.ts';

export const pricedMarket = ({
  priced,
  symbols,
  close,
  trade,
  canBuy,
  canSell,
  suspended,
}: Pick<
  PortfolioInputs,
  'priced' | 'symbols' | 'close' | 'trade' | 'canBuy' | 'canSell' | 'suspended'
>): PricedMarket => ({
  ...{ dates: priced, symbols: symbols.length, close, trade, canBuy, canSell, suspended },
});
