/** What every bar must be: positive prices, open, close and vwap between low and high, no negative volume. */
import { Rule } from './rule.ts';

export const barNames = ['open', 'high', 'low', 'close', 'vwap', 'volume', 'amount'] as const;
export type BarName = (typeof barNames)[number];
/** Fields whose cells lie alike; any may be absent. */
export type BarCells = Readonly<Partial<Record<BarName, Float32Array | undefined>>>;

/** Rounding of single precision, and of sources that round high and low apart from the close. */
const tolerance = 1e-5;

export class BarRules {
  readonly #kind: string;
  readonly #rules = new Map<string, Rule>();

  /** `kind` is the word for these bars: "daily bar". */
  constructor(kind: string) {
    this.#kind = kind;
  }

  look(cells: BarCells, where: (cell: number) => string): void {
    const { high, low } = cells;
    for (const name of ['open', 'high', 'low', 'close', 'vwap'] as const) {
      this.#each(`has a ${name} that is not positive`, cells[name], where, (value) => value <= 0);
    }
    for (const name of ['volume', 'amount'] as const) {
      this.#each(`has a negative ${name}`, cells[name], where, (value) => value < 0);
    }
    for (const name of ['low', 'open', 'close', 'vwap'] as const) {
      if (high) this.#each(`has its ${name} above its high`, cells[name], where, (value, i) => above(value, high[i]));
    }
    for (const name of ['open', 'close', 'vwap'] as const) {
      if (low) this.#each(`has its ${name} below its low`, cells[name], where, (value, i) => above(low[i], value));
    }
  }

  problems(): string[] {
    return [...this.#rules.values()].flatMap((rule) => rule.problems());
  }

  /** A missing value compares as false everywhere, so it breaks nothing. */
  #each(
    words: string,
    field: Float32Array | undefined,
    where: (cell: number) => string,
    breaks: (value: number, cell: number) => boolean,
  ): void {
    const rule = this.#rules.get(words) ?? new Rule(`A ${this.#kind} ${words}`);
    this.#rules.set(words, rule);
    for (let i = 0; field && i < field.length; i++) if (breaks(field[i] as number, i)) rule.broken(() => where(i));
  }
}

const above = (a: number | undefined, b: number | undefined): boolean =>
  (a as number) > (b as number) + Math.abs(b as number) * tolerance;
