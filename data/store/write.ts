/**
 * Writes a market folder. Everything goes to a temporary sibling that becomes the folder only when finish() succeeds,
 * so a market is whole or it is not there. Memory stays small: daily fields wait on disk until the file of all of
 * them is put together, minute slabs are written as they come.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { makeFolder } from '../../core/atomic-file.ts';
import { dayNumber } from '../../core/date.ts';
import { EvolveError, fileProblem } from '../../core/failure.ts';
import { unfinished } from '../../core/unfinished.ts';
import type { FieldInfo, MarketManifest, MinuteGrid, PlantedSignal, StoredFile } from '../market.ts';
import { ArrowFile, type Column } from './arrow-file.ts';
import {
  contentHash,
  dailyName,
  fieldsProblem,
  manifestName,
  manifestProblem,
  minuteName,
  type StoredManifest,
} from './manifest.ts';

export interface MarketHead {
  readonly name: string;
  readonly calendar: readonly string[];
  readonly symbols: readonly string[];
  readonly minute?: MinuteGrid | undefined;
  readonly datesPerYear: number;
  readonly provenance: Readonly<Record<string, unknown>>;
  readonly planted?: readonly PlantedSignal[] | undefined;
}

/** What may only be known when the last bar is: laid over the head by finish(). */
export type LateHead = Pick<MarketHead, 'planted'> & { readonly provenance?: Readonly<Record<string, unknown>> };

/** Dates per record batch of daily.arrow: a reader of one field seeks this seldom, a writer holds this little. */
const batchDates = 64;

interface WriterOptions {
  readonly overwrite?: boolean;
  /** What messages call the folder, where that is not its path. */
  readonly shown?: string;
}

export class MarketWriter {
  readonly #shown: string;
  readonly #folder: string;
  readonly #work: string;
  readonly #finished: () => void;
  readonly #head: MarketHead;
  readonly #overwrite: boolean;
  readonly #daily: FieldInfo[] = [];
  readonly #minute = new Map<string, MinuteField>();
  readonly #files: Record<string, StoredFile> = {};
  readonly #infinities: Record<string, number> = {};
  #lastDay = -1;

  private constructor(folder: string, shown: string, work: string, head: MarketHead, overwrite: boolean) {
    this.#shown = shown;
    this.#folder = folder;
    this.#work = work;
    this.#finished = unfinished(work);
    this.#head = head;
    this.#overwrite = overwrite;
  }

  /** Refuses a folder that holds anything, unless told to overwrite, and then anything but a market. */
  static async create(folder: string, head: MarketHead, options: WriterOptions = {}): Promise<MarketWriter> {
    const target = resolve(folder);
    const { overwrite = false, shown = folder } = options;
    const problem = manifestProblem({ ...bare(head), fields: [], files: { [dailyName]: { bytes: 0, sha256: '-' } } });
    if (problem) throw new EvolveError('bad-data', `${shown} cannot be made: ${problem}.`);
    await refuseOccupied(folder, overwrite);
    const work = join(dirname(target), `.${basename(target)}.partial-${randomUUID().slice(0, 8)}`);
    try {
      makeFolder(join(work, 'spool'));
    } catch (cause) {
      throw unwritable(shown, cause);
    }
    return new MarketWriter(target, shown, work, head, overwrite);
  }

  /**
   * A daily matrix or grouping: T rows of N cells. The cells are tidied in place: whatever is not a finite number
   * becomes the one NaN that means missing, and infinities are counted in the provenance.
   */
  async daily(info: FieldInfo, cells: Float32Array): Promise<void> {
    const { calendar, symbols } = this.#head;
    this.#spool(info, ['m', 'g'], cells, calendar.length * symbols.length);
  }

  /** A market vector: one value a date. */
  async vector(info: FieldInfo, values: Float32Array): Promise<void> {
    this.#spool(info, ['v'], values, this.#head.calendar.length);
  }

  /** Declares a minute field; all of them before the first day. */
  minuteField(info: FieldInfo): void {
    if (info.kind !== 'b') throw new RangeError(`${info.name} is no minute field`);
    if (this.#lastDay >= 0) throw new RangeError(`${info.name} comes after the first day of bars`);
    if (!this.#head.minute) throw new RangeError(`${info.name} needs a minute grid`);
    this.#expectGood(info);
    this.#minute.set(info.name, { info, file: undefined, path: '', days: [] });
  }

  /**
   * One date's bars, M rows of N cells a field, in the order of the calendar; tidied in place like daily cells.
   * A field that is not there, or has no value in it, has no bars that day.
   */
  async minuteDay(t: number, slabs: ReadonlyMap<string, Float32Array>): Promise<void> {
    const { calendar, symbols, minute } = this.#head;
    if (!(t > this.#lastDay && t < calendar.length)) throw new RangeError(`day ${t} follows day ${this.#lastDay}`);
    this.#lastDay = t;
    const starts = minute?.starts ?? [];
    const dates = new Int32Array(starts.length).fill(dayNumber(calendar[t] as string));
    const times = Int32Array.from(starts, (start) => start * 60);
    for (const [name, cells] of slabs) {
      const field = this.#minute.get(name);
      if (!field) throw new RangeError(`minute field ${name} was not declared`);
      expectLength(name, cells, starts.length * symbols.length);
      if (!this.#tidied(name, cells)) continue;
      await this.#attempt(() => {
        const file = this.#fileFor(field, (calendar[t] as string).slice(0, 4));
        file.write(starts.length, [dates, times, cells]);
        appendDay(field.days, t);
      });
    }
  }

  /** Puts the folder in its place. Nothing was there under its name until now. */
  async finish(late: LateHead = {}): Promise<MarketManifest> {
    const manifest = await this.#attempt(() => {
      for (const field of this.#minute.values()) this.#close(field);
      this.#writeDaily();
      rmSync(join(this.#work, 'spool'), { recursive: true });
      const manifest = this.#manifest(late);
      writeDurably(join(this.#work, manifestName), `${JSON.stringify(manifest, null, 1)}\n`);
      return manifest;
    });
    await this.#attempt(() => this.#replace());
    this.#finished();
    return manifest;
  }

  /** Leaves nothing behind. */
  async abort(): Promise<void> {
    for (const field of this.#minute.values()) {
      field.file?.abandon();
      field.file = undefined;
    }
    await rm(this.#work, { recursive: true, force: true });
    this.#finished();
  }

  #spool(info: FieldInfo, kinds: readonly string[], cells: Float32Array, length: number): void {
    if (!kinds.includes(info.kind))
      throw new RangeError(`${info.name} has kind ${info.kind}, not ${kinds.join(' or ')}`);
    this.#expectGood(info);
    expectLength(info.name, cells, length);
    this.#tidied(info.name, cells);
    try {
      writeFileSync(this.#spoolPath(info), bytesOf(cells));
    } catch (cause) {
      throw unwritable(this.#shown, cause);
    }
    this.#daily.push(info);
  }

  #spoolPath = (info: FieldInfo): string => join(this.#work, 'spool', info.name);

  #expectGood(info: FieldInfo): void {
    const problem = fieldsProblem([...this.#fields(), info], this.#head.minute !== undefined);
    if (problem) throw new EvolveError('bad-data', `${this.#shown} cannot be made: ${problem}.`);
  }

  #fields = (): FieldInfo[] => [...this.#daily, ...[...this.#minute.values()].map((field) => field.info)];

  /** False when no cell has a value. One NaN, so that equal markets have equal bytes on every machine. */
  #tidied(name: string, cells: Float32Array): boolean {
    const { values, infinities } = tidy(cells);
    if (infinities > 0) this.#infinities[name] = (this.#infinities[name] ?? 0) + infinities;
    return values > 0;
  }

  #fileFor(field: MinuteField, year: string): ArrowFile {
    const path = minuteName(field.info.name, year);
    if (field.path !== path) this.#close(field);
    if (!field.file) {
      mkdirSync(join(this.#work, 'minute'), { recursive: true });
      field.file = new ArrowFile(join(this.#work, ...path.split('/')), [
        { name: 'date', type: 'date' },
        { name: 'start', type: 'time' },
        { name: field.info.name, type: 'row', width: this.#head.symbols.length },
      ]);
      field.path = path;
    }
    return field.file;
  }

  #close(field: MinuteField): void {
    if (!field.file) return;
    this.#files[field.path] = { ...field.file.finish(), days: field.days };
    field.file = undefined;
    field.days = [];
  }

  #writeDaily(): void {
    const { calendar, symbols } = this.#head;
    const columns = this.#daily.map((info): Column => {
      if (info.kind === 'v') return { name: info.name, type: 'cell' };
      return { name: info.name, type: 'row', width: symbols.length };
    });
    const widths = columns.map((column) => (column.type === 'row' ? column.width : 1));
    const file = new ArrowFile(join(this.#work, dailyName), [{ name: 'date', type: 'date' }, ...columns]);
    const spools = this.#daily.map((info) => openSync(this.#spoolPath(info), 'r'));
    try {
      for (let t = 0; t < calendar.length; t += batchDates) {
        const dates = Int32Array.from(calendar.slice(t, t + batchDates), dayNumber);
        const cells = spools.map((spool, i) => {
          const width = widths[i] as number;
          const piece = new Float32Array(dates.length * width);
          const read = readSync(spool, bytesOf(piece), 0, piece.byteLength, t * width * 4);
          if (read !== piece.byteLength) throw new RangeError(`${columns[i]?.name} lost cells while it waited on disk`);
          return piece;
        });
        file.write(dates.length, [dates, ...cells]);
      }
    } catch (error) {
      file.abandon();
      throw error;
    } finally {
      for (const spool of spools) closeSync(spool);
    }
    this.#files[dailyName] = file.finish();
  }

  #manifest(late: LateHead): StoredManifest {
    const { planted } = { ...this.#head, ...late };
    const infinities = Object.keys(this.#infinities).length > 0 ? { infinitiesDropped: this.#infinities } : {};
    const { name, calendar, symbols, minute, datesPerYear, provenance } = this.#head;
    const content: Omit<StoredManifest, 'hash'> = {
      schema: 1,
      name,
      calendar,
      symbols,
      fields: this.#fields(),
      ...(minute && { minute }),
      datesPerYear,
      provenance: { ...provenance, ...late.provenance, ...infinities },
      ...(planted && { planted }),
      files: this.#files,
    };
    return { ...content, hash: contentHash(content) };
  }

  async #replace(): Promise<void> {
    for (const folder of [join(this.#work, 'minute'), this.#work]) flushFolder(folder);
    await refuseOccupied(this.#folder, this.#overwrite);
    const old = `${this.#work}-old`;
    const entries = await readdir(this.#folder).catch(ifAbsent);
    if (entries?.length === 0) await rmdir(this.#folder);
    else if (entries) await rename(this.#folder, old);
    // Someone else may have put a market there in this very moment; then theirs stays.
    await rename(this.#work, this.#folder).catch(async (error: unknown) => {
      await refuseOccupied(this.#folder, false);
      throw error;
    });
    flushFolder(dirname(this.#folder));
    if (entries && entries.length > 0) await rm(old, { recursive: true });
  }

  /** Runs a step of writing; when it fails nothing of the market stays. */
  async #attempt<T>(step: () => T | Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (cause) {
      await this.abort();
      throw cause instanceof Error && 'syscall' in cause ? unwritable(this.#shown, cause) : cause;
    }
  }
}

interface MinuteField {
  readonly info: FieldInfo;
  file: ArrowFile | undefined;
  path: string;
  days: [number, number][];
}

const unwritable = (folder: string, cause: unknown): EvolveError =>
  new EvolveError('unwritable', `${folder} cannot be written: ${fileProblem(cause)}.`, { cause });

/** The head as a manifest without fields or files, to be checked by the same rules. */
const bare = (head: MarketHead) => ({ schema: 1, hash: '-', ...head });

/** What a market folder holds; whatever else lies in one is somebody's, and is not deleted with it. */
const ours = new Set([manifestName, dailyName, 'minute', 'drop-report.csv', '.DS_Store', 'Thumbs.db', 'desktop.ini']);

/** Refuses a folder that holds anything a new market may not replace. */
export async function refuseOccupied(folder: string, overwrite: boolean): Promise<void> {
  // Every path function takes '' for the folder we are in, and `--out "$UNSET"` does not mean that one.
  if (folder === '')
    throw new EvolveError('bad-argument', 'The folder to make has no name. Name one, such as --out market.');
  let entries: string[] | undefined;
  try {
    entries = await readdir(folder).catch(ifAbsent);
  } catch (cause) {
    throw unwritable(folder, cause);
  }
  if (!entries || entries.length === 0) return;
  if (!entries.includes(manifestName)) {
    throw new EvolveError(
      'exists',
      `${folder} holds files that are not a market. Name a folder that is not there yet.`,
    );
  }
  if (!overwrite) {
    throw new EvolveError(
      'exists',
      `${folder} is already a market. Add --overwrite to replace it, or name another folder.`,
    );
  }
  const stranger = entries.find((entry) => !ours.has(entry));
  if (stranger !== undefined) {
    throw new EvolveError(
      'exists',
      `${folder} is a market that also holds ${stranger}, which is no part of it. Move that away first, or name another folder.`,
    );
  }
}

const ifAbsent = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
};

function expectLength(name: string, cells: Float32Array, length: number): void {
  if (cells.length !== length) throw new RangeError(`${name} needs ${length} cells, not ${cells.length}`);
}

const theNaN = 0x7fc00000;
const exponentBits = 0x7f800000;

/** Compares bits, because a machine may make any of sixteen million NaNs and arithmetic cannot tell them apart. */
function tidy(cells: Float32Array): { values: number; infinities: number } {
  const bits = new Int32Array(cells.buffer, cells.byteOffset, cells.length);
  let [missing, infinities] = [0, 0];
  for (let i = 0; i < bits.length; i++) {
    const cell = bits[i] as number;
    if ((cell & exponentBits) !== exponentBits) continue;
    if ((cell & 0x007fffff) === 0) infinities++;
    missing++;
    bits[i] = theNaN;
  }
  return { values: cells.length - missing, infinities };
}

const bytesOf = (cells: Float32Array): Uint8Array => new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength);

function appendDay(days: [number, number][], t: number): void {
  const last = days.at(-1);
  if (last && last[1] === t - 1) last[1] = t;
  else days.push([t, t]);
}

function writeDurably(path: string, text: string): void {
  const fd = openSync(path, 'wx');
  writeFileSync(fd, text);
  fsyncSync(fd);
  closeSync(fd);
}

/** A rename is only on the disk when its folder is. Windows has no such call, and does it by itself. */
function flushFolder(folder: string): void {
  if (process.platform === 'win32') return;
  let fd: number;
  try {
    fd = openSync(folder, 'r');
  } catch (error) {
    ifAbsent(error as NodeJS.ErrnoException);
    return;
  }
  fsyncSync(fd);
  closeSync(fd);
}
