/**
 * Every option of `evolve data import`, one row each: the flags, their help, the docs and the type of
 * `importMarket`'s argument are read from here.
 */
export interface OptionRow {
  /** `texts` may be repeated, one value each time; `files` takes several values at once. */
  readonly type: 'text' | 'texts' | 'files' | 'number' | 'switch';
  readonly required?: true;
  /** How the value is written in help. */
  readonly value?: string;
  readonly choices?: readonly string[];
  /** One sentence, without its full stop. */
  readonly doc: string;
}

export const importOptions = {
  out: { type: 'text', required: true, value: 'DIR', doc: 'The market folder to make' },
  daily: {
    type: 'files',
    value: 'FILE',
    doc: 'Files of daily bars; files given without a flag are told apart by their times',
  },
  minute: { type: 'files', value: 'FILE', doc: 'Files of minute bars, of any bar length' },
  map: {
    type: 'texts',
    value: 'NAME=COLUMN',
    doc: 'Take a column under another name, scaled if need be: close=S_DQ_CLOSE, volume=vol*100, amount=none',
  },
  symbolFromName: {
    type: 'text',
    value: 'PATTERN',
    doc: 'One file per symbol: take the symbol from the file name, all of it or what (...) matches in this pattern',
  },
  dateFromName: { type: 'switch', doc: 'One file per date: take the date from the file name' },
  dateFormat: {
    type: 'text',
    value: 'FORMAT',
    doc: 'How dates are written, such as %d/%m/%Y, or epoch-s, epoch-ms, epoch-us, epoch-ns',
  },
  timezone: {
    type: 'text',
    value: 'ZONE',
    doc: "The exchange's time zone, for stamps that carry one, such as America/New_York",
  },
  encoding: { type: 'text', value: 'NAME', doc: 'How CSV files are encoded when not in UTF-8, such as gb18030' },
  barStamp: {
    type: 'text',
    choices: ['auto', 'start', 'end'],
    doc: 'Whether a minute bar is stamped with its start or its end; auto decides from the session and says what it decided',
  },
  session: {
    type: 'text',
    value: 'HH:MM-HH:MM,...',
    doc: 'The trading session, such as 09:30-11:30,13:00-15:00; found in the bars by default',
  },
  adjustFactor: {
    type: 'text',
    value: 'COLUMN',
    doc: 'Multiply prices by this column and divide volumes by it (minute bars without it use their date’s)',
  },
  shares: { type: 'text', value: 'FILE|COLUMN', doc: 'Shares outstanding, in the unit of volume, for TURN' },
  freeShares: { type: 'text', value: 'FILE|COLUMN', doc: 'Free-float shares, in the unit of volume, for FREE_TURN' },
  field: {
    type: 'texts',
    value: 'NAME=COLUMN:UNIT',
    doc: 'Keep a further column: upper-case names daily, lower-case ones minute; UNIT is price, shares, money or ratio',
  },
  group: {
    type: 'texts',
    value: 'NAME=FILE|COLUMN',
    doc: 'A grouping such as INDUSTRY=industry.csv:symbol,industry, per symbol or, with a date column, as of each date',
  },
  static: {
    type: 'texts',
    value: 'NAME=FILE[:UNIT]',
    doc: 'A number per symbol, or as of each date, such as CAP=cap.csv:symbol,market_cap:money',
  },
  index: { type: 'text', value: 'FILE[:SYMBOL]', doc: "An index's daily bars, for MKT_RETURN and MKT_AMPLITUDE" },
  members: {
    type: 'text',
    value: 'FILE',
    doc: 'Index members, with weights if it has them, per symbol or as of each date: MEMBER and WEIGHT',
  },
  priceLimit: {
    type: 'texts',
    value: '[PATTERN=]LIMIT',
    doc: 'The largest daily move the exchange allows: 0.1, then 688*=0.2 for other symbols',
  },
  repair: {
    type: 'texts',
    value: 'WORDS',
    doc: 'What may be repaired, such as nulls,duplicates=last, or all; everything else that is wrong is refused',
  },
  name: { type: 'text', value: 'NAME', doc: 'What the market is called; the name of its folder by default' },
  datesPerYear: { type: 'number', value: 'N', doc: 'Trading dates in a year, for annualising; counted by default' },
  memory: {
    type: 'text',
    value: 'SIZE',
    doc: 'What reading and sorting may hold in memory before it goes to disk; 1GiB by default',
  },
  overwrite: { type: 'switch', doc: 'Replace the market that is already there' },
} as const satisfies Record<string, OptionRow>;

type Rows = typeof importOptions;
type Value<Row extends OptionRow> = Row extends { choices: readonly (infer Choice)[] }
  ? Choice
  : Row['type'] extends 'text'
    ? string
    : Row['type'] extends 'number'
      ? number
      : Row['type'] extends 'switch'
        ? boolean
        : readonly string[];
type Required = { [Name in keyof Rows]: Rows[Name] extends { required: true } ? Name : never }[keyof Rows];

export type ImportOptions = { readonly [Name in Required]: Value<Rows[Name]> } & {
  readonly [Name in Exclude<keyof Rows, Required>]?: Value<Rows[Name]> | undefined;
} & {
  /** Files of bars, daily or minute, told apart by whether their stamps have times. */
  readonly files?: readonly string[] | undefined;
  /** Called now and then with the dates written so far. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
};
