/**
 * Minute bars from disk, one date of one field at a time: exactly M x N float32 in one positioned read, straight into
 * shared memory. Rows follow each other without padding. Any thread may open its own reader.
 */
import { read } from 'node:fs';
import { join } from 'node:path';
import { EvolveError, fileProblem } from '../../core/failure.ts';
import type { MarketManifest } from '../market.ts';
import { ArrowLayout, damaged } from './arrow-layout.ts';
import { minuteName } from './manifest.ts';

/** One date's slabs as `stream` hands them over: fields without bars that date are left out. */
export interface MinuteDay {
  readonly t: number;
  /** Byte addresses in the memory given to `stream`; theirs until the next date is asked for. */
  readonly slabs: ReadonlyMap<string, number>;
}

export class MinuteReader {
  /** Bars of a day. */
  readonly bars: number;
  /** Bytes of one field's bars on one date. */
  readonly slabBytes: number;
  readonly fields: readonly string[];
  readonly #folder: string;
  readonly #manifest: MarketManifest;
  readonly #layouts = new Map<string, YearFile>();
  /** Per field, for each date its place in a file. */
  readonly #places = new Map<string, (Place | undefined)[]>();

  private constructor(folder: string, manifest: MarketManifest, fields: readonly string[]) {
    this.#folder = folder;
    this.#manifest = manifest;
    this.fields = fields;
    this.bars = manifest.minute?.starts.length ?? 0;
    this.slabBytes = this.bars * manifest.symbols.length * 4;
    for (const field of fields) this.#places.set(field, this.#placesOf(field));
  }

  /** For the minute fields named, or all of them. The files themselves are opened when they are first read. */
  static async open(folder: string, manifest: MarketManifest, fields?: Iterable<string>): Promise<MinuteReader> {
    const known = manifest.fields.filter((field) => field.kind === 'b').map((field) => field.name);
    const wanted = fields ? [...new Set(fields)] : known;
    const unknown = wanted.find((field) => !known.includes(field));
    if (unknown !== undefined) {
      const has = known.length > 0 ? `Its minute fields: ${known.join(', ')}.` : 'It has daily bars only.';
      throw new EvolveError('missing-field', `The market ${manifest.name} has no minute field ${unknown}. ${has}`);
    }
    return new MinuteReader(folder, manifest, wanted);
  }

  /** Whether the field has any bar on the date. */
  has(t: number, field: string): boolean {
    return this.#places.get(field)?.[t] !== undefined;
  }

  /** Fills `into` (slabBytes long) and says true; false, and nothing touched, when the date has no bars. */
  read(t: number, field: string, into: Uint8Array): boolean {
    const found = this.#find(t, field, into);
    if (!found) return false;
    found.layout.read(into, found.position);
    return true;
  }

  /** The same without waiting: the disk works while the caller computes. */
  async readLater(t: number, field: string, into: Uint8Array): Promise<boolean> {
    const found = this.#find(t, field, into);
    if (!found) return false;
    const { layout, position } = found;
    await new Promise<void>((done, fail) => {
      read(layout.fd, into, 0, into.byteLength, position, (error, bytes) => {
        if (error) fail(new EvolveError('bad-market', `${layout.path} cannot be read: ${fileProblem(error)}.`));
        else if (bytes !== into.byteLength) fail(damaged(layout.path, `it ends at byte ${position + bytes}`));
        else done();
      });
    });
    return true;
  }

  /**
   * The dates in order, each date's read under way while the one before is in use. `addresses` are two sets of slabs
   * in `memory`, one address per field of `fields` in each.
   */
  async *stream(
    dates: Iterable<number>,
    memory: WebAssembly.Memory,
    addresses: readonly [readonly number[], readonly number[]],
  ): AsyncGenerator<MinuteDay> {
    let turn = 0;
    const start = (t: number) => {
      const slots = addresses[turn++ % 2 === 0 ? 0 : 1];
      const reads = this.fields.map(async (field, i): Promise<[string, number][]> => {
        const address = slots[i] as number;
        const filled = await this.readLater(t, field, new Uint8Array(memory.buffer, address, this.slabBytes));
        return filled ? [[field, address]] : [];
      });
      // Settled here, so that a failed read is thrown when its date is due and never goes unheard.
      return Promise.allSettled(reads).then((slabs) => ({ t, slabs }));
    };
    let next: ReturnType<typeof start> | undefined;
    try {
      for (const t of [...dates, undefined]) {
        const arrived = await next;
        next = t === undefined ? undefined : start(t);
        if (!arrived) continue;
        const slabs = arrived.slabs.flatMap((slab) => {
          if (slab.status === 'rejected') throw slab.reason;
          return slab.value;
        });
        yield { t: arrived.t, slabs: new Map(slabs) };
      }
    } finally {
      await next; // whoever stops early may free the slabs at once
    }
  }

  close(): void {
    for (const { layout } of this.#layouts.values()) layout.close();
    this.#layouts.clear();
  }

  #placesOf(field: string): (Place | undefined)[] {
    const { calendar, files = {} } = this.#manifest;
    const places: (Place | undefined)[] = new Array(calendar.length);
    for (const year of new Set(calendar.map((date) => date.slice(0, 4)))) {
      const path = minuteName(field, year);
      let batch = 0;
      for (const [first, last] of files[path]?.days ?? []) {
        for (let t = first; t <= last; t++) places[t] = { path, batch: batch++ };
      }
    }
    return places;
  }

  #find(t: number, field: string, into: Uint8Array): { layout: ArrowLayout; position: number } | undefined {
    if (into.byteLength !== this.slabBytes) {
      throw new RangeError(`a slab of ${field} is ${this.slabBytes} bytes, not ${into.byteLength}`);
    }
    const place = this.#places.get(field)?.[t];
    if (!place) return undefined;
    const { layout, column } = this.#open(place.path, field);
    const batch = layout.batches[place.batch];
    if (batch?.rows !== this.bars) {
      throw damaged(layout.path, `batch ${place.batch} should hold the ${this.bars} bars of a date`);
    }
    return { layout, position: batch.positions[column] as number };
  }

  #open(path: string, field: string): YearFile {
    const open = this.#layouts.get(path);
    if (open) return open;
    const layout = ArrowLayout.open(join(this.#folder, path));
    const file = { layout, column: layout.column(field, this.#manifest.symbols.length) };
    this.#layouts.set(path, file);
    return file;
  }
}

interface Place {
  readonly path: string;
  readonly batch: number;
}

interface YearFile {
  readonly layout: ArrowLayout;
  readonly column: number;
}
