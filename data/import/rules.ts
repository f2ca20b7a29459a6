/**
 * What can be wrong with bars, and what --repair may do about it: one row each. Reports, refusals and docs read these
 * rows. A rule that is not repaired refuses the import, unless it only warns.
 */
export type Action = 'refuse' | 'drop' | 'fix' | 'warn';

interface Rule {
  /** After a count, the words for one and for more apart: `row|rows has|have no symbol`. */
  readonly says: string;
  /** Words of --repair, the one that keeps most first, and what each does. */
  readonly repairs: readonly (readonly [RepairWord, 'drop' | 'fix'])[];
  /** Reported, and imported as it is. */
  readonly warns?: true;
}

/** `all` stands for those that only mend what is wrong; the others change what the data says and must be named. */
export const repairWords = {
  malformed: { all: true, doc: 'drops CSV lines that do not split into the columns' },
  dates: { all: true, doc: 'drops rows whose date cannot be read' },
  nulls: {
    all: true,
    doc: 'drops rows without a symbol or any price, and keeps rows with some values missing as they are',
  },
  numbers: { all: true, doc: 'makes cells that are no finite number missing' },
  ohlc: { all: true, doc: 'widens high and low to include open and close' },
  'bad-ticks': { all: true, doc: 'drops bars with impossible prices or volumes, and one-date spikes that revert' },
  duplicates: {
    all: true,
    choices: ['first', 'last'],
    doc: 'keeps the last (or =first) of several rows for one symbol and time',
  },
  session: { all: true, doc: 'drops bars outside the session, off the grid or after an early close' },
  suspensions: {
    all: true,
    doc: 'drops rows that stand for a suspended date: prices of zero, or one stale price and no volume',
  },
  gaps: { all: false, doc: 'fills minutes without a bar, after the first of the day: the last close, volume 0' },
  vwap: { all: false, doc: 'makes a VWAP of (high + low + close) / 3 when the files give neither vwap nor amount' },
  'minute-scale': { all: false, doc: "scales a date's minute prices so that the last close is the daily close" },
} as const satisfies Record<string, { all: boolean; choices?: readonly string[]; doc: string }>;

export type RepairWord = keyof typeof repairWords;

const dropping = (...words: RepairWord[]) => words.map((word) => [word, 'drop'] as const);

export const rules = {
  malformed: { says: 'line|lines does|do not split into the columns', repairs: dropping('malformed') },
  'no-symbol': { says: 'row|rows has|have no symbol', repairs: dropping('nulls') },
  'bad-date': { says: 'row|rows has|have a date that cannot be read', repairs: dropping('dates') },
  'bad-number': { says: 'row|rows has|have a cell that is not a number', repairs: [['numbers', 'fix']] },
  infinite: { says: 'row|rows has|have an infinite value, or one too large to store', repairs: [['numbers', 'fix']] },
  empty: { says: 'row|rows has|have no price at all', repairs: dropping('nulls') },
  'zero-bar': {
    says: 'row|rows has|have prices of zero and no volume, as some sources write suspended dates',
    repairs: dropping('suspensions'),
  },
  'non-positive': { says: 'row|rows has|have a price of zero or less', repairs: dropping('bad-ticks') },
  'negative-volume': { says: 'row|rows has|have a negative volume or amount', repairs: dropping('bad-ticks') },
  'bad-factor': { says: 'row|rows has|have no positive adjustment factor', repairs: dropping('nulls') },
  incomplete: { says: 'row|rows has|have a price or the volume missing', repairs: [['nulls', 'fix']] },
  'high-below-low': {
    says: 'row|rows has|have a high below the low',
    repairs: [
      ['ohlc', 'fix'],
      ['bad-ticks', 'drop'],
    ],
  },
  'outside-range': {
    says: 'row|rows has|have an open or close outside low to high',
    repairs: [
      ['ohlc', 'fix'],
      ['bad-ticks', 'drop'],
    ],
  },
  duplicate: { says: 'row|rows repeats|repeat a symbol and time', repairs: dropping('duplicates') },
  'outside-session': { says: 'row|rows lies|lie outside the session', repairs: dropping('session') },
  'off-grid': { says: 'row|rows lies|lie between the bars of the grid', repairs: dropping('session') },
  'after-early-close': { says: 'row|rows lies|lie after the early close of a half day', repairs: dropping('session') },
  'mixed-frequency': { says: 'symbol|symbols has|have bars of another length than the rest', repairs: [] },
  'empty-symbol': {
    says: 'row|rows has|have no close, and neither has any row of the same symbol',
    repairs: dropping('nulls'),
  },
  'empty-date': {
    says: 'row|rows has|have no close, and neither has any row of the same date',
    repairs: dropping('nulls'),
  },
  spike: {
    says: 'close|closes jumps|jump by more than 40% and is|are back the next date',
    repairs: dropping('bad-ticks'),
    warns: true,
  },
  stale: {
    says: 'row|rows has|have no volume and one price throughout, as sources write suspended dates',
    repairs: dropping('suspensions'),
    warns: true,
  },
  jump: {
    says: 'close|closes differs|differ from the close before by more than the price limit, or by more than 40%: prices may not be adjusted for splits (--adjust-factor)',
    repairs: [],
    warns: true,
  },
  'vwap-range': {
    says: 'row|rows has|have a vwap, or an amount over volume, outside low to high: prices may be adjusted where the other is not',
    repairs: [],
    warns: true,
  },
  'thin-date': {
    says: 'date|dates has|have bars for less than a tenth of the usual number of symbols',
    repairs: [],
    warns: true,
  },
  'daily-minute': {
    says: 'date|dates of a symbol closes|close elsewhere in the minute bars than in the daily ones: one of the two may be adjusted for splits and dividends (--repair minute-scale)',
    repairs: [['minute-scale', 'fix']],
    warns: true,
  },
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof rules;
export const ruleOf = (name: RuleName): Rule => rules[name];

/** What a rule says of a count, the count left out. */
export const saying = (name: RuleName, count: number): string =>
  ruleOf(name).says.replace(/(\w+)\|(\w+)/g, count === 1 ? '$1' : '$2');
