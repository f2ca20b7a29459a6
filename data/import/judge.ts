/**
 * The rules one bar must keep, in the order they are asked: a row is counted under the first that drops or refuses
 * it. Repairs change the cells in place.
 */
import type { Action, RuleName } from './rules.ts';

/** The columns of a block of rows. */
export interface BarCells {
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  readonly amount?: Float64Array | undefined;
  readonly vwap?: Float64Array | undefined;
  readonly factor?: Float64Array | undefined;
  /** All columns of numbers, the above among them. */
  readonly all: readonly Float64Array[];
}

export type Note = (rule: RuleName, detail: string) => Action;

/** Ranges are compared to this share of the price: adjusted prices and float32 sources are rounded. */
const tolerance = 1e-6;

/** The largest number a field holds: one above it would be stored as infinite. */
const largest = 3.4028235677973366e38;
const tooLarge = (value: number): boolean => Math.abs(value) >= largest;

/** Whether row i stays. `daily` bars may also stand for a suspended date. */
export function judge(cells: BarCells, i: number, daily: boolean, note: Note): boolean {
  const at = (column: Float64Array): number => column[i] as number;
  const stays = (rule: RuleName, detail: string): boolean => {
    const action = note(rule, detail);
    return action === 'fix' || action === 'warn';
  };

  let infinite = false;
  for (const column of cells.all) if (tooLarge(at(column))) infinite = true;
  if (infinite) {
    if (!stays('infinite', prices(cells, i))) return false;
    for (const column of cells.all) if (tooLarge(at(column))) column[i] = Number.NaN;
  }

  const [open, high, low, close, volume] = [
    at(cells.open),
    at(cells.high),
    at(cells.low),
    at(cells.close),
    at(cells.volume),
  ];
  const amount = cells.amount ? at(cells.amount) : Number.NaN;
  if (zeroOrMissing(open) && zeroOrMissing(high) && zeroOrMissing(low) && zeroOrMissing(close)) {
    const zeros = open === 0 || high === 0 || low === 0 || close === 0;
    if (!zeros) return stays('empty', prices(cells, i));
    if (zeroOrMissing(volume)) return stays('zero-bar', prices(cells, i));
  }
  if (open <= 0 || high <= 0 || low <= 0 || close <= 0) return stays('non-positive', prices(cells, i));
  if (volume < 0 || amount < 0)
    return stays('negative-volume', `volume ${volume}${cells.amount ? `, amount ${amount}` : ''}`);
  if (cells.factor && !(at(cells.factor) > 0)) return stays('bad-factor', `factor ${shown(at(cells.factor))}`);
  if (daily && zeroOrMissing(volume) && open === close && high === low && high === open) {
    if (!stays('stale', prices(cells, i))) return false;
  }
  if (Number.isNaN(open + high + low + close + volume) && !stays('incomplete', prices(cells, i))) return false;

  const slack = tolerance * Math.max(Math.abs(high), Math.abs(low));
  if (high < low - slack) {
    if (!stays('high-below-low', prices(cells, i))) return false;
    widen(cells, i);
  } else if (open > high + slack || open < low - slack || close > high + slack || close < low - slack) {
    if (!stays('outside-range', prices(cells, i))) return false;
    widen(cells, i);
  }
  const vwap = cells.vwap ? at(cells.vwap) : volume > 0 ? amount / volume : Number.NaN;
  // Amounts are often rounded to a whole unit of money.
  const rounding = cells.vwap || !(amount > 0) ? 1e-4 : 1e-4 + 0.5 / amount;
  const suspended = vwap === 0 && zeroOrMissing(volume);
  if (!suspended && (vwap > high * (1 + rounding) || vwap < low * (1 - rounding)))
    note('vwap-range', `vwap ${vwap}, ${prices(cells, i)}`);
  // No price is zero: sources write it where nothing was traded.
  if (cells.vwap && vwap <= 0) cells.vwap[i] = Number.NaN;
  return true;
}

const zeroOrMissing = (value: number): boolean => value === 0 || Number.isNaN(value);

function widen(cells: BarCells, i: number): void {
  const all = [cells.open, cells.high, cells.low, cells.close]
    .map((column) => column[i] as number)
    .filter((p) => !Number.isNaN(p));
  cells.high[i] = Math.max(...all);
  cells.low[i] = Math.min(...all);
}

const shown = (value: number): string => (Number.isNaN(value) ? 'missing' : String(value));

const prices = (cells: BarCells, i: number): string =>
  (['open', 'high', 'low', 'close', 'volume'] as const)
    .map((name) => `${name} ${shown(cells[name][i] as number)}`)
    .join(', ');
