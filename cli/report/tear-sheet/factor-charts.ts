/** The charts of one factor, each with what stands above it. */
import type { FactorSheet } from '../../../evaluation/tear-sheet/sheet.ts';
import type { TitledChart } from '../page.ts';
import { monthsChart } from './heatmap.ts';
import { autocorrelationChart, cumulativeChart, decayChart, placeboChart, yearsChart } from './ic-charts.ts';
import { annualExcessChart, excessChart, longShortChart } from './layer-charts.ts';
import { isKnownLikeness, likenessChart } from './likeness-chart.ts';

/** `prefix` keeps the names of charts on one page apart. */
export function factorCharts(factor: FactorSheet, dates: readonly string[], prefix: string): TitledChart[] {
  const { layers, decay, autocorrelation, placebo, likeness } = factor;
  const named = (name: string): string => `${prefix}${name}`;
  const layered = layers && layers.navDates.length > 0 ? layers : undefined;
  return [
    { title: 'Cumulative IC', chart: cumulativeChart(named('cumulative-ic'), factor, dates) },
    { title: 'IC by year', chart: yearsChart(named('ic-by-year'), factor) },
    { title: 'IC by month', note: '× 100', chart: monthsChart(named('ic-by-month'), factor.ic.byMonth) },
    ...(placebo.means.some(Number.isFinite)
      ? [
          {
            title: 'Mean IC on shuffled labels',
            note: `${placebo.shuffles} shuffles`,
            chart: placeboChart(named('placebo'), factor),
          },
        ]
      : []),
    ...(layered
      ? [
          { title: 'Layers over the universe', note: 'net value', chart: excessChart(named('layer-excess'), layered) },
          {
            title: 'Annual excess by layer',
            note: '1 has the highest scores',
            chart: annualExcessChart(named('annual-excess'), layered),
          },
          { title: 'Long-short', note: 'net value', chart: longShortChart(named('long-short'), layered) },
        ]
      : []),
    ...(decay.length > 0
      ? [{ title: 'RankIC dates later', note: '± 2 standard errors', chart: decayChart(named('decay'), factor) }]
      : []),
    ...(autocorrelation.length > 0
      ? [
          {
            title: 'Autocorrelation of ranks',
            note: 'by dates apart',
            chart: autocorrelationChart(named('autocorrelation'), factor),
          },
        ]
      : []),
    ...(likeness.some(isKnownLikeness)
      ? [{ title: 'Likeness', note: 'correlation with known factors', chart: likenessChart(named('likeness'), factor) }]
      : []),
  ];
}
