/** What a judgement is told of a program, from its daily correlations. */
import { fingerprint, projected } from './behaviour.ts';
import { moments } from './fitness.ts';
import type { PartialMean } from './mean.ts';
import { history } from './plan.ts';
import { countSilence, datesOf } from './silence.ts';
import type { DailyScores, Observation, ObserveTask, WorkerSetting } from './task.ts';

/** Of one program: its correlations with the label, and what only a full judgement asks for. */
export interface Found extends DailyScores {
  readonly turnover?: PartialMean | undefined;
  readonly against?: readonly PartialMean[] | undefined;
}

/** In the order of the task's programs. */
export function observed(
  task: ObserveTask,
  { memory, columns }: Pick<WorkerSetting, 'memory' | 'columns'>,
  found: readonly Found[],
): Observation[] {
  const { label, from } = task;
  const hasLabel = (t: number): boolean =>
    new Float32Array(memory.buffer, label.address + t * label.stride, columns).some((value) => !Number.isNaN(value));
  return found.map(({ ic, counts, turnover, against }, i) => {
    const spoken = moments(ic).count;
    // Of what was said, before silence is made a number.
    const print = task.first ? fingerprint(ic, counts) : undefined;
    const program = task.programs[i] as (typeof task.programs)[number];
    countSilence(ic, datesOf([task]), history(program, task.labelDelay), hasLabel);
    return {
      ic,
      spoken,
      covered: counts.reduce((sum, count) => sum + count, 0),
      fingerprint: print,
      ...(task.last && { projected: projected(ic, from, moments(ic).mean), turnover, against }),
    };
  });
}
