/** Scores on the dates and symbols of a market. Whatever finds no place is counted, with its reason and an example. */
import { dayNumber } from '../../core/date.ts';
import { EvolveError } from '../../core/failure.ts';

export interface Dropped {
  readonly reason: string;
  /** Pairs of a date and a symbol; for a reason that is about a value, values. */
  readonly rows: number;
  readonly example: string;
}

/** As many different ones are remembered, to say how many there are. */
const mostStrangers = 1_000_000;

export class ScoreGrid {
  readonly values: readonly Float32Array[];
  readonly #path: string;
  readonly #calendar: readonly string[];
  readonly #symbols: readonly string[];
  /** Position of each day since the first, -1 for none. */
  readonly #dates: Int32Array;
  readonly #firstDay: number;
  readonly #placed: Uint8Array;
  readonly #dropped = new Map<string, { rows: number; readonly example: string }>();
  readonly #strangers = new Set<string>();
  #known = { date: false, symbol: false };

  constructor(path: string, calendar: readonly string[], symbols: readonly string[], columns: number) {
    const cells = calendar.length * symbols.length;
    this.#path = path;
    this.#calendar = calendar;
    this.#symbols = symbols;
    this.#firstDay = dayNumber(calendar[0] ?? '1970-01-01');
    this.#dates = new Int32Array(dayNumber(calendar.at(-1) ?? '1970-01-01') - this.#firstDay + 1).fill(-1);
    for (const [t, date] of calendar.entries()) this.#dates[dayNumber(date) - this.#firstDay] = t;
    this.#placed = new Uint8Array(cells);
    this.values = Array.from({ length: columns }, () => new Float32Array(cells).fill(Number.NaN));
  }

  drop(reason: string, example: () => string): void {
    const entry = this.#dropped.get(reason);
    if (entry) entry.rows += 1;
    else this.#dropped.set(reason, { rows: 1, example: example() });
  }

  /** What was dropped for a column that turned out to be none. */
  forget(reason: string): void {
    this.#dropped.delete(reason);
  }

  /** The cell of a day since 1970 and a symbol's position (NaN: unknown), or -1 when the pair is dropped. */
  place(
    day: number,
    symbol: number,
    rawDate: (row: number) => string,
    symbolName: (row: number) => string | undefined,
    row: number,
  ): number {
    const unknown = Number.isNaN(symbol);
    if (!unknown) this.#known.symbol = true;
    if (Number.isNaN(day)) {
      this.drop('date that cannot be read', () => `"${rawDate(row)}"`);
      return -1;
    }
    const t = this.#dates[day - this.#firstDay] ?? -1;
    if (t >= 0) this.#known.date = true;
    if (unknown) {
      const name = symbolName(row);
      if (name === undefined) this.drop('no symbol', () => `a row of ${rawDate(row)}`);
      else {
        if (this.#strangers.size < mostStrangers) this.#strangers.add(name);
        this.drop('symbol the market does not have', () => name);
      }
      return -1;
    }
    if (t < 0) {
      this.drop('date that is not in the calendar', () => rawDate(row));
      return -1;
    }
    const cell = t * this.#symbols.length + symbol;
    if (this.#placed[cell] === 1) {
      const pair = `${this.#symbols[symbol]} on ${this.#calendar[t]}`;
      throw new EvolveError('bad-data', `${this.#path} has ${pair} more than once. Keep one row for each pair.`);
    }
    this.#placed[cell] = 1;
    return cell;
  }

  /** Refuses a file none of whose rows found a place. */
  refuseNothing(rows: number): void {
    if (rows === 0) throw new EvolveError('bad-data', `${this.#path} has no rows below the header.`);
    if (this.#placed.includes(1)) return;
    const example = (reason: string): string | undefined => this.#dropped.get(reason)?.example;
    const strangers = this.#strangers.size;
    const [first, last] = [this.#calendar[0], this.#calendar.at(-1)];
    const unread = this.#dropped.get('date that cannot be read');
    if (unread?.rows === rows) {
      throw new EvolveError(
        'bad-data',
        `${this.#path}: none of its dates can be read, such as ${unread.example}. Write them like 2024-01-31.`,
      );
    }
    if (!this.#known.symbol && strangers > 0) {
      throw new EvolveError(
        'bad-data',
        `${this.#path}: none of its ${strangers} symbols is in the market; it has e.g. ${example('symbol the market does not have')}, the market ${this.#symbols[0]}. Write the market's symbols.`,
      );
    }
    if (!this.#known.date && example('date that is not in the calendar')) {
      throw new EvolveError(
        'bad-data',
        `${this.#path}: none of its dates is in the market; it has e.g. ${example('date that is not in the calendar')}, the market has ${first} to ${last}.`,
      );
    }
    throw this.nothing();
  }

  /** What a file is called that leaves the grid empty, with all reasons. */
  nothing(): EvolveError {
    const details = this.dropped().map(({ reason, rows, example }) => `${reason}: ${rows}, such as ${example}`);
    const sentence = `${this.#path} has no number on the market's dates and symbols.`;
    return new EvolveError('bad-data', sentence, { details });
  }

  /** Most frequent first. */
  dropped(): Dropped[] {
    return [...this.#dropped]
      .map(([reason, { rows, example }]) => ({ reason, rows, example }))
      .sort((a, b) => b.rows - a.rows || (a.reason < b.reason ? -1 : 1));
  }
}
