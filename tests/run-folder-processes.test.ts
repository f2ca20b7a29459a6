/** What a run folder promises when processes are killed, when several want it at once, and when a disk refuses. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtFile } from '../core/package-root.ts';
import { stream } from '../core/random.ts';
import { readRun } from '../runs/read-run.ts';
import { RunFolder } from '../runs/run-folder.ts';
import { manifest, round, rounds } from './runs.ts';

let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'evolve-runs-'));
});
afterAll(() => rmSync(place, { recursive: true }));

/** A process that runs this with our modules at hand; what it prints arrives whole, whatever ends it. */
function child(script: string): { process: ChildProcess; printed: () => string; closed: Promise<unknown> } {
  const module = (folder: string, name: string) => JSON.stringify(pathToFileURL(builtFile(folder, name)).href);
  const prelude = `
    import { closeSync, openSync, readdirSync, readFileSync, readSync, renameSync, unlinkSync, writeFileSync, writeSync } from 'node:fs';
    import { RunFolder } from ${module('runs', 'run-folder.js')};
    import { takeLock } from ${module('core', 'lock.js')};
    const say = (text) => writeSync(1, text + '\\n');
    const wait = () => readSync(0, new Uint8Array(1));
  `;
  const process_ = spawn(process.execPath, ['--input-type=module', '-e', prelude + script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let printed = '';
  process_.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  return { process: process_, printed: () => printed, closed: once(process_, 'close') };
}

test('a process killed at any moment loses at most the round it was writing', { timeout: 60_000 }, async () => {
  const path = join(place, 'killed');
  RunFolder.create(path, manifest).close();
  const library = join(path, 'library.json');
  const random = stream(3, 0, 0);
  let known = 0;
  for (let life = 0; life < 20; life++) {
    // Half of them keep no states, and are met while they append; the others mostly wait for the disk.
    const { process, printed, closed } = child(`
      const run = RunFolder.open(${JSON.stringify(path)});
      const { state, events } = run.recover();
      for (let i = (state?.done ?? 0) + events.length; ; i++) {
        run.append({ kind: 'round', i, text: 'x'.repeat(i % 2 === 0 ? 1_000_000 : 100) });
        say('round ' + i);
        if (${life % 2} || i % 3 > 0) continue;
        run.snapshot({ done: i + 1, text: 'y'.repeat(100_000) });
        say('state ' + (i + 1));
        run.write('library.json', JSON.stringify({ i, text: 'z'.repeat(50_000) }));
      }
    `);
    await once(process.stdout as NodeJS.ReadableStream, 'data');
    await setTimeout(random.below(life % 2 ? 8 : 25));
    process.kill('SIGKILL');
    await closed;

    const last = (word: string) =>
      Math.max(
        0,
        ...printed()
          .split('\n')
          .map((line) => Number(line.split(`${word} `)[1] ?? 0)),
      );
    const acknowledged = last('round') + 1;
    expect(acknowledged).toBeGreaterThan(known);
    const run = RunFolder.open(path);
    const found = run.recover();
    run.close();
    known = rounds(found);
    expect([acknowledged, acknowledged + 1]).toContain(known);
    expect((found.state as { done: number } | undefined)?.done ?? 0).toBeGreaterThanOrEqual(last('state'));
    for (const problem of found.problems) expect(problem).toMatch(/^record\.ndjson ended in the middle of line /);
    if (existsSync(library)) JSON.parse(readFileSync(library, 'utf8'));
  }
});

describe('the lock', () => {
  /** A run whose holder was killed. */
  async function abandoned(name: string): Promise<string> {
    const path = join(place, name);
    RunFolder.create(path, manifest).close();
    const { process, closed } = child(`RunFolder.open(${JSON.stringify(path)}); say('have it'); wait();`);
    await once(process.stdout as NodeJS.ReadableStream, 'data');
    expect(() => RunFolder.open(path)).toThrow(`${path} is being used by process ${process.pid} `);
    expect(readRun(path).going).toBe(true);
    process.kill('SIGKILL');
    await closed;
    expect(readRun(path).going).toBe(false);
    return path;
  }

  test('of a killed process goes to exactly one of those who want it', async () => {
    const path = await abandoned('wanted');
    const wanting = Array.from({ length: 4 }, () =>
      child(`
        say('ready');
        wait();
        try { RunFolder.open(${JSON.stringify(path)}).recover(); say('won'); } catch (error) { say(error.code ?? error.stack); }
        wait();
      `),
    );
    const heard = async (lines: number) => {
      while (wanting.some(({ printed }) => printed().split('\n').length <= lines)) await setTimeout(5);
    };
    await heard(1);
    for (const { process } of wanting) process.stdin?.write('.');
    await heard(2);
    expect(wanting.map(({ printed }) => printed().split('\n')[1]).sort()).toEqual(['busy', 'busy', 'busy', 'won']);
    for (const { process } of wanting) process.stdin?.end();
    await Promise.all(wanting.map(({ closed }) => closed));
    RunFolder.open(path).close();
  });

  // Holders that die all the time, and nobody waits: the case in which two could follow the same dead one.
  test('is never held by two, however often its holders die', async () => {
    const path = await abandoned('fought-over');
    const fighters = Array.from({ length: 3 }, () =>
      child(`
        const [folder, marker] = ${JSON.stringify([path, join(place, 'inside')])};
        say('ready');
        wait();
        let held = 0;
        while (held < 60) {
          let giveBack;
          try {
            giveBack = takeLock(folder, 'the run');
          } catch (error) {
            if (error.code !== 'busy') throw error;
            continue;
          }
          held++;
          closeSync(openSync(marker, 'wx'));
          unlinkSync(marker);
          if (held % 3 === 0) giveBack();
          else {
            // As if this process were dead and its number another one's.
            const [lock] = readdirSync(folder + '/lock').filter((name) => !name.startsWith('.')).sort((a, b) => b - a);
            const holder = { ...JSON.parse(readFileSync(folder + '/lock/' + lock)), pid: 2 ** 30 };
            writeFileSync(folder + '/lock/.dead-' + process.pid, JSON.stringify(holder));
            renameSync(folder + '/lock/.dead-' + process.pid, folder + '/lock/' + lock);
          }
        }
      `),
    );
    while (fighters.some(({ printed }) => printed() === '')) await setTimeout(5);
    for (const { process } of fighters) process.stdin?.end('.');
    await Promise.all(fighters.map(({ closed }) => closed));
    for (const { process, printed } of fighters) {
      expect(process.exitCode, printed()).toBe(0);
    }
    expect(readdirSync(join(path, 'lock'))).toHaveLength(1);
  });
});

describe('a disk that refuses', () => {
  let disk: string;
  let mounted: boolean;
  beforeAll(() => {
    disk = mkdtempSync(join(tmpdir(), 'evolve-disk-'));
    mounted = mounts('-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', disk);
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

  test('because it is full keeps what it took, and takes more when there is room', ({ skip }) => {
    skip(!mounted, 'needs the right to mount');
    const path = join(disk, 'full');
    const ballast = join(disk, 'ballast');
    writeFileSync(ballast, Buffer.alloc(50_000));
    const run = RunFolder.create(path, manifest);
    run.append(round(0));
    run.snapshot({ done: 1 });
    let taken = 1;
    const append = () => run.append({ ...round(taken), more: 'x'.repeat(9_000) });
    const refused = { code: 'unwritable', message: `${path} cannot be written: the disk is full.` };
    expect(() => {
      for (; taken < 100; taken++) append();
    }).toThrow(expect.objectContaining(refused));
    expect(taken).toBeGreaterThan(5);
    expect(() => run.snapshot({ done: taken, text: 'y'.repeat(20_000) })).toThrow(expect.objectContaining(refused));
    expect(() => run.write('library.json', 'z'.repeat(20_000))).toThrow(expect.objectContaining(refused));
    expect(append).toThrow(expect.objectContaining(refused));
    expect(readdirSync(path).sort()).toEqual(['lock', 'record.ndjson', 'run.json', 'snapshot.json']);
    expect(readFileSync(join(path, 'record.ndjson'), 'utf8').endsWith('}\n')).toBe(true);
    run.close();

    // Even with no room at all the lock was given back; to take it, a little is needed.
    expect(readRun(path).going).toBe(false);
    rmSync(ballast);
    const again = RunFolder.open(path);
    const found = again.recover();
    expect(found).toMatchObject({ state: { done: 1 }, problems: [] });
    expect(rounds(found)).toBe(taken);
    again.append(round(taken));
    again.snapshot({ done: taken + 1 });
    expect(again.recover()).toEqual({ state: { done: taken + 1 }, events: [], problems: [] });
    again.close();
    rmSync(path, { recursive: true });
  });

  test('because it may only be read is a sentence, and the run can be looked at', ({ skip }) => {
    skip(!mounted, 'needs the right to mount');
    const path = join(disk, 'read-only');
    const run = RunFolder.create(path, manifest);
    run.append(round(0));
    run.close();
    mkdirSync(join(disk, 'empty'));
    const readOnly = (code: string) => expect.objectContaining({ code, message: expect.stringContaining('read-only') });
    expect(mounts('-o', 'remount,ro', disk)).toBe(true);
    try {
      expect(() => RunFolder.open(path)).toThrow(readOnly('unwritable'));
      expect(() => RunFolder.create(join(disk, 'empty'), manifest)).toThrow(readOnly('unwritable'));
      expect(() => RunFolder.create(join(disk, 'new', 'run'), manifest)).toThrow(readOnly('unwritable'));
      expect([...readRun(path).events]).toEqual([round(0)]);
    } finally {
      mounts('-o', 'remount,rw', disk);
    }
    RunFolder.open(path).close();
  });
});
