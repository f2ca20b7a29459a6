/** A daily table without the symbols and dates that have no bar left. */
import { type Axes, axesOf } from './axes.ts';
import { type DailyTable, missing } from './daily.ts';

/** `needed` are symbols and days that stay whatever the daily bars say. */
export function compact(
  table: DailyTable,
  axes: Axes,
  needed: { readonly symbols: ReadonlySet<string>; readonly days: ReadonlySet<number> },
): { table: DailyTable; axes: Axes } {
  const close = table.fields.get('close') as Float32Array;
  const N = axes.symbols.length;
  const symbolHas = new Uint8Array(N);
  const dayHas = new Uint8Array(axes.days.length);
  for (let i = 0; i < close.length; i++) {
    if (Number.isNaN(close[i])) continue;
    symbolHas[i % N] = 1;
    dayHas[Math.floor(i / N)] = 1;
  }
  const keptSymbols = axes.symbols.flatMap((symbol, n) => (symbolHas[n] || needed.symbols.has(symbol) ? [n] : []));
  const keptDays = axes.days.flatMap((day, t) => (dayHas[t] || needed.days.has(day) ? [t] : []));
  if (keptSymbols.length === N && keptDays.length === axes.days.length) return { table, axes };
  const narrow = (cells: Float32Array): Float32Array => {
    const out = missing(keptDays.length * keptSymbols.length);
    for (const [t, from] of keptDays.entries()) {
      for (const [n, symbol] of keptSymbols.entries())
        out[t * keptSymbols.length + n] = cells[from * N + symbol] as number;
    }
    return out;
  };
  return {
    axes: axesOf(
      keptSymbols.map((n) => axes.symbols[n] as string),
      keptDays.map((t) => axes.days[t] as number),
    ),
    table: {
      kept: table.kept,
      fields: new Map([...table.fields].map(([name, cells]) => [name, narrow(cells)])),
      groups: new Map([...table.groups].map(([name, { codes, labels }]) => [name, { codes: narrow(codes), labels }])),
    },
  };
}
