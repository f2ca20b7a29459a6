/** A run's folder between processes: damaged, held, finished, on other markets, on disks that refuse. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { mine } from '../cli/mining/mine.ts';
import type { MineOptions } from '../cli/mining/mine-options.ts';
import type { MineReport } from '../cli/mining/mine-report.ts';
import { synthesise } from '../data/synth/synthesise.ts';
import { RunFolder } from '../runs/run-folder.ts';
import { eventsOf, type Playground, playground, stoppedAfter, type Told, told } from './mining.ts';

let ground: Playground;
/** Of 8 rounds; what it reported; the same run stopped in order after 4 of them. */
let whole: Told;
let report: MineReport;
let half: string;
beforeAll(async () => {
  ground = await playground();
  const out = join(ground.place, 'whole');
  report = await mine({ ...ground.small, out });
  whole = told(out);
  half = join(ground.place, 'half');
  // Round 0 is one of them.
  await stoppedAfter(5, { ...ground.small, out: half });
}, 60_000);
afterAll(() => ground.remove());

let out: string;
let runs = 0;
beforeEach(() => {
  out = join(ground.place, `run-${runs++}`);
});

const resumed = (options: MineOptions = {}): Promise<MineReport> => mine({ out, resume: true, ...options });

const failure = (code: string, sentence: RegExp | string) =>
  expect.objectContaining({
    name: 'EvolveError',
    code,
    message: typeof sentence === 'string' ? sentence : expect.stringMatching(sentence),
  });

describe('damage', () => {
  const log = () => join(out, 'record.ndjson');
  const snapshot = () => join(out, 'snapshot.json');
  const flipped = (path: string, at: (length: number) => number): void => {
    const bytes = readFileSync(path);
    const place = at(bytes.length);
    bytes[place] = (bytes[place] as number) ^ 1;
    writeFileSync(path, bytes);
  };
  const middle = (length: number): number => length >> 1;
  const end = (length: number): number => length - 400;

  test.each<[string, () => void, readonly RegExp[]]>([
    ['a line that ends in the middle', () => appendFileSync(log(), '{"kind":"rou'), [/ended in the middle of line/]],
    [
      'a garbled line near the end of the log, which the snapshot follows',
      () => flipped(log(), end),
      [/^record\.ndjson is damaged in line/, /^snapshot\.json is left out .*: what it follows is not in record/],
    ],
    ['a garbled snapshot', () => flipped(snapshot(), middle), [/^snapshot\.json is left out .*: it is damaged\.$/]],
    [
      'a garbled snapshot and a garbled log',
      () => {
        flipped(snapshot(), middle);
        flipped(log(), middle);
      },
      [/^record\.ndjson is damaged/, /^snapshot\.json is left out/],
    ],
    ['a lost snapshot', () => rmSync(snapshot()), []],
    ['a lost log', () => rmSync(log()), [/^snapshot\.json is left out/]],
    ['files that were never finished', () => writeFileSync(join(out, '.library.json.partial'), '{'), []],
  ])('%s costs rounds at most', async (_, damage, sentences) => {
    cpSync(half, out, { recursive: true });
    damage();
    const notes: string[] = [];
    await resumed({ onProgress: (step) => step.kind === 'note' && notes.push(step.sentence) });
    expect(notes).toEqual(sentences.map((sentence) => expect.stringMatching(sentence)));
    expect(told(out)).toEqual(whole);
    expect(readdirSync(out).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('of run.json is a sentence', async () => {
    cpSync(half, out, { recursive: true });
    flipped(join(out, 'run.json'), middle);
    await expect(resumed(ground.small)).rejects.toThrow(failure('bad-run', /run\.json was changed or damaged since /));
  });

  test('of the library of a run that is over is made good', async () => {
    cpSync(join(ground.place, 'whole'), out, { recursive: true });
    flipped(join(out, 'library.json'), (length) => length - 3);
    const notes: string[] = [];
    const again = await resumed({ onProgress: (step) => step.kind === 'note' && notes.push(step.sentence) });
    expect(notes).toEqual([expect.stringMatching(/library\.json is .* It is made again\.$/)]);
    expect({ ...again, run: '' }).toEqual({ ...report, run: '' });
    expect(told(out)).toEqual(whole);
  });
});

test('who names a run that somebody has open is told who', async () => {
  cpSync(half, out, { recursive: true });
  const other = RunFolder.open(out);
  await expect(resumed(ground.small)).rejects.toThrow(
    failure('busy', new RegExp(`is being used by process ${process.pid} `)),
  );
  other.close();
  await expect(mine({ ...ground.small, out })).rejects.toThrow(failure('exists', /Add --resume to go on with it/));
});

describe('going on', () => {
  test('needs no more than the name of the run', async () => {
    cpSync(half, out, { recursive: true });
    await resumed();
    expect(told(out)).toEqual(whole);
  });

  test('for longer is having asked for more at first, and is remembered', async () => {
    const longer = join(ground.place, 'longer');
    await mine({ ...ground.small, out: longer, rounds: 10 });
    cpSync(join(ground.place, 'whole'), out, { recursive: true });
    expect(await stoppedAfter(1, { out, resume: true, rounds: 10 })).toBe(true);
    await resumed();
    expect(told(out)).toEqual(told(longer));
  });

  test('with a run that is over reports it again and touches nothing', async () => {
    cpSync(join(ground.place, 'whole'), out, { recursive: true });
    const before = readFileSync(join(out, 'record.ndjson'));
    expect({ ...(await resumed(ground.small)), run: '' }).toEqual({ ...report, run: '' });
    expect(readFileSync(join(out, 'record.ndjson'))).toEqual(before);
    expect(eventsOf(out, 'test-opened')).toHaveLength(1);
  });

  test('with other wishes is refused', async () => {
    cpSync(half, out, { recursive: true });
    const log = readFileSync(join(out, 'record.ndjson'));
    const seeds = join(ground.place, 'other-seeds.json');
    writeFileSync(seeds, '["OPEN / CLOSE"]');
    const leave = 'leave that out to go on with it, or name another --out.';
    const wishes: [MineOptions, string][] = [
      [{ population: 50 }, `${out} was begun with --population 40, not 50: ${leave}`],
      [{ placebo: true }, `${out} was begun with --placebo false, not true: ${leave}`],
      [{ fields: '' }, `${out} was begun with --fields CLOSE,OPEN,VOLUME,close,volume, not "": ${leave}`],
      [{ warmStart: seeds }, `${out} was begun with another --warm-start, not ${seeds}: ${leave}`],
      [{ improve: 'OPEN / CLOSE' }, `${out} was begun with another formula, not OPEN / CLOSE: ${leave}`],
      [
        { rounds: 2 },
        `${out} is at round 4, and with --rounds 2 it would have been over at round 2: ask for more, or name another --out.`,
      ],
    ];
    for (const [wish, sentence] of wishes) {
      await expect(resumed(wish)).rejects.toThrow(failure('bad-argument', sentence));
    }
    await expect(resumed({ warmStart: join(ground.place, 'gone.json') })).rejects.toThrow(
      failure('missing-file', /^There is no file .*gone\.json\.$/),
    );
    expect(readFileSync(join(out, 'record.ndjson'))).toEqual(log);
  });

  test('on another market is refused, and without its market too', async () => {
    cpSync(half, out, { recursive: true });
    const other = join(ground.place, 'other-market');
    await synthesise(other, { stocks: 60, days: 300, minutes: 8, seed: 4 });
    await expect(resumed({ data: other })).rejects.toThrow(failure('changed-market', /: name the market it was begun/));
    renameSync(ground.market, `${ground.market}-away`);
    try {
      const gone = failure('bad-market', new RegExp(`^There is no market folder ${ground.market}\\.`));
      await expect(resumed(ground.small)).rejects.toThrow(gone);
      await expect(resumed()).rejects.toThrow(
        failure(
          'bad-market',
          `${out} was begun on the market synthetic-60x300x8-3 in ${ground.market}, which cannot be opened: say where it is now with --data.`,
        ),
      );
    } finally {
      renameSync(`${ground.market}-away`, ground.market);
    }
  });
});

test('a folder that is there and no run is left as it is', async () => {
  mkdirSync(out);
  writeFileSync(join(out, 'notes.txt'), 'mine');
  await expect(resumed(ground.small)).rejects.toThrow(failure('exists', /holds files that are not a run/));
  await expect(mine({ ...ground.small, out: join(out, 'notes.txt') })).rejects.toThrow(failure('unwritable', /file/));
  expect(readdirSync(out)).toEqual(['notes.txt']);
});

describe('a disk', () => {
  const diskBytes = 500 * 1024;
  let disk: string;
  let mounted: boolean;
  beforeAll(() => {
    disk = mkdtempSync(join(tmpdir(), 'evolve-disk-'));
    mounted = mounts('-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', disk);
  });
  afterAll(() => {
    if (mounted) execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });

  function mounts(...options: readonly string[]): boolean {
    try {
      execFileSync('mount', options, { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  }

  const bytes = (...names: readonly string[]): number =>
    names.reduce((sum, name) => sum + statSync(join(ground.place, 'whole', name)).size, 0);
  // Every file takes whole pages, and so does the lock.
  const rooms: readonly (readonly [string, readonly number[], () => number])[] = [
    ['in the middle of the search', [0, 1, 2, 3, 4, 5, 6, 7], () => 12_000 + 0.8 * bytes('record.ndjson')],
    ['when its state is to be kept', [8], () => 12_000 + bytes('record.ndjson') + 0.5 * bytes('snapshot.json')],
    ['when results are to be written', [8], () => 24_000 + bytes('record.ndjson', 'snapshot.json')],
  ];
  for (const [when, rounds, room] of rooms) {
    test(`that is full ${when} leaves a run to go on with`, async ({ skip }) => {
      skip(!mounted, 'needs the right to mount');
      out = join(disk, 'run');
      writeFileSync(join(disk, 'ballast'), Buffer.alloc(diskBytes - room()));
      const full = failure('unwritable', `${out} cannot be written: the disk is full.`);
      await expect(mine({ ...ground.small, out })).rejects.toThrow(full);
      expect(rounds).toContain(eventsOf(out, 'round').length - 1);
      expect(existsSync(join(out, 'report.html'))).toBe(false);
      expect(eventsOf(out, 'finished')).toEqual([]);
      rmSync(join(disk, 'ballast'));
      await resumed();
      expect(told(out)).toEqual(whole);
      rmSync(out, { recursive: true });
    });
  }

  test('that can only be read is a sentence', async ({ skip }) => {
    skip(!mounted, 'needs the right to mount');
    cpSync(half, join(disk, 'half'), { recursive: true });
    expect(mounts('-o', 'remount,ro', disk)).toBe(true);
    try {
      for (const name of ['half', 'new']) {
        out = join(disk, name);
        await expect(resumed(ground.small)).rejects.toThrow(failure('unwritable', /the file system is read-only\.$/));
      }
    } finally {
      mounts('-o', 'remount,rw', disk);
    }
  });
});
