/** Of many portfolios the first few are drawn, each in one colour in all charts. */
import type { BacktestReport, ScenarioReport } from '../../../portfolio/backtest/backtest-report.ts';
import { shortened } from '../../print/table.ts';
import type { ToneName } from '../scheme.ts';
import { legendRows } from './legend-rows.ts';

export interface DrawnPortfolio {
  readonly tone: ToneName;
  readonly scenario: ScenarioReport;
}

/** As many as can be told apart in one chart; the last two are for styles, of which there may be ten. */
export const mostDrawn = 8;
const tones: readonly ToneName[] = [
  ...(['strong', 'warm', 'green', 'medium', 'gold', 'teal', 'higher', 'ink'] as const),
  ...(['pale', 'lower'] as const),
];

export const toneAt = (place: number): ToneName => tones[place % tones.length] as ToneName;

export const drawnPortfolios = ({ scenarios }: BacktestReport): DrawnPortfolio[] =>
  scenarios.slice(0, mostDrawn).map((scenario, i) => ({ tone: toneAt(i), scenario }));

export const indexName = 'index';
const mostRows = 2;
const mostOfName = 46;

/**
 * What a legend calls each: its name where all of them fit, else its number, which on a page stands in the table of all
 * portfolios. A picture has no such table beside it.
 */
export function labelsOf(portfolios: readonly DrawnPortfolio[], beside: 'page' | 'nothing'): string[] {
  const names = portfolios.map(({ scenario }) => scenario.name);
  const all = [...names, indexName];
  const fits = legendRows(all.map((name) => ({ name }))).length <= mostRows;
  if (fits && new Set(all).size === all.length) return names;
  return names.map((name, i) => (beside === 'page' ? `${i + 1}` : `${i + 1} ${shortened(name, mostOfName)}`));
}
