import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { tableFromArrays, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MarketManifest } from '../data/market.ts';
import { marketVocabulary } from '../evaluation/evaluator.ts';
import { imported, inputs, none } from './import-files.ts';

const prices = `date,symbol,open,high,low,close,volume
2024-01-02,A,10,11,9,10.5,1000
2024-01-02,B,20,21,19,20.5,2000
2024-01-03,A,10.5,12,10,11,3000
2024-01-04,A,11,12,10,11.55,1000
2024-01-04,B,20,22,20,22,500
`;

describe('daily bars', () => {
  test('become matrices by date and symbol, missing where there is no row', async () => {
    const from = inputs({ 'prices.csv': prices });
    const { report, manifest, daily } = await imported(from, { files: [from.path('prices.csv')] });
    expect(manifest.calendar).toEqual(['2024-01-02', '2024-01-03', '2024-01-04']);
    expect(manifest.symbols).toEqual(['A', 'B']);
    expect(daily('CLOSE')).toEqual([
      [10.5, 20.5],
      [11, none],
      [11.55, 22],
    ]);
    expect(daily('RETURN1')).toEqual([
      [none, none],
      [0.047619, none],
      [0.05, none],
    ]);
    expect(daily('SUSPENDED')).toEqual([
      [0, 0],
      [0, 1],
      [0, 0],
    ]);
    expect(report.rows).toEqual({ daily: { read: 5, kept: 5, dropped: 0 } });
    expect(report.findings).toEqual([]);
    expect(from.entries()).toEqual(['market', 'prices.csv']);
  });

  test('are the same market from CSV, CSV.gz, Parquet and Arrow', async () => {
    const from = inputs({ 'prices.csv': prices, 'packed.csv.gz': prices });
    const db = await (await DuckDBInstance.create()).connect();
    await db.run(`COPY (SELECT * FROM read_csv('${from.path('prices.csv')}')) TO '${from.path('p.parquet')}'`);
    const rows = prices
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));
    const column = (c: number) => rows.map((row) => row[c] as string);
    const arrow = tableToIPC(
      tableFromArrays({
        date: column(0).map((date) => new Date(date)),
        symbol: column(1),
        ...Object.fromEntries(
          ['open', 'high', 'low', 'close', 'volume'].map((name, c) => [name, Float64Array.from(column(c + 2), Number)]),
        ),
      }),
      'file',
    );
    const other = inputs({ 'p.arrow': arrow });
    const hashes = await Promise.all(
      [
        [from, 'prices.csv'],
        [from, 'packed.csv.gz'],
        [from, 'p.parquet'],
        [other, 'p.arrow'],
      ].map(async ([folder, name], i) => {
        const out = inputs({});
        const files = [(folder as typeof from).path(name as string)];
        return [i, (await imported(out, { files, name: 'same' })).report.hash];
      }),
    );
    expect(new Set(hashes.map(([, hash]) => hash)).size).toBe(1);
  });

  test('are found under the names vendors use, in Chinese too, and in any case', async () => {
    for (const header of [
      'Trade_Date,TS_CODE,Open,High,Low,Close,Vol',
      '日期,股票代码,开盘,最高,最低,收盘,成交量',
      'TradingDay,Ticker,S_DQ_OPEN,S_DQ_HIGH,S_DQ_LOW,S_DQ_CLOSE,S_DQ_VOLUME',
    ]) {
      const from = inputs({ 'p.csv': `${header}\n20240102,A,10,11,9,10.5,1000\n` });
      const { daily, manifest } = await imported(from, { files: [from.path('p.csv')] });
      expect(manifest.calendar).toEqual(['2024-01-02']);
      expect([daily('OPEN'), daily('CLOSE'), daily('VOLUME')]).toEqual([[[10]], [[10.5]], [[1000]]]);
    }
  });

  test('may be mapped, scaled, and be given a vwap by their amount', async () => {
    const from = inputs({ 'p.csv': 'd,s,o,h,l,last,lots,thousands\n02/01/2024,A,10,11,9,10.5,10,10.4\n' });
    const { daily } = await imported(from, {
      files: [from.path('p.csv')],
      map: ['date=d', 'symbol=s,close=last', 'volume=lots*100', 'amount=thousands*1000'],
      dateFormat: '%d/%m/%Y',
    });
    expect([daily('VOLUME'), daily('AMOUNT'), daily('VWAP')]).toEqual([[[1000]], [[10400]], [[10.4]]]);
  });

  test('come from a file per symbol, by a pattern, in files of different columns', async () => {
    const header = 'date,open,high,low,close,volume';
    const from = inputs({
      'AAA_daily.csv': `${header}\n2024-01-02,1,1,1,1,5\n2024-01-03,2,2,2,2,5\n`,
      'BBB_daily.csv': `volume,date,close,open,high,low\n5,2024-01-03,3,3,3,3\n`,
      'notes.txt': 'not for us',
    });
    const { daily, manifest } = await imported(from, {
      files: [from.path('*_daily.csv')],
      symbolFromName: '(\\w+)_.aily',
    });
    expect(manifest.symbols).toEqual(['AAA', 'BBB']);
    expect(manifest.provenance.options).toEqual({ symbolFromName: '(\\w+)_.aily' });
    expect(daily('CLOSE')).toEqual([
      [1, none],
      [2, 3],
    ]);
  });

  test('come from a file per date', async () => {
    const header = 'symbol,open,high,low,close,volume';
    const from = inputs({
      'day_20240102.csv': `${header}\nA,1,1,1,1,5\n`,
      'day_20240103.csv': `${header}\nA,2,2,2,2,5\n`,
    });
    const { daily } = await imported(from, { files: [from.path('day_*.csv')], dateFromName: true });
    expect(daily('CLOSE')).toEqual([[1], [2]]);
  });

  test('are adjusted by a factor: prices up, volumes down, turnover unchanged', async () => {
    const from = inputs({
      'p.csv':
        'date,symbol,open,high,low,close,volume,amount,f,float\n2024-01-02,A,10,10,10,10,100,1000,1,1000\n2024-01-03,A,5,5,5,5,200,1000,2,2000\n',
    });
    const { daily } = await imported(from, { files: [from.path('p.csv')], adjustFactor: 'f', freeShares: 'float' });
    expect([daily('CLOSE'), daily('VOLUME'), daily('VWAP'), daily('RETURN1')]).toEqual([
      [[10], [10]],
      [[100], [100]],
      [[10], [10]],
      [[none], [0]],
    ]);
    expect(daily('FREE_TURN')).toEqual([[0.1], [0.1]]);
    expect(daily('CLOSE_FREE_TURN')).toEqual([[100], [100]]);
  });

  test('in another encoding are read when it is named', async () => {
    const gbk = Uint8Array.from([
      ...Buffer.from('date,'),
      0xb4,
      0xfa,
      0xc2,
      0xeb,
      ...Buffer.from(',open,high,low,close,volume\n2024-01-02,A,1,1,1,1,5\n'),
    ]); // 代码
    const from = inputs({ 'p.csv': gbk });
    const { manifest } = await imported(from, { files: [from.path('p.csv')], encoding: 'gb18030' });
    expect(manifest.symbols).toEqual(['A']);
    const swapped = Buffer.from('date,symbol,open,high,low,close,volume\n2024-01-02,A,1,1,1,1,5\n', 'utf16le').swap16();
    const utf16 = inputs({ 'p.csv': swapped });
    expect((await imported(utf16, { files: [utf16.path('p.csv')], encoding: 'utf-16be' })).manifest.symbols).toEqual([
      'A',
    ]);
  });

  test('may have columns and fields of any name, also those the database or we use ourselves', async () => {
    const names = ['select', 'a"b', 'x;drop table bars', '_file', 'file', 'rn', 'raw', 'day', 'sec', '_stamp'];
    const quoted = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(',');
    const cells = names.map((_, i) => i).join(',');
    const from = inputs({
      'p.csv': `date,symbol,open,high,low,close,volume,${quoted}\n2024-01-02,A,1,1,1,1,5,${cells}\n`,
    });
    const fields = ['SELECT', 'A_B', 'FACTOR', 'SYMBOL', 'FILE', 'RN', 'RAW', 'DAY', 'SEC', 'BAD'];
    const { daily } = await imported(from, {
      files: [from.path('p.csv')],
      field: names.map((name, i) => `${fields[i]}=${name}:ratio`),
    });
    expect(fields.map((field) => daily(field)[0]?.[0])).toEqual(names.map((_, i) => i));
  });

  test('have symbols without the blanks around them', async () => {
    const from = inputs({ 'p.csv': 'date,symbol,open,high,low,close,volume\n2024-01-02,\tA\u00a0,1,1,1,1,5\n' });
    expect((await imported(from, { files: [from.path('p.csv')] })).manifest.symbols).toEqual(['A']);
  });

  test('whose vwap or amount does not fit their prices are told, and a vwap of zero is none', async () => {
    const header = 'date,symbol,open,high,low,close,volume';
    const adjusted = inputs({ 'p.csv': `${header},amount\n2024-01-02,A,13,14.3,11.7,13,100,1000\n` });
    const { report } = await imported(adjusted, { files: [adjusted.path('p.csv')] });
    expect(report.findings).toMatchObject([{ rule: 'vwap-range', action: 'warn', count: 1 }]);
    const rows = ['2024-01-02,A,1,2,1,1,5,0', '2024-01-03,A,1,2,1,1,0,0', '2024-01-04,A,1,2,1,1,5,1.5'];
    for (const column of ['vwap', 'amount']) {
      const from = inputs({
        'p.csv': [`${header},${column}`, ...rows, ''].join('\n').replace('1.5', column === 'vwap' ? '1.5' : '7.5'),
      });
      const { daily, report } = await imported(from, { files: [from.path('p.csv')] });
      expect(daily('VWAP')).toEqual([[none], [none], [1.5]]);
      expect(report.findings).toMatchObject([{ rule: 'vwap-range', count: 1 }]);
    }
  });

  test('with stamps of another zone are dated where the exchange is', async () => {
    const from = inputs({ 'p.csv': prices.replaceAll(/(2024-01-0\d)/g, '$1T05:00:00Z') });
    const { manifest } = await imported(from, { files: [from.path('p.csv')], timezone: 'America/New_York' });
    expect(manifest.calendar[0]).toBe('2024-01-02');
    const tokyo = await imported(inputs({}), { files: [from.path('p.csv')].map(String), timezone: 'Pacific/Auckland' });
    expect(tokyo.manifest.calendar[0]).toBe('2024-01-02');
  });

  test('keep further columns, and refuse to guess their units', async () => {
    const from = inputs({
      'p.csv':
        'date,symbol,open,high,low,close,volume,pe,ind\n2024-01-02,A,1,1,1,1,5,12.5,Banks\n2024-01-02,B,1,1,1,1,5,8,Oil\n',
    });
    const { daily, manifest } = await imported(from, {
      files: [from.path('p.csv')],
      field: ['PE=pe:ratio'],
      group: ['INDUSTRY=ind'],
    });
    expect(daily('PE')).toEqual([[12.5, 8]]);
    const industry = manifest.fields.find((field) => field.name === 'INDUSTRY');
    expect(daily('INDUSTRY')[0]?.map((code) => industry?.labels?.[code])).toEqual(['Banks', 'Oil']);
    await expect(imported(inputs({}), { files: [from.path('p.csv')], field: ['PE=pe'] })).rejects.toThrow(
      'needs a unit',
    );
  });

  test('are one market however their rows are ordered and their files cut', async () => {
    const [header = '', ...rows] = prices.trim().split('\n');
    const whole = await imported(inputs({}), { files: [inputs({ 'p.csv': prices }).path('p.csv')], name: 'same' });
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(rows, { minLength: rows.length }),
        fc.integer({ min: 0, max: rows.length }),
        async (shuffled, cut) => {
          const from = inputs({
            'a.csv': `${header}\n${shuffled.slice(0, cut).join('\n')}\n`,
            'b.csv': `${header}\n${shuffled.slice(cut).join('\n')}\n`,
          });
          const { report } = await imported(from, { files: [from.path('[ab].csv')], name: 'same' });
          expect(report.hash).toBe(whole.report.hash);
        },
      ),
      { numRuns: 6 },
    );
  });
});

const words = (manifest: MarketManifest): string[] => [...marketVocabulary(manifest).keys()];

describe('tables beside the bars', () => {
  test('hold from their date on, or throughout', async () => {
    const from = inputs({
      'p.csv': prices,
      'industry.csv': 'symbol,name,industry\nA,Aa,Banks\nB,Bb,Oil\nC,Cc,Steel\n',
      'cap.csv': 'date,symbol,cap\n2024-01-01,A,100\n2024-01-03,A,150\n2024-01-04,B,300\n',
      'members.csv': 'date,symbol,weight\n2024-01-03,A,60\n2024-01-03,B,40\n2024-01-04,B,100\n',
    });
    const { daily, manifest, report } = await imported(from, {
      files: [from.path('p.csv')],
      group: [`INDUSTRY=${from.path('industry.csv')}`],
      static: [`CAP=${from.path('cap.csv')}:date,symbol,cap:money`],
      members: from.path('members.csv'),
    });
    expect(manifest.fields.find((field) => field.name === 'INDUSTRY')?.labels).toEqual(['Banks', 'Oil']);
    expect(daily('CAP')).toEqual([
      [100, none],
      [150, none],
      [150, 300],
    ]);
    expect(daily('MEMBER')).toEqual([
      [none, none],
      [1, 1],
      [0, 1],
    ]);
    expect(daily('WEIGHT')).toEqual([
      [none, none],
      [0.6, 0.4],
      [0, 1],
    ]);
    expect(report.notes).toContain('INDUSTRY is one snapshot, taken for every date');
    expect(words(manifest)).toEqual(expect.arrayContaining(['CLOSE', 'INDUSTRY', 'CAP']));
    for (const barred of ['MEMBER', 'WEIGHT', 'CAN_BUY', 'ST']) expect(words(manifest)).not.toContain(barred);
  });

  test('without dates are no words of a formula, which would know the future', async () => {
    const from = inputs({
      'p.csv': prices,
      'cap.csv': 'symbol,cap\nA,100\nB,300\n',
      'industry.csv': 'symbol,industry\nA,Banks\nB,Oil\n',
      'members.csv': 'symbol,weight\nA,0.4\nB,0.6\n',
    });
    const { daily, manifest } = await imported(from, {
      files: [from.path('p.csv')],
      static: [`CAP=${from.path('cap.csv')}:symbol,cap:money`],
      group: [`INDUSTRY=${from.path('industry.csv')}`],
      members: from.path('members.csv'),
    });
    expect(daily('CAP')[0]).toEqual([100, 300]);
    expect(words(manifest)).toContain('CLOSE');
    expect(words(manifest)).not.toContain('CAP');
    const undated = manifest.fields.flatMap(({ name, snapshot }) => (snapshot ? [name] : []));
    expect(undated.sort()).toEqual(['CAP', 'INDUSTRY', 'MEMBER', 'WEIGHT']);
    // Groups of one day are better than none.
    expect(words(manifest)).toContain('INDUSTRY');
    // Where it was made is nobody's business; what was asked for is kept as it was.
    expect(manifest.provenance.options).toEqual({
      static: ['CAP=cap.csv:symbol,cap:money'],
      group: ['INDUSTRY=industry.csv'],
      members: 'members.csv',
    });
    expect(JSON.stringify(manifest.provenance)).not.toContain(from.folder);
  });

  test('an index describes the market', async () => {
    const from = inputs({
      'p.csv': prices,
      'index.csv':
        'date,symbol,open,high,low,close,volume\n2024-01-02,X,1,1,1,100,0\n2024-01-03,X,1,104,98,102,0\n2024-01-02,Y,1,1,1,7,0\n',
    });
    const { daily, report } = await imported(from, {
      files: [from.path('p.csv')],
      index: `${from.path('index.csv')}:X`,
    });
    expect(daily('MKT_RETURN').map((row) => row[0])).toEqual([none, 0.02, none]);
    expect(daily('MKT_AMPLITUDE').map((row) => row[0])).toEqual([none, 0.06, none]);
    expect(report.notes.some((note) => note.includes("lacks 1 of the market's 3 dates"))).toBe(true);
  });
});

/** Bars of symbols on a grid of start stamps, without the ones left out. */
function minuteFile(
  starts: readonly string[],
  days: readonly string[],
  symbols: readonly string[],
  out = new Set<string>(),
): string {
  const lines = days.flatMap((day) =>
    symbols.flatMap((symbol, s) =>
      starts.flatMap((time, b) =>
        out.has(`${day} ${time} ${symbol}`)
          ? []
          : [`${day} ${time}:00,${symbol},${s + b + 1},${s + b + 2},${s + b + 0.5},${s + b + 1.5},${10 * (b + 1)}`],
      ),
    ),
  );
  return ['datetime,symbol,open,high,low,close,volume', ...lines, ''].join('\n');
}

describe('minute bars', () => {
  const ends = ['10:00', '10:30', '11:00', '11:30', '13:30', '14:00', '14:30', '15:00'];
  const days = ['2024-01-02', '2024-01-03', '2024-01-04'];

  test('find their session, its break, and that stamps are ends; daily bars are made of them', async () => {
    const from = inputs({ 'm.csv': minuteFile(ends, days, ['A', 'B']) });
    const { manifest, report, minute, daily } = await imported(from, { files: [from.path('m.csv')] });
    expect(report.grid).toEqual({ barMinutes: 30, bars: 8, session: '09:30-11:30,13:00-15:00', stamp: 'end' });
    expect(manifest.minute?.starts).toEqual([570, 600, 630, 660, 780, 810, 840, 870]);
    expect(minute('close', 1)[2]).toEqual([3.5, 4.5]);
    expect([daily('OPEN')[0], daily('HIGH')[0], daily('LOW')[0], daily('CLOSE')[0], daily('VOLUME')[0]]).toEqual([
      [1, 2],
      [9, 10],
      [0.5, 1.5],
      [8.5, 9.5],
      [360, 360],
    ]);
  });

  test('keep minutes without a bar missing, or fill them when asked', async () => {
    const out = new Set(['2024-01-03 10:00 A', '2024-01-03 11:00 A', '2024-01-03 11:30 A']);
    const from = inputs({ 'm.csv': minuteFile(ends, days, ['A', 'B'], out) });
    const kept = await imported(from, { files: [from.path('m.csv')] });
    expect(kept.minute('close', 1).map((bar) => bar[0])).toEqual([none, 2.5, none, none, 5.5, 6.5, 7.5, 8.5]);
    const filled = await imported(inputs({}), { files: [from.path('m.csv')], repair: ['gaps'] });
    expect(filled.minute('close', 1).map((bar) => bar[0])).toEqual([none, 2.5, 2.5, 2.5, 5.5, 6.5, 7.5, 8.5]);
    expect(filled.minute('volume', 1).map((bar) => bar[0])).toEqual([none, 20, 0, 0, 50, 60, 70, 80]);
    expect(filled.report.notes).toContain('2 minutes without a bar were filled with the last close and volume 0');
  });

  test('and daily bars make one market; where they close apart is told, and scaled when asked', async () => {
    const day =
      'date,symbol,open,high,low,close,volume\n2024-01-01,A,4,4,4,4,9\n2024-01-02,A,4.25,4.25,4.25,4.25,9\n2024-01-03,A,8.5,8.5,8.5,8.5,9\n2024-01-04,A,8.5,8.5,8.5,8.5,9\n';
    const from = inputs({ 'd.csv': day, 'm.csv': minuteFile(ends, days, ['A']) });
    const files = [from.path('d.csv'), from.path('m.csv')];
    const told = await imported(from, { files });
    expect(told.manifest.calendar).toHaveLength(4);
    expect(told.report.findings.map(({ rule, action, count }) => [rule, action, count])).toEqual([
      ['jump', 'warn', 1],
      ['daily-minute', 'warn', 1],
    ]);
    expect(told.daily('CLOSE').flat()).toEqual([4, 4.25, 8.5, 8.5]);
    const scaled = await imported(inputs({}), { files, repair: ['minute-scale'] });
    expect(scaled.minute('close', 1).at(-1)).toEqual([4.25]);
    expect(scaled.minute('open', 1)[0]).toEqual([0.5]);
    expect(scaled.minute('close', 2).at(-1)).toEqual([8.5]);
  });

  test('after an early close are refused, or dropped and written down', async () => {
    const starts = Array.from(
      { length: 13 },
      (_, b) => `${String(Math.floor((570 + b * 30) / 60)).padStart(2, '0')}:${b % 2 === 0 ? '30' : '00'}`,
    );
    const late = starts.slice(7);
    const closed = new Set(['A', 'B', 'C'].flatMap((symbol) => late.map((time) => `2024-01-03 ${time} ${symbol}`)));
    closed.delete(`2024-01-03 ${late[0]} A`);
    const from = inputs({ 'm.csv': minuteFile(starts, days, ['A', 'B', 'C'], closed) });
    await expect(imported(from, { files: [from.path('m.csv')] })).rejects.toThrow('1 row lies after the early close');
    const { report } = await imported(from, { files: [from.path('m.csv')], repair: ['session'] });
    expect(report.rows.minute).toEqual({ read: 100, kept: 99, dropped: 1 });
    expect(report.notes.some((note) => note.includes('1 half days: 2024-01-03 (13:00)'))).toBe(true);
    expect(readFileSync(from.path('market/drop-report.csv'), 'utf8').split('\n')[1]).toBe(
      'after-early-close,dropped,minute,m.csv,47,A,2024-01-03 13:00,that day closed at 13:00',
    );
  });
});

describe('repairs', () => {
  const header = 'date,symbol,open,high,low,close,volume';
  const good = '2024-01-02,A,10,11,9,10,100\n2024-01-03,A,10,11,9,10,100\n2024-01-04,A,10,11,9,10,100';
  const bad = (...rows: string[]) => inputs({ 'p.csv': [header, good, ...rows, ''].join('\n') });

  test('say what they did with every row', async () => {
    const from = bad(
      '2024-01-02,B,10,9,11,10,100', // high below low
      '2024-01-03,B,12,11,9,10,100', // open above high
      '2024-01-03,B,10,11,9,10.5,100', // again
      '2024-01-04,B,,11,9,10,100', // no open
      'someday,B,10,11,9,10,100',
      '2024-01-05,A,10,11,9,-10,100',
      '2024-01-05,B,10,11,9,inf,100',
      '2024-01-05,A,10,11,9,ten,100',
      '2024-01-05,B,0,0,0,0,0',
      '2024-01-08,A,10,11,9,10,-5',
      '2024-01-08,C,,,,,',
      '2024-01-08,,10,11,9,10,1',
      '2024-01-08,A,10,11',
      '2024-01-08,A,7,7,7,7,0',
      '2024-01-08,B,10,11,9,10,100',
    );
    const { report, daily } = await imported(from, { files: [from.path('p.csv')], repair: ['all'] });
    const done = Object.fromEntries(report.findings.map(({ rule, action, count }) => [rule, `${action} ${count}`]));
    expect(done).toEqual({
      malformed: 'drop 1',
      'no-symbol': 'drop 1',
      'bad-date': 'drop 1',
      'bad-number': 'fix 1',
      infinite: 'fix 1',
      empty: 'drop 1',
      'zero-bar': 'drop 1',
      'non-positive': 'drop 1',
      'negative-volume': 'drop 1',
      incomplete: 'fix 3',
      'high-below-low': 'fix 1',
      'outside-range': 'fix 1',
      duplicate: 'drop 1',
      'empty-date': 'drop 2',
      stale: 'drop 1',
    });
    expect(report.rows.daily).toEqual({ read: 18, kept: 7, dropped: 11 });
    expect(daily('HIGH').map((row) => row[1])).toEqual([11, 11, 11, 11]);
    expect(daily('CLOSE').map((row) => row[1])).toEqual([10, 10.5, 10, 10]);
    const written = readFileSync(from.path('market/drop-report.csv'), 'utf8').trim().split('\n');
    expect(written).toHaveLength(1 + report.findings.reduce((sum, finding) => sum + finding.count, 0));
  });

  test('keep the first or the last of several rows', async () => {
    const from = bad('2024-01-04,A,10,12,9,11,100');
    const close = async (repair: string) =>
      (await imported(inputs({}), { files: [from.path('p.csv')], repair: [repair] })).daily('CLOSE')[2];
    expect(await close('duplicates=first')).toEqual([10]);
    expect(await close('duplicates')).toEqual([11]);
  });

  test('drop a one-date spike', async () => {
    const from = bad('2024-01-05,A,5,5,5,5,100', '2024-01-08,A,10,11,9,10,100');
    const { daily, report } = await imported(from, { files: [from.path('p.csv')], repair: ['bad-ticks'] });
    expect(daily('CLOSE').flat()).toEqual([10, 10, 10, 10]);
    expect(report.notes).toContain('1 dates have no bar left after the repairs and are left out');
    expect(report.rows.daily).toEqual({ read: 5, kept: 4, dropped: 1 });
  });
});
