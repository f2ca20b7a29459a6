/** Every operator's reference against numpy, scipy and pandas; tools/operator-goldens.py writes the values. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Bar, Series } from '../operators/define.ts';
import { type Reduction, reductionNames, reductions } from '../operators/reference/interval.ts';
import { type OperatorName, operatorNames, operatorOf } from '../operators/table.ts';

const folder = join(dirname(fileURLToPath(import.meta.url)), 'golden', 'operators');

interface Case {
  readonly operator: OperatorName;
  readonly reduction?: Reduction;
  readonly parameters: readonly number[];
  readonly values: readonly (number | null)[];
}
/** Row-major cells of `columns` columns. */
type Panel = readonly (number | null)[];
type File = { columns: number; bars: number; cases: Case[] } & Record<'x' | 'y' | 'z' | 'group', Panel>;

const read = (name: string): File => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
const cell = (value: number | null | undefined): number => Math.fround(value ?? Number.NaN);
const files = ['elementwise', 'cross-section', 'rolling', 'minute'].map((name) => [name, read(name)] as const);

const column = (panel: Panel, columns: number, i: number): Series =>
  Float64Array.from({ length: panel.length / columns }, (_, t) => cell(panel[t * columns + i]));
const row = (panel: Panel, columns: number, t: number): Series =>
  Float64Array.from({ length: columns }, (_, i) => cell(panel[t * columns + i]));

/** A rolling row's answer for one window of x and y, oldest first. */
function onWindow(name: OperatorName, x: Series, y: Series, extra: number): number {
  const operator = operatorOf(name);
  if (operator.shape !== 'rolling') throw new Error(`${name} does not read windows`);
  const read = [...x, ...(operator.arity === 2 ? y : [])];
  return operator.reads === 'every' && read.some(Number.isNaN) ? Number.NaN : operator.reference(x, y, extra);
}

function daily(file: File, { operator, parameters }: Case): number[] {
  const [s = 1, extra = Number.NaN] = parameters;
  const definition = operatorOf(operator);
  const span = definition.shape === 'rolling' ? definition.span(s) : s;
  const [rows, out] = [file.x.length / file.columns, [] as number[]];
  for (let t = 0; t < rows; t++) {
    for (let i = 0; i < file.columns; i++) {
      const [x, y] = [column(file.x, file.columns, i), column(file.y, file.columns, i)];
      const [from, to] = [t + 1 - span, t + 1];
      out.push(from < 0 ? Number.NaN : onWindow(operator, x.slice(from, to), y.slice(from, to), extra));
    }
  }
  return out;
}

/** On a day's bars: the last s of them, an interval of them, or each of them. */
function minute(file: File, { operator, parameters, reduction }: Case): number[] {
  const { bars, columns } = file;
  const out: number[] = [];
  const [s = 1, extra = Number.NaN] = parameters;
  const [start, end] = reduction ? [s, extra] : [bars - s, bars];
  for (let day = 0; day < file.x.length / columns / bars; day++) {
    const ofDay = (panel: Panel, i: number) => column(panel, columns, i).slice(day * bars, (day + 1) * bars);
    const definition = operatorOf(operator);
    if (definition.shape === 'bar') {
      for (let bar = 0; bar < bars; bar++) {
        for (let i = 0; i < columns; i++) out.push(onBars(definition, ofDay(file.x, i), bar, s));
      }
    } else {
      for (let i = 0; i < columns; i++) {
        const [x, y] = [ofDay(file.x, i).slice(start, end), ofDay(file.y, i).slice(start, end)];
        if (reduction) out.push(gapped(reduction, x) ? Number.NaN : reductions[reduction].reference(x));
        else out.push(onWindow(operator, x, y, extra));
      }
    }
  }
  return out;
}

const onBars = (definition: Bar, x: Series, bar: number, s: number): number =>
  bar < s ? Number.NaN : definition.reference(x.slice(bar - s, bar + 1));

/** Whether a hole among the bars spoils the interval's reduction, as it spoils the rolling operator behind it. */
function gapped(reduction: Reduction, x: Series): boolean {
  const behind = operatorOf(reductions[reduction].operator);
  return behind.shape === 'rolling' && behind.reads === 'every' && x.some(Number.isNaN);
}

function byDate(file: File, { operator, parameters }: Case): number[] {
  const definition = operatorOf(operator);
  const { columns } = file;
  const out: number[] = [];
  for (let t = 0; t < file.x.length / columns; t++) {
    const x = row(file.x, columns, t);
    if (definition.shape === 'cross-section') {
      const answer = new Float64Array(columns);
      definition.reference(x, row(definition.grouped ? file.group : file.y, columns, t), parameters[0] ?? 0, answer);
      out.push(...answer);
    } else if (definition.shape === 'learn') {
      const y = row(file.y, columns, t);
      const both = (values: Series) => values.filter((_, i) => !Number.isNaN(x[i]) && !Number.isNaN(y[i]));
      out.push(both(x).length < 3 ? Number.NaN : definition.reference(both(x), both(y)));
    }
  }
  return out;
}

function byCell(file: File, { operator, parameters }: Case): number[] {
  const definition = operatorOf(operator);
  if (definition.shape !== 'elementwise') throw new Error(`${operator} is not elementwise`);
  return file.x.map((x, at) => definition.reference(cell(x), parameters[0] ?? cell(file.y[at]), cell(file.z[at])));
}

const evaluate: Record<string, (file: File, golden: Case) => number[]> = {
  elementwise: byCell,
  'cross-section': byDate,
  rolling: daily,
  minute,
};

describe.each(files)('%s', (name, file) => {
  test.each(file.cases.map((golden) => [label(golden), golden] as const))('%s', (_label, golden) => {
    const actual = (evaluate[name] as (file: File, golden: Case) => number[])(file, golden);
    expect(actual.length).toBe(golden.values.length);
    const columns = golden.values.length % file.columns === 0 ? file.columns : 1;
    // Where the exact answer is 0 both sides are left with the rounding of their own way to it.
    const lines = name === 'cross-section' ? (at: number) => Math.floor(at / columns) : (at: number) => at % columns;
    const scale = new Map<number, number>();
    for (const [at, value] of golden.values.entries()) {
      scale.set(lines(at), Math.max(scale.get(lines(at)) ?? 0, Math.abs(value ?? 0)));
    }
    for (const [at, value] of golden.values.entries()) {
      const got = Number.isFinite(actual[at]) ? (actual[at] as number) : Number.NaN;
      const rounding = name === 'elementwise' ? 0 : 1e-12 * (scale.get(lines(at)) as number);
      const good = value === null ? Number.isNaN(got) : Math.abs(got - value) <= 1e-9 * Math.abs(value) + rounding;
      if (!good) expect.fail(`cell ${at}: ${got}, not ${value}`);
    }
  });
});

const label = ({ operator, reduction, parameters }: Case): string =>
  `${operator}(${[...(reduction ? [reduction] : []), ...parameters].join(', ')})`;

test('every operator and every reduction has golden values', () => {
  const cases = files.flatMap(([, file]) => file.cases);
  const covered = new Set(cases.map((golden) => golden.operator));
  expect(operatorNames.filter((name) => !covered.has(name))).toEqual([]);
  const reduced = new Set(cases.map((golden) => golden.reduction));
  expect(reductionNames.filter((name) => !reduced.has(name))).toEqual([]);
  const onMinutes = new Set(files.find(([name]) => name === 'minute')?.[1].cases.map((golden) => golden.operator));
  const reducing = operatorNames.filter((name) => operatorOf(name).shape === 'rolling');
  expect(reducing.filter((name) => !onMinutes.has(name))).toEqual([]);
});
