/** The Python that is exported gives the reference's values. Needs python3 with numpy, pandas and polars, else it skips. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../core/package-root.ts';
import { stream } from '../core/random.ts';
import { operatorNames, operatorOf } from '../operators/table.ts';
import { writePandas } from '../program/dialects/pandas.ts';
import { writePolars } from '../program/dialects/polars.ts';
import type { Expression } from '../program/expression.ts';
import { parse } from '../program/parse.ts';
import { print } from '../program/print.ts';
import { randomProgram } from '../program/random-program.ts';
import { evaluateReference, type PlainMarket } from '../program/reference-program.ts';
import { standardVocabulary, vocabulary } from '../program/vocabulary.ts';

const python = process.env.PYTHON ?? 'python3';
const ready = spawnSync(python, ['-c', 'import numpy, pandas, polars']).status === 0;
const folder = mkdtempSync(join(tmpdir(), 'evolve-exports-'));
afterAll(() => rmSync(folder, { recursive: true }));

const dates = Array.from({ length: 34 }, (_, i) => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10));
const symbols = Array.from({ length: 11 }, (_, i) => `S${String(i).padStart(2, '0')}`);
const starts = [...Array(8).keys()].map((i) => 570 + 15 * i).concat([...Array(8).keys()].map((i) => 780 + 15 * i));

/** Holes, a constant symbol, equal values, a late listing; every cell a float32. */
const market: PlainMarket = (() => {
  const random = stream(3, 1, 4);
  const series = (length: number, cell: (i: number, column: number) => number): Float64Array =>
    Float64Array.from({ length }, (_, i) => Math.fround(cell(i, i % symbols.length)));
  const cells = dates.length * symbols.length;
  const value = (base: number, spread: number) => (i: number, column: number) => {
    if (random.next() < 0.02 || (column === 3 && i < cells / 2)) return Number.NaN;
    if (column === 5) return base;
    const drawn = base * Math.exp(spread * random.normal());
    return column === 7 ? Math.max(1, Math.round(drawn)) : drawn;
  };
  const kinds: Record<string, readonly [number, number]> = { price: [20, 0.1], volume: [5e6, 0.8], ratio: [0.02, 0.5] };
  const of = (unit: { price: number; shares: number }) =>
    (unit.shares ? kinds.volume : unit.price ? kinds.price : kinds.ratio) as readonly [number, number];
  const daily = new Map<string, Float64Array>();
  const minute = new Map<string, Float64Array>();
  for (const { name, kind, unit } of standardVocabulary.values()) {
    if (kind === 'm') daily.set(name, series(cells, value(...of(unit))));
    if (kind === 'b') minute.set(name, series(cells * starts.length, value(...of(unit))));
    if (kind === 'v')
      daily.set(
        name,
        series(dates.length, () => 0.01 * random.normal()),
      );
    if (kind === 'g')
      daily.set(
        name,
        series(cells, (_, column) => (column === 10 ? Number.NaN : column % 3)),
      );
  }
  return { rows: dates.length, columns: symbols.length, daily, minute, starts };
})();

const fields = Object.fromEntries(
  [...standardVocabulary.values()].map(({ name, kind }) => [
    name,
    [kind, [...((kind === 'b' ? market.minute : market.daily).get(name) as Float64Array)]],
  ]),
);

interface Report {
  readonly ran: number;
  /** How many have no value anywhere. */
  readonly empty: number;
  readonly worst: number;
  readonly wrong: readonly unknown[];
}

function run(name: string, programs: readonly Expression[]): Record<'pandas' | 'polars', Report> {
  const file = join(folder, `${name}.json`);
  const cases = programs.map((program) => ({
    text: print(program),
    pandas: writePandas(program),
    polars: writePolars(program),
    expected: [...evaluateReference(program, market)],
  }));
  writeFileSync(file, JSON.stringify({ market: { dates, symbols, starts, fields }, programs: cases, tolerance: 1e-6 }));
  const output = execFileSync(python, [join(packageRoot, 'tools', 'run-exports.py'), file], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(output);
}

describe.skipIf(!ready)(
  'exported Python gives the reference values (skipped without python3, pandas and polars)',
  () => {
    const exportable = operatorNames.filter((name) => operatorOf(name).shape !== 'learn');

    test('every operator', { timeout: 120_000 }, () => {
      const programs = exportable.map((name) => {
        // The examples' windows are over a day of 240 bars; ours has 16.
        const text = operatorOf(name).example.replace(/\b(235|240)\b/g, '12');
        return parse(text, standardVocabulary);
      });
      const report = run('operators', programs);
      expect(report.pandas.wrong).toEqual([]);
      expect(report.polars.wrong).toEqual([]);
    });

    // More of them with EXPORT_PROGRAMS=1000: each costs about 20 ms, mostly Python's.
    const count = Number(process.env.EXPORT_PROGRAMS ?? 100);
    test(`${count} random programs`, { timeout: 600_000 }, () => {
      const options = {
        vocabulary: standardVocabulary,
        windows: [2, 3, 5, 10],
        minuteWindows: [4, 8, 16],
        maxSize: 10,
        maxDepth: 6,
        minuteGrid: { starts, barMinutes: 15 },
        operators: { learn_ic: 0, learn_beta: 0 },
      };
      const programs = Array.from({ length: count }, (_, slot) => randomProgram(stream(7, 0, slot), options));
      const report = run('random', programs);
      console.log(
        `largest error: pandas ${report.pandas.worst}, polars ${report.polars.worst}; without values: ${report.pandas.empty}`,
      );
      expect(report.pandas.empty).toBeLessThan(count / 5);
      expect(report.pandas.wrong).toEqual([]);
      expect(report.polars.wrong).toEqual([]);
    });
  },
);

test('what a table of bars cannot give is refused', () => {
  const learned = parse('learn_ic(ts_return(CLOSE, 5), 20) * ts_return(CLOSE, 5)', standardVocabulary);
  expect(writePandas(learned)).toMatchObject({ kind: 'refused', reason: expect.stringContaining('labels') });
  expect(writePolars(learned)).toMatchObject({ kind: 'refused' });
  expect(writePandas(parse('ts_mean(MKT_RETURN, 5)', standardVocabulary))).toMatchObject({ kind: 'refused' });
});

test('fields may have any name', () => {
  const words = vocabulary([{ name: 'import', kind: 'm', unit: { price: 0, shares: 0 } }]);
  expect(writePandas(parse('cs_rank(import)', words))).toContain('import_ = _wide(data["import"], dates, symbols)');
});
