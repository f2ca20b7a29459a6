/**
 * A market: calendar, symbols and named fields. On disk a folder with `market.json` (this manifest), `daily.arrow`
 * and `minute/<field>-<year>.arrow`; in memory, matrices in the arena every worker shares.
 */
import type { Matrix } from '../core/arena.ts';
import type { Unit } from '../core/units.ts';

/** What one field is. Upper-case names are daily, lower-case ones minute. */
export interface FieldInfo {
  readonly name: string;
  /** `m` daily matrix, `v` market vector, `b` minute matrix, `g` grouping (codes into `labels`). */
  readonly kind: 'm' | 'v' | 'b' | 'g';
  readonly unit: Unit;
  /** One sentence for `evolve data info`: where it came from. */
  readonly doc: string;
  /** For groupings: the name of each code. */
  readonly labels?: readonly string[];
  /** One number per symbol, taken for every date: on earlier dates it knows the future. */
  readonly snapshot?: true;
}

/** The bars of a day, by when they begin, in minutes since midnight of the exchange. Gaps are session breaks. */
export interface MinuteGrid {
  readonly starts: readonly number[];
  /** Length of a bar in minutes. */
  readonly barMinutes: number;
}

/** How labels are traded, used by learn_* and fitness. */
export interface LabelRule {
  readonly price: 'CLOSE' | 'OPEN' | 'VWAP';
  /** Dates between knowing the factor and entering. */
  readonly lag: number;
  /** Dates held. */
  readonly horizon: number;
}

/** A formula planted in a synthetic market, and what it is worth there. */
export interface PlantedSignal {
  readonly name: string;
  readonly expression: string;
  readonly kind: 'daily' | 'minute' | 'interaction' | 'decaying';
  /** Mean over dates of the cross-sectional Pearson correlation with the T+1 -> T+2 close return, as realised. */
  readonly ic: number;
  readonly icFirstHalf: number;
  readonly icSecondHalf: number;
}

export interface MarketManifest {
  readonly schema: 1;
  readonly name: string;
  /** ISO dates, ascending. */
  readonly calendar: readonly string[];
  readonly symbols: readonly string[];
  readonly fields: readonly FieldInfo[];
  readonly minute?: MinuteGrid;
  /** Dates per year, for annualising: 244 China, 252 United States. */
  readonly datesPerYear: number;
  /** How it was made: command, source files with sizes, options. No absolute paths of the machine. */
  readonly provenance: Readonly<Record<string, unknown>>;
  readonly planted?: readonly PlantedSignal[];
  /** Of the calendar, symbols, fields and the data files' bytes; a run remembers it. */
  readonly hash: string;
  /** The data files, by path with forward slashes. Absent for a market made in memory. */
  readonly files?: Readonly<Record<string, StoredFile>>;
}

export interface StoredFile {
  readonly bytes: number;
  readonly sha256: string;
  /** Minute files: the calendar positions that have bars, as [first, last] runs. One record batch each, in order. */
  readonly days?: readonly (readonly [number, number])[];
}

/** A market whose daily fields are in the arena. */
export interface Market {
  /** Undefined for a market made in memory. */
  readonly folder: string | undefined;
  readonly manifest: MarketManifest;
  /** Daily matrices and groupings by name; market vectors as matrices with every column alike. */
  readonly daily: ReadonlyMap<string, Matrix>;
}

/** About orders, portfolios and the data themselves rather than about a symbol's prospects. */
const masks: ReadonlySet<string> = new Set([
  'CAN_BUY',
  'CAN_SELL',
  'SUSPENDED',
  'ST',
  'LISTED_DAYS',
  'MEMBER',
  'WEIGHT',
]);

/**
 * Whether a factor may read the field; the others are for trading, labels and portfolios. Groupings seldom change, so one
 * day's are better than none.
 */
export const forFactors = ({ name, kind, snapshot }: FieldInfo): boolean =>
  !masks.has(name) && (kind === 'g' || !snapshot);
