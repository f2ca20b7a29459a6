/** Columns over a line of numbers, and one number among them. */
import { axisText } from '../chart.ts';
import { light, type ToneName } from '../scheme.ts';
import { grid, numbers, numbersFromZero } from './plot.ts';

export interface Bins {
  readonly first: number;
  readonly step: number;
  readonly counts: readonly number[];
}

interface Histogram {
  readonly bins: Bins;
  readonly tone: ToneName;
  /** Ends of the line. */
  readonly from: number;
  readonly to: number;
  readonly mark?: { readonly at: number; readonly label: string } | undefined;
}

/** Of an option: all but its size. */
export function histogram({ bins: { first, step, counts }, tone, from, to, mark }: Histogram) {
  return {
    grid: { ...grid, top: 34 },
    xAxis: {
      ...numbers(),
      min: from,
      max: to,
      splitLine: { show: false },
      axisLine: { show: true, onZero: false, lineStyle: { color: light('mark') } },
      axisLabel: {
        ...axisText,
        showMinLabel: false,
        showMaxLabel: false,
        hideOverlap: true,
        formatter: (value: number) => String(Number(value.toPrecision(3))),
      },
    },
    yAxis: { ...numbersFromZero(), minInterval: 1 },
    series: [
      {
        type: 'custom',
        silent: true,
        renderItem: (_: unknown, plane: Plane) => column(plane, tone),
        encode: { x: [0, 1], y: 2 },
        data: counts.flatMap((count, i) => (count > 0 ? [[first + i * step, first + (i + 1) * step, count]] : [])),
        ...(mark && { markLine: markAt(mark.at, mark.label, mark.at > (from + to) / 2) }),
      },
    ],
  };
}

/** So many bins at most, with edges at round numbers. */
export function roundBins(values: readonly number[], most: number): Bins {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const size = Math.max(Math.abs(low), Math.abs(high), 1e-9);
  // Numbers that are alike but for rounding are one bin.
  const step = roundUp(high - low > 1e-6 * size ? (high - low) / (most - 1) : size / 10);
  // An edge belongs to the bin above it, whatever the last digit of the quotient.
  const binOf = (value: number): number => Math.floor(value / step + 1e-9);
  const counts = new Array<number>(binOf(high) - binOf(low) + 1).fill(0);
  for (const value of values) {
    const bin = binOf(value) - binOf(low);
    counts[bin] = (counts[bin] as number) + 1;
  }
  return { first: binOf(low) * step, step, counts };
}

/** 1, 2 or 5 times a power of ten. */
function roundUp(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  return power * ([1, 2, 5].find((times) => size <= times * power * (1 + 1e-9)) ?? 10);
}

interface Plane {
  value(dimension: number): number;
  coord(point: readonly number[]): readonly [number, number];
}

function column(plane: Plane, tone: ToneName) {
  const [left, top] = plane.coord([plane.value(0), plane.value(2)]);
  const [right, bottom] = plane.coord([plane.value(1), 0]);
  const shape = { x: left, y: top, width: Math.max(1, right - left - 0.5), height: bottom - top };
  return { type: 'rect', shape, style: { fill: light(tone) } };
}

const markAt = (at: number, label: string, right: boolean) => ({
  silent: true,
  symbol: 'none',
  precision: 10, // else the line stands where the number is with two decimals
  lineStyle: { color: light('warm'), type: 'solid', width: 2.5 },
  label: {
    show: true,
    color: light('warm'),
    fontSize: 13,
    formatter: label,
    position: 'end',
    align: right ? 'right' : 'left',
    distance: 8,
  },
  data: [{ xAxis: at }],
});
