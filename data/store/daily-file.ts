/** daily.arrow, one field at a time as plain cells: for whoever looks at a market without loading it. */
import { join } from 'node:path';
import type { FieldInfo } from '../market.ts';
import { ArrowLayout, damaged } from './arrow-layout.ts';
import { dailyName, type StoredManifest } from './manifest.ts';

export class DailyFile {
  readonly layout: ArrowLayout;
  readonly #symbols: number;
  readonly #dates: number;

  private constructor(layout: ArrowLayout, { calendar, symbols }: StoredManifest) {
    this.layout = layout;
    this.#symbols = symbols.length;
    this.#dates = calendar.length;
  }

  static open(folder: string, manifest: StoredManifest): DailyFile {
    const layout = ArrowLayout.open(join(folder, dailyName));
    const rows = layout.batches.reduce((sum, batch) => sum + batch.rows, 0);
    if (rows !== manifest.calendar.length) {
      layout.close();
      throw damaged(layout.path, `it has ${rows} dates where market.json lists ${manifest.calendar.length}`);
    }
    return new DailyFile(layout, manifest);
  }

  /** T x N cells of a matrix or grouping, T values of a market vector. */
  cells({ name, kind }: FieldInfo): Float32Array {
    const width = kind === 'v' ? 1 : this.#symbols;
    const cells = new Float32Array(this.#dates * width);
    this.#read(name, width, cells);
    return cells;
  }

  /** Throws when the field is not there, in its width. */
  expect({ name, kind }: FieldInfo): void {
    this.layout.column(name, kind === 'v' ? 1 : this.#symbols);
  }

  /** Days since 1970 of each row. */
  days(): Int32Array {
    const days = new Int32Array(this.#dates);
    this.#read('date', 1, days);
    return days;
  }

  close(): void {
    this.layout.close();
  }

  #read(name: string, width: number, into: Float32Array | Int32Array): void {
    const column = this.layout.column(name, width);
    let first = 0;
    for (const { rows, positions } of this.layout.batches) {
      const bytes = new Uint8Array(into.buffer, first * width * 4, rows * width * 4);
      this.layout.read(bytes, positions[column] as number);
      first += rows;
    }
  }
}
