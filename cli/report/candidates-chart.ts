/** What became of the candidates: shares of those asked about, by round. */
import type { RoundRecord } from '../../engine/record.ts';
import { axisText, type Chart, legend } from './chart.ts';
import { light, type ToneName } from './scheme.ts';

/** Rounds are put together until there are no more stretches than this: single ones of fifty children flicker. */
const mostStretches = 60;

interface Fate {
  readonly name: string;
  readonly tone: ToneName;
  readonly of: (round: RoundRecord) => number;
}

const sum = (counts: Iterable<number>): number => [...counts].reduce((total, n) => total + n, 0);

function fatesOf(stages: number): Fate[] {
  const hurdles: Fate[] = Array.from({ length: stages }, (_, i) => ({
    name: `stopped at hurdle ${i + 1}`,
    tone: i === stages - 1 ? 'middle' : 'soft',
    of: ({ judged }) => judged.stopped[i] ?? 0,
  }));
  return [
    { name: 'judged in full', tone: 'strong', of: ({ judged }) => judged.complete },
    ...hurdles.reverse(),
    { name: 'rejected', tone: 'pale', of: ({ judged }) => sum(Object.values(judged.rejected)) },
    { name: 'judged further', tone: 'quiet', of: ({ judged }) => judged.reopened },
    { name: 'known by key', tone: 'mark', of: ({ judged }) => judged.knownByKey },
  ];
}

export function candidatesChart(rounds: readonly RoundRecord[]): Chart {
  const fates = fatesOf(Math.max(0, ...rounds.map(({ judged }) => judged.stopped.length)));
  const stretches = stretchesOf(rounds);
  const share = (stretch: readonly RoundRecord[], of: Fate['of']): number => {
    const all = sum(stretch.flatMap((round) => fates.map((fate) => fate.of(round))));
    return all > 0 ? (100 * sum(stretch.map(of))) / all : 0;
  };
  const behaviour = ({ judged }: RoundRecord): number => judged.knownByBehaviour;
  return {
    name: 'candidates',
    says: `What became of the candidates. ${fates.map(({ name, of }) => `${name}: ${share(rounds, of).toFixed(1)}%`).join('; ')}; of all, known by behaviour: ${share(rounds, behaviour).toFixed(1)}%.`,
    width: 1000,
    height: 320,
    option: {
      grid: { left: 62, right: 24, top: 44, bottom: 48 },
      legend: legend([...fates.map(({ name }) => ({ name, icon: 'rect' })), { name: known }]),
      xAxis: {
        type: 'category',
        boundaryGap: false,
        data: stretches.map((stretch) => String(stretch.at(-1)?.round)),
        name: 'round',
        nameLocation: 'middle',
        nameGap: 30,
        nameTextStyle: axisText,
        axisLabel: axisText,
        axisLine: { lineStyle: { color: light('mark') } },
        axisTick: { show: false },
      },
      yAxis: {
        type: 'value',
        max: 100,
        axisLabel: { ...axisText, formatter: '{value}%' },
        splitLine: { lineStyle: { color: light('line') } },
      },
      series: [
        ...fates.map(({ name, tone, of }) => ({
          name,
          type: 'line',
          stack: 'all',
          silent: true,
          symbol: 'none',
          itemStyle: { color: light(tone) },
          lineStyle: { width: 0 },
          areaStyle: { color: light(tone), opacity: 1 },
          data: stretches.map((stretch) => share(stretch, of)),
        })),
        {
          name: known,
          type: 'line',
          silent: true,
          symbol: 'none',
          itemStyle: { color: light('warm') },
          lineStyle: { color: light('warm'), width: 2 },
          data: stretches.map((stretch) => share(stretch, behaviour)),
        },
      ],
    },
  };
}

const known = 'known by behaviour';

function stretchesOf(rounds: readonly RoundRecord[]): RoundRecord[][] {
  // The first population is ten rounds at once, and no round.
  const [first, ...others] = rounds;
  const length = Math.ceil(others.length / mostStretches);
  const stretches = first ? [[first]] : [];
  for (let i = 0; i < others.length; i += length) stretches.push(others.slice(i, i + length));
  return stretches;
}
