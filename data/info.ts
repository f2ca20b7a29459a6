/** What a market folder holds: for `evolve data info`, and for whoever wants to know before loading it. */
import { strideFor } from '../core/arena.ts';
import type { FieldInfo, MarketManifest } from './market.ts';
import { DailyFile } from './store/daily-file.ts';
import { readManifest, type StoredManifest } from './store/manifest.ts';

export interface FieldCoverage extends FieldInfo {
  /** Part of its cells that are known: of all dates and symbols, for a minute field of all dates. */
  readonly coverage: number;
  /** First and last date with a value; undefined when there is none. */
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** Why cells of the closing price are missing, in (date, symbol) cells. */
export interface MissingCells {
  /** Before the symbol's first close. */
  readonly notListed: number;
  /** After its last. */
  readonly noLongerListed: number;
  /** In between, on a date it did not trade. */
  readonly suspended: number;
  /** In between, on a date it traded: the source had no bar. */
  readonly noBar: number;
}

export interface MarketInfo {
  readonly manifest: MarketManifest;
  readonly dates: number;
  readonly symbols: number;
  readonly bars: number;
  readonly fields: readonly FieldCoverage[];
  /** Undefined when the market has no CLOSE. */
  readonly missing: MissingCells | undefined;
  /** Shared memory all daily fields take. */
  readonly memoryBytes: number;
  readonly dailyBytes: number;
  readonly minuteBytes: number;
}

export async function marketInfo(folder: string): Promise<MarketInfo> {
  const manifest = await readManifest(folder);
  const [dates, symbols] = [manifest.calendar.length, manifest.symbols.length];
  const daily = manifest.fields.filter((field) => field.kind !== 'b');
  const sizes = Object.entries(manifest.files);
  const bytesUnder = (prefix: string) =>
    sizes.reduce((sum, [path, { bytes }]) => sum + (path.startsWith(prefix) ? bytes : 0), 0);
  const file = DailyFile.open(folder, manifest);
  try {
    return {
      manifest,
      dates,
      symbols,
      bars: manifest.minute?.starts.length ?? 0,
      fields: manifest.fields.map((field) =>
        field.kind === 'b' ? minuteCoverage(manifest, field) : dailyCoverage(manifest, field, file.cells(field)),
      ),
      missing: missingCells(manifest, file),
      memoryBytes: daily.length * dates * strideFor(symbols),
      dailyBytes: bytesUnder('daily'),
      minuteBytes: bytesUnder('minute/'),
    };
  } finally {
    file.close();
  }
}

function dailyCoverage({ calendar }: StoredManifest, field: FieldInfo, cells: Float32Array): FieldCoverage {
  const width = cells.length / calendar.length;
  let [known, first, last] = [0, -1, -1];
  for (let i = 0; i < cells.length; i++) {
    if (Number.isNaN(cells[i])) continue;
    known++;
    if (first < 0) first = i;
    last = i;
  }
  const date = (i: number) => (i < 0 ? undefined : calendar[Math.floor(i / width)]);
  return { ...field, coverage: known / cells.length, from: date(first), to: date(last) };
}

function minuteCoverage({ calendar, files }: StoredManifest, field: FieldInfo): FieldCoverage {
  const days = Object.entries(files)
    .filter(([path]) => path.replace(/-\d{4}\.arrow$/, '') === `minute/${field.name}`)
    .flatMap(([, file]) => file.days ?? [])
    .sort(([a], [b]) => a - b);
  const known = days.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  const [from, to] = [days[0]?.[0], days.at(-1)?.[1]];
  return {
    ...field,
    coverage: known / calendar.length,
    from: from === undefined ? undefined : calendar[from],
    to: to === undefined ? undefined : calendar[to],
  };
}

function missingCells({ fields, symbols }: StoredManifest, file: DailyFile): MissingCells | undefined {
  const read = (name: string) => {
    const field = fields.find((known) => known.name === name);
    return field && file.cells(field);
  };
  const close = read('CLOSE');
  if (!close) return undefined;
  const suspended = read('SUSPENDED');
  const N = symbols.length;
  const counts = { notListed: 0, noLongerListed: 0, suspended: 0, noBar: 0 };
  const last = Array.from(symbols, (_, n) => {
    let i = close.length - N + n;
    while (i >= 0 && Number.isNaN(close[i])) i -= N;
    return i;
  });
  const begun = new Array<boolean>(N).fill(false);
  for (let i = 0; i < close.length; i++) {
    const n = i % N;
    if (!Number.isNaN(close[i])) begun[n] = true;
    else if (!begun[n]) counts.notListed++;
    else if (i > (last[n] as number)) counts.noLongerListed++;
    else if (suspended?.[i] === 1) counts.suspended++;
    else counts.noBar++;
  }
  return counts;
}
