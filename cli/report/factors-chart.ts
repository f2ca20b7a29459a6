/** What is left of the factors on dates they were not chosen on. */
import type { LibraryFactor, SplitMetrics } from '../../runs/library.ts';
import { axisText, type Chart, legend } from './chart.ts';
import { light, type ToneName } from './scheme.ts';

type Part = keyof LibraryFactor['metrics'];

const parts: readonly {
  readonly part: Part;
  readonly name: string;
  readonly tone: ToneName;
  readonly symbol: string;
}[] = [
  { part: 'train', name: 'training', tone: 'mark', symbol: 'diamond' },
  { part: 'valid', name: 'validation', tone: 'middle', symbol: 'circle' },
  { part: 'test', name: 'test', tone: 'warm', symbol: 'rect' },
];

/** `figure` is drawn with the sign of training dates taken out: below 0 it turned. */
export function factorsChart(factors: readonly LibraryFactor[], figure: keyof SplitMetrics, measure: string): Chart {
  const shown = parts.filter(({ part }) => factors.some(({ metrics }) => metrics[part]));
  const values = (part: Part): (number | null)[] =>
    factors.map(({ metrics, sign }) => {
      const value = sign * (metrics[part]?.[figure] ?? Number.NaN);
      return Number.isNaN(value) ? null : value;
    });
  return {
    name: 'factors',
    says: `${measure} of each factor, times its sign. ${shown.map(({ part, name }) => `${name}, mean of all: ${mean(values(part))}`).join('; ')}.`,
    width: 1000,
    height: 280,
    option: {
      grid: { left: 62, right: 24, top: 62, bottom: 44 },
      legend: legend(shown.map(({ name, symbol }) => ({ name, icon: symbol }))),
      xAxis: {
        type: 'category',
        data: factors.map((_, i) => String(i + 1)),
        name: 'factor, in the order of the table',
        nameLocation: 'middle',
        nameGap: 28,
        nameTextStyle: axisText,
        axisLabel: axisText,
        axisTick: { show: false },
        axisLine: { onZero: true, lineStyle: { color: light('mark') } },
      },
      yAxis: {
        type: 'value',
        name: `${measure} × sign`,
        nameTextStyle: { ...axisText, align: 'left', padding: [0, 0, 0, -42] },
        axisLabel: axisText,
        splitLine: { lineStyle: { color: light('line') } },
      },
      series: shown.map(({ part, name, tone, symbol }) => ({
        name,
        type: 'scatter',
        silent: true,
        symbol,
        symbolSize: symbol === 'diamond' ? 12 : 9,
        itemStyle: { color: light(tone), opacity: 1 },
        data: values(part),
      })),
    },
  };
}

function mean(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? (known.reduce((sum, value) => sum + value, 0) / known.length).toFixed(4) : 'not known';
}
