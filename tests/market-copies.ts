/** Markets made from other markets, or from a formula for each cell: the rest of them stays to the bit. */
import { Arena } from '../core/arena.ts';
import { stream } from '../core/random.ts';
import { ratio } from '../core/units.ts';
import type { FieldInfo, MarketManifest } from '../data/market.ts';
import { openMarket } from '../data/store/open.ts';
import { MarketWriter } from '../data/store/write.ts';

/** A market's daily fields as plain numbers, date-major; vectors have one number a date. */
export interface PlainDaily {
  readonly manifest: MarketManifest;
  readonly rows: number;
  readonly columns: number;
  readonly cells: ReadonlyMap<string, Float32Array>;
  readonly field: (name: string) => Float32Array;
}

export async function plainDaily(folder: string): Promise<PlainDaily> {
  const arena = new Arena();
  const { manifest, daily } = await openMarket(folder, arena);
  const [rows, columns] = [manifest.calendar.length, manifest.symbols.length];
  const cells = new Map<string, Float32Array>();
  for (const { name, kind } of manifest.fields) {
    const matrix = daily.get(name);
    if (!matrix) continue;
    const width = kind === 'v' ? 1 : columns;
    const all = new Float32Array(rows * width);
    for (let t = 0; t < rows; t++) all.set(arena.row(matrix, t).subarray(0, width), t * width);
    cells.set(name, all);
  }
  const field = (name: string): Float32Array => {
    const found = cells.get(name);
    if (!found) throw new RangeError(`no field ${name}`);
    return found;
  };
  return { manifest, rows, columns, cells, field };
}

/** The same daily market, but every number of later dates is another one. */
export function otherFuture(market: PlainDaily, folder: string, after: number, seed = 1): Promise<MarketManifest> {
  return rewritten(market, folder, (field, cells, width) => {
    const random = stream(seed, after, width);
    // Codes and flags stay such; who is missing stays missing, for whoever is missing to the end is delisted before it.
    return cells.map((value, at) => {
      const other = random.next();
      if (Math.floor(at / width) <= after) return value;
      if (field.kind === 'g') return (value + 1) % (field.labels?.length ?? 1);
      if (value === 0 || value === 1) return other < 0.5 ? 1 - value : value;
      return value * (0.5 + other);
    });
  });
}

/** The same market with its symbols in another order. */
export const reordered = (market: PlainDaily, folder: string, order: readonly number[]): Promise<MarketManifest> =>
  rewritten(
    market,
    folder,
    (_, cells, width) =>
      width === 1 ? cells : cells.map((_, at) => cells[at - (at % width) + (order[at % width] as number)] as number),
    order.map((n) => market.manifest.symbols[n] as string),
  );

/** The market with other cells, field by field. */
export async function rewritten(
  { manifest, columns, field }: PlainDaily,
  folder: string,
  change: (field: FieldInfo, cells: Float32Array, width: number) => Float32Array,
  symbols = manifest.symbols,
): Promise<MarketManifest> {
  const { name, calendar, datesPerYear } = manifest;
  const writer = await MarketWriter.create(folder, { name, calendar, symbols, datesPerYear, provenance: {} });
  for (const info of manifest.fields) {
    if (info.kind === 'b') continue;
    const width = info.kind === 'v' ? 1 : columns;
    const cells = change(info, field(info.name), width).slice();
    await (info.kind === 'v' ? writer.vector(info, cells) : writer.daily(info, cells));
  }
  return writer.finish();
}

/** A daily market of a number for each field, date and symbol. */
export async function handMade(
  folder: string,
  { rows, columns }: { readonly rows: number; readonly columns: number },
  fields: Readonly<Record<string, (t: number, n: number) => number>>,
): Promise<MarketManifest> {
  const groupings = ['INDUSTRY', 'SECTOR'];
  const calendar = Array.from({ length: rows }, (_, t) =>
    new Date(Date.UTC(2023, 0, 2) + t * 86_400_000).toISOString().slice(0, 10),
  );
  const symbols = Array.from({ length: columns }, (_, n) => `S${String(n).padStart(3, '0')}`);
  const writer = await MarketWriter.create(folder, {
    name: 'hand-made',
    calendar,
    symbols,
    datesPerYear: 244,
    provenance: {},
  });
  for (const [name, cell] of Object.entries(fields)) {
    const cells = Float32Array.from({ length: rows * columns }, (_, at) =>
      cell(Math.floor(at / columns), at % columns),
    );
    const labels = Array.from({ length: columns }, (_, n) => `group ${n}`);
    const info = { name, unit: ratio, doc: '' };
    await writer.daily(groupings.includes(name) ? { ...info, kind: 'g', labels } : { ...info, kind: 'm' }, cells);
  }
  return writer.finish();
}
