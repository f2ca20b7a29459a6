/** A worker's part of a judgement: programs through stages of the dates, fewer at every stage. */
import type { Matrix } from '../core/arena.ts';
import { padTo, strideFor } from '../core/arena.ts';
import type { Kernels } from '../operators/wasm/kernels.ts';
import type { Expression } from '../program/expression.ts';
import type { Rows } from './apply.ts';
import { behaviour, fingerprint } from './behaviour.ts';
import { baseScore, moments } from './fitness.ts';
import { history, plan } from './plan.ts';
import { Region } from './region.ts';
import { runPlan } from './run-plan.ts';
import { countSilence, datesOf } from './silence.ts';
import type { Answer, JudgeTask, Progress, Span, StageTask, WorkerSetting } from './task.ts';

/** Sums over dates of what the penalties are made of. */
interface Extras {
  readonly turnover: Mean;
  readonly against: readonly Mean[];
}

class Mean {
  #sum = 0;
  #count = 0;

  add(value: number): void {
    if (Number.isNaN(value)) return;
    this.#sum += value;
    this.#count++;
  }

  get value(): number {
    return this.#count > 0 ? this.#sum / this.#count : 0;
  }
}

export function judgeTask(task: JudgeTask, span: Span, setting: WorkerSetting, kernels: Kernels): Answer {
  const progress = [...task.before];
  let places = progress.map((_, place) => place);
  for (const stage of task.stages) {
    const done = runStage(task, stage, places, progress, span, setting, kernels);
    if (!done) return { kind: 'too-large' };
    for (const [i, place] of places.entries()) progress[place] = done[i] as Progress;
    places = places.filter((place) => {
      const { rejected, scores } = progress[place] as Progress;
      return rejected === undefined && (scores.at(-1) as number) >= stage.hurdle;
    });
    if (places.length === 0) break;
  }
  return { kind: 'judged', progress };
}

function runStage(
  task: JudgeTask,
  stage: StageTask,
  places: readonly number[],
  before: readonly Progress[],
  span: Span,
  setting: WorkerSetting,
  kernels: Kernels,
): Progress[] | undefined {
  const { rule, label, labelRanks } = task;
  const dates = stage.stretches.reduce((sum, { from, to }) => sum + to - from, 0);
  const whole = new Region(span.address, span.bytes);
  const answers = whole.take(16 * dates);
  const wantsTurnover = stage.last && rule.turnover > 0;
  // The last row of a block, where the next block's first finds it.
  const lastRows = wantsTurnover ? places.map(() => whole.take(strideFor(setting.columns))) : [];
  if (answers === undefined || lastRows.includes(undefined)) return undefined;

  const ic = places.map(() => new Float64Array(dates));
  const counts = places.map(() => new Float64Array(dates));
  const extras: Extras[] = places.map(() => ({ turnover: new Mean(), against: task.against.map(() => new Mean()) }));
  const at = (matrix: Matrix, t: number): [number, number] => [matrix.address + t * matrix.stride, matrix.stride];
  const read = (rows: number): Float64Array => new Float64Array(setting.memory.buffer, answers, 2 * rows);
  const correlate = (a: Rows, b: readonly [number, number], rows: number, into: Mean): void => {
    kernels.ic_pearson?.(answers, a.address, a.stride, ...b, rows, setting.columns, 0);
    const found = read(rows);
    for (let i = 0; i < rows; i++) into.add(found[2 * i] as number);
  };

  const graph = plan(
    places.map((place) => task.programs[place] as Expression),
    (expression) => task.available.get(expression.key),
    task.labelDelay,
  );
  let offset = 0;
  for (const { from, to } of stage.stretches) {
    const fits = runPlan(graph, {
      ...setting,
      kernels,
      region: whole.rest(),
      from,
      to,
      label,
      labelDelay: task.labelDelay,
      consume: (program, rows, first, count, scratch) => {
        const operands = [answers, rows.address, rows.stride, ...at(label, first)] as const;
        if (labelRanks) kernels.ic_spearman?.(...operands, ...at(labelRanks, first), count, setting.columns, scratch);
        else kernels.ic_pearson?.(...operands, count, setting.columns, scratch);
        const pairs = read(count);
        const place = offset + first - from;
        for (let i = 0; i < count; i++) {
          (ic[program] as Float64Array)[place + i] = pairs[2 * i] as number;
          (counts[program] as Float64Array)[place + i] = pairs[2 * i + 1] as number;
        }
        if (!stage.last) return;
        const { turnover, against } = extras[program] as Extras;
        for (const [k, other] of task.against.entries()) correlate(rows, at(other, first), count, against[k] as Mean);
        if (!wantsTurnover) return;
        const last = lastRows[program] as number;
        if (first > from) correlate(rows, [last, 0], 1, turnover);
        const next = { address: rows.address + rows.stride, stride: rows.stride };
        if (count > 1) correlate(next, [rows.address, rows.stride], count - 1, turnover);
        kernels.copyRows?.(last, 0, rows.address + (count - 1) * rows.stride, 0, 1, padTo(setting.columns));
      },
    });
    if (!fits) return undefined;
    offset += to - from;
  }
  const hasLabel = (t: number): boolean => {
    const row = new Float32Array(setting.memory.buffer, at(label, t)[0], setting.columns);
    return row.some((value) => !Number.isNaN(value));
  };
  return places.map((place, i) => {
    const known = before[place] as Progress;
    const fresh = ic[i] as Float64Array;
    const spoken = known.spoken + moments(fresh).count;
    const program = task.programs[place] as Expression;
    countSilence(fresh, datesOf(stage.stretches), history(program, task.labelDelay), hasLabel);
    const all = joined(known.ic, fresh);
    const cells = counts[i] as Float64Array;
    const covered = known.covered + cells.reduce((sum, count) => sum + count, 0);
    const tradable = known.tradable + stage.tradable;
    const rejected = refusal(spoken / all.length, covered, tradable, rule.coverage);
    const score =
      baseScore(rule, all, task.sizes[place] as number) - (stage.last ? penalty(task, extras[i] as Extras) : 0);
    const goesOn = rejected === undefined && !stage.last && score >= stage.hurdle;
    return {
      scores: rejected === undefined ? [...known.scores, score] : known.scores,
      ic: goesOn ? all : undefined,
      spoken,
      covered,
      tradable,
      rejected,
      fingerprint: known.fingerprint ?? fingerprint(all, cells),
      behaviour: stage.last && rejected === undefined ? behaviour(all, moments(all).mean) : undefined,
    };
  });
}

function penalty({ rule }: JudgeTask, { turnover, against }: Extras): number {
  const likest = against.reduce((most, { value }) => Math.max(most, Math.abs(value)), 0);
  return rule.turnover * (1 - turnover.value) + rule.novelty * likest;
}

/** Why a factor is not worth a score, if it is not. `spoken` is the share of dates with a correlation. */
function refusal(spoken: number, covered: number, tradable: number, coverage: number): string | undefined {
  if (covered < coverage * tradable) return 'missing too often';
  return spoken < 0.5 ? 'alike for all symbols' : undefined;
}

function joined(a: Float64Array | undefined, b: Float64Array): Float64Array {
  if (!a) return b;
  const all = new Float64Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
