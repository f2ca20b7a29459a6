/** Minute bars: the rules of a bar, the dates and times the files claim, and whether daily bars follow from them. */
import { join } from 'node:path';
import { clock } from '../../core/clock.ts';
import { dayNumber } from '../../core/date.ts';
import { ArrowLayout } from '../store/arrow-layout.ts';
import { DailyFile } from '../store/daily-file.ts';
import type { StoredManifest } from '../store/manifest.ts';
import { MinuteReader } from '../store/minute.ts';
import { type BarName, BarRules, barNames } from './bar-rules.ts';

export async function minuteProblems(
  folder: string,
  manifest: StoredManifest,
  onDay: ((done: number, of: number) => void) | undefined,
): Promise<string[]> {
  const { calendar, symbols, minute } = manifest;
  if (!minute) return [];
  const misplaced = misplacedBatches(folder, manifest);
  if (misplaced.length > 0) return misplaced;
  const reader = await MinuteReader.open(folder, manifest);
  try {
    const rules = new BarRules('minute bar');
    const N = symbols.length;
    const slabs = new Map(reader.fields.map((name) => [name, new Float32Array(reader.slabBytes / 4)]));
    const pairs = dailyPairs(folder, manifest);
    for (const [t, date] of calendar.entries()) {
      const today = new Map<string, Float32Array>();
      for (const [name, slab] of slabs) if (reader.read(t, name, new Uint8Array(slab.buffer))) today.set(name, slab);
      const where = (i: number) =>
        `${symbols[i % N]} on ${date} at ${clock(minute.starts[Math.floor(i / N)] as number)}`;
      rules.look(Object.fromEntries(barNames.map((name) => [name, today.get(name)])), where);
      for (const pair of pairs) {
        const slab = today.get(pair.name);
        if (slab) pair.compare(slab, pair.cells.subarray(t * N, t * N + N), (n) => `${symbols[n]} on ${date}`);
      }
      onDay?.(t + 1, calendar.length);
    }
    return [...rules.problems(), ...pairs.flatMap((pair) => pair.problems())];
  } finally {
    reader.close();
  }
}

const sum = (bars: readonly number[]): number => bars.reduce((a, b) => a + b, 0);

/** What a daily field is of the day's bars, when both are there. */
const reductions: Readonly<Partial<Record<BarName, (bars: readonly number[]) => number>>> = {
  open: (bars) => bars[0] as number,
  high: (bars) => bars.reduce((a, b) => Math.max(a, b)),
  low: (bars) => bars.reduce((a, b) => Math.min(a, b)),
  close: (bars) => bars.at(-1) as number,
  volume: sum,
  amount: sum,
};

function dailyPairs(folder: string, manifest: StoredManifest): Pair[] {
  const field = (name: string) => manifest.fields.find((known) => known.name === name);
  const file = DailyFile.open(folder, manifest);
  try {
    return Object.entries(reductions).flatMap(([name, reduce]) => {
      const daily = field(name.toUpperCase());
      return daily && field(name) ? [new Pair(name, file.cells(daily), reduce)] : [];
    });
  } finally {
    file.close();
  }
}

/** Auctions and late trades set daily and minute bars a little apart; more days than this, and they are of two sources. */
const [farApart, tooMany] = [0.01, 0.01];

class Pair {
  readonly name: string;
  readonly cells: Float32Array;
  readonly #reduce: (bars: readonly number[]) => number;
  #compared = 0;
  #apart = 0;
  #example = '';

  constructor(name: string, cells: Float32Array, reduce: (bars: readonly number[]) => number) {
    this.name = name;
    this.cells = cells;
    this.#reduce = reduce;
  }

  compare(slab: Float32Array, daily: Float32Array, where: (n: number) => string): void {
    const bars: number[] = [];
    for (const [n, said] of daily.entries()) {
      bars.length = 0;
      for (let i = n; i < slab.length; i += daily.length) {
        if (!Number.isNaN(slab[i])) bars.push(slab[i] as number);
      }
      if (bars.length === 0 || Number.isNaN(said)) continue;
      this.#compared++;
      const found = this.#reduce(bars);
      if (Math.abs(found - said) <= Math.abs(said) * farApart) continue;
      if (this.#apart++ === 0) this.#example = `${where(n)}, where it is ${said} and its bars give ${found}`;
    }
  }

  problems(): string[] {
    if (this.#apart <= this.#compared * tooMany) return [];
    return [
      `${this.name.toUpperCase()} is not what the minute field ${this.name} adds up to: ${this.#apart} of ${this.#compared} days are more than 1% apart, first ${this.#example}.`,
    ];
  }
}

/** Each batch of a minute file says its date and when its bars begin: the same as market.json. */
function misplacedBatches(folder: string, { calendar, files, minute }: StoredManifest): string[] {
  const starts = Int32Array.from(minute?.starts ?? [], (start) => start * 60);
  return Object.entries(files).flatMap(([path, { days }]) => {
    if (!days) return [];
    const dates = days.flatMap(([first, last]) => calendar.slice(first, last + 1));
    const layout = ArrowLayout.open(join(folder, path));
    try {
      if (layout.batches.length !== dates.length) {
        return [`${path} has ${layout.batches.length} batches where market.json lists ${dates.length} dates.`];
      }
      const [day, start] = [layout.column('date', 1), layout.column('start', 1)];
      for (const [i, { rows, positions }] of layout.batches.entries()) {
        const read = (column: number) => {
          const into = new Int32Array(rows);
          layout.read(new Uint8Array(into.buffer), positions[column] as number);
          return into;
        };
        if (read(day).some((number) => number !== dayNumber(dates[i] as string))) {
          return [`Batch ${i} of ${path} is not of ${dates[i]}, as market.json says.`];
        }
        if (read(start).join() !== starts.join()) {
          return [`Batch ${i} of ${path} has bars that begin at other times than market.json says.`];
        }
      }
      return [];
    } finally {
      layout.close();
    }
  });
}
