/** A worker's part of a judgement: programs on a stretch of dates, and what they correlate with there. */
import { type Matrix, padTo, strideFor } from '../core/arena.ts';
import type { Kernels } from '../operators/wasm/kernels.ts';
import type { Rows } from './apply.ts';
import { nothing, type PartialMean, withMore } from './mean.ts';
import { observed } from './observed.ts';
import { plan } from './plan.ts';
import { Region } from './region.ts';
import { runPlan } from './run-plan.ts';
import type { Answer, ObserveTask, Span, WorkerSetting } from './task.ts';

export function observe(task: ObserveTask, span: Span, setting: WorkerSetting, kernels: Kernels): Answer {
  const { programs, label, labelRanks, from, to, last } = task;
  const { columns } = setting;
  const whole = new Region(span.address, span.bytes);
  const answers = whole.take(16 * (to - from));
  // The last row of a block, where the next block's first finds it.
  const lastRows = last?.turnover ? programs.map(() => whole.take(strideFor(columns))) : [];
  if (answers === undefined || lastRows.includes(undefined)) return { kind: 'too-large' };

  const ic = programs.map(() => new Float64Array(to - from));
  const counts = programs.map(() => new Float64Array(to - from));
  const turnover = programs.map(() => nothing);
  const against = programs.map(() => (last?.against ?? []).map(() => nothing));
  const at = (matrix: Matrix, t: number): [number, number] => [matrix.address + t * matrix.stride, matrix.stride];
  const read = (rows: number): Float64Array => new Float64Array(setting.memory.buffer, answers, 2 * rows);
  const correlated = (a: Rows, b: readonly [number, number], rows: number, so: PartialMean): PartialMean => {
    kernels.daily_correlation?.(answers, a.address, a.stride, ...b, rows, columns, 0);
    // Each correlation has a count beside it.
    return withMore(so, read(rows), 2);
  };

  const fits = runPlan(
    plan(programs, (expression) => task.available.get(expression.key), task.labelDelay),
    {
      ...setting,
      kernels,
      region: whole.rest(),
      from,
      to,
      label,
      labelDelay: task.labelDelay,
      consume: (program, rows, first, count, scratch) => {
        const operands = [answers, rows.address, rows.stride, ...at(label, first)] as const;
        if (labelRanks) kernels.ic_spearman?.(...operands, ...at(labelRanks, first), count, columns, scratch);
        else kernels.ic_pearson?.(...operands, count, columns, scratch);
        const pairs = read(count);
        const [daily, cells] = [ic[program] as Float64Array, counts[program] as Float64Array];
        for (let i = 0; i < count; i++) {
          daily[first - from + i] = pairs[2 * i] as number;
          cells[first - from + i] = pairs[2 * i + 1] as number;
        }
        if (!last) return;
        const others = against[program] as PartialMean[];
        for (const [k, other] of last.against.entries()) {
          others[k] = correlated(rows, at(other, first), count, others[k] as PartialMean);
        }
        if (!last.turnover) return;
        const before = lastRows[program] as number;
        let so = turnover[program] as PartialMean;
        if (first > from) so = correlated(rows, [before, 0], 1, so);
        const next = { address: rows.address + rows.stride, stride: rows.stride };
        if (count > 1) so = correlated(next, [rows.address, rows.stride], count - 1, so);
        turnover[program] = so;
        kernels.copyRows?.(before, 0, rows.address + (count - 1) * rows.stride, 0, 1, padTo(columns));
      },
    },
  );
  if (!fits) return { kind: 'too-large' };

  const observations = observed(
    task,
    setting,
    programs.map((_, i) => ({
      ic: ic[i] as Float64Array,
      counts: counts[i] as Float64Array,
      ...(last && { turnover: turnover[i] as PartialMean, against: against[i] as PartialMean[] }),
    })),
  );
  return { kind: 'observed', observations };
}
