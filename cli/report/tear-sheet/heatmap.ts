/** Squares of colour: blue above 0, orange below, in steps that have a counterpart on dark screens. */
import { axisText, type Chart } from '../chart.ts';
import { light, type ToneName } from '../scheme.ts';
import { width } from './plot.ts';

/** From the lowest step to the highest, and the letters that are legible on each. */
const steps: readonly { readonly tone: ToneName; readonly ink: ToneName }[] = [
  { tone: 'warm', ink: 'paper' },
  { tone: 'pale', ink: 'ink' },
  { tone: 'faint', ink: 'ink' },
  { tone: 'panel', ink: 'ink' },
  { tone: 'soft', ink: 'ink' },
  { tone: 'middle', ink: 'ink' },
  { tone: 'strong', ink: 'paper' },
];

/** Names on an axis need so much of it. */
const roomOfName = 20;

interface Heatmap {
  readonly name: string;
  readonly says: string;
  readonly columns: readonly string[];
  readonly rows: readonly string[];
  /** Column, row, value. */
  readonly cells: readonly (readonly [number, number, number])[];
  /** The strongest colours are those of values this far from 0 and farther. */
  readonly limit: number;
  /** What is written into a cell, if anything. */
  readonly label?: (value: number) => string;
  readonly rowHeight: number;
  readonly left: number;
}

const top = 24;

function heatmap(map: Heatmap): Chart {
  const { columns, rows, cells, limit, label, rowHeight, left } = map;
  const bounds = Array.from({ length: steps.length - 1 }, (_, i) => (limit * (2 * i - 5)) / 6);
  const stepOf = (value: number): number => bounds.filter((bound) => value >= bound).length;
  const axis = (data: readonly string[]) => ({
    type: 'category',
    data,
    axisTick: { show: false },
    axisLine: { show: false },
    splitArea: { show: false },
    axisLabel: { ...axisText, interval: Math.ceil(roomOfName / rowHeight) - 1 },
  });
  return {
    name: map.name,
    says: map.says,
    width,
    height: Math.round(top + rowHeight * Math.max(1, rows.length) + 6),
    option: {
      grid: { left, right: 4, top, bottom: 6, outerBoundsMode: 'none' },
      xAxis: { ...axis(columns), position: 'top' },
      yAxis: { ...axis(rows), inverse: true },
      visualMap: {
        type: 'piecewise',
        show: false,
        dimension: 2,
        pieces: steps.map(({ tone }, i) => ({
          ...(i > 0 && { gte: bounds[i - 1] }),
          ...(i < bounds.length && { lt: bounds[i] }),
          color: light(tone),
        })),
      },
      series: [
        {
          type: 'heatmap',
          silent: true,
          itemStyle: { borderColor: light('paper'), borderWidth: 1 },
          label: { show: label !== undefined, fontSize: 12 },
          data: cells.map(([x, y, value]) => ({
            value: [x, y, value],
            ...(label && {
              label: { color: light(steps[stepOf(value)]?.ink ?? 'ink'), formatter: label(value) },
            }),
          })),
        },
      ],
    },
  };
}

const monthNames = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12'];

export function monthsChart(name: string, months: readonly { readonly month: string; readonly mean: number }[]): Chart {
  const years = [...new Set(months.map(({ month }) => month.slice(0, 4)))];
  const known = months.filter(({ mean }) => Number.isFinite(mean));
  const cells = known.map(
    ({ month, mean }) => [Number(month.slice(5)) - 1, years.indexOf(month.slice(0, 4)), mean] as const,
  );
  const [best, worst] = [known.toSorted((a, b) => b.mean - a.mean)[0], known.toSorted((a, b) => a.mean - b.mean)[0]];
  const extreme = (which: string, month: typeof best) => month && `${which} ${month.month}: ${month.mean.toFixed(4)}`;
  return heatmap({
    name,
    says: `Mean IC of each month. ${[extreme('Highest', best), extreme('lowest', worst)].filter(Boolean).join('; ') || 'No month has any'}.`,
    columns: monthNames,
    rows: years,
    cells,
    limit: scaleOf(known.map(({ mean }) => Math.abs(mean))),
    label: (value) => String(Math.round(100 * value) + 0).replace('-', '−'),
    rowHeight: 24,
    left: 44,
  });
}

/** Nine in ten are within: one wild month does not make the others pale. */
const scaleOf = (sizes: readonly number[]): number =>
  sizes.toSorted((a, b) => a - b)[Math.floor(0.9 * (sizes.length - 1))] || 1;

interface Correlations {
  readonly names: readonly string[];
  readonly pearson: readonly (readonly number[])[];
  readonly spearman: readonly (readonly number[])[];
}

/** With more names than this their numbers do not fit into the cells: a dozen factors, and what they are together. */
const mostLabelled = 13;

/** Pearson above the diagonal, Spearman below it. Factors go by their number in the overview. */
export function correlationChart({ names, pearson, spearman }: Correlations): Chart {
  const numbers = names.map((_, i) => String(i + 1));
  const cells = names.flatMap((_, row) =>
    names.flatMap((_, column) => {
      const value = (column > row ? pearson : spearman)[row]?.[column] ?? Number.NaN;
      return column === row || !Number.isFinite(value) ? [] : [[column, row, value] as const];
    }),
  );
  const strongest = cells.toSorted((a, b) => Math.abs(b[2]) - Math.abs(a[2]))[0];
  const pair = strongest && `${names[strongest[1]]} and ${names[strongest[0]]}: ${strongest[2].toFixed(2)}`;
  const few = names.length <= mostLabelled;
  const left = 30;
  return {
    ...heatmap({
      name: 'correlation',
      says: `Correlation of ${names.length} factors, Pearson above the diagonal and Spearman below it. The strongest is of ${pair ?? 'none'}.`,
      columns: numbers,
      rows: numbers,
      cells,
      limit: 1,
      ...(few && {
        label: (value: number) =>
          value
            .toFixed(2)
            .replace('-', '−')
            .replace(/^(−?)0(?=\.)/, '$1'),
      }),
      rowHeight: Math.min(36, (width - left - 4) / names.length),
      left,
    }),
  };
}
