/** How features pull at predictions: a point for each row, placed by its SHAP value, coloured by the feature's value. */
import { stream } from '../../../core/random.ts';
import type { Attribution, RankedFeature } from '../../../models/explain/attribution.ts';
import { axisText, type Chart } from '../chart.ts';
import { light, type ToneName } from '../scheme.ts';
import { thinned } from '../tear-sheet/plot.ts';
import { axisName, chartWidth, roomOf } from './axis-name.ts';
import { beeswarm } from './beeswarm.ts';
import { box, drawing, filled, type Plane, points, written } from './plane.ts';
import { shapFigure } from './shap-figure.ts';

/** From low values of a feature to high ones. */
const tones: readonly ToneName[] = ['lowest', 'lower', 'medium', 'higher', 'highest'];
/** As many rows as can be told apart; more are spread over all. */
export const mostPoints = 600;
const pointSize = 4;
const rowHeight = 26;
const top = 30;
/** Points of a feature are painted in turns of all colours, or the last colour would hide the others. */
const turns = 4;

/** `features` are those to show, in this order. */
export function swarmChart(name: string, attribution: Attribution, features: readonly RankedFeature[]): Chart {
  const { names, values } = attribution;
  const rows = values.length / Math.max(1, names.length);
  const of = (table: Float32Array, column: number): number[] =>
    Array.from({ length: rows }, (_, i) => table[i * names.length + column] as number);
  const shown = thinned(rows, mostPoints);
  const swarms = features.map(({ column }) => {
    const shap = of(values, column);
    return { shap: shown.map((i) => shap[i] as number), tones: tonesOf(of(attribution.features, column), shown) };
  });
  const all = swarms.flatMap(({ shap }) => shap);
  const extent = [all.reduce((a, b) => Math.min(a, b), 0), all.reduce((a, b) => Math.max(a, b), 0)] as const;
  return {
    name,
    says: `SHAP values of ${features.length} features in ${shown.length} rows, coloured by the value of the feature. ${features.slice(0, 3).map(pull).join('; ') || 'There are none'}.`,
    width: chartWidth,
    height: top + rowHeight * Math.max(1, features.length) + 50,
    option: {
      grid: {
        left: roomOf(features.map((feature) => feature.name)),
        right: 24,
        top,
        bottom: 50,
        outerBoundsMode: 'none',
      },
      xAxis: {
        type: 'value',
        ...(extent[0] === extent[1] && { min: -1, max: 1 }),
        name: 'SHAP value: what it adds to the prediction',
        nameLocation: 'middle',
        nameGap: 30,
        nameTextStyle: axisText,
        axisLabel: axisText,
        splitLine: { lineStyle: { color: light('line') } },
      },
      yAxis: {
        type: 'category',
        inverse: true,
        data: features.map((feature) => axisName(feature.name)),
        axisLabel: { ...axisText, interval: 0 },
        axisTick: { show: false },
        axisLine: { onZero: true, lineStyle: { color: light('mark') } },
      },
      series: [
        drawing(scale),
        {
          type: 'custom',
          silent: true,
          // The extent makes the axis; what is drawn are the points of the row.
          data: features.map((_, row) => [...extent, row]),
          encode: { x: [0, 1], y: 2 },
          renderItem: ({ dataIndex }: { readonly dataIndex: number }, plane: Plane) => {
            const swarm = swarms[dataIndex] as (typeof swarms)[number];
            const along = swarm.shap.map((value) => plane.coord([value, dataIndex])[0]);
            const [, middle] = plane.coord([0, dataIndex]);
            const room = rowHeight / 2 - pointSize / 2;
            const off = beeswarm(along, pointSize, room, stream(0, dataIndex, along.length));
            const children = Array.from({ length: turns }, (_, turn) =>
              tones.map((tone, step) => {
                const places = along.flatMap((x, i): [number, number][] =>
                  i % turns === turn && swarm.tones[i] === step ? [[x, middle + (off[i] as number)]] : [],
                );
                return places.length > 0 ? [points(places, pointSize, tone)] : [];
              }),
            );
            return { type: 'group', children: children.flat(2) };
          },
        },
      ],
    },
  };
}

const pull = ({ name, slant, mean }: RankedFeature): string => {
  const way =
    Number.isNaN(slant) || Math.abs(slant) < 0.1
      ? 'with no one way'
      : slant > 0
        ? 'higher values raise'
        : 'higher values lower';
  return `${name}: ${shapFigure(mean)} on average, ${way}`;
};

/** Steps of colour between the values that one in twenty rows is below and above: a wild one does not pale the others. */
function tonesOf(values: readonly number[], shown: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const [low, high] = at(0.05) < at(0.95) ? [at(0.05), at(0.95)] : [at(0), at(1)];
  return shown.map((i) => {
    const share = low < high ? ((values[i] as number) - low) / (high - low) : 0.5;
    return Math.min(tones.length - 1, Math.max(0, Math.floor(share * tones.length)));
  });
}

/** What the colours mean, above the chart. */
function scale(): object[] {
  const [width, height, y] = [26, 9, 10];
  const left = chartWidth - 24 - 34 - tones.length * width;
  return [
    written('value of the feature:  low', left - 8, y, 'right'),
    ...tones.map((tone, i) => filled(box(left + i * width, y - height / 2, width, height), tone)),
    written('high', left + tones.length * width + 8, y, 'left'),
  ];
}
