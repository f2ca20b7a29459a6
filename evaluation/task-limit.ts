/**
 * How long a task may take before it is taken to hang: two minutes, and ten times what its size takes at the pace of
 * the slowest kernel. A program that is merely slow must never come near, or the result would depend on the machine.
 */
import { operatorOf } from '../operators/table.ts';
import type { Expression } from '../program/expression.ts';
import { history } from './plan.ts';
import type { Dates, Task, WorkerSetting } from './task.ts';

const least = 120_000;
/** Timers count no further. */
const most = 2 ** 31 - 1;
/**
 * Nanoseconds a cell, measured on one core: 13 for the slowest of the operators whose work does not grow with the window,
 * 0.6 to 1 a row of the window for those where it does (ranks and quantiles of long windows), 8 for a rank correlation.
 */
const perCell = 10 * 13;
const perWindowRow = 10 * 1;

export function taskLimitMs(task: Task, { columns, minute }: WorkerSetting): number {
  const nanoseconds = columns * nanosecondsPerColumn(task, minute?.manifest.minute?.starts.length ?? 0);
  return Math.min(most, least + 1e-6 * nanoseconds);
}

function nanosecondsPerColumn(task: Task, bars: number): number {
  switch (task.kind) {
    case 'device':
      return 0;
    case 'minute':
      return sum(task.reductions, (reduction) => (task.to - task.from) * bars * perRow(reduction, bars));
    case 'correlate':
      return ((task.to ** 2 - task.from ** 2) / 2) * task.rows * perCell;
    case 'rank':
      return task.rows * perCell;
    case 'relate':
      return task.pairs.length * task.rows * 3 * perCell;
    // A regression of some dozen columns, and a few thousand labels; a hundred cells' worth each.
    case 'prepare':
      return task.rows * 100 * perCell;
    case 'placebo':
      return task.rows * task.seeds.length * perCell;
    case 'layers':
      return task.dates.length * (task.rule.layers + 1) * perCell;
    case 'styles':
      return task.dates * 100 * perCell;
    case 'observe': {
      // With the label, with itself a day before, and with each of the others.
      const correlations = (2 + (task.last?.against.length ?? 0)) * perCell;
      return sum(task.programs, (program) => perProgram(program, [task], task.labelDelay, correlations));
    }
    case 'score':
    case 'store': {
      const stretches = task.kind === 'store' && task.dates ? task.dates.map(only) : [task];
      return sum(task.programs, (program) => perProgram(program, stretches, task.labelDelay, perCell));
    }
  }
}

const only = (date: number): Dates => ({ from: date, to: date + 1 });

/** `use` is what is done with each value. */
function perProgram(program: Expression, stretches: readonly Dates[], labelDelay: number, use: number): number {
  const before = history(program, labelDelay);
  // The dates a stretch's first one looks back on are computed too.
  return sum(stretches, ({ from, to }) => (to - Math.max(0, from - before)) * (use + perRow(program, to)));
}

/** Of all operators; no window reaches back further than there are rows. */
function perRow(expression: Expression, rows: number): number {
  if (expression.node !== 'call') return 0;
  const windowed = operatorOf(expression.operator).parameters[0]?.type === 'window';
  const window = windowed ? Math.min(expression.parameters[0] as number, rows) : 0;
  return perCell + window * perWindowRow + sum(expression.inputs, (input) => perRow(input, rows));
}

const sum = <Item>(items: readonly Item[], of: (item: Item) => number): number =>
  items.reduce((total, item) => total + of(item), 0);
