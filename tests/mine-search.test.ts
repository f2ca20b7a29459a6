/** What a search makes of what it is given: formulas to improve, factors to begin with, programs that break workers. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { marketProblem, marketSearch } from '../cli/mining/market-search.ts';
import { mine } from '../cli/mining/mine.ts';
import { type RunSearch, runSearch } from '../cli/mining/run-search.ts';
import { searchConfig } from '../cli/mining/search-options.ts';
import { mineReport } from '../cli/print/mined.ts';
import { packageVersion } from '../core/package-root.ts';
import { readManifest } from '../data/store/manifest.ts';
import type { RoundRecord } from '../engine/record.ts';
import { evalFactors } from '../evaluation/eval-factors.ts';
import { Evaluator } from '../evaluation/evaluator.ts';
import { operatorNames } from '../operators/table.ts';
import { canonical } from '../program/canonical.ts';
import type { Expression } from '../program/expression.ts';
import { parse } from '../program/parse.ts';
import { standardVocabulary } from '../program/vocabulary.ts';
import type { FactorLibrary } from '../runs/library.ts';
import type { RunManifest } from '../runs/manifest.ts';
import { RunFolder } from '../runs/run-folder.ts';
import { eventsOf, type Playground, playground } from './mining.ts';

let ground: Playground;
beforeAll(async () => {
  ground = await playground();
}, 60_000);
afterAll(() => ground.remove());

const keyOf = (text: string): string => canonical(parse(text, standardVocabulary)).key;

describe('improving a factor', () => {
  test('shows every step from it to its best descendant, with the IC of each', async () => {
    const improve = 'ts_corr(close,volume, 5)';
    const out = join(ground.place, 'improved');
    // Few children, so that the factor is young for long, and parents that need not be the fittest.
    const few = { children: 4, tournament: 3, rounds: 6, size: 4, warmStart: undefined };
    const { lineage = [], library } = await mine({ ...ground.small, ...few, improve, out });
    expect(lineage.length).toBeGreaterThan(1);
    expect(lineage[0]).toMatchObject({ expression: 'ts_corr(close, volume, 5)', move: 'seed', round: 0 });
    expect(keyOf(lineage[0]?.expression as string)).toBe(keyOf(improve));
    expect(lineage.slice(1).map(({ move }) => move)).not.toContain('seed');
    expect(lineage.at(-1)?.fitness).toBeGreaterThan(lineage[0]?.fitness as number);

    const { split } = library as FactorLibrary;
    for (const part of ['train', 'valid'] as const) {
      const [from, to] = split[part];
      const factors = [...new Set(lineage.map(({ expression }) => expression))];
      const direct = await evalFactors({ factors, data: ground.market, from, to });
      for (const step of lineage) {
        const scored = direct.factors[factors.indexOf(step.expression)];
        expect(step[part].ic).toBeCloseTo(scored?.ic?.mean as number, 9);
        expect(step[part].rankIc).toBeCloseTo(scored?.rankIc?.mean as number, 9);
      }
    }
    expect(Math.abs(lineage[0]?.train.ic as number)).toBeCloseTo(lineage[0]?.fitness as number, 9);
  });

  test('that has no value on validation dates is a report all the same', async () => {
    // Its window is longer than the market.
    const improve = 'ts_mean(CLOSE, 400) / CLOSE';
    const out = join(ground.place, 'nothing');
    const report = await mine({ ...ground.small, improve, out, rounds: 0 });
    const { lineage, unfit } = report;
    expect(lineage?.[0]).toMatchObject({ fitness: null, train: { ic: null }, valid: { ic: null } });
    const descendants =
      lineage?.length === 1 ? 'no descendant of it has got one' : 'any descendant that has one counts as fitter';
    expect(unfit).toBe(
      `${improve} is itself rejected (missing too often): it has no fitness to improve, and ${descendants}; lower --coverage, or use shorter windows and fields with fewer gaps.`,
    );
    expect(mineReport(report)).toContain(`\n${unfit}\n`);
    expect(await mine({ out, resume: true })).toMatchObject({ lineage, unfit });
    const page = readFileSync(join(out, 'report.html'), 'utf8');
    expect(page).toContain(`<p>${unfit}</p>`);
    expect(page).toContain(`<code>${improve}</code>`);
  });
});

test('beside a library and two hundred others, nothing like the library comes into the next', async () => {
  const first = await mine({ ...ground.small, out: join(ground.place, 'had') });
  const had = (first.library as FactorLibrary).factors.map(({ expression }) => expression);
  expect(had.length).toBeGreaterThan(0);
  const beside = join(ground.place, 'beside.json');
  const others = Array.from({ length: 200 }, (_, k) => `ts_skew(OPEN / HIGH, ${3 + (k % 30)}) + ${k}`);
  writeFileSync(beside, JSON.stringify([...others, ...had]));
  const { library, choice } = await mine({ ...ground.small, beside, out: join(ground.place, 'next') });
  const found = (library as FactorLibrary).factors.map(({ expression }) => expression);
  expect(choice?.candidates).toBe(first.choice?.candidates);
  expect(choice?.failed.correlation).toBeGreaterThanOrEqual(had.length);
  const evaluator = await Evaluator.open(ground.market, { workers: 1 });
  try {
    const programs = [...had, ...found].map((text) => parse(text, evaluator.vocabulary));
    const calendar = evaluator.market.manifest.calendar;
    const [from, to] = (library as FactorLibrary).split.valid.map((date) => calendar.indexOf(date)) as [number, number];
    const dates = Array.from({ length: to - from + 1 }, (_, i) => from + i);
    const rows = await evaluator.correlations(programs, dates, had.length);
    for (const row of rows.slice(had.length)) for (const value of row) expect(Math.abs(value)).toBeLessThan(0.7);
  } finally {
    await evaluator.close();
  }
});

test('a search that finds nothing fit says why', async () => {
  const out = join(ground.place, 'barren');
  const windows = '170';
  const only = Object.fromEntries(operatorNames.map((name) => [name, 0]));
  const operators = Object.entries({ ...only, ts_return: 1 }).map(([name, weight]) => `${name}=${weight}`);
  const barrenOptions = { windows, operators: operators.join(','), coverage: 1, warmStart: undefined, rounds: 1 };
  const report = await mine({ ...ground.small, ...barrenOptions, out });
  const { tried, barren, choice } = report;
  expect(report.best).toBeNull();
  expect(choice?.rejected).toEqual({ 'missing too often': tried });
  expect(barren).toBe(
    `None of ${tried} programs got a fitness: ${tried} were missing too often; lower --coverage, or use shorter windows and fields with fewer gaps.`,
  );
  expect(mineReport(report)).toContain(`No factor came into the library.\n${barren}\n`);
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain(`<p>${barren}</p>`);
});

test('factors to begin with are refused one by one, by name, and the record says why', async () => {
  const path = join(ground.place, 'mixed.json');
  writeFileSync(
    path,
    JSON.stringify([
      { name: 'good', expression: 'ts_std(CLOSE, 10) / CLOSE' },
      { name: 'a price', expression: 'CLOSE' },
      { name: 'unknown', expression: 'ts_men(CLOSE, 10)' },
      { name: 'long', expression: 'ts_mean(close, 240) / CLOSE' },
      5,
      'OPEN / CLOSE',
    ]),
  );
  const out = join(ground.place, 'mixed');
  const notes: string[] = [];
  const onProgress = (step: { readonly kind: string; readonly sentence?: string }) =>
    step.kind === 'note' && notes.push(step.sentence as string);
  const { refused } = await mine({ ...ground.small, warmStart: path, out, rounds: 0, onProgress });
  expect(refused).toEqual(
    [
      /mixed\.json, factor 2 "a price": CLOSE is no factor: a factor must be a plain ratio, and this is price; /,
      /mixed\.json, factor 3 "unknown": Unknown operator "ts_men" at character 1\. Did you mean "ts_mean"\?$/,
      /mixed\.json, factor 4 "long": .* longer than the day, which has 8\.$/,
      /mixed\.json, factor 5 should be a formula, or an object with "name" and "expression"\.$/,
    ].map((sentence) => expect.stringMatching(sentence)),
  );
  expect(notes).toEqual(refused);
  expect(eventsOf(out, 'begin')).toMatchObject([{ refused }]);
  expect((await mine({ out, resume: true, rounds: 1 })).refused).toEqual(refused);
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('factor 3 &#34;unknown&#34;');
});

test('a program that breaks its worker is rejected, and the search goes on', async () => {
  const notes = join(ground.place, 'notes');
  process.env.FAULTY_WORKER_NOTES = notes;
  const sights = () => (existsSync(notes) ? readFileSync(notes, 'utf8').length : 0);
  const { data: _, warmStart: __, workers: ___, ...numbers } = ground.small;
  const search = marketSearch(searchConfig(numbers), await readManifest(ground.market));
  const evaluator = await Evaluator.open(ground.market, {
    workers: 2,
    label: search.label,
    workerFile: fileURLToPath(new URL('./faulty-worker.mjs', import.meta.url)),
    taskLimitMs: 1500,
  });
  const about: RunManifest = {
    schema: 1,
    name: 'faulty',
    engineVersion: packageVersion,
    created: '2024-01-31T12:00:00.000Z',
    command: 'mine',
    config: {},
    market: { name: 'market', hash: '', folder: ground.market },
    backend: 'wasm',
  };
  const out = join(ground.place, 'faulty');
  const poisons = ['CLOSE / OPEN + 7001', 'CLOSE / OPEN + 7004'];
  const seeds = [...poisons, 'OPEN / CLOSE'].map((text) => canonical(parse(text, evaluator.vocabulary)));
  const run = (folder: RunFolder, rounds: number): RunSearch<Expression> => ({
    folder,
    recovered: folder.recover(),
    problem: marketProblem(search, evaluator),
    rule: search.rule,
    stop: { rounds },
    seeds,
    reuse: true,
  });
  try {
    const folder = RunFolder.create(out, about);
    const { stopped, search: found } = await runSearch(run(folder, 2));
    folder.close();
    expect(stopped).toBe('rounds');
    expect(found.hall.length).toBeGreaterThan(0);
    const record = eventsOf(out, 'round')[0]?.record as RoundRecord;
    expect(record.judged.rejected).toMatchObject({ 'crashes its worker': 1, 'takes too long': 1 });

    // Whoever goes on with it knows them by name.
    const before = sights();
    const again = RunFolder.open(out);
    await runSearch(run(again, 3));
    again.close();
    expect(sights()).toBe(before);
  } finally {
    await evaluator.close();
  }
});
