/** How a search went: fitness of the population by round. */
import type { RoundRecord } from '../../engine/record.ts';
import { axisText, type Chart, legend } from './chart.ts';
import { light, type ToneName } from './scheme.ts';

type Point = readonly [round: number, fitness: number | null];

/** With more of them than this they would be a wall, not marks. */
const mostMarks = 80;

export const catastrophesOf = (rounds: readonly RoundRecord[]): readonly number[] =>
  rounds.filter(({ catastrophe }) => catastrophe).map(({ round }) => round);
export const marked = (rounds: readonly RoundRecord[]): boolean => catastrophesOf(rounds).length <= mostMarks;

/** `measure`: what fitness is, such as "|mean IC|". */
export function roundsChart(
  rounds: readonly RoundRecord[],
  placebo: readonly RoundRecord[] | undefined,
  measure: string,
): Chart {
  const last = rounds.at(-1);
  const series = [
    line(
      'best so far',
      'middle',
      rounds.map(({ round, bestEver }): Point => [round, bestEver]),
      { type: [5, 3], width: 1.5 },
    ),
    line(
      'best living',
      'strong',
      rounds.map(({ round, best }): Point => [round, best]),
      { width: 2 },
    ),
    line('mean, judged in full', 'warm', rounds.flatMap(means), { width: 2 }),
    line('mean, latest scores', 'pale', rounds.flatMap(latestMeans), { width: 1.5 }),
    ...(placebo
      ? [
          line(
            'best on shuffled labels',
            'shuffled',
            placebo.map(({ round, bestEver }): Point => [round, bestEver]),
            { width: 2, type: [2, 2] },
          ),
        ]
      : []),
  ];
  const catastrophes = catastrophesOf(rounds);
  const marks = marked(rounds) && catastrophes.length > 0 ? [catastropheMarks(catastrophes)] : [];
  return {
    name: 'rounds',
    says: `${sentence(last)}${placebo ? ` On shuffled labels the best was ${four(placebo.at(-1)?.bestEver)}.` : ''}`,
    width: 1000,
    height: 400,
    option: {
      grid: { left: 62, right: 24, top: 64, bottom: 48 },
      legend: legend([...marks, ...series]),
      xAxis: {
        type: 'value',
        min: rounds[0]?.round ?? 0,
        max: last?.round ?? 1,
        minInterval: 1,
        name: 'round',
        nameLocation: 'middle',
        nameGap: 30,
        nameTextStyle: axisText,
        axisLabel: axisText,
        axisLine: { lineStyle: { color: light('mark') } },
        splitLine: { show: false },
      },
      yAxis: {
        type: 'value',
        name: measure,
        nameTextStyle: { ...axisText, align: 'left', padding: [0, 0, 0, -42] },
        axisLabel: axisText,
        axisLine: { show: false },
        axisTick: { show: false },
        splitLine: { lineStyle: { color: light('line') } },
      },
      series: [...marks, ...series],
    },
  };
}

/** Before and after a catastrophe, both at its round: the dip is what it did, not what the round did. */
const means = ({ round, mean, catastrophe }: RoundRecord): Point[] =>
  catastrophe
    ? [
        [round, catastrophe.meanBefore],
        [round, mean],
      ]
    : [[round, mean]];
const latestMeans = ({ round, meanLatest, catastrophe }: RoundRecord): Point[] =>
  catastrophe
    ? [
        [round, catastrophe.meanLatestBefore],
        [round, meanLatest],
      ]
    : [[round, meanLatest]];

interface Line {
  readonly name: string;
  /** For the legend. */
  readonly icon?: string;
  readonly [option: string]: unknown;
}

const bare = { type: 'line', silent: true, symbol: 'none' } as const;

const line = (name: string, tone: ToneName, data: readonly Point[], style: object): Line => ({
  ...bare,
  name,
  data,
  sampling: 'lttb',
  itemStyle: { color: light(tone) },
  lineStyle: { color: light(tone), cap: 'butt', ...style },
});

const catastropheMarks = (rounds: readonly number[]): Line => ({
  ...bare,
  name: 'catastrophe',
  icon: 'path://M0 0h2v11h-2z',
  data: [],
  itemStyle: { color: light('mark') },
  markLine: {
    // Behind the lines.
    z: 0,
    silent: true,
    symbol: 'none',
    label: { show: false },
    lineStyle: { color: light('mark'), width: 0.8, type: 'solid' },
    data: rounds.map((xAxis) => ({ xAxis })),
  },
});

function sentence(last: RoundRecord | undefined): string {
  if (!last) return 'Fitness by round: no round is over yet.';
  const { round, mean, best, bestEver } = last;
  return `Fitness by round. After round ${round} the mean of those judged in full is ${four(mean)}, the best of the population ${four(best)}, the best so far ${four(bestEver)}.`;
}

const four = (value: number | null | undefined): string => (value == null ? 'not known' : value.toFixed(4));
