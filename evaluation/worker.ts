/** A thread of the pool: kernels over the shared memory, and one task at a time. */
import { workerData } from 'piscina';
import { type Matrix, padTo } from '../core/arena.ts';
import { EvolveError } from '../core/failure.ts';
import { type MinuteDay, MinuteReader } from '../data/store/minute.ts';
import { type Kernels, loadKernels } from '../operators/wasm/kernels.ts';
import type { Expression } from '../program/expression.ts';
import { MinutePass } from './minute-pass.ts';
import { observe } from './observe.ts';
import { plan } from './plan.ts';
import { RecentPrograms } from './recent-programs.ts';
import { Region } from './region.ts';
import { runPlan } from './run-plan.ts';
import type {
  Answer,
  Assignment,
  Available,
  CorrelateTask,
  DailyScores,
  MinuteTask,
  ScoreTask,
  Span,
  StoreTask,
  WorkerSetting,
} from './task.ts';
import { doSheetTask } from './tear-sheet/do-task.ts';

/**
 * Days are read ahead while the one before is computed from this many bytes a field on. Smaller ones are there before
 * a read could be handed to another thread: 500 symbols x 240 bars come at 10 GB/s directly and at 2 to 5 ahead.
 */
const readAhead = 2 * 1024 ** 2;

const setting = workerData as WorkerSetting;
/** Read before: a program that passes its first hurdle comes again at once, and a seed comes every round. */
const programs = new RecentPrograms(setting.vocabulary);
const kernels: Kernels = loadKernels(setting.memory);
const readers = new Map<string, Promise<MinuteReader>>();

export default async function work(assignment: Assignment): Promise<Answer> {
  try {
    return await answer(assignment);
  } catch (error) {
    if (!(error instanceof EvolveError)) throw error;
    return { kind: 'failed', code: error.code, sentence: error.message, details: error.details };
  }
}

async function answer(assignment: Assignment): Promise<Answer> {
  switch (assignment.kind) {
    case 'score':
      return score({ ...assignment, programs: programs.read(assignment.programs) }, assignment.span);
    case 'store':
      return store({ ...assignment, programs: programs.read(assignment.programs) }, assignment.span);
    case 'minute':
      return reduce(assignment, assignment.span);
    case 'observe':
      return observe(
        { ...assignment, programs: programs.read(assignment.programs) },
        assignment.span,
        setting,
        kernels,
      );
    case 'correlate':
      return correlate(assignment, assignment.span);
    case 'device':
      throw new Error('this worker has no device');
    default:
      return doSheetTask(assignment, assignment.span, setting, kernels) ?? { kind: 'too-large' };
  }
}

const available = (values: Available) => (expression: Expression) => values.get(expression.key);

function score(task: ScoreTask, span: Span): Answer {
  const { programs, label, labelRanks, from, to } = task;
  const whole = new Region(span.address, span.bytes);
  const answers = whole.take(16 * (to - from));
  if (answers === undefined) return { kind: 'too-large' };
  const scores: DailyScores[] = programs.map(() => ({
    ic: new Float64Array(to - from),
    counts: new Float64Array(to - from),
  }));
  const fits = runPlan(plan(programs, available(task.available), task.labelDelay), {
    ...setting,
    kernels,
    region: whole.rest(),
    from,
    to,
    label,
    labelDelay: task.labelDelay,
    consume: (program, rows, first, count, scratch) => {
      const at = (matrix: Matrix) => [matrix.address + first * matrix.stride, matrix.stride];
      const operands = [answers, rows.address, rows.stride, ...at(label)];
      if (labelRanks) kernels.ic_spearman?.(...operands, ...at(labelRanks), count, setting.columns, scratch);
      else kernels.ic_pearson?.(...operands, count, setting.columns, scratch);
      const pairs = new Float64Array(setting.memory.buffer, answers, 2 * count);
      const { ic, counts } = scores[program] as DailyScores;
      for (let i = 0; i < count; i++) {
        ic[first - from + i] = pairs[2 * i] as number;
        counts[first - from + i] = pairs[2 * i + 1] as number;
      }
    },
  });
  return fits ? { kind: 'scores', scores } : { kind: 'too-large' };
}

function store(task: StoreTask, span: Span): Answer {
  const { programs, into, from, to, dates } = task;
  const padded = padTo(setting.columns);
  const graph = plan(programs, available(task.available), task.labelDelay);
  // Where a date's row is: one after the other for single dates, counted from the calendar's first otherwise.
  const stretches = dates?.map((date, row) => ({ from: date, to: date + 1, shift: row - date })) ?? [
    { from, to, shift: 0 },
  ];
  const fits = stretches.every(({ shift, ...stretch }) =>
    runPlan(graph, {
      ...setting,
      ...stretch,
      kernels,
      region: new Region(span.address, span.bytes),
      label: task.label,
      labelDelay: task.labelDelay,
      consume: (program, rows, first, count) => {
        const { address, stride } = into[program] as Matrix;
        kernels.copyRows?.(address + (first + shift) * stride, stride, rows.address, rows.stride, count, padded);
      },
    }),
  );
  return { kind: fits ? 'done' : 'too-large' };
}

function correlate({ matrices, first, from, to, rows }: CorrelateTask, span: Span): Answer {
  const answers = new Region(span.address, span.bytes).take(16 * rows);
  if (answers === undefined) return { kind: 'too-large' };
  let pairs = 0;
  for (let i = from; i < to; i++) pairs += Math.min(i, first);
  const sums = new Float64Array(pairs);
  const dates = new Float64Array(pairs);
  let pair = 0;
  for (let i = from; i < to; i++) {
    const one = matrices[i] as Matrix;
    for (let j = 0; j < Math.min(i, first); j++, pair++) {
      const other = matrices[j] as Matrix;
      kernels.daily_correlation?.(
        answers,
        one.address,
        one.stride,
        other.address,
        other.stride,
        rows,
        setting.columns,
        0,
      );
      const found = new Float64Array(setting.memory.buffer, answers, 2 * rows);
      for (let t = 0; t < rows; t++) {
        const value = found[2 * t] as number;
        if (Number.isNaN(value)) continue;
        sums[pair] = (sums[pair] as number) + value;
        dates[pair] = (dates[pair] as number) + 1;
      }
    }
  }
  return { kind: 'correlated', sums, dates };
}

async function reduce(task: MinuteTask, span: Span): Promise<Answer> {
  if (!setting.minute) throw new Error('a minute task for a market without minute bars');
  const { manifest } = setting.minute;
  const region = new Region(span.address, span.bytes);
  const starts = manifest.minute?.starts ?? [];
  const pass = MinutePass.make(task.reductions, starts, setting.columns, kernels, setting.memory, region);
  if (!pass) return { kind: 'too-large' };
  const reader = await readerOf(pass.fields, setting.minute);
  const slots = () => reader.fields.map(() => region.take(reader.slabBytes));
  const [even, odd, blank] = [slots(), slots(), region.take(reader.slabBytes)];
  if (blank === undefined || even.includes(undefined) || odd.includes(undefined)) return { kind: 'too-large' };
  // Stands in for a field that has no bars on a date.
  new Float32Array(setting.memory.buffer, blank, reader.slabBytes / 4).fill(Number.NaN);
  const dates = Array.from({ length: task.to - task.from }, (_, i) => task.from + i);
  const days =
    reader.slabBytes < readAhead
      ? readEach(reader, dates, even as number[])
      : reader.stream(dates, setting.memory, [even as number[], odd as number[]]);
  for await (const { t, slabs } of days) {
    const all = new Map(reader.fields.map((field) => [field, slabs.get(field) ?? blank]));
    const rows = task.into.map(({ address, stride }) => address + t * stride);
    pass.day(all, rows);
  }
  return { kind: 'done' };
}

/** Date by date, the thread waiting for each. */
function* readEach(reader: MinuteReader, dates: readonly number[], addresses: readonly number[]): Generator<MinuteDay> {
  for (const t of dates) {
    const slabs = new Map<string, number>();
    for (const [i, field] of reader.fields.entries()) {
      const address = addresses[i] as number;
      if (reader.read(t, field, new Uint8Array(setting.memory.buffer, address, reader.slabBytes)))
        slabs.set(field, address);
    }
    yield { t, slabs };
  }
}

function readerOf(fields: readonly string[], minute: NonNullable<WorkerSetting['minute']>): Promise<MinuteReader> {
  const key = fields.join(' ');
  let reader = readers.get(key);
  if (!reader) {
    reader = MinuteReader.open(minute.folder, minute.manifest, fields);
    readers.set(key, reader);
  }
  return reader;
}
