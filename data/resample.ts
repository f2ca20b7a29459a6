/**
 * Longer bars from a market of shorter ones: `evolve data resample --to 15m`. A date at a time, so the length of the
 * market costs no memory. No bar reaches across a break of the session; minutes that are missing are passed over.
 */
import { basename, resolve } from 'node:path';
import { EvolveError } from '../core/failure.ts';
import { combineBars } from './derive/combine.ts';
import type { MarketManifest, MinuteGrid } from './market.ts';
import { DailyFile } from './store/daily-file.ts';
import { readManifest } from './store/manifest.ts';
import { MinuteReader } from './store/minute.ts';
import { MarketWriter } from './store/write.ts';

export interface ResampleOptions {
  readonly from: string;
  readonly out: string;
  /** `15m`, `1h`. */
  readonly to: string;
  readonly name?: string | undefined;
  readonly overwrite?: boolean | undefined;
  /** Called after each date. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** The new market's manifest. */
export async function resampleMarket(options: ResampleOptions): Promise<MarketManifest> {
  const manifest = await readManifest(options.from);
  if (!manifest.minute) {
    throw new EvolveError('bad-market', `${options.from} has daily bars only; import minute bars before resampling.`);
  }
  const plan = resampledGrid(manifest.minute, parseLength(options.to));
  const daily = DailyFile.open(options.from, manifest);
  const minutes = await MinuteReader.open(options.from, manifest);
  try {
    const writer = await MarketWriter.create(
      options.out,
      {
        name: options.name ?? basename(resolve(options.out)),
        calendar: manifest.calendar,
        symbols: manifest.symbols,
        minute: plan.grid,
        datesPerYear: manifest.datesPerYear,
        ...(manifest.planted && { planted: manifest.planted }),
        provenance: {
          command: 'evolve data resample',
          options: { to: `${plan.grid.barMinutes}m` },
          from: { name: manifest.name, hash: manifest.hash, provenance: manifest.provenance },
        },
      },
      { overwrite: options.overwrite ?? false },
    );
    try {
      for (const field of manifest.fields) {
        if (field.kind === 'b') continue;
        const cells = daily.cells(field);
        await (field.kind === 'v' ? writer.vector(field, cells) : writer.daily(field, cells));
      }
      await writeBars(manifest, plan, minutes, writer, options);
      return await writer.finish();
    } catch (error) {
      await writer.abort();
      throw error;
    }
  } finally {
    daily.close();
    minutes.close();
  }
}

async function writeBars(
  manifest: MarketManifest,
  { grid, parts }: ResampledGrid,
  minutes: MinuteReader,
  writer: MarketWriter,
  { onProgress }: ResampleOptions,
): Promise<void> {
  const fields = manifest.fields.filter((field) => field.kind === 'b');
  const N = manifest.symbols.length;
  const cells = (bars: number) => new Map(fields.map((field) => [field.name, new Float32Array(bars * N)]));
  const [short, long] = [cells(minutes.bars), cells(grid.starts.length)];
  for (const field of fields) writer.minuteField(field);
  for (const t of manifest.calendar.keys()) {
    const present = fields.filter(({ name }) => {
      const slab = short.get(name) as Float32Array;
      return minutes.read(t, name, new Uint8Array(slab.buffer));
    });
    if (present.length > 0) {
      // A field without bars that date must not lend those of the date before.
      const today = new Map(present.map(({ name }) => [name, short.get(name) as Float32Array]));
      for (const [bar, [first, end]] of parts.entries()) combineBars(present, today, N, first, end, long, bar);
      await writer.minuteDay(t, new Map(present.map(({ name }) => [name, long.get(name) as Float32Array])));
    }
    onProgress?.(t + 1, manifest.calendar.length);
  }
}

export interface ResampledGrid {
  readonly grid: MinuteGrid;
  /** For each new bar, the old bars [first, end) it is made of. */
  readonly parts: readonly (readonly [number, number])[];
}

/** The last bar before a break may be made of fewer bars than the others. */
export function resampledGrid({ starts, barMinutes }: MinuteGrid, to: number): ResampledGrid {
  if (to % barMinutes !== 0 || to <= barMinutes) {
    const fits = [2, 3, 4, 5].map((times) => `${times * barMinutes}m`).join(', ');
    throw new EvolveError(
      'bad-argument',
      `Bars of ${to} minutes cannot be made of bars of ${barMinutes}. Ask for a larger multiple: ${fits}, ...`,
    );
  }
  const parts: [number, number][] = [];
  for (const [bar, start] of starts.entries()) {
    const last = parts.at(-1);
    const goesOn = last && start === (starts[bar - 1] as number) + barMinutes && bar - last[0] < to / barMinutes;
    if (goesOn) last[1] = bar + 1;
    else parts.push([bar, bar + 1]);
  }
  const begins = parts.map(([first]) => starts[first] as number);
  const cramped = begins.findIndex((start, i) => i > 0 && start < (begins[i - 1] as number) + to);
  if (cramped > 0) {
    throw new EvolveError(
      'bad-argument',
      `Bars of ${to} minutes do not fit this session: the one before the break would reach into the next part. Ask for shorter ones.`,
    );
  }
  return { grid: { starts: begins, barMinutes: to }, parts };
}

function parseLength(text: string): number {
  const [, number = '', unit = ''] = /^\s*(\d+)\s*(m|min|minutes?|h|hours?)?\s*$/i.exec(text) ?? [];
  const minutes = Number(number) * (unit.toLowerCase().startsWith('h') ? 60 : 1);
  if (number === '' || minutes === 0)
    throw new EvolveError('bad-argument', `--to ${text} is not a length of bars such as 15m or 1h.`);
  return minutes;
}
