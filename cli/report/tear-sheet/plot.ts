/** What the charts of a tear sheet have in common: their size, their axes, and how few points a line needs. */
import { axisText } from '../chart.ts';
import { light, type ToneName } from '../scheme.ts';

/** Two of them stand side by side on a screen, one fills a telephone with its letters still legible. */
export const width = 440;
export const height = 260;

/** A line of so many points looks like one of thousands at this width. */
const mostPoints = 400;

/** Positions evenly spread over a series, the first and the last among them. */
export function thinned(length: number, most = mostPoints): number[] {
  if (length <= most) return Array.from({ length }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (length - 1)) / (most - 1)));
}

/** Nothing is drawn where there is no number. */
export const drawable = (value: number | undefined): number | null =>
  value === undefined || !Number.isFinite(value) ? null : value;

export const grid = { left: 54, right: 16, top: 38, bottom: 30 };

export const categories = (data: readonly string[], gaps: boolean, format?: (text: string) => string) => ({
  type: 'category' as const,
  data,
  boundaryGap: gaps,
  axisLabel: { ...axisText, hideOverlap: true, ...(format && { formatter: format }) },
  axisTick: { show: false },
  axisLine: { onZero: false, lineStyle: { color: light('mark') } },
});

/** Dates by year and month, few enough to lie apart. */
export function dateCategories(dates: readonly string[]) {
  const every = Math.max(1, Math.ceil(dates.length / 5));
  return {
    ...categories(dates, false, (date) => date.slice(0, 7)),
    axisLabel: {
      ...axisText,
      interval: (i: number) => i % every === 0 && i + every / 2 < dates.length,
      formatter: (date: string) => date.slice(0, 7),
      align: 'left' as const,
      margin: 8,
    },
  };
}

export const numbers = (format?: (value: number) => string) => ({
  type: 'value' as const,
  scale: true,
  splitNumber: 4,
  axisLabel: { ...axisText, ...(format && { formatter: format }) },
  axisLine: { show: false },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: light('line') } },
});

/** Of bars, which begin at 0. */
export const numbersFromZero = (format?: (value: number) => string) => ({ ...numbers(format), scale: false });

export const percentAxis = (value: number): string => `${Number((100 * value).toPrecision(6))}%`;

export const line = (name: string, tone: ToneName, values: readonly (number | null)[], thickness = 2) => ({
  name,
  type: 'line',
  silent: true,
  symbol: 'none',
  data: values,
  itemStyle: { color: light(tone) },
  lineStyle: { color: light(tone), width: thickness, join: 'round' },
});

export const bars = (name: string, tone: ToneName, values: readonly (number | null)[]) => ({
  name,
  type: 'bar',
  silent: true,
  barMaxWidth: 22,
  barGap: '10%',
  itemStyle: { color: light(tone) },
  data: values,
});

/** The line at 0 behind everything else. */
export const zero = {
  z: 1,
  silent: true,
  symbol: 'none',
  label: { show: false },
  lineStyle: { color: light('mark'), type: 'solid', width: 1 },
  data: [{ yAxis: 0 }],
};
