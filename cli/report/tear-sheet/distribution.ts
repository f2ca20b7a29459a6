/** Many factors as one shelf: how their rank correlations are spread, and what a line says of them. */
import { pointed } from '../../../evaluation/tear-sheet/distribution.ts';
import type { FactorSheet } from '../../../evaluation/tear-sheet/sheet.ts';
import type { TitledChart } from './factor-charts.ts';
import { decimals } from './figures.ts';
import { histogram, roundBins } from './histogram.ts';
import { height, width } from './plot.ts';

const mostBins = 16;

export const distributionCharts = (factors: readonly FactorSheet[]): TitledChart[] => [
  ...chartOf(factors, 'mean', { name: 'rank-ic-distribution', title: 'RankIC', what: 'mean RankIC', digits: 4 }),
  ...chartOf(factors, 'icir', {
    name: 'icir-distribution',
    title: 'ICIR of RankIC',
    what: 'ICIR of RankIC',
    digits: 2,
  }),
];

interface Spread {
  readonly name: string;
  readonly title: string;
  readonly what: string;
  readonly digits: number;
}

function chartOf(
  factors: readonly FactorSheet[],
  of: 'mean' | 'icir',
  { name, title, what, digits }: Spread,
): TitledChart[] {
  const values = pointed(factors, of);
  if (values.length === 0) return [];
  const bins = roundBins(values, mostBins);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const end = bins.first + bins.step * bins.counts.length;
  return [
    {
      title,
      note: 'number of factors, each the way it points',
      chart: {
        name,
        says: `How many factors have which ${what}, each the way it points. From ${decimals(least, digits)} to ${decimals(most, digits)}, mean ${decimals(mean, digits)}.`,
        width,
        height,
        option: histogram({
          bins,
          tone: 'middle',
          from: bins.first - bins.step,
          to: end + bins.step,
          mark: { at: mean, label: `mean: ${decimals(mean, digits)}` },
        }),
      },
    },
  ];
}
