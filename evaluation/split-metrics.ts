/** What a factor did on a part of the dates, in the figures a desk asks for. */
import { call, must } from '../program/build.ts';
import type { Expression } from '../program/expression.ts';
import type { Evaluator } from './evaluator.ts';
import { moments } from './fitness.ts';
import { neweyWest } from './newey-west.ts';
import { history } from './plan.ts';
import { countSilence, datesOf } from './silence.ts';
import type { DailyScores, Dates } from './task.ts';

export interface PartFigures {
  readonly ic: number;
  readonly icStd: number;
  /** Not annualised. */
  readonly icir: number;
  /** Newey-West. */
  readonly t: number;
  readonly rankIc: number;
  readonly rankIcir: number;
  /** Newey-West, of the rank correlations. */
  readonly rankT: number;
  /** Share of dates with a positive correlation. */
  readonly positive: number;
  /** With a correlation; in the means, others count as 0. */
  readonly dates: number;
  /** Of the cells with a label. */
  readonly coverage: number;
}

export async function partFigures(
  evaluator: Evaluator,
  programs: readonly Expression[],
  dates: Dates,
): Promise<PartFigures[]> {
  const pearson = await evaluator.score(programs, { ...dates, method: 'pearson' });
  const rank = await evaluator.score(programs, { ...dates, method: 'rank' });
  const tradable = evaluator.tradable([dates]);
  const hasLabel = (t: number): boolean => evaluator.tradable([{ from: t, to: t + 1 }]) > 0;
  return pearson.map((scores, i) => {
    const ranked = rank[i] as DailyScores;
    const { ic } = scores;
    const spoken = moments(ic).count;
    const before = history(programs[i] as Expression, evaluator.labelDelay);
    for (const daily of [ic, ranked.ic]) countSilence(daily, datesOf([dates]), before, hasLabel);
    return figures(scores, ranked, tradable, spoken, evaluator.labelRule.horizon);
  });
}

function figures(
  { ic, counts }: DailyScores,
  { ic: rankIc }: DailyScores,
  tradable: number,
  spoken: number,
  horizon: number,
): PartFigures {
  const plain = moments(ic);
  const ranked = moments(rankIc);
  return {
    ic: plain.mean,
    icStd: plain.deviation,
    icir: plain.mean / plain.deviation,
    t: neweyWest(ic, horizon),
    rankIc: ranked.mean,
    rankIcir: ranked.mean / ranked.deviation,
    rankT: neweyWest(rankIc, horizon),
    positive: ic.filter((x) => x > 0).length / spoken,
    dates: spoken,
    coverage: counts.reduce((sum, cells) => sum + cells, 0) / tradable,
  };
}

/** 1 less the mean correlation of a date's values with those of the date before. */
export async function turnover(evaluator: Evaluator, program: Expression, { from, to }: Dates): Promise<number> {
  const yesterday = must(call('ts_delay', [program], [1]));
  const dates = Array.from({ length: to - from }, (_, i) => from + i);
  const [, [correlation]] = (await evaluator.correlations([program, yesterday], dates)) as [unknown, Float64Array];
  return 1 - (correlation as number);
}
