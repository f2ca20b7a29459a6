/** What a model reads when: mean |SHAP| of features by dates back, or by time of day, the stronger the darker. */
import type { StepTable } from '../../../models/explain/attribution.ts';
import { axisText, type Chart } from '../chart.ts';
import { axisName, chartWidth, roomOf } from './axis-name.ts';
import { box, drawing, filled, type Plane, written } from './plane.ts';
import { shapFigure } from './shap-figure.ts';

/** Steps from next to nothing to the strongest. Opacity, so that they are the same on a dark ground. */
const steps = 10;
const rowHeight = 22;
const top = 30;
const right = 24;
/** A number on the axis needs so much of it. */
const roomOfStep = 40;

/** What the steps are. */
export interface StepAxis {
  readonly name: string;
  /** Of all of them, in a sentence: `20 dates back`. */
  readonly all: (count: number) => string;
  /** One of them, in a sentence. */
  readonly one: (step: string) => string;
  /** The end of the axis its labels are counted from. */
  readonly from: 'first' | 'last';
}

export const datesBack: StepAxis = {
  name: 'dates back',
  all: (count) => `${count} dates back`,
  one: (step) => `${step} dates back`,
  from: 'last',
};

export const timesOfDay: StepAxis = {
  name: 'beginning of the bar',
  all: (count) => `${count} times of day`,
  one: (step) => `the bar of ${step}`,
  from: 'first',
};

/** The strongest features are shown, so many at most. */
export function stepChart(
  name: string,
  { features, steps: columns, means }: StepTable<number | string>,
  axisOf: StepAxis,
  most: number,
): Chart {
  const shown = features.slice(0, most);
  const left = roomOf(shown);
  const cell = (chartWidth - left - right) / Math.max(1, columns.length);
  const every = roundedUp(roomOfStep / cell);
  const cells = shown.flatMap((feature, row) =>
    columns.flatMap((step, column) => {
      const mean = means[row]?.[column];
      return mean === undefined ? [] : [{ feature, step, row, column, mean }];
    }),
  );
  const strongest = cells.toSorted((a, b) => b.mean - a.mean)[0];
  const stepOf = (mean: number): number =>
    strongest && strongest.mean > 0 ? Math.min(steps - 1, Math.floor((mean / strongest.mean) * steps)) : 0;
  const axis = (data: readonly string[]) => ({
    type: 'category',
    data,
    axisTick: { show: false },
    axisLine: { show: false },
    splitArea: { show: false },
  });
  return {
    name,
    says: `Mean |SHAP| of ${shown.length} features at ${axisOf.all(columns.length)}. The strongest is ${strongest ? `${strongest.feature}, ${axisOf.one(String(strongest.step))}: ${shapFigure(strongest.mean)}` : 'none'}.`,
    width: chartWidth,
    height: top + rowHeight * Math.max(1, shown.length) + 46,
    option: {
      grid: { left, right, top, bottom: 46, outerBoundsMode: 'none' },
      xAxis: {
        ...axis(columns.map(String)),
        name: axisOf.name,
        nameLocation: 'middle',
        nameGap: 26,
        nameTextStyle: axisText,
        axisLabel: {
          ...axisText,
          interval: (i: number) => (axisOf.from === 'last' ? columns.length - 1 - i : i) % every === 0,
        },
      },
      yAxis: { ...axis(shown.map(axisName)), inverse: true, axisLabel: { ...axisText, interval: 0 } },
      series: [
        drawing((plane) => {
          const paths = Array.from({ length: steps }, () => '');
          const gap = cell > 6 ? 1 : 0;
          for (const { row, column, mean } of cells) paths[stepOf(mean)] += cellAt(plane, column, row, cell - gap);
          return paths.flatMap((path, step) => (path ? [filled(path, 'strong', opacityOf(step))] : []));
        }),
        drawing(() => scale(strongest?.mean ?? 0)),
      ],
    },
  };
}

/** 1, 2, 5, 10, 20, ... */
function roundedUp(count: number): number {
  const tens = 10 ** Math.floor(Math.log10(Math.max(1, count)));
  return ([1, 2, 5].find((digit) => digit * tens >= count) ?? 10) * tens;
}

const opacityOf = (step: number): number => (step + 0.5) / steps;

function cellAt(plane: Plane, column: number, row: number, width: number): string {
  const [x, y] = plane.coord([column, row]);
  return box(x - width / 2, y - rowHeight / 2 + 0.5, width, rowHeight - 1);
}

/** What the shades mean, above the chart. */
function scale(strongest: number): object[] {
  const [width, height, y] = [16, 9, 10];
  const left = chartWidth - right - 60 - steps * width;
  return [
    written('mean |SHAP|:  0', left - 8, y, 'right'),
    ...Array.from({ length: steps }, (_, step) =>
      filled(box(left + step * width, y - height / 2, width, height), 'strong', opacityOf(step)),
    ),
    written(shapFigure(strongest), left + steps * width + 8, y, 'left'),
  ];
}
