/** What the correlations of a factor look like: in time, by lag, and beside those of shuffled labels. */
import type { FactorSheet } from '../../../evaluation/tear-sheet/sheet.ts';
import { type Chart, legend } from '../chart.ts';
import { light } from '../scheme.ts';
import { decimals } from './figures.ts';
import { histogram } from './histogram.ts';
import {
  bars,
  categories,
  dateCategories,
  drawable,
  grid,
  height,
  line,
  numbers,
  numbersFromZero,
  thinned,
  width,
  zero,
} from './plot.ts';

const pairLegend = legend([
  { name: 'IC', icon: 'rect' },
  { name: 'RankIC', icon: 'rect' },
]);

export function cumulativeChart(name: string, { ic, rankIc }: FactorSheet, dates: readonly string[]): Chart {
  const shown = thinned(dates.length);
  const of = (series: readonly number[]) => shown.map((i) => drawable(series[i]));
  return {
    name,
    says: `Sum of all correlations up to each date. IC ends at ${decimals(ic.cumulative.at(-1), 2)}, RankIC at ${decimals(rankIc.cumulative.at(-1), 2)}.`,
    width,
    height,
    option: {
      grid,
      legend: pairLegend,
      xAxis: dateCategories(shown.map((i) => dates[i] as string)),
      yAxis: numbers(),
      series: [
        { ...line('IC', 'strong', of(ic.cumulative)), markLine: zero },
        line('RankIC', 'warm', of(rankIc.cumulative)),
      ],
    },
  };
}

export function yearsChart(name: string, { ic, rankIc }: FactorSheet): Chart {
  const years = ic.byYear.map(({ year }) => year);
  const said = ic.byYear.map(
    ({ year, mean }, i) => `${year}: ${decimals(mean, 4)}, ${decimals(rankIc.byYear[i]?.mean, 4)}`,
  );
  return {
    name,
    says: `Mean IC and RankIC of each year. ${said.join('; ')}.`,
    width,
    height,
    option: {
      grid,
      legend: pairLegend,
      xAxis: categories(years, true),
      yAxis: numbersFromZero(),
      series: [
        bars(
          'IC',
          'strong',
          ic.byYear.map(({ mean }) => drawable(mean)),
        ),
        bars(
          'RankIC',
          'pale',
          rankIc.byYear.map(({ mean }) => drawable(mean)),
        ),
      ],
    },
  };
}

/** Two standard errors either way of each bar. */
export function decayChart(name: string, { decay }: FactorSheet): Chart {
  return {
    name,
    says: `RankIC so many dates later. ${decay.map(({ lag, rankIc }) => `${lag}: ${decimals(rankIc, 4)}`).join('; ')}.`,
    width,
    height,
    option: {
      grid: { ...grid, top: 16 },
      xAxis: categories(
        decay.map(({ lag }) => String(lag)),
        true,
      ),
      yAxis: numbersFromZero(),
      series: [
        bars(
          'RankIC',
          'middle',
          decay.map(({ rankIc }) => drawable(rankIc)),
        ),
        {
          type: 'custom',
          silent: true,
          z: 5,
          renderItem: whisker,
          encode: { x: 0, y: [1, 2] },
          data: decay.flatMap(({ rankIc, se }, i) =>
            Number.isFinite(rankIc) && Number.isFinite(se) ? [[i, rankIc - 2 * se, rankIc + 2 * se]] : [],
          ),
        },
      ],
    },
  };
}

interface Plane {
  value(dimension: number): number;
  coord(point: readonly number[]): readonly [number, number];
}

function whisker(_: unknown, plane: Plane) {
  const [x, low] = plane.coord([plane.value(0), plane.value(1)]);
  const [, high] = plane.coord([plane.value(0), plane.value(2)]);
  const style = { stroke: light('ink'), lineWidth: 1.5, fill: 'none' };
  const points = [
    [x - 4, low],
    [x + 4, low],
    [x, low],
    [x, high],
    [x - 4, high],
    [x + 4, high],
  ];
  return { type: 'polyline', shape: { points }, style };
}

export function autocorrelationChart(name: string, { autocorrelation }: FactorSheet): Chart {
  const said = autocorrelation.map(({ lag, mean }) => `${lag}: ${decimals(mean, 3)}`);
  return {
    name,
    says: `Correlation of ranks with those so many dates before. ${said.join('; ')}.`,
    width,
    height,
    option: {
      grid: { ...grid, top: 16 },
      xAxis: categories(
        autocorrelation.map(({ lag }) => String(lag)),
        true,
      ),
      yAxis: numbersFromZero(),
      series: [
        bars(
          'autocorrelation',
          'middle',
          autocorrelation.map(({ mean }) => drawable(mean)),
        ),
      ],
    },
  };
}

const mostBins = 24;

/** The means under shuffled labels as a histogram; the factor's own is the line. */
export function placeboChart(name: string, { placebo, ic }: FactorSheet): Chart {
  const means = placebo.means.filter(Number.isFinite);
  const known = Number.isFinite(ic.mean);
  const all = known ? [...means, ic.mean] : means;
  const [low, high] = [Math.min(0, ...all), Math.max(0, ...all)];
  const [first, last] = [Math.min(...means), Math.max(...means)];
  const bins = Math.max(1, Math.min(mostBins, Math.ceil(Math.sqrt(means.length) * 1.5)));
  const step = (last - first) / bins || 1;
  const counts = new Array<number>(bins).fill(0);
  for (const mean of means) {
    const bin = Math.min(bins - 1, Math.floor((mean - first) / step));
    counts[bin] = (counts[bin] as number) + 1;
  }
  const margin = 0.06 * (high - low) || 0.01;
  return {
    name,
    says: `Mean IC with labels shuffled ${placebo.shuffles} times: ${decimals(placebo.mean, 4)}, standard deviation ${decimals(placebo.std, 4)}. The factor has ${decimals(ic.mean, 4)}; p = ${decimals(placebo.p, 4)}.`,
    width,
    height,
    option: histogram({
      bins: { first, step, counts },
      tone: 'shuffled',
      from: low - margin,
      to: high + margin,
      mark: known ? { at: ic.mean, label: `the factor: ${decimals(ic.mean, 4)}` } : undefined,
    }),
  };
}
