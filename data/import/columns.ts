/**
 * Which column of a file is which: the usual names of data vendors, and what the user says with --map. A mapping is
 * settled once per file layout, and refusals name the columns there are.
 */
import { EvolveError } from '../../core/failure.ts';
import { nearest } from '../../core/nearest.ts';

/** What a bar may be made of, and the names its columns go by, the likeliest first. */
export const barColumns = {
  date: [
    'date',
    'datetime',
    'tradedate',
    'tradingdate',
    'tradingday',
    'timestamp',
    'tradedt',
    'day',
    'dt',
    'bartime',
    'eob',
    'bob',
    'time',
    'index',
    '日期',
    '交易日期',
    '时间',
  ],
  time: ['time', 'tradetime', 'minute', '时间'],
  symbol: [
    'symbol',
    'code',
    'ticker',
    'tscode',
    'instrument',
    'stockcode',
    'secucode',
    'windcode',
    'sinfowindcode',
    'secid',
    'orderbookid',
    'sid',
    'stkcd',
    '代码',
    '股票代码',
    '证券代码',
  ],
  open: ['open', 'openprice', 'openpx', 'sdqopen', 'o', '开盘', '开盘价'],
  high: ['high', 'highprice', 'highpx', 'highestprice', 'sdqhigh', 'h', '最高', '最高价'],
  low: ['low', 'lowprice', 'lowpx', 'lowestprice', 'sdqlow', 'l', '最低', '最低价'],
  close: ['close', 'closeprice', 'closepx', 'sdqclose', 'c', '收盘', '收盘价'],
  volume: ['volume', 'vol', 'tradevolume', 'tradingvolume', 'sdqvolume', 'v', '成交量'],
  amount: [
    'amount',
    'turnovervalue',
    'money',
    'totalturnover',
    'tradeamount',
    'dollarvolume',
    'value',
    'sdqamount',
    'amt',
    '成交额',
    '成交金额',
  ],
  vwap: ['vwap', 'avgprice', 'averageprice', 'sdqavgprice', 'vw', '均价'],
  factor: [],
  shares: [],
  freeShares: [],
  turn: [],
  freeTurn: [],
} as const satisfies Record<string, readonly string[]>;

export type BarColumn = keyof typeof barColumns;

export const requiredColumns = ['date', 'symbol', 'open', 'high', 'low', 'close', 'volume'] as const;

/** A column of a file, and what its numbers are multiplied by. */
export interface ColumnUse {
  readonly column: string;
  readonly scale: number;
}

/** `--map` as given: undefined means the column is not to be used. */
export type Mapping = ReadonlyMap<BarColumn, ColumnUse | undefined>;

/** Reads `close=S_DQ_CLOSE`, `volume=vol*100`, `amount=none`. */
export function parseMapping(texts: readonly string[]): Mapping {
  const mapping = new Map<BarColumn, ColumnUse | undefined>();
  for (const text of texts.flatMap((list) => list.split(/,(?=\s*\w+=)/))) {
    const [, name = '', given = ''] = /^\s*(\w+)=(.+?)\s*$/.exec(text) ?? [];
    if (!given) {
      throw new EvolveError('bad-argument', `--map ${text} is not NAME=COLUMN, such as close=S_DQ_CLOSE.`);
    }
    const bar = Object.keys(barColumns).find((column) => column.toLowerCase() === name.toLowerCase());
    if (!bar) {
      const guess = nearest(name, Object.keys(barColumns));
      throw new EvolveError(
        'bad-argument',
        `--map ${text}: there is no "${name}" to map to. ${guess ? `Did you mean "${guess}"?` : `There are: ${Object.keys(barColumns).join(', ')}; keep other columns with --field.`}`,
      );
    }
    mapping.set(bar as BarColumn, given === 'none' ? undefined : columnUse(given));
  }
  return mapping;
}

/** `vol*100`: the column and its scale. A name that really ends like this can be had by renaming it. */
export function columnUse(text: string): ColumnUse {
  const [, column, scale] = /^(.+)\*([\d.]+(?:e[-+]?\d+)?)$/i.exec(text) ?? [];
  if (!column || !scale) return { column: text, scale: 1 };
  const factor = Number(scale);
  if (!(factor > 0 && factor < Number.POSITIVE_INFINITY)) {
    throw new EvolveError('bad-argument', `${text} multiplies by ${scale}, which is no positive number.`);
  }
  return { column, scale: factor };
}

/** The columns of a file layout under our names. */
export function resolveColumns(columns: readonly string[], mapping: Mapping, file: string): Map<BarColumn, ColumnUse> {
  const found = new Map<BarColumn, ColumnUse>();
  for (const [bar, use] of mapping) {
    const column = use && columnNamed(columns, use.column);
    if (column) found.set(bar, { column, scale: use.scale });
  }
  const taken = new Set([...found.values()].map((use) => use.column));
  for (const bar of Object.keys(barColumns) as BarColumn[]) {
    if (mapping.has(bar)) continue;
    const column = usualColumn(columns, barColumns[bar], taken, bar, file);
    if (!column) continue;
    found.set(bar, { column, scale: 1 });
    taken.add(column);
  }
  return found;
}

function usualColumn(
  columns: readonly string[],
  names: readonly string[],
  taken: ReadonlySet<string>,
  bar: BarColumn,
  file: string,
): string | undefined {
  for (const name of names) {
    const matches = columns.filter((column) => !taken.has(column) && plain(column) === plain(name));
    const [first, second] = matches;
    if (second) {
      throw new EvolveError(
        'bad-data',
        `${file} has columns "${first}" and "${second}" that could both be ${bar}. Say which with --map ${bar}=${first}.`,
      );
    }
    if (first) return first;
  }
  return undefined;
}

/** Whether a column goes by one of the usual names. */
export const isUsual = (bar: BarColumn, column: string): boolean =>
  barColumns[bar].some((name) => plain(name) === plain(column));

/** The column as the file spells it: exactly, else whatever the case. */
export const columnNamed = (columns: readonly string[], name: string): string | undefined =>
  columns.find((column) => column === name) ?? columns.find((column) => column.toLowerCase() === name.toLowerCase());

/** What is left of a name when nothing is made of case and punctuation. */
export const plain = (name: string): string => name.toLowerCase().replace(/[\s_\-.$#"']/g, '');

/** "It has: date, open, high." */
export function listColumns(columns: readonly string[]): string {
  const shown = columns.slice(0, 30).join(', ');
  return columns.length > 30 ? `${shown} and ${columns.length - 30} more` : shown;
}
