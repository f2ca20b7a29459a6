/** `evolve top`, `evolve export`, `evolve import`: what a run left behind, out to other tools and in from them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportLibrary } from '../cli/libraries/export-library.ts';
import { importFactors } from '../cli/libraries/import-factors.ts';
import { type FoundFactor, topFactors } from '../cli/libraries/top-factors.ts';
import { runSearch } from '../cli/mining/run-search.ts';
import { topText } from '../cli/print/factors.ts';
import type { EvolveError } from '../core/failure.ts';
import { readManifest } from '../data/store/manifest.ts';
import { synthesise } from '../data/synth/synthesise.ts';
import type { Problem } from '../engine/problem.ts';
import { namedFactors, seedFactors } from '../evaluation/named-factors.ts';
import { canonical } from '../program/canonical.ts';
import { dialectOf } from '../program/dialects/dialects.ts';
import type { Expression } from '../program/expression.ts';
import { mutate } from '../program/mutate.ts';
import { parse } from '../program/parse.ts';
import { print } from '../program/print.ts';
import { randomProgram } from '../program/random-program.ts';
import { standardVocabulary } from '../program/vocabulary.ts';
import { libraryText } from '../runs/library.ts';
import { type Recovered, RunFolder } from '../runs/run-folder.ts';
import { program, smallSize } from './arbitraries/program.ts';
import { smallRule } from './engine-toys.ts';
import { evolveEach } from './evolve.ts';
import { troubledMarket } from './markets.ts';
import { factorLibrary, libraryFactor, runManifest } from './small-library.ts';

let place: string;
let market: string;
let made = 0;
beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'evolve-libraries-'));
  market = (await troubledMarket({ rows: 30, columns: 5, bars: 16, seed: 3 })).folder;
});
afterAll(() => {
  rmSync(place, { recursive: true });
  rmSync(dirname(market), { recursive: true });
});

const path = (name = ''): string => join(place, `${made++}${name}`);
function file(name: string, content: string): string {
  const written = path(name);
  writeFileSync(written, content);
  return written;
}
async function failure(attempt: () => unknown): Promise<EvolveError> {
  try {
    await attempt();
  } catch (error) {
    return error as EvolveError;
  }
  throw new Error('this went well');
}

/** Programs for genomes, and a fitness made of their spelling: a search as it is, in milliseconds. */
const programs: Problem<Expression> = {
  stages: 1,
  key: ({ key }) => key,
  size: ({ size }) => size,
  write: print,
  read: (text) => canonical(parse(text, standardVocabulary)),
  fresh: (random) => canonical(randomProgram(random, smallSize)),
  vary(parent, random) {
    const mutation = mutate(random, parent, { grow: smallSize });
    const { rejections } = mutation;
    return mutation.kind === 'child'
      ? { kind: 'child', genome: mutation.expression, move: mutation.move, rejections }
      : { kind: 'rejected', rejections };
  },
  judge: async (genomes) =>
    [...genomes].map(({ key }) => ({
      kind: 'scored',
      scores: [[...key].reduce((sum, letter) => (31 * sum + letter.charCodeAt(0)) % 997, 7) / 1e4],
    })),
  likeness: async (genomes) => genomes.map((_, i) => genomes.map((__, j) => (i === j ? 1 : 0))),
};

interface Kept {
  readonly run: string;
  /** Of the best ones, fittest first. */
  readonly hall: readonly { readonly expression: string; readonly fitness: number }[];
}

async function mined(rounds: number, run = path()): Promise<Kept & { readonly folder: RunFolder }> {
  const folder = RunFolder.create(run, { ...runManifest, market: { ...runManifest.market, folder: 'nowhere' } });
  folder.append({ kind: 'begin' });
  return { ...(await goneOn(folder, { state: undefined, events: [], problems: [] }, rounds)), folder };
}

async function goneOn(folder: RunFolder, recovered: Recovered, rounds: number): Promise<Kept> {
  const { search } = await runSearch({
    ...{ folder, recovered, problem: programs, rule: smallRule, stop: { rounds }, seeds: [], reuse: true },
  });
  const hall = search.hall.map(({ genome, verdict }) => ({
    expression: print(genome),
    fitness: verdict.kind === 'scored' ? (verdict.scores[0] as number) : Number.NaN,
  }));
  return { run: folder.path, hall };
}

const library = factorLibrary(
  libraryFactor('base', 'ts_mean(close, 240) / CLOSE', 0.0431),
  libraryFactor('reversal', 'HIGH / ts_mean(OPEN, 20)', -0.0612),
  libraryFactor('ranked', 'cs_rank(VOLUME)', 0.0222),
);

describe('top', () => {
  test('of a run without a library: the hall of its snapshot', async () => {
    const { folder, run, hall } = await mined(6);
    folder.close();
    const top = topFactors(run, 4);
    expect(top).toMatchObject({ status: 'stopped', from: 'snapshot', round: 6, asOf: 6, more: hall.length - 4 });
    expect(top.factors.map(({ expression, fitness }) => ({ expression, fitness }))).toEqual(hall.slice(0, 4));
    expect(top.resume).toBe(`evolve --data nowhere --out ${run} --resume`);
    expect(top.best).toBe(hall[0]?.fitness);
    expect(topText(top)).toContain(hall[3]?.expression);
  });

  test('a newer snapshot that cannot be read gives way to the one before, and that to the last round', async () => {
    const { folder, run } = await mined(3);
    await goneOn(folder, folder.recover(), 5);
    folder.close();
    expect(topFactors(run)).toMatchObject({ from: 'snapshot', round: 5, asOf: 5 });
    truncateSync(join(run, 'snapshot.json'), 1000);
    expect(topFactors(run)).toMatchObject({ from: 'snapshot', round: 5, asOf: 3 });
    expect(topText(topFactors(run))).toContain('as of round 3');
    rmSync(join(run, 'snapshot-before.json'));
    const last = topFactors(run);
    expect(last).toMatchObject({ from: 'round', asOf: 5, more: 0 });
    expect(last.factors).toHaveLength(1);
    expect(programs.read((last.factors[0] as FoundFactor).expression).key).not.toBe('');
  });

  test('looks while the run goes on, at a line that is half written, and changes nothing', async () => {
    const { folder, run } = await mined(4);
    const before = readdirSync(run).map((name) => [name, name === 'lock' ? '' : readFileSync(join(run, name), 'utf8')]);
    const top = topFactors(run);
    expect(top.status).toBe('going');
    expect(top.resume).toBeUndefined();
    expect(
      readdirSync(run).map((name) => [name, name === 'lock' ? '' : readFileSync(join(run, name), 'utf8')]),
    ).toEqual(before);
    folder.close();
    const log = join(run, 'record.ndjson');
    truncateSync(log, readFileSync(log).length - 10);
    expect(topFactors(run)).toMatchObject({ status: 'stopped', round: 4 });
  });

  test('of a run with a library: its members with their figures, fittest first', async () => {
    const { folder, run } = await mined(2);
    folder.write('library.json', libraryText({ ...library, tried: { ...library.tried, rounds: 2 } }));
    folder.append({ kind: 'finished' });
    const top = topFactors(run, 2);
    expect(top).toMatchObject({ from: 'library', round: 2, asOf: 2, more: 1 });
    expect(top.factors).toEqual([library.factors[1], library.factors[0]]);
    const text = topText(top);
    for (const figure of ['-0.0612', '0.0431', '1 more']) expect(text).toContain(figure);

    // Given more rounds, it has a library that is older than its record.
    await goneOn(folder, folder.recover(), 4);
    folder.close();
    const older = topFactors(run);
    expect(older).toMatchObject({ from: 'library', status: 'stopped', round: 4, asOf: 2 });
    expect(topText(older)).toContain('as of round 2');
  });

  test('of the search on shuffled labels inside a run: whether that run is over, and how to go on with that', async () => {
    const { folder, run } = await mined(2);
    const { folder: inner } = await mined(2, join(run, 'placebo'));
    inner.close();
    folder.close();
    const top = topFactors(join(run, 'placebo'));
    expect(top).toMatchObject({ placebo: true, status: 'stopped' });
    expect(top.resume).toBe(`evolve --data nowhere --out ${run} --resume`);
    RunFolder.open(run).close();
  });

  test('before the first round is over', () => {
    const run = path();
    RunFolder.create(run, runManifest).close();
    const top = topFactors(run);
    expect(top).toMatchObject({ from: 'nowhere', round: null, asOf: null, factors: [], tried: 0 });
    expect(topText(top)).toContain('no round is over yet');
  });

  test('mistakes', async () => {
    expect((await failure(() => topFactors(place))).message).toContain('There is no run in');
    expect((await failure(() => topFactors(place, 0.5))).code).toBe('bad-argument');
    const run = path();
    RunFolder.create(run, runManifest).close();
    writeFileSync(join(run, 'library.json'), '{ "schema": 1 }');
    expect((await failure(() => topFactors(run))).code).toBe('bad-library');
  });
});

describe('export', () => {
  const source = (): string => file('library.json', libraryText(library));

  test('as JSON is the library itself, from the run or from its file', async () => {
    const run = path();
    const folder = RunFolder.create(run, runManifest);
    folder.write('library.json', libraryText(library));
    folder.close();
    for (const from of [run, join(run, 'library.json')]) {
      expect((await exportLibrary({ source: from })).text).toBe(libraryText(library));
    }
  });

  test('of an unfinished run is what it has found so far', async () => {
    const { folder, run, hall } = await mined(3);
    folder.close();
    const { text } = await exportLibrary({ source: run });
    expect(JSON.parse(text).map(({ expression }: { expression: string }) => expression)).toEqual(
      hall.map(({ expression }) => expression),
    );
    const written = await exportLibrary({ source: run, to: 'latex' });
    expect(written.text).toContain('not finished');
  });

  test('what a language cannot say is refused by name, with the reason; the rest is written', async () => {
    const { factors, refused, text, caveat } = await exportLibrary({ source: source(), to: 'qlib' });
    expect(factors.map(({ name, text }) => [name, text])).toEqual([['reversal', '$high/Mean($open,20)']]);
    expect(refused.map(({ name }) => name)).toEqual(['base', 'ranked']);
    expect(refused[1]?.reason).toBe('qlib sees one symbol at a time, so it has no cs_rank.');
    expect(text).toContain(`# ${caveat}\n`);
    expect(text).toContain(
      '# IC -0.0612 on training, -0.0490 on validation, -0.0428 on test dates; low values foretell high returns\nreversal = $high/Mean($open,20)\n',
    );
  });

  test('when nothing can be written it fails, and leaves no file', async () => {
    const only = file('only.json', '["cs_rank(VOLUME)", "cs_norm(HIGH)"]');
    const out = path('.txt');
    const { code, details } = await failure(() => exportLibrary({ source: only, to: 'qlib', out }));
    expect(code).toBe('unsupported-dialect');
    expect(details).toHaveLength(2);
    expect(readdirSync(place).filter((name) => name.includes(out.slice(place.length + 1)))).toEqual([]);
  });

  test('a file is whole or not there, and is replaced only when asked', async () => {
    const out = path('.txt');
    const { text, file: written } = await exportLibrary({ source: source(), to: 'latex', out });
    expect(readFileSync(out, 'utf8')).toBe(text);
    expect(written).toEqual({ path: out, bytes: Buffer.byteLength(text) });
    expect((await failure(() => exportLibrary({ source: source(), to: 'qlib', out }))).code).toBe('exists');
    await exportLibrary({ source: source(), to: 'qlib', out, overwrite: true });
    expect(readFileSync(out, 'utf8')).toContain('reversal = ');
  });

  test('fields of the market it was found on are known while that is there, and with --data', async () => {
    const run = path();
    const synthetic = path();
    const { hash, name } = await synthesise(synthetic, { stocks: 4, days: 20, minutes: 0, seed: 1 });
    const folder = RunFolder.create(run, { ...runManifest, market: { name, hash, folder: synthetic } });
    folder.write('library.json', libraryText(factorLibrary(libraryFactor('own', 'ts_rank(VWAP_CLOSE, 5)'))));
    folder.close();
    expect((await exportLibrary({ source: run, to: 'latex' })).factors).toHaveLength(1);
    const elsewhere = file('library.json', readFileSync(join(run, 'library.json'), 'utf8'));
    expect((await failure(() => exportLibrary({ source: elsewhere, to: 'latex' }))).details[0]).toContain('--data');
    expect((await exportLibrary({ source: elsewhere, to: 'latex', data: synthetic })).factors).toHaveLength(1);
  });

  describe.each(['pandas', 'polars'])('%s', (to) => {
    const python = process.env.PYTHON ?? 'python3';
    const ready = spawnSync(python, ['-c', 'import ast']).status === 0;
    const structure = `
import ast, json, sys
tree = ast.parse(sys.stdin.read())
names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
table = tree.body[-1].value
print(json.dumps([names, {key.value: value.id for key, value in zip(table.keys, table.values)}]))
`;
    test.skipIf(!ready)('is one file: helpers once, a function for each factor, a table of them', async () => {
      const odd = ['HIGH / LOW', 'class', 'a-b', 'a b', '日本', '_rolling', 'np', '1st', '"quoted\\"'];
      const list = odd.map((name, i) => ({ name, expression: `ts_mean(HIGH, ${i + 2}) / cs_norm(LOW)` }));
      const { text } = await exportLibrary({ source: file('odd.json', JSON.stringify(list)), to });
      const { stdout, stderr } = spawnSync(python, ['-c', structure], { input: text, encoding: 'utf8' });
      expect(stderr).toBe('');
      const [names, table] = JSON.parse(stdout) as [string[], Record<string, string>];
      expect(new Set(names).size).toBe(names.length);
      expect(Object.keys(table)).toEqual(odd);
      const functions = Object.values(table);
      expect(names.slice(-odd.length)).toEqual(functions);
      for (const name of functions) expect(name).toMatch(/^[A-Za-z]\w*$/);
    });
  });
});

describe('import', () => {
  const given = `# A heading
momentum = Ref($close,5)/$close
dev: Std($close,20)/$close   # with a remark

$high/$low
twice = $high / $low
momentum = $open/$close
wrong = Foo($close,5)
average = Mean($close,5)
ahead = Ref($close,-1)/$close
`;

  test('reads each formula, or refuses it with its name or line and the reason', async () => {
    const { factors, refused } = await importFactors({ file: file('.txt', given), from: 'qlib' });
    expect(factors.map(({ name, expression }) => [name, expression])).toEqual([
      ['momentum', 'ts_delay(CLOSE, 5) / CLOSE'],
      ['dev', 'ts_std(CLOSE, 20) / CLOSE'],
      [undefined, 'HIGH / LOW'],
      ['average', 'ts_mean(CLOSE, 5)'],
    ]);
    expect(refused.map(({ name }) => name)).toEqual(['twice', 'momentum', 'wrong', 'ahead']);
    expect(refused[0]?.reason).toBe('it is the same factor as line 5.');
    expect(refused[1]?.reason).toContain('another factor has this name');
    expect(refused[2]?.reason).toContain('Foo is not a function');
    expect(factors.at(-1)?.notes.at(-1)).toContain('A search begins with plain ratios only');
  });

  test('the same from every spelling of a file', async () => {
    const list = ['$high/$low', { name: 'momentum', expression: 'Ref($close,5)/$close' }];
    const expected = [{ expression: 'HIGH / LOW' }, { name: 'momentum', expression: 'ts_delay(CLOSE, 5) / CLOSE' }];
    for (const [name, content] of [
      ['.txt', '$high/$low\nmomentum=Ref($close,5)/$close'],
      ['.txt', '\ufeff$high/$low\r\nmomentum : Ref($close,5)/$close\r\n'],
      ['.json', JSON.stringify(list)],
      ['.json', JSON.stringify({ factors: list, more: 1 })],
    ] as const) {
      const out = path('.json');
      await importFactors({ file: file(name, content), from: 'qlib', out });
      expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual(expected);
    }
  });

  test("the paper's own spelling: a number for a name, signs that also stand in formulas", async () => {
    const text = 'Alpha#101: ((close - open) / ((high - low)))\n(close > open) ? 1 : 0\nclose == open';
    const { factors } = await importFactors({ file: file('.txt', text), from: 'alpha101' });
    expect(factors.map(({ name }) => name)).toEqual(['Alpha#101', undefined, undefined]);
  });

  test('what comes out is what evolve eval and --warm-start read', async () => {
    const out = path('.json');
    await importFactors({ file: file('.txt', given), from: 'qlib', out, data: market });
    const manifest = await readManifest(market);
    const read = await namedFactors([out], manifest);
    expect(read.map(({ name }) => name)).toEqual(['momentum', 'dev', 'HIGH / LOW', 'average']);
    const seeds = await seedFactors(out, manifest);
    expect(seeds.accepted.map(({ name }) => name)).toEqual(['momentum', 'dev', 'HIGH / LOW']);
    expect(seeds.refused).toHaveLength(1);
  });

  test('when nothing can be read it fails with every reason, and leaves no file', async () => {
    const out = path('.json');
    const { code, details } = await failure(() =>
      importFactors({ file: file('.txt', 'Foo($close)\nb = $close +'), from: 'qlib', out }),
    );
    expect(code).toBe('bad-expression');
    expect(details.map((line) => line.slice(0, 8))).toEqual(['line 1: ', 'b: In th']);
    expect(readdirSync(place).filter((name) => name.includes(out.slice(place.length + 1)))).toEqual([]);
  });

  test('whatever the file holds, it is read or refused', async () => {
    const pieces = fc.constantFrom(
      '$close',
      'Ref(',
      'a = ',
      ': ',
      '#',
      '(',
      ')',
      ',5',
      '\n',
      '\r',
      '"',
      '{',
      '[',
      '=',
      '==',
      '日',
    );
    const content = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces).map((all) => all.join('')),
    );
    await fc.assert(
      fc.asyncProperty(
        content,
        fc.constantFrom('.txt', '.json'),
        fc.constantFrom('qlib', 'alpha101', 'brain', 'alphagen'),
        async (text, ending, from) => {
          const source = join(place, `any${ending}`);
          writeFileSync(source, text);
          try {
            const { factors } = await importFactors({ file: source, from });
            expect(factors.length).toBeGreaterThan(0);
          } catch (error) {
            expect((error as EvolveError).name).toBe('EvolveError');
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

/** Names a library may have, those that a line cannot begin with too. */
const names = fc.oneof(
  fc.stringMatching(/^[a-z]\w{0,6}$/),
  fc.stringMatching(/^Alpha#\d{1,3}$/),
  fc.string({ minLength: 1 }),
);

/** What every tool has. */
const shared = new Map(
  [...standardVocabulary].filter(([name]) => ['OPEN', 'HIGH', 'LOW', 'CLOSE', 'VOLUME'].includes(name)),
);

test.each(['qlib', 'alphagen'] as const)('%s: what is exported comes back, each formula with its name', async (to) => {
  const factors = fc.uniqueArray(fc.tuple(names, program({ ...smallSize, vocabulary: shared, maxSize: 3 })), {
    minLength: 1,
    maxLength: 6,
    selector: ([name]) => name,
  });
  const writer = dialectOf(to).write as NonNullable<ReturnType<typeof dialectOf>['write']>;
  let returned = 0;
  await fc.assert(
    fc.asyncProperty(factors, async (all) => {
      const source = join(place, 'out.json');
      writeFileSync(source, libraryText(factorLibrary(...all.map(([name, made]) => libraryFactor(name, print(made))))));
      const sayable = all.filter(([, made]) => typeof writer(parse(print(made), standardVocabulary)) === 'string');
      if (sayable.length === 0) {
        expect((await failure(() => exportLibrary({ source, to }))).code).toBe('unsupported-dialect');
        return;
      }
      const { text, refused } = await exportLibrary({ source, to });
      expect(refused.map(({ name }) => name)).toEqual(
        all.filter((one) => !sayable.includes(one)).map(([name]) => name),
      );
      const back = join(place, 'out.txt');
      writeFileSync(back, text);
      const imported = await importFactors({ file: back, from: to });
      expect(imported.factors.length + imported.refused.length).toBe(sayable.length);
      for (const { reason } of imported.refused) expect(reason).toContain('it is the same factor as');
      for (const { name, original } of imported.factors) {
        returned++;
        if (name === undefined) continue;
        const [, sent] = sayable.find(([known]) => known === name) as (typeof all)[number];
        expect(original).toBe(writer(parse(print(sent), standardVocabulary)));
      }
    }),
    { numRuns: 60 },
  );
  expect(returned).toBeGreaterThan(50);
});

test('the command lines: results on stdout, the rest on stderr, 1 only when there is nothing', async () => {
  const cwd = path();
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'library.json'), libraryText(library));
  writeFileSync(join(cwd, 'alphas.txt'), 'm = Ref($close,5)/$close\nw = Foo($close)\n');
  writeFileSync(join(cwd, 'bad.txt'), 'Foo($close)\n');
  const { folder, run } = await mined(2);
  folder.close();
  const outcomes = await evolveEach(
    [
      ['top', run, '--count', '2'],
      ['top', run, '--json'],
      ['export', 'library.json', '--to', 'qlib'],
      ['export', 'library.json', '--to', 'qlib', '--json', '--out', 'q.txt'],
      ['export', 'library.json', '--to', 'klib'],
      ['import', 'alphas.txt', '--from', 'qlib'],
      ['import', 'alphas.txt', '--from', 'qlib', '--out', 'seeds.json'],
      ['import', 'alphas.txt', '--from', 'qlib', '--json'],
      ['import', 'bad.txt', '--from', 'qlib'],
      ['export', '--help'],
      ['import', '--help'],
    ],
    { cwd },
  );
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0]);
  const [shown, json, qlib, qlibJson, klib, list, seeds, report, bad, help, importHelp] = outcomes as Required<
    typeof outcomes
  >;
  expect(shown?.stdout).toContain('To go on with it: evolve');
  expect(JSON.parse(json?.stdout ?? '')).toEqual(topFactors(run));
  expect(qlib?.stdout).toContain('reversal = $high/Mean($open,20)');
  expect(qlib?.stderr).toContain('ranked: qlib sees one symbol at a time');
  expect(qlib?.stderr).toContain('2 of 3 factors cannot be written as qlib.');
  expect(JSON.parse(qlibJson?.stdout ?? '')).toMatchObject({ to: 'qlib', factors: [{}], refused: [{}, {}], file: {} });
  expect(readFileSync(join(cwd, 'q.txt'), 'utf8')).toBe(qlib?.stdout);
  expect(klib?.stderr).toContain('Did you mean qlib?');
  expect(JSON.parse(list?.stdout ?? '')).toEqual([{ name: 'm', expression: 'ts_delay(CLOSE, 5) / CLOSE' }]);
  expect(list?.stderr).toContain('1 factors read, 1 refused.');
  expect(JSON.parse(readFileSync(join(cwd, 'seeds.json'), 'utf8'))).toEqual(JSON.parse(list?.stdout ?? ''));
  expect(seeds?.stdout).toBe('seeds.json: 1 factors read, 1 refused\n');
  expect(JSON.parse(report?.stdout ?? '')).toMatchObject({ factors: [{ name: 'm' }], refused: [{ name: 'w' }] });
  expect(bad?.stderr).toContain('No formula of bad.txt can be read as qlib.');
  // The words in the help are those of the table of dialects.
  const { details } = await failure(() => exportLibrary({ source: '', to: 'zzz' })).then(({ message }) => ({
    details: message.match(/There are (.*)\.$/)?.[1]?.split(', ') ?? [],
  }));
  for (const word of details) expect(help?.stdout.replace(/\s+/g, ' ')).toMatch(new RegExp(`\\b${word}\\b`));
  const read = await failure(() => importFactors({ file: '', from: 'zzzzzzzz' }));
  for (const word of read.message.match(/There are (.*)\.$/)?.[1]?.split(', ') ?? [])
    expect(importHelp?.stdout).toContain(word);
});
