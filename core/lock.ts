/**
 * One process at a time in a folder, and a holder that was killed does not keep the others out.
 *
 * The lock is the file with the highest number in lock/. It is made whole or not at all, by a hard link. A number is
 * never used again: the highest file stays, marked free, when its holder is done. So whoever makes n+1 after judging n
 * to be free or dead is alone in that, and two processes that find the same dead holder cannot both follow it.
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeFolder, writeDurably } from './atomic-file.ts';
import { EvolveError } from './failure.ts';

export const lockName = 'lock';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** ISO time, for people. */
  readonly since: string;
  /** Where Linux tells: the boot and the process namespace a pid belongs to, and the tick the process started at. */
  readonly boot?: string | undefined;
  readonly namespace?: string | undefined;
  readonly started?: string | undefined;
}

type Judged =
  | { readonly kind: 'free' }
  | { readonly kind: 'alive' | 'out of sight'; readonly holder: Holder }
  | { readonly kind: 'unreadable' };

/** Takes the lock of a folder, or says who has it. Call what is returned to give it back. */
export function takeLock(folder: string, shown: string): () => void {
  const place = join(folder, lockName);
  makeFolder(place);
  // Somebody else took a step whenever one of ours is in vain, so this ends.
  for (;;) {
    const before = highest(place);
    const judged = before === 0 ? free : judge(place, before);
    if (judged === 'gone') continue;
    refuseTaken(judged, shown, before);
    const mine = before + 1;
    if (!claim(place, mine)) continue;
    const numbers = numbersIn(place);
    if (Math.max(...numbers) > mine) {
      // While we were judging, others came and went; the file just made has been followed already.
      rmSync(join(place, String(mine)), { force: true });
      continue;
    }
    for (const number of numbers) if (number < mine) rmSync(join(place, String(number)), { force: true });
    return () => giveBack(join(place, String(mine)));
  }
}

/** Whether a process is in the folder, as far as this one can see. */
export function isHeld(folder: string): boolean {
  const place = join(folder, lockName);
  const number = highest(place);
  const judged = number === 0 ? free : judge(place, number);
  return judged !== 'gone' && judged.kind !== 'free';
}

const free: Judged = { kind: 'free' };

function refuseTaken(judged: Judged, shown: string, number: number): void {
  switch (judged.kind) {
    case 'free':
      return;
    case 'alive': {
      const { pid, since } = judged.holder;
      throw new EvolveError(
        'busy',
        `${shown} is being used by process ${pid} (since ${since}); wait for it or stop it.`,
      );
    }
    case 'out of sight': {
      const { pid, host, since } = judged.holder;
      throw new EvolveError(
        'busy',
        `${shown} is being used by process ${pid} of another machine or container (${host}, since ${since}); if that is surely gone, delete ${join(shown, lockName)}.`,
      );
    }
    case 'unreadable':
      throw new EvolveError(
        'busy',
        `${join(shown, lockName, String(number))} cannot be read; if nobody is using the folder, delete ${join(shown, lockName)}.`,
      );
  }
}

const highest = (place: string): number => Math.max(0, ...numbersIn(place));

function numbersIn(place: string): number[] {
  let names: string[];
  try {
    names = readdirSync(place);
  } catch (error) {
    ifGone(error);
    return [];
  }
  return names.filter((name) => /^[1-9]\d*$/.test(name)).map(Number);
}

/** False when somebody has that number. */
function claim(place: string, number: number): boolean {
  const holder: Holder = {
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    ...birth(process.pid),
  };
  const whole = join(place, `.${randomUUID()}`);
  const path = join(place, String(number));
  try {
    writeDurably(whole, `${JSON.stringify(holder)}\n`);
    try {
      linkSync(whole, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error;
      // A file system without hard links, as on memory sticks. Killed within this call, we leave an unreadable lock.
      copyFileSync(whole, path, constants.COPYFILE_EXCL);
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(whole, { force: true });
  }
}

const freeMark = 'free\n';

/** In place, because a full disk has room for that. A number above ours means that our lock was taken for dead. */
function giveBack(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, 'r+');
  } catch (error) {
    ifGone(error);
    return;
  }
  try {
    writeSync(fd, freeMark, 0);
  } finally {
    closeSync(fd);
  }
}

function judge(place: string, number: number): Judged | 'gone' {
  let text: string;
  try {
    text = readFileSync(join(place, String(number)), 'utf8');
  } catch (error) {
    ifGone(error);
    return 'gone';
  }
  if (text.startsWith(freeMark)) return free;
  let holder: Holder;
  try {
    holder = JSON.parse(text);
  } catch {
    return { kind: 'unreadable' };
  }
  const { boot, namespace } = birth(process.pid);
  if (holder.host !== hostname()) return { kind: 'out of sight', holder };
  if (differ(holder.boot, boot)) return free;
  if (differ(holder.namespace, namespace)) return { kind: 'out of sight', holder };
  return isAlive(holder) ? { kind: 'alive', holder } : free;
}

const differ = (a: string | undefined, b: string | undefined): boolean => a !== undefined && b !== undefined && a !== b;

/** The process and not another one that was given its number later. A killed one nobody has asked after is dead too. */
function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Refused permission, there is a process.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const now = birth(pid);
  return !differ(started, now.started) && !/[ZX]/.test(now.state ?? '');
}

function birth(pid: number): Pick<Holder, 'boot' | 'namespace' | 'started'> & { readonly state?: string | undefined } {
  if (process.platform !== 'linux') return {};
  // What follows the name of the program, which may hold anything: state is field 3, the starting tick field 22.
  const fields = told(() =>
    readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' '),
  );
  return {
    boot: told(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    namespace: told(() => readlinkSync('/proc/self/ns/pid')),
    started: fields?.[19],
    state: fields?.[0],
  };
}

/** Containers hide parts of /proc. */
function told<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

function ifGone(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
