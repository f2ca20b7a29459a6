/** Lines in time, the limits they were to keep to as dashes, and the dates on which they could not. */
import type { Rebalance } from '../../../portfolio/backtest/backtest-report.ts';
import { rate } from '../../print/number.ts';
import type { Chart } from '../chart.ts';
import { light, type ToneName } from '../scheme.ts';
import { dateCategories, drawable, grid, line, thinned, width } from '../tear-sheet/plot.ts';
import { dashes, type LegendName, legendAbove } from './legend-rows.ts';
import { peaks } from './peaks.ts';

const mostPoints = 500;
const plotHeight = 190;

interface Limits {
  readonly label: string;
  readonly at: readonly number[];
}

interface Line {
  readonly label: string;
  readonly tone: ToneName;
  readonly values: readonly (number | null | undefined)[];
  readonly thickness?: number;
  /** Dashed, in the colour of the line unless another is given. */
  readonly limits?: Limits | undefined;
  readonly limitTone?: ToneName;
}

interface DatePlot {
  readonly name: string;
  readonly says: string;
  readonly dates: readonly string[];
  readonly yAxis: object;
  readonly lines: readonly Line[];
  readonly marks?: { readonly label: string; readonly points: readonly (readonly [number, number])[] };
}

interface RebalancePlot extends Omit<DatePlot, 'dates' | 'lines' | 'marks'> {
  readonly rebalances: readonly Rebalance[];
  readonly lines: readonly (Line & {
    readonly values: readonly (number | undefined)[];
    readonly extreme?: (a: number, b: number) => number;
  })[];
  /** Places among the rebalances. */
  readonly marks?: { readonly label: string; readonly places: readonly number[]; readonly values: readonly number[] };
}

/** A value for each rebalance; where there are too many to draw, the extremes. */
export function plotOfRebalances({ rebalances, lines, marks, ...plot }: RebalancePlot): Chart {
  const shown = thinned(rebalances.length, mostPoints);
  const columnOf = (place: number): number => shown.findIndex((one) => one >= place);
  return plotOfDates({
    ...plot,
    dates: shown.map((k) => (rebalances[k] as Rebalance).signal),
    lines: lines.map(({ extreme, ...one }) => ({ ...one, values: peaks(one.values, shown, extreme) })),
    ...(marks && {
      marks: {
        label: marks.label,
        points: marks.places.map((place) => [columnOf(place), marks.values[place] as number] as const),
      },
    }),
  });
}

export function plotOfDates({ name, says, dates, yAxis, lines, marks }: DatePlot): Chart {
  const names: LegendName[] = lines.map(({ label }) => ({ name: label, icon: 'rect' }));
  for (const one of lines) if (one.limits) names.push({ name: one.limits.label, icon: dashes });
  if (marks && marks.points.length > 0) names.push({ name: marks.label, icon: 'circle' });
  const { legend, top } = legendAbove(names);
  return {
    name,
    says,
    width,
    height: top + plotHeight + grid.bottom,
    option: {
      legend,
      grid: { ...grid, top },
      xAxis: dateCategories(dates),
      yAxis,
      series: [
        ...lines.map(({ label, tone, values, thickness }) =>
          line(
            label,
            tone,
            values.map((x) => drawable(x ?? undefined)),
            thickness ?? 1.6,
          ),
        ),
        ...lines.flatMap(({ tone, limitTone = tone, limits }) =>
          (limits?.at ?? []).map((at) => limitLine((limits as Limits).label, limitTone, at, dates.length)),
        ),
        ...(marks
          ? [
              {
                name: marks.label,
                type: 'scatter',
                silent: true,
                symbolSize: 6,
                z: 5,
                itemStyle: { color: light('highest') },
                data: marks.points.map(([x, y]) => [x, y]),
              },
            ]
          : []),
      ],
    },
  };
}

export function limits(
  limit: number | undefined,
  sides: 'one' | 'both',
  label: string,
  written: (limit: number) => string = rate,
): Limits | undefined {
  if (limit === undefined) return undefined;
  const at = sides === 'both' && limit > 0 ? [limit, -limit] : [limit];
  return { label: `${label} ${written(limit)}`, at };
}

/** From one end to the other; as a series, so that the axis reaches it. */
const limitLine = (name: string, tone: ToneName, at: number, points: number) => ({
  ...line(
    name,
    tone,
    Array.from({ length: points }, (_, i) => (i === 0 || i === points - 1 ? at : null)),
  ),
  connectNulls: true,
  z: 4,
  lineStyle: { color: light(tone), width: 1.5, type: [6, 4] },
});
