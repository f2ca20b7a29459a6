/** What a run folder promises when bytes are missing or wrong, whatever they are. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunEvent } from '../runs/event-log.ts';
import { readRun } from '../runs/read-run.ts';
import { type Recovered, RunFolder } from '../runs/run-folder.ts';
import { manifest, round, rounds } from './runs.ts';

/** Thousands of runs are made durable here, and nobody cares: where there are disks of memory, they wait for nothing. */
const memory = '/dev/shm';
let place: string;
beforeAll(() => {
  place = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'evolve-runs-'));
});
afterAll(() => rmSync(place, { recursive: true }));

let made = 0;
const newPlace = (): string => join(place, `run-${made++}`);

/** Rounds 0 to 6, with a state after 3 and one after 5 of them. */
function sevenRounds(): string {
  const path = newPlace();
  const run = RunFolder.create(path, manifest);
  for (let i = 0; i < 7; i++) {
    run.append(round(i));
    if (i === 2 || i === 4) run.snapshot({ done: i + 1 });
  }
  run.close();
  return path;
}

function recovered(path: string): Recovered {
  const run = RunFolder.open(path);
  const found = run.recover();
  run.close();
  return found;
}

const json = fc.jsonValue({ maxDepth: 3, noUnicodeString: false }).map((value) => JSON.parse(JSON.stringify(value)));
const event = fc
  .tuple(fc.string(), fc.dictionary(fc.string({ unit: 'binary' }), json))
  .map(([kind, fields]): RunEvent => {
    const { check: _, ...others } = fields;
    return { ...others, kind };
  });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), event }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('snapshot' as const), state: json }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
);

test('an opened run has the newest state, and every event since', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const path = newPlace();
      let run = RunFolder.create(path, manifest);
      let state: unknown;
      let since: RunEvent[] = [];
      const all: RunEvent[] = [];
      for (const step of [...steps, { kind: 'reopen' as const }]) {
        switch (step.kind) {
          case 'append':
            run.append(step.event);
            since.push(step.event);
            all.push(step.event);
            break;
          case 'snapshot':
            run.snapshot(step.state);
            state = step.state;
            since = [];
            break;
          case 'reopen':
            run.close();
            run = RunFolder.open(path);
            expect(run.manifest).toEqual(manifest);
            expect(run.recover()).toEqual({ state, events: since, problems: [] });
        }
      }
      expect([...readRun(path).events]).toEqual(all);
      run.close();
      rmSync(path, { recursive: true });
    }),
    { numRuns: 40 },
  );
});

test('a record that ends at any byte goes on after its last whole line', () => {
  const path = sevenRounds();
  const record = join(path, 'record.ndjson');
  const whole = readFileSync(record);
  const copy = newPlace();
  for (let bytes = 0; bytes <= whole.length; bytes++) {
    rmSync(copy, { recursive: true, force: true });
    cpSync(path, copy, { recursive: true });
    truncateSync(join(copy, 'record.ndjson'), bytes);
    const lines = whole.subarray(0, bytes).toString().split('\n').length - 1;
    const cut = bytes - (whole.subarray(0, bytes).lastIndexOf('\n') + 1);
    expect([...readRun(copy).events]).toEqual(Array.from({ length: lines }, (_, i) => round(i)));

    const found = recovered(copy);
    expect(rounds(found)).toBe(lines);
    expect(found.state).toEqual(lines >= 5 ? { done: 5 } : lines >= 3 ? { done: 3 } : undefined);
    expect(found.problems).toHaveLength((cut > 0 ? 1 : 0) + (lines < 3 ? 2 : lines < 5 ? 1 : 0));
    const damaged = join(copy, 'record.ndjson.damaged');
    expect(existsSync(damaged) ? readFileSync(damaged) : Buffer.alloc(0)).toEqual(whole.subarray(bytes - cut, bytes));
    // Said once, and what is left is a run like any other.
    if (found.problems.length > 0) expect(recovered(copy)).toEqual({ ...found, problems: [] });
  }
});

describe('a flipped bit', () => {
  /** At every byte another one of its bits. */
  const flips = (bytes: Buffer): [Buffer, number][] =>
    [...bytes.keys()].map((at) => {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8((bytes[at] as number) ^ (1 << (at % 8)), at);
      return [flipped, at];
    });

  test('anywhere in the record costs its line and those after it', () => {
    const path = sevenRounds();
    const files = readdirSync(path).filter((name) => name.includes('.'));
    const whole = new Map(files.map((name) => [name, readFileSync(join(path, name))]));
    const record = whole.get('record.ndjson') as Buffer;
    for (const [flipped, at] of flips(record)) {
      for (const [name, bytes] of whole) writeFileSync(join(path, name), bytes);
      writeFileSync(join(path, 'record.ndjson'), flipped);
      const found = recovered(path);
      const before = record.subarray(0, at).toString('latin1').split('\n').length - 1;
      expect(rounds(found), `byte ${at}`).toBe(before);
      expect(found.problems.length).toBeGreaterThan(0);
    }
  });

  test('anywhere in the newest snapshot leads to the one before', () => {
    const path = sevenRounds();
    const snapshot = readFileSync(join(path, 'snapshot.json'));
    for (const [flipped, at] of flips(snapshot)) {
      writeFileSync(join(path, 'snapshot.json'), flipped);
      const found = recovered(path);
      expect(found.state, `byte ${at}`).toEqual({ done: 3 });
      expect(rounds(found)).toBe(7);
      expect(found.problems).toEqual(['snapshot.json is left out and kept as snapshot.json.damaged: it is damaged.']);
    }
  });

  test('anywhere in run.json is harmless or refused', () => {
    const path = sevenRounds();
    for (const [flipped] of flips(readFileSync(join(path, 'run.json')))) {
      writeFileSync(join(path, 'run.json'), flipped);
      try {
        expect(readRun(path).manifest).toEqual(manifest);
      } catch (error) {
        expect(error).toMatchObject({ code: 'bad-run' });
      }
    }
  });
});

describe('what had to be left out is said', () => {
  const lines = (path: string) => readFileSync(join(path, 'record.ndjson'), 'utf8').split(/(?<=\n)/);
  const rewrite = (path: string, lines: readonly string[]) =>
    writeFileSync(join(path, 'record.ndjson'), lines.join(''));

  test('a line cut short by a kill', () => {
    const path = sevenRounds();
    truncateSync(join(path, 'record.ndjson'), lines(path).join('').length - 10);
    expect(recovered(path).problems).toEqual([
      'record.ndjson ended in the middle of line 7, which is left out; what was there is kept in record.ndjson.damaged.',
    ]);
  });

  test('a damaged line, and a snapshot that is ahead of what is left', () => {
    const path = sevenRounds();
    const damaged = lines(path).map((line, i) => (i === 3 ? line.replace('round', 'ruond') : line));
    rewrite(path, damaged);
    expect(readRun(path).problem).toBe('record.ndjson is damaged in line 4; what follows is left out.');
    const bytes = Buffer.byteLength(damaged.slice(3).join(''));
    const { state, problems } = recovered(path);
    expect(state).toEqual({ done: 3 });
    expect(problems).toEqual([
      `record.ndjson is damaged in line 4, which is left out with all that follow (${bytes} bytes); what was there is kept in record.ndjson.damaged.`,
      'snapshot.json is left out and kept as snapshot.json.damaged: what it follows is not in record.ndjson.',
    ]);
  });

  test('a lost line and two that changed places', () => {
    const path = sevenRounds();
    const [a = '', b = '', ...others] = lines(path);
    rewrite(path, [b, a, ...others]);
    expect(rounds(recovered(path))).toBe(0);
    const other = sevenRounds();
    rewrite(other, [a, ...others]);
    expect(rounds(recovered(other))).toBe(1);
  });

  test('no snapshot can be used: the whole record is there', () => {
    const path = sevenRounds();
    for (const name of ['snapshot.json', 'snapshot-before.json']) writeFileSync(join(path, name), '');
    const found = recovered(path);
    expect(found.state).toBeUndefined();
    expect(rounds(found)).toBe(7);
    expect(found.problems).toHaveLength(2);
  });

  test('a record that is gone', () => {
    const path = sevenRounds();
    rmSync(join(path, 'record.ndjson'));
    expect([...readRun(path).events]).toEqual([]);
    expect(recovered(path)).toMatchObject({ state: undefined, events: [] });
  });
});

test('a bad snapshot does not push out the good one when the next is taken', () => {
  const path = sevenRounds();
  writeFileSync(join(path, 'snapshot.json'), 'nonsense');
  const run = RunFolder.open(path);
  run.recover();
  run.snapshot({ done: 7 });
  run.close();
  writeFileSync(join(path, 'snapshot.json'), 'nonsense');
  expect(recovered(path).state).toEqual({ done: 3 });
});

test('a snapshot of another past is not used, however long this one has grown', () => {
  const path = sevenRounds();
  const stale = readFileSync(join(path, 'snapshot.json'));
  truncateSync(join(path, 'record.ndjson'), 0);
  const run = RunFolder.open(path);
  run.recover();
  for (let i = 0; i < 7; i++) run.append({ ...round(i), again: true });
  run.close();
  writeFileSync(join(path, 'snapshot.json'), stale);
  const found = recovered(path);
  expect(found.state).toBeUndefined();
  expect(rounds(found)).toBe(7);
});

test('a snapshot whose process was killed between its two renames loses nothing', () => {
  const path = sevenRounds();
  rmSync(join(path, 'snapshot-before.json'));
  cpSync(join(path, 'snapshot.json'), join(path, 'snapshot-before.json'));
  rmSync(join(path, 'snapshot.json'));
  expect(recovered(path)).toEqual({ state: { done: 5 }, events: [round(5), round(6)], problems: [] });
});

test('lines longer than what is read at a time', () => {
  const path = newPlace();
  const run = RunFolder.create(path, manifest);
  const long = [1, 2 ** 20 - 40, 2 ** 20, 3_000_000, 5].map((length, i) => ({
    kind: 'long',
    i,
    text: 'x'.repeat(length),
  }));
  for (const event of long) run.append(event);
  run.close();
  expect(recovered(path).events).toEqual(long);
  truncateSync(join(path, 'record.ndjson'), 4_000_000);
  expect(recovered(path).events).toEqual(long.slice(0, 3));
});

test.each([
  [{ kind: 'a', mean: Number.NaN }, 'it.mean is NaN, which JSON cannot hold'],
  [{ kind: 'a', list: [1, [2, Number.POSITIVE_INFINITY]] }, 'it.list[1][1] is Infinity, which JSON cannot hold'],
  [{ kind: 'a', seen: new Map() }, 'it.seen is a Map, which JSON cannot hold'],
  [{ kind: 'a', cells: new Float32Array(2) }, 'it.cells is a Float32Array, which JSON cannot hold'],
  [{ kind: 'a', list: [undefined] }, 'it.list[0] is a undefined, which JSON cannot hold'],
  [{ kind: 'a', check: 1 }, 'an event of kind a has a field "check", which is the log\'s own'],
])('an event that would not come back the same is our bug: %s', (event, message) => {
  const run = RunFolder.create(newPlace(), manifest);
  expect(() => run.append(event)).toThrow(new RangeError(message));
  run.append({ kind: 'fine', left: undefined, out: null });
  expect(run.recover().events).toEqual([{ kind: 'fine', out: null }]);
  run.close();
});

test('a result is replaced in one step, and is none of the run’s own files', () => {
  const path = newPlace();
  const run = RunFolder.create(path, manifest);
  run.write('library.json', '{}');
  run.write('library.json', Buffer.from('{ "a": 1 }'));
  expect(readFileSync(join(path, 'library.json'), 'utf8')).toBe('{ "a": 1 }');
  for (const name of ['run.json', 'lock', 'record.ndjson.damaged', '../a', 'a/b', '.hidden', '']) {
    expect(() => run.write(name, '')).toThrow(RangeError);
  }
  run.close();
  expect(readdirSync(path).sort()).toEqual(['library.json', 'lock', 'record.ndjson', 'run.json']);
});

describe('a folder that cannot be used', () => {
  const failure = (step: () => unknown) => {
    try {
      step();
    } catch (error) {
      return `${(error as { code?: string }).code}: ${(error as Error).message}`;
    }
    return 'nothing';
  };

  test('a run that is there, files of somebody else, no name, a file on the way', () => {
    const path = sevenRounds();
    expect(failure(() => RunFolder.create(path, manifest))).toBe(
      `exists: ${path} is a run already. Add --resume to go on with it, or name another folder.`,
    );
    const other = newPlace();
    mkdirSync(other);
    writeFileSync(join(other, 'thesis.txt'), '');
    expect(failure(() => RunFolder.create(other, manifest))).toBe(
      `exists: ${other} holds files that are not a run. Name a folder that is not there yet.`,
    );
    expect(readdirSync(other)).toEqual(['thesis.txt']);
    expect(failure(() => RunFolder.create('', manifest))).toMatch(/^bad-argument: /);
    expect(failure(() => RunFolder.create(join(other, 'thesis.txt', 'run'), manifest))).toMatch(
      /^unwritable: .* cannot be written: a part of its path is a file, not a folder\.$/,
    );
    expect(failure(() => RunFolder.create(join(other, 'thesis.txt'), manifest))).toMatch(/is a file, not a folder\.$/);
  });

  test('no run', () => {
    const path = newPlace();
    const sentence = `missing-file: There is no run in ${path}: a run is a folder with a run.json.`;
    expect(failure(() => RunFolder.open(path))).toBe(sentence);
    expect(failure(() => readRun(path))).toBe(sentence);
    mkdirSync(path);
    expect(failure(() => RunFolder.open(path))).toBe(sentence);
    expect(readdirSync(path)).toEqual([]);
  });

  test.each(['', '[]', 'null', '{ "schema": 1 }', '{ "sch'])('run.json is %j', (text) => {
    const path = sevenRounds();
    writeFileSync(join(path, 'run.json'), text);
    expect(failure(() => RunFolder.open(path))).toBe(
      `bad-run: ${join(path, 'run.json')} was changed or damaged since the run was made; restore it, or start a new run.`,
    );
  });

  test('a run of a later version', () => {
    const path = newPlace();
    RunFolder.create(path, { ...manifest, schema: 2, engineVersion: '9.0.0' } as never).close();
    expect(failure(() => RunFolder.open(path))).toBe(
      `bad-run: ${join(path, 'run.json')} was written by evolve 9.0.0; use that one to go on.`,
    );
  });

  test('a run we use ourselves', () => {
    const path = newPlace();
    const run = RunFolder.create(path, manifest);
    expect(readRun(path).going).toBe(true);
    expect(failure(() => RunFolder.open(path))).toMatch(
      new RegExp(`^busy: .* is being used by process ${process.pid} \\(since 20.*Z\\); wait for it or stop it\\.$`),
    );
    run.close();
    expect(readRun(path).going).toBe(false);
    RunFolder.open(path).close();
  });
});

describe('a lock that was left behind', () => {
  const held = (change: Readonly<Record<string, unknown>> | string) => {
    const path = newPlace();
    const run = RunFolder.create(path, manifest);
    const lock = join(path, 'lock', '1');
    const holder = JSON.parse(readFileSync(lock, 'utf8'));
    expect(holder).toMatchObject({ pid: process.pid, host: hostname() });
    writeFileSync(lock, typeof change === 'string' ? change : JSON.stringify({ ...holder, ...change }));
    return { path, run };
  };

  test('by another machine is for the user to judge', () => {
    const { path } = held({ host: 'elsewhere', pid: 5, since: 'noon' });
    expect(() => RunFolder.open(path)).toThrow(
      `${path} is being used by process 5 of another machine or container (elsewhere, since noon); if that is surely gone, delete ${join(path, 'lock')}.`,
    );
    rmSync(join(path, 'lock'), { recursive: true });
    RunFolder.open(path).close();
  });

  test('half-written', () => {
    const { path } = held('{ "pid": 12');
    expect(() => RunFolder.open(path)).toThrow(
      `${join(path, 'lock', '1')} cannot be read; if nobody is using the folder, delete ${join(path, 'lock')}.`,
    );
  });

  // Only Linux tells when a process was started.
  test.skipIf(process.platform !== 'linux').each([
    ['whose number another process has now', { started: '1' }],
    ['before the machine was started', { boot: 'another' }],
  ])('by a process %s keeps nobody out', (_, change) => {
    const { path, run } = held(change);
    const next = RunFolder.open(path);
    expect(readdirSync(join(path, 'lock'))).toEqual(['2']);
    expect(() => RunFolder.open(path)).toThrow('is being used by process');
    // The one that was taken for dead does not give back what is no longer its own.
    run.close();
    expect(() => RunFolder.open(path)).toThrow('is being used by process');
    next.close();
    RunFolder.open(path).close();
  });

  test.skipIf(process.platform !== 'linux')('by a process of another container is out of sight', () => {
    const { path } = held({ namespace: 'pid:[1]' });
    expect(() => RunFolder.open(path)).toThrow('another machine or container');
  });
});
