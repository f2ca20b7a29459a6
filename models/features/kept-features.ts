/**
 * Features on disk. A folder of them is called `<what they are>-<from>-<to>` and holds a head, records and their
 * checksums. It grows under another name and gets its own when it is whole, so whatever ends a process leaves nothing
 * that could be taken for features.
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { makeFolder } from '../../core/atomic-file.ts';
import { EvolveError, fileProblem } from '../../core/failure.ts';
import { isHeld, lockName, takeLock } from '../../core/lock.ts';
import { unfinished } from '../../core/unfinished.ts';
import type { Channel } from '../inputs.ts';

export const headName = 'features.json';
/** A record of [symbols][channels] float32 for each date, then a CRC-32 of each. */
export const recordsName = 'records.bin';

/** features.json. Dates are places in the market's calendar. */
export interface FeatureHead {
  readonly schema: 1;
  readonly version: string;
  readonly market: { readonly name: string; readonly hash: string };
  readonly from: number;
  readonly to: number;
  readonly firstDate: string;
  readonly symbols: number;
  readonly channels: readonly Channel[];
  /** CRC-32 of the checksums. */
  readonly checksum: number;
}

export interface OpenFeatures {
  /** The records' file, open. */
  readonly file: number;
  readonly head: FeatureHead;
  readonly checksums: Uint32Array;
}

export interface Kept {
  readonly folder: string;
  readonly from: number;
  readonly to: number;
}

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const partialMark = '.partial-';

/** Opens features whose head, length and checksums fit each other; what is in a record shows when it is read. */
export function openFeatures(folder: string): OpenFeatures {
  let file: number | undefined;
  try {
    const head: FeatureHead = JSON.parse(readFileSync(join(folder, headName), 'utf8'));
    if (head.schema !== 1 || !Array.isArray(head.channels)) throw damaged(folder, `${headName} is none of ours`);
    file = openSync(join(folder, recordsName), 'r');
    const dates = head.to - head.from;
    const recordBytes = 4 * head.symbols * head.channels.length;
    const expected = dates * (recordBytes + 4);
    const { size } = fstatSync(file);
    if (size !== expected) throw damaged(folder, `${recordsName} has ${size} bytes instead of ${expected}`);
    const checksums = new Uint32Array(dates);
    readFully(file, checksums, dates * recordBytes);
    if (crc32(checksums) !== head.checksum) throw damaged(folder, 'their checksums are not those that were written');
    return { file, head, checksums };
  } catch (cause) {
    if (file !== undefined) closeSync(file);
    if (cause instanceof EvolveError) throw cause;
    const reason = existsSync(folder) ? fileProblem(cause) : 'they are gone, perhaps to make room for others';
    throw new EvolveError('bad-data', `The features in ${folder} cannot be used: ${reason}. ${again}`, { cause });
  }
}

const again = 'Run the command again, and they are made anew; if they are not, delete the folder.';

export const damaged = (folder: string, what: string): EvolveError =>
  new EvolveError('bad-data', `The features in ${folder} are damaged: ${what}. ${again}`);

export function readFully(file: number, into: NodeJS.ArrayBufferView, position: number): void {
  for (let at = 0; at < into.byteLength; ) {
    const read = readSync(file, into, at, into.byteLength - at, position + at);
    if (read === 0) throw new Error('the file ends early');
    at += read;
  }
}

export function isWhole(folder: string): boolean {
  try {
    closeSync(openFeatures(folder).file);
    return true;
  } catch (error) {
    if (error instanceof EvolveError) return false;
    throw error;
  }
}

/** Features of that name for all of the dates, those of the fewest dates first. */
export function keptFor(place: string, name: string, from: number, to: number): Kept[] {
  return keptIn(place)
    .filter((kept) => kept.name === name && kept.from <= from && kept.to >= to)
    .sort((a, b) => a.to - a.from - (b.to - b.from));
}

/** For whoever makes room later: who was used last goes last. */
export function touch(folder: string): void {
  try {
    utimesSync(join(folder, headName), new Date(), new Date());
  } catch {
    // In a folder that is only readable, or gone by now: the next who needs room may take it for older than it is.
  }
}

/** A folder to write features into, this process's own until it is placed or abandoned. */
export class UnfinishedFeatures {
  readonly folder: string;
  readonly #place: string;
  readonly #giveBack: () => void;
  readonly #finished: () => void;

  constructor(place: string, name: string) {
    this.#place = join(place, name);
    this.folder = partialOf(this.#place);
    makeFolder(this.folder);
    this.#finished = unfinished(this.folder);
    this.#giveBack = takeLock(this.folder, this.folder);
  }

  /** Gives it its name. Features that another process has made meanwhile are as good, and stay. */
  finish(): string {
    // Without its lock it looks left over, but not before it is a minute old, and this makes it new.
    rmSync(join(this.folder, lockName), { recursive: true });
    this.#giveBack();
    for (let tries = 0; ; tries++) {
      try {
        renameSync(this.folder, this.#place);
        this.#finished();
        return this.#place;
      } catch (error) {
        if (isWhole(this.#place)) {
          this.#remove();
          return this.#place;
        }
        if (tries === 3) throw error;
        discard(this.#place);
      }
    }
  }

  abandon(): void {
    this.#giveBack();
    this.#remove();
  }

  #remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
    this.#finished();
  }
}

/** Features found to be damaged are not taken for whole again. */
export function spoil(folder: string): void {
  try {
    rmSync(join(folder, headName), { force: true });
  } catch {
    // In a folder that is only readable; that they are damaged is said either way.
  }
}

/** Removes what killed processes have left, and features not used for longest until so many bytes more fit the budget. */
export function makeRoom(place: string, bytes: number, budget: number, spared: ReadonlySet<string>): void {
  for (const folder of partialsIn(place)) {
    if (isLeftOver(folder)) rmSync(folder, { recursive: true, force: true });
  }
  const found = keptIn(place).map(({ folder }) => {
    const used = statSync(join(folder, headName), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return { folder, used, bytes: recordsBytes(folder) };
  });
  const growing = partialsIn(place).reduce((sum, folder) => sum + recordsBytes(folder), 0);
  let total = found.reduce((sum, kept) => sum + kept.bytes, bytes + growing);
  for (const kept of found.sort((a, b) => a.used - b.used)) {
    if (total <= budget) break;
    if (!spared.has(kept.folder) && discard(kept.folder)) total -= kept.bytes;
  }
}

/** In one step it is no features any more. False where the system keeps a folder in which files are open. */
export function discard(folder: string): boolean {
  const gone = partialOf(folder);
  try {
    renameSync(folder, gone);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
  rmSync(gone, { recursive: true, force: true });
  return true;
}

const partialOf = (folder: string): string => `${folder}${partialMark}${randomUUID().slice(0, 8)}`;

const recordsBytes = (folder: string): number =>
  statSync(join(folder, recordsName), { throwIfNoEntry: false })?.size ?? 0;

function keptIn(place: string): (Kept & { readonly name: string })[] {
  return namesIn(place).flatMap((folder) => {
    const [, name, from, to] = /^([0-9a-f]{40})-(\d+)-(\d+)$/.exec(folder) ?? [];
    return name === undefined ? [] : [{ folder: join(place, folder), name, from: Number(from), to: Number(to) }];
  });
}

const partialsIn = (place: string): string[] =>
  namesIn(place)
    .filter((name) => /^[0-9a-f]{40}-/.test(name) && name.includes(partialMark))
    .map((name) => join(place, name));

function namesIn(place: string): string[] {
  try {
    return readdirSync(place);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unwritable(place, error);
  }
}

/** Nobody holds it, and nobody is just about to; or whoever seems to hold it, in a container now gone, is silent. */
function isLeftOver(folder: string): boolean {
  const written = [folder, join(folder, recordsName)].map(
    (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  const idleMs = Date.now() - Math.max(...written);
  return idleMs > (isHeld(folder) ? dayMs : minuteMs);
}

export const unwritable = (place: string, cause: unknown): EvolveError =>
  new EvolveError(
    'unwritable',
    `Cannot keep features in ${place}: ${fileProblem(cause)}. Name another place for caches with EVOLVE_CACHE.`,
    { cause },
  );
