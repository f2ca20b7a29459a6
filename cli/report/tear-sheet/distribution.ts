/** Many factors as one shelf: how their rank correlations are spread, and what a line says of them. */
import { groupsOf, pointed } from '../../../evaluation/tear-sheet/distribution.ts';
import type { FactorSheet } from '../../../evaluation/tear-sheet/sheet.ts';
import type { TitledChart } from '../page.ts';
import { decimals } from './figures.ts';
import { histogram, roundBins } from './histogram.ts';
import { height, width } from './plot.ts';

const mostBins = 16;

/** Of all factors; where they come from several files or libraries, of each of these as well. */
export function distributionCharts(factors: readonly FactorSheet[]): TitledChart[] {
  const groups = groupsOf(factors);
  return [
    ...both(factors, '', ''),
    ...(groups.length > 1 ? groups : []).flatMap(([name, places], k) =>
      both(
        places.map((i) => factors[i] as FactorSheet),
        `${k + 1}-`,
        `${name}: `,
      ),
    ),
  ];
}

const both = (factors: readonly FactorSheet[], prefix: string, of: string): TitledChart[] => [
  ...chartOf(factors, 'mean', {
    name: `${prefix}rank-ic-distribution`,
    title: `${of}RankIC`,
    what: `${of}mean RankIC`,
    digits: 4,
  }),
  ...chartOf(factors, 'icir', {
    name: `${prefix}icir-distribution`,
    title: `${of}ICIR of RankIC`,
    what: `${of}ICIR of RankIC`,
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
