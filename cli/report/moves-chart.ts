/** Which mutations were drawn, and why some of them could not be made. */
import type { RoundRecord } from '../../engine/record.ts';
import { count } from '../print/number.ts';
import { axisText, type Chart, legend } from './chart.ts';
import { light, type ToneName } from './scheme.ts';

interface Tally {
  readonly name: string;
  readonly made: number;
  readonly refused: number;
}

/** By move, most drawn first. */
export function movesChart(rounds: readonly RoundRecord[]): Chart {
  const made = total(rounds.map(({ moves }) => moves));
  const refused = new Map<string, number>();
  for (const [name, n] of total(rounds.map(({ rejections }) => rejections))) {
    const move = name.split(':')[0] as string;
    refused.set(move, (refused.get(move) ?? 0) + n);
  }
  const drawn = (name: string): number => (made.get(name) ?? 0) + (refused.get(name) ?? 0);
  const tallies = [...new Set([...made.keys(), ...refused.keys()])]
    .sort((a, b) => drawn(b) - drawn(a) || (a < b ? -1 : 1))
    .map((name): Tally => ({ name, made: made.get(name) ?? 0, refused: refused.get(name) ?? 0 }));
  return {
    name: 'moves',
    says: `Mutations. ${tallies.map((tally) => `${tally.name}: ${tally.made} made, ${tally.refused} refused`).join('; ')}.`,
    ...bars(
      tallies.map(({ name }) => name),
      [
        { name: 'made', tone: 'strong', values: tallies.map((tally) => tally.made) },
        { name: 'could not be made', tone: 'pale', values: tallies.map((tally) => tally.refused) },
      ],
    ),
  };
}

const mostReasons = 12;

/** By move and rule, most frequent first. */
export function refusalsChart(rounds: readonly RoundRecord[]): Chart {
  const all = [...total(rounds.map(({ rejections }) => rejections))].sort(
    (a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1),
  );
  const others = all.slice(mostReasons).reduce((sum, [, n]) => sum + n, 0);
  const shown = [...all.slice(0, mostReasons), ...(others > 0 ? [['others', others] as const] : [])];
  return {
    name: 'refusals',
    says: `Why mutations could not be made. ${shown.map(([name, n]) => `${name}: ${n}`).join('; ') || 'All could be made'}.`,
    ...bars(
      shown.map(([name]) => name),
      [{ name: 'could not be made', tone: 'pale', values: shown.map(([, n]) => n) }],
    ),
  };
}

function total(counts: readonly Readonly<Record<string, number>>[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const each of counts) for (const [name, n] of Object.entries(each)) sums.set(name, (sums.get(name) ?? 0) + n);
  return sums;
}

interface Bars {
  readonly name: string;
  readonly tone: ToneName;
  readonly values: readonly number[];
}

const bars = (names: readonly string[], series: readonly Bars[]): Pick<Chart, 'width' | 'height' | 'option'> => ({
  width: 490,
  height: 64 + 26 * Math.max(1, names.length),
  option: {
    // Room for the names in a wide font.
    grid: {
      left: 12 + 7.5 * Math.max(...names.map(({ length }) => length), 0),
      right: 48,
      top: 34,
      bottom: 4,
      outerBoundsMode: 'none',
    },
    legend: legend(series.map(({ name }) => ({ name, icon: 'rect' }))),
    xAxis: { type: 'value', axisLabel: { show: false }, splitLine: { show: false } },
    yAxis: {
      type: 'category',
      inverse: true,
      data: names,
      axisLabel: { ...axisText, interval: 0 },
      axisTick: { show: false },
      axisLine: { lineStyle: { color: light('mark') } },
    },
    series: series.map(({ name, tone, values }, i) => ({
      name,
      type: 'bar',
      stack: 'all',
      silent: true,
      barWidth: 15,
      itemStyle: { color: light(tone) },
      data: values,
      label: {
        show: i === series.length - 1,
        position: 'right',
        color: light('quiet'),
        // Of the whole bar.
        formatter: ({ dataIndex }: { dataIndex: number }) =>
          count(series.reduce((sum, row) => sum + (row.values[dataIndex] as number), 0)),
      },
    })),
  },
});
