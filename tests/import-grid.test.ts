import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnUse, parseMapping, resolveColumns } from '../data/import/columns.ts';
import { nameMatches } from '../data/import/glob.ts';
import { earlyClose, findGrid, parseSession, type StampCount, stampTime } from '../data/import/grid.ts';
import { parseRepairs } from '../data/import/repairs.ts';
import { repairWords, rules } from '../data/import/rules.ts';

/** Every stamp of the sessions on every one of 100 dates, for ten symbols. */
function stamps(session: string, barMinutes: number, stamp: 'start' | 'end'): StampCount[] {
  return parseSession(session).flatMap(({ from, to }) =>
    Array.from({ length: (to - from) / barMinutes }, (_, b) => ({
      minute: from + b * barMinutes + (stamp === 'end' ? barMinutes : 0),
      rows: 1000,
      days: 100,
    })),
  );
}

describe('the bar grid', () => {
  test.each(['09:30-11:30,13:00-15:00', '09:30-16:00', '09:30-12:00,13:00-16:00', '08:00-16:30', '00:00-24:00'])(
    'is found for %s from stamps of either kind',
    (session) => {
      fc.assert(
        fc.property(
          fc.constantFrom(1, 2, 5, 10, 15, 30),
          fc.constantFrom<'start' | 'end'>('start', 'end'),
          (barMinutes, stamp) => {
            const found = findGrid(stamps(session, barMinutes, stamp), 100, {});
            expect([found.session, found.stamp, found.grid.barMinutes]).toEqual([session, stamp, barMinutes]);
          },
        ),
      );
    },
  );

  test('fills minutes that seldom trade, and leaves out bars before the open and after the close', () => {
    const sparse = stamps('09:30-16:00', 1, 'start')
      .filter(({ minute }) => minute < 720 || minute > 725)
      .map((count, i) => ({ ...count, rows: 450 + (i % 7) * 80 }));
    const early = [500, 530, 1000].map((minute) => ({ minute, rows: 60, days: 90 }));
    const found = findGrid([...early, ...sparse], 100, {});
    expect([found.session, found.grid.starts.length]).toEqual(['09:30-16:00', 390]);
  });

  test('can be stated, and the stamp read from it', () => {
    const found = findGrid(stamps('10:15-12:15,13:40-15:40', 20, 'end'), 100, { session: '10:15-12:15,13:40-15:40' });
    expect([found.stamp, found.grid.starts.length]).toEqual(['end', 12]);
    expect(findGrid(stamps('09:30-16:00', 5, 'start'), 100, { barStamp: 'end' }).session).toBe('09:25-15:55');
  });

  test('a tie between start and end is said', () => {
    const found = findGrid(stamps('10:00-12:00', 30, 'start'), 100, {});
    expect(found.says[1]).toContain('state --bar-stamp if this is wrong');
  });

  test('is refused when there is none', () => {
    expect(() => findGrid([{ minute: 600, rows: 5, days: 5 }], 5, {})).toThrow('No bar grid can be found');
  });
});

describe('an early close', () => {
  const usual = Array.from({ length: 78 }, () => 101);
  test('is where most symbols stop', () => {
    const half = usual.map((_, b) => (b < 42 ? 101 : 23));
    expect(earlyClose(half, usual)).toBe(41);
  });
  test('is not a sparse day, a short tail, or a time when there were fewer symbols', () => {
    expect(
      earlyClose(
        usual.map((_, b) => 101 - (b % 5) * 12),
        usual,
      ),
    ).toBeUndefined();
    expect(
      earlyClose(
        usual.map((_, b) => (b < 75 ? 101 : 0)),
        usual,
      ),
    ).toBeUndefined();
    expect(
      earlyClose(
        usual.map(() => 7),
        usual,
      ),
    ).toBeUndefined();
    expect(
      earlyClose(
        usual.map(() => 0),
        usual,
      ),
    ).toBeUndefined();
  });
});

describe('what flags say', () => {
  test('--map', () => {
    expect([...parseMapping(['close=S_DQ_CLOSE,volume=vol*100', 'amount=none'])]).toEqual([
      ['close', { column: 'S_DQ_CLOSE', scale: 1 }],
      ['volume', { column: 'vol', scale: 100 }],
      ['amount', undefined],
    ]);
    expect(columnUse('a*b')).toEqual({ column: 'a*b', scale: 1 });
    expect(() => parseMapping(['close'])).toThrow('is not NAME=COLUMN');
  });

  test('columns nobody would mistake', () => {
    const found = resolveColumns(
      ['', 'Datetime', 'Code', 'Open', 'High', 'Low', 'Close', 'Adj Close', 'Vol.'],
      new Map(),
      'p.csv',
    );
    expect(Object.fromEntries([...found].map(([name, use]) => [name, use.column]))).toEqual({
      date: 'Datetime',
      symbol: 'Code',
      open: 'Open',
      high: 'High',
      low: 'Low',
      close: 'Close',
      volume: 'Vol.',
    });
    const both = resolveColumns(['date', 'time', 'symbol'], new Map(), 'p.csv');
    expect([both.get('date')?.column, both.get('time')?.column]).toEqual(['date', 'time']);
    expect(resolveColumns(['time', 'symbol'], new Map(), 'p.csv').get('date')?.column).toBe('time');
  });

  test('--repair', () => {
    expect([...parseRepairs(['nulls,duplicates=first'])]).toEqual([
      ['nulls', ''],
      ['duplicates', 'first'],
    ]);
    expect(parseRepairs(['all']).has('ohlc')).toBe(true);
    expect(parseRepairs(['all']).has('gaps')).toBe(false);
    expect(parseRepairs(['all', 'duplicates=first']).get('duplicates')).toBe('first');
  });

  test('every word of --repair repairs something, and is documented', () => {
    const repaired = new Set<string>(Object.values(rules).flatMap((rule) => rule.repairs.map(([word]) => word)));
    for (const [word, { doc }] of Object.entries(repairWords)) {
      expect(doc).not.toBe('');
      if (!['gaps', 'vwap'].includes(word)) expect(repaired).toContain(word); // those two change what is not wrong
    }
  });

  test('patterns', () => {
    expect(nameMatches('*.csv', 'a.csv')).toBe(true);
    expect(nameMatches('*.csv', 'a.csv.gz')).toBe(false);
    expect(nameMatches('[ab]?.{csv,parquet}', 'b1.parquet')).toBe(true);
    expect(nameMatches('688*', '688001.SH')).toBe(true);
    expect(nameMatches('[!a]*', 'abc')).toBe(false);
    expect(nameMatches('a+(b).csv', 'a+(b).csv')).toBe(true);
  });

  test('times of day as files write them', () => {
    expect([stampTime(570), stampTime(0), stampTime(1440)]).toEqual(['09:30', '00:00', '24:00']);
  });
});
