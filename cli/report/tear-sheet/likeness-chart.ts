/** How much of a factor is one of those everybody knows. */
import type { FactorSheet } from '../../../evaluation/tear-sheet/sheet.ts';
import { axisText, type Chart, legend } from '../chart.ts';
import { light } from '../scheme.ts';
import { decimals } from './figures.ts';
import { drawable, numbers, width } from './plot.ts';

/** Whether there is a bar to draw: styles need history, and a part may have fewer dates. */
export const isKnownLikeness = ({ pearson, spearman }: FactorSheet['likeness'][number]): boolean =>
  Number.isFinite(pearson) || Number.isFinite(spearman);

export function likenessChart(name: string, factor: FactorSheet): Chart {
  const likeness = factor.likeness.filter(isKnownLikeness);
  const names = likeness.map((row) => row.name);
  const bar = (of: 'pearson' | 'spearman', title: string, tone: 'strong' | 'pale') => ({
    name: title,
    type: 'bar',
    silent: true,
    barWidth: 7,
    barGap: '0%',
    itemStyle: { color: light(tone) },
    data: likeness.map((row) => drawable(row[of])),
  });
  return {
    name,
    says: `Correlation with known factors, Spearman. ${likeness.map((row) => `${row.name}: ${decimals(row.spearman, 2)}`).join('; ')}.`,
    width,
    height: 58 + 21 * Math.max(1, names.length),
    option: {
      grid: {
        left: 16 + 7.6 * Math.max(4, ...names.map(({ length }) => length)),
        right: 16,
        top: 30,
        bottom: 26,
        outerBoundsMode: 'none',
      },
      legend: legend([
        { name: 'Pearson', icon: 'rect' },
        { name: 'Spearman', icon: 'rect' },
      ]),
      xAxis: { ...numbers(), scale: false, min: scaleMin, max: scaleMax, splitNumber: 4 },
      yAxis: {
        type: 'category',
        inverse: true,
        data: names,
        axisLabel: { ...axisText, interval: 0 },
        axisTick: { show: false },
        axisLine: { onZero: true, lineStyle: { color: light('mark') } },
      },
      series: [bar('pearson', 'Pearson', 'strong'), bar('spearman', 'Spearman', 'pale')],
    },
  };
}

/** Never so narrow that a likeness of 0.02 fills the chart. */
const scaleMin = ({ min }: { readonly min: number }): number => Math.floor(5 * Math.min(-0.2, min)) / 5;
const scaleMax = ({ max }: { readonly max: number }): number => Math.ceil(5 * Math.max(0.2, max)) / 5;
