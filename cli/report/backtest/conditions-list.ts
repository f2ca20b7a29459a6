/** How the figures were made: whoever reads them years later need not guess a convention. */
import type { BacktestReport } from '../../../portfolio/backtest/backtest-report.ts';
import { count, countOf, rate } from '../../print/number.ts';
import { type Content, type Html, html } from '../html.ts';

export function conditionsList({ market, scores, preset, trading, dates, index }: BacktestReport): Html {
  const { rebalance, price, costs, tradability, withSt, datesPerYear } = trading;
  const often =
    rebalance === 'week'
      ? 'the last date of each week'
      : rebalance === 1
        ? 'every date'
        : `one date in ${count(rebalance)}`;
  const facts: [string, Content][] = [
    ['Market', `${market.name}, ${market.hash}`],
    ['Scores', html`<code>${scores}</code>`],
    ['Index', index.doc],
    ['Preset', preset],
    ['Dates', `${countOf(dates.length, 'date')} from ${dates[0]} to ${dates.at(-1)}; all is cash at the first close`],
    ['Rebalanced', `on scores of ${often}, at ${price} of the date after`],
    ['Costs', `${rate(costs.buy)} of what is bought, ${rate(costs.sell)} of what is sold; all figures are net of them`],
    [
      'Who can be traded',
      tradability === 'signal'
        ? 'as of the close that is decided at; orders that cannot be filled on the date after are left until the next rebalance'
        : 'as of the date of the trade, which is known in part before it; orders that cannot be filled are left until the next rebalance',
    ],
    [
      'Special treatment',
      withSt ? 'symbols under it are bought as others are' : 'symbols under it (ST) are not bought',
    ],
    ['Annual figures', `${count(datesPerYear)} dates a year; excess is prod(1 + r − index), compounded`],
    ['Calmar', 'annual excess over the drawdown of the excess'],
    ['Turnover', 'bought and sold together, as a share of the value; mean of the rebalances after the first'],
  ];
  const known = facts.filter(([, value]) => value !== undefined);
  return html`<dl class="facts">${known.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}
