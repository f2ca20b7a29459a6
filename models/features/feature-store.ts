/**
 * What networks read, computed once and kept on disk: for each date one record of [symbols][channels], so that the
 * numbers of a symbol at a date are one contiguous run. Kept under a name made of the market's hash, the expressions,
 * the kernels and the version: whoever changes one of them asks for other features.
 */
import { createHash } from 'node:crypto';
import { closeSync, readFileSync, statfsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { makeFolder, writeDurably } from '../../core/atomic-file.ts';
import { EvolveError } from '../../core/failure.ts';
import { mebibytes } from '../../core/memory-size.ts';
import { builtFile, packageVersion } from '../../core/package-root.ts';
import { cacheFolder } from '../../data/embedded.ts';
import { readManifest, type StoredManifest } from '../../data/store/manifest.ts';
import type { Expression } from '../../program/expression.ts';
import type { Channel } from '../inputs.ts';
import { channelPrograms } from './channel-programs.ts';
import { computeFeatures } from './compute-features.ts';
import {
  damaged,
  discard,
  type FeatureHead,
  headName,
  isWhole,
  keptFor,
  makeRoom,
  openFeatures,
  readFully,
  recordsName,
  spoil,
  touch,
  UnfinishedFeatures,
  unwritable,
} from './kept-features.ts';
import { RecordFile } from './record-file.ts';

export interface FeatureRequest {
  /** A market folder. */
  readonly data: string;
  readonly channels: readonly Channel[];
  /** Dates [from, to) by their place in the calendar. */
  readonly from: number;
  readonly to: number;
  readonly workers?: number | undefined;
  /** Bytes beside those of the fields while features are computed: 1 GiB without. */
  readonly memory?: number | undefined;
  readonly onProgress?: ((stage: string, done: number, total: number) => void) | undefined;
  /** Where features are kept; a folder of the user's cache without. */
  readonly folder?: string | undefined;
  /** Bytes of features kept there: 32 GiB without. Those not used for longest make room for new ones. */
  readonly keep?: number | undefined;
}

/** Plain data: every thread opens it for itself. */
export interface FeaturePlace {
  readonly folder: string;
  /** Dates [from, to) that are there: those asked for, and more when others asked for more before. */
  readonly from: number;
  readonly to: number;
  readonly channels: number;
  readonly symbols: number;
}

const gibibyte = 1024 ** 3;
/** Changes with what is in a folder of features. */
const layout = 1;
/** Made or found by this process, which may read them at any time: they make no room. */
const inUse = new Set<string>();

/** The channels' values, found on disk or computed. Any number of processes may ask at once. */
export async function makeFeatures(request: FeatureRequest): Promise<FeaturePlace> {
  const manifest = await readManifest(request.data);
  const { channels, from, to } = request;
  const symbols = manifest.symbols.length;
  if (channels.length === 0) throw new RangeError('features without a channel');
  if (!(from >= 0 && from < to && to <= manifest.calendar.length)) {
    throw new RangeError(`dates [${from}, ${to}) are no stretch of a calendar of ${manifest.calendar.length}`);
  }
  const programs = channelPrograms(channels, manifest);
  const store = resolve(request.folder ?? join(cacheFolder(), 'features'));
  const name = nameOf(manifest, programs);
  for (const kept of keptFor(store, name, from, to)) {
    if (isWhole(kept.folder)) return place(kept.folder, kept);
    discard(kept.folder);
  }
  return place(await make(request, manifest, programs, store, name), request);

  function place(folder: string, dates: { readonly from: number; readonly to: number }): FeaturePlace {
    inUse.add(folder);
    touch(folder);
    return { folder, from: dates.from, to: dates.to, channels: channels.length, symbols };
  }
}

function nameOf({ hash }: StoredManifest, programs: readonly Expression[]): string {
  const kernels = createHash('sha256').update(readFileSync(builtFile('operators', 'wasm', 'kernels.wasm')));
  const what = [layout, packageVersion, kernels.digest('hex'), hash, ...programs.map(({ key }) => key)];
  return createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 40);
}

async function make(
  { data, channels, from, to, workers, onProgress, ...request }: FeatureRequest,
  manifest: StoredManifest,
  programs: readonly Expression[],
  store: string,
  name: string,
): Promise<string> {
  const symbols = manifest.symbols.length;
  const bytes = (to - from) * (4 * symbols * programs.length + 4);
  const features = begun(store, `${name}-${from}-${to}`, bytes, request.keep ?? 32 * gibibyte);
  const path = join(features.folder, recordsName);
  let records: RecordFile | undefined;
  try {
    records = await RecordFile.create(path, symbols * programs.length, to - from);
    const memory = request.memory ?? gibibyte;
    await computeFeatures({ market: data, programs, from, to, workers, memory, onProgress }, records);
    const head: FeatureHead = {
      schema: layout,
      version: packageVersion,
      market: { name: manifest.name, hash: manifest.hash },
      ...{ from, to, firstDate: manifest.calendar[from] as string },
      ...{ symbols, channels },
      checksum: await records.finish(),
    };
    writeDurably(join(features.folder, headName), `${JSON.stringify(head, undefined, 1)}\n`);
    return features.finish();
  } catch (error) {
    await records?.abandon();
    features.abandon();
    throw fromSystem(error) ? unwritable(store, error) : error;
  }
}

/** Room is made, and a disk without it is told of, before hours of work. */
function begun(store: string, name: string, bytes: number, budget: number): UnfinishedFeatures {
  try {
    makeFolder(store);
    makeRoom(store, bytes, budget, inUse);
    const { bavail, bsize } = statfsSync(store);
    if (bytes > bavail * bsize) {
      throw new EvolveError(
        'unwritable',
        `Features take ${mebibytes(bytes)} in ${store}, and its disk has ${mebibytes(bavail * bsize)} left. Name another place for caches with EVOLVE_CACHE, or use fewer channels or dates.`,
      );
    }
    return new UnfinishedFeatures(store, name);
  } catch (error) {
    throw fromSystem(error) ? unwritable(store, error) : error;
  }
}

const fromSystem = (error: unknown): boolean =>
  !(error instanceof EvolveError) && (error as NodeJS.ErrnoException | undefined)?.syscall !== undefined;

export interface ReaderOptions {
  /** Bytes of records in memory: 256 MiB without. */
  readonly memory?: number | undefined;
}

/** Records in memory at least, whatever their size. */
const leastHeld = 8;

/** Features of one place, read by one thread. What is read last stays in memory. */
export class FeatureReader {
  /** How many records are in memory at most. */
  readonly held: number;
  readonly #place: FeaturePlace;
  readonly #file: number;
  readonly #firstRecord: number;
  readonly #checksums: Uint32Array;
  readonly #checked: Uint8Array;
  /** By date, that of the longest ago first. */
  readonly #records = new Map<number, Float32Array>();

  private constructor(place: FeaturePlace, { memory = 256 * 1024 ** 2 }: ReaderOptions) {
    const { file, head, checksums } = openFeatures(place.folder);
    const fits = head.symbols === place.symbols && head.channels.length === place.channels;
    if (!fits || place.from < head.from || place.to > head.to) {
      closeSync(file);
      throw damaged(place.folder, 'they are not those that were made');
    }
    this.#place = place;
    this.#file = file;
    this.#firstRecord = head.from;
    this.#checksums = checksums;
    this.#checked = new Uint8Array(checksums.length);
    this.held = Math.max(leastHeld, Math.floor(memory / this.#recordBytes));
  }

  static open(place: FeaturePlace, options: ReaderOptions = {}): FeatureReader {
    touch(place.folder);
    return new FeatureReader(place, options);
  }

  /**
   * [symbols][channels], NaN where missing; not to be written to. What is returned is this date's until `held` other
   * dates have been asked for after it was last: its memory is then another record's. `held` is 8 or more.
   */
  record(date: number): Float32Array {
    const found = this.#records.get(date);
    if (found) this.#records.delete(date);
    const record = found ?? this.#read(date);
    this.#records.set(date, record);
    return record;
  }

  close(): void {
    closeSync(this.#file);
    this.#records.clear();
  }

  get #recordBytes(): number {
    return 4 * this.#place.symbols * this.#place.channels;
  }

  #read(date: number): Float32Array {
    const { folder, from, to } = this.#place;
    if (!(Number.isInteger(date) && date >= from && date < to)) {
      throw new RangeError(`date ${date} is not in features of [${from}, ${to})`);
    }
    const record = this.#room();
    const at = date - this.#firstRecord;
    readFully(this.#file, record, at * this.#recordBytes);
    if (!this.#checked[at]) {
      if (crc32(record) !== this.#checksums[at]) {
        spoil(folder);
        throw damaged(folder, `the record of date ${date} is not the one that was written`);
      }
      this.#checked[at] = 1;
    }
    return record;
  }

  /** The memory of the record not asked for longest, when there is no more. */
  #room(): Float32Array {
    const [oldest] = this.#records;
    if (this.#records.size < this.held || !oldest) return new Float32Array(this.#recordBytes / 4);
    this.#records.delete(oldest[0]);
    return oldest[1];
  }
}
