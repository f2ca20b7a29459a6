/** Scores from files: what evolve itself writes, what other tools write, and what is wrong with a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { dateText, dayNumber } from '../core/date.ts';
import type { EvolveError } from '../core/failure.ts';
import { stream } from '../core/random.ts';
import { readScores, type ScoreAxes, type Scores } from '../data/scores.ts';
import { FactorFile, type FactorShape } from '../evaluation/factor-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'evolve-scores-test-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const fresh = (ending: string): string => join(folder, `${files++}.${ending}`);

const calendar = Array.from({ length: 9 }, (_, t) => dateText(dayNumber('2024-02-26') + t));
const market: ScoreAxes = { calendar, symbols: ['000001', '600000', 'a', 'A', '贵州茅台', "it's"] };

interface Panel {
  readonly dates: readonly string[];
  readonly symbols: readonly string[];
  readonly factors: readonly string[];
  readonly values: readonly Float32Array[];
}

async function written({ dates, symbols, factors, values }: Panel, ending: string, shape: FactorShape) {
  const path = fresh(ending);
  const file = await FactorFile.create({ path, shape, factors, symbols, overwrite: false, inputs: [] });
  file.write(Int32Array.from(dates, dayNumber), values);
  file.finish();
  return path;
}

const csv = (text: string, ending = 'csv'): string => {
  const path = fresh(ending);
  writeFileSync(path, ending.endsWith('gz') ? gzipSync(text) : text);
  return path;
};

/** The panel on the axes by definition: cell by cell. */
function onAxes({ dates, symbols, values }: Panel, axes: ScoreAxes): Float32Array[] {
  return values.map((cells) =>
    Float32Array.from(
      axes.calendar.flatMap((date) =>
        axes.symbols.map((symbol) => {
          const [t, n] = [dates.indexOf(date), symbols.indexOf(symbol)];
          const cell = t < 0 || n < 0 ? Number.NaN : (cells[t * symbols.length + n] as number);
          // A text has no negative zero.
          return Number.isFinite(cell) ? cell + 0 : Number.NaN;
        }),
      ),
    ),
  );
}

const panel = fc
  .record({
    dates: fc.subarray([...calendar, '2024-02-25', '2024-03-30'], { minLength: 1 }),
    symbols: fc.subarray([...(market.symbols as string[]), 'elsewhere', 'x,y'], { minLength: 1 }),
    factors: fc.subarray(['ts_mean(close, 240)', 'ts_mean(CLOSE, 240)', '动量', 'close', 'say "hi"'], { minLength: 1 }),
  })
  .filter(
    ({ dates, symbols }) =>
      dates.some((date) => calendar.includes(date)) && symbols.some((symbol) => market.symbols.includes(symbol)),
  )
  .chain((axes) => {
    const length = axes.dates.length * axes.symbols.length;
    const number = fc.oneof(
      { weight: 4, arbitrary: fc.float({ noNaN: true }) },
      { weight: 1, arbitrary: fc.constant(Number.NaN) },
    );
    const column = fc.array(number, { minLength: length, maxLength: length }).map((all) => Float32Array.from(all));
    return fc.tuple(...axes.factors.map(() => column)).map((values): Panel => ({ ...axes, values }));
  })
  // A file of nothing is refused, also when its first column alone is written.
  .filter((panel) => onAxes(panel, market)[0]?.some((cell) => !Number.isNaN(cell)) === true);

const positive = (cells: readonly Float32Array[]) => cells.map((column) => column.map((value) => value + 0));

describe.each(['csv', 'parquet', 'arrow'])('%s', (ending) => {
  test('a long file of ours is read back, and every row it has is placed or counted', async () => {
    await fc.assert(
      fc.asyncProperty(panel, async (panel) => {
        const scores = await readScores(await written(panel, ending, 'long'), market);
        expect(scores.names).toEqual(panel.factors);
        expect(positive(scores.values)).toEqual(onAxes(panel, market));
        expectCounted(scores, panel);
      }),
      { numRuns: 12 },
    );
  });

  test('a wide file of ours is the same', async () => {
    await fc.assert(
      fc.asyncProperty(panel, async (many) => {
        const panel = { ...many, factors: many.factors.slice(0, 1), values: many.values.slice(0, 1) };
        const path = await written(panel, ending, 'wide');
        const scores = await readScores(path, market);
        expect(positive(scores.values)).toEqual(onAxes(panel, market));
        expectCounted(scores, panel);
      }),
      { numRuns: 12 },
    );
  });
});

function expectCounted({ rows, dropped }: Scores, { dates, symbols, values }: Panel): void {
  const counted = (reason: string): number => dropped.find((row) => row.reason.startsWith(reason))?.rows ?? 0;
  const known = symbols.filter((symbol) => market.symbols.includes(symbol));
  const foreign = dates.filter((date) => !calendar.includes(date));
  expect(rows).toBe(dates.length * symbols.length);
  expect(counted('symbol the market')).toBe(dates.length * (symbols.length - known.length));
  expect(counted('date that is not')).toBe(foreign.length * known.length);
  const infinite = values.flatMap((cells) =>
    [...cells].filter((cell, i) => {
      const [date, symbol] = [dates[Math.floor(i / symbols.length)], symbols[i % symbols.length]];
      return Math.abs(cell) === Infinity && calendar.includes(date as string) && known.includes(symbol as string);
    }),
  );
  expect(counted('value that is infinite')).toBe(infinite.length);
}

describe('files of other tools', () => {
  const small: ScoreAxes = { calendar: ['2024-01-02', '2024-01-03'], symbols: ['000001', '600000'] };
  const expected = Float32Array.of(0.5, -1, Number.NaN, 2);

  test.each([
    ['a vendor’s names', 'trade_date,ts_code,pred\n20240102,000001,0.5\n20240102,600000,-1\n20240103,600000,2\n'],
    ['other separators', '日期;代码;得分\n2024/1/2;000001;0.5\n2024/1/2;600000;-1\n2024/1/3;600000;2\n'],
    [
      'the index of pandas',
      ',date,symbol,pred\n0,2024-01-02,000001,.5\n1,2024-01-02,600000,-1\n2,2024-01-03,600000,2\n',
    ],
    [
      'words for nothing',
      'date,code,p\n2024-01-02,000001,0.5\n2024-01-02,600000,-1\n2024-01-03,000001,NaN\n2024-01-03,600000,2\n',
    ],
    [
      'a column of words',
      'date,code,name,p\n2024-01-02,000001,Ping An,0.5\n2024-01-02,600000,,-1\n2024-01-03,600000,x,2\n',
    ],
    ['wide', 'date,600000,000001\n2024-01-03,2,\n2024-01-02,-1,0.5\n'],
    ['wide, the index without a name', ',000001,600000\n2024-01-02 00:00:00,0.5,-1\n2024-01-03 00:00:00,,2\n'],
  ])('%s', async (_, text) => {
    for (const ending of ['csv', 'csv.gz']) {
      const { values, dropped } = await readScores(csv(text, ending), small);
      expect(values).toEqual([expected]);
      expect(dropped).toEqual([]);
    }
  });

  test('the columns asked for, whatever their case', async () => {
    const path = csv('date,symbol,a,b,c\n2024-01-02,000001,1,2,3\n');
    const { names, values } = await readScores(path, { ...small, columns: ['C', 'a'] });
    expect(names).toEqual(['c', 'a']);
    expect(values.map(([first]) => first)).toEqual([3, 1]);
  });

  test('what a terminal takes for a command is no part of a name', async () => {
    const name = '\x1b]0;owned\x07a\tb\nc\x9b';
    const axes = { calendar: small.calendar, symbols: ['000001'] };
    const panel = { dates: small.calendar, symbols: ['000001'], factors: [name], values: [Float32Array.of(1, 2)] };
    for (const ending of ['parquet', 'arrow']) {
      const { names, values } = await readScores(await written(panel, ending, 'long'), axes);
      expect(names).toEqual(['\ufffd]0;owned\ufffda b c\ufffd']);
      expect(values).toEqual(panel.values);
    }
    const { names } = await readScores(csv(`date,symbol,"\x1b[31mp"\n2024-01-02,000001,1\n`), axes);
    expect(names).toEqual(['\ufffd[31mp']);
  });

  test('a wide file of stocks called like columns', async () => {
    const tickers: ScoreAxes = { calendar: small.calendar, symbols: ['DAY', 'SID', 'V'] };
    const { values } = await readScores(csv('Date,DAY,SID,V\n2024-01-02,1,2,3\n'), tickers);
    expect([...(values[0] as Float32Array)].slice(0, 3)).toEqual([1, 2, 3]);
  });

  test('a column of words that begins with nothing is no score', async () => {
    const late: ScoreAxes = {
      calendar: Array.from({ length: 12_000 }, (_, t) => dateText(t)),
      symbols: ['A'],
    };
    const rows = late.calendar.map((date, t) => `${date},A,${t},${t > 11_000 ? 'word' : ''},${t > 11_000 ? t : ''}`);
    const scores = await readScores(csv(`date,symbol,p,words,late\n${rows.join('\n')}\n`), late);
    expect(scores.names).toEqual(['p', 'late']);
    expect(scores.dropped).toEqual([]);
    expect(scores.values[1]?.at(-1)).toBe(11_999);
  });

  test.each(['csv', 'csv.gz'])('%s of 200 columns are as those of few, also what finds no place', async (ending) => {
    const axes: ScoreAxes = { calendar, symbols: ['S1', 'S2', 'S3', 'S4', 'S5'] };
    const random = stream(2, 0, 0);
    const names = Array.from({ length: 200 }, (_, c) => `f${c}`);
    const pairs = calendar.flatMap((date) => axes.symbols.map((symbol) => [date, symbol]));
    const cells = pairs.map(() => names.map((_, c) => (c === 7 ? 'word' : String(Math.fround(random.normal())))));
    (cells[3] as string[])[5] = 'high';
    (cells[4] as string[])[5] = '1e99';
    (cells[5] as string[])[5] = 'NaN';
    const table = (columns: readonly number[]): string =>
      [
        `symbol,date,${columns.map((c) => names[c])}`,
        ...pairs.map(([date, symbol], i) => `" ${symbol} ",${date},${columns.map((c) => cells[i]?.[c])}`),
        `S9,${calendar[0]},${columns.map(() => 1)}`,
        `S1,2030-01-01,${columns.map(() => 1)}`,
        `S1,${calendar[0]},1,2,3,4,5,6,7,8`,
        '',
      ].join('\n');
    const all = names.map((_, c) => c);
    const many = await readScores(csv(table(all), ending), axes);
    expect(many.names).toEqual(names.filter((_, c) => c !== 7));
    expect(many.rows).toBe(pairs.length + 3);
    const few = await readScores(csv(table([5, 6, 7]), ending), axes);
    expect(few.names).toEqual(['f5', 'f6']);
    expect(many.values.slice(5, 7)).toEqual(few.values);
    expect(many.dropped).toEqual(few.dropped);
    expect(many.dropped).toHaveLength(5);
    const chosen = await readScores(csv(table(all), ending), { ...axes, columns: ['f199', 'f5'] });
    expect(chosen.values).toEqual([many.values.at(-1), many.values[5]]);
  });

  test('counts with an example what finds no place', async () => {
    const text = [
      'date,symbol,p',
      '2024-01-02,000001,0.5',
      '2024-01-02,600000,high',
      '2024-01-03,600000,1e99',
      '2024-01-03,688001,1',
      '2024-01-03,,1',
      '2024-01-06,000001,1',
      'yesterday,000001,1',
      '2024-01-03,000001,1,2,3',
      '',
    ].join('\n');
    const { rows, dropped, values } = await readScores(csv(text), small);
    expect(rows).toBe(8);
    expect(dropped.map(({ reason, rows, example }) => `${rows} ${reason}: ${example}`).sort()).toEqual([
      '1 date that cannot be read: "yesterday"',
      '1 date that is not in the calendar: 2024-01-06',
      '1 line that does not split into the columns: line 9',
      '1 no symbol: a row of 2024-01-03',
      '1 symbol the market does not have: 688001',
      '1 value of p that is no number: 600000 on 2024-01-02: "high"',
      '1 value that is infinite or beyond a float32: 600000 on 2024-01-03: 1e+99',
    ]);
    expect([...(values[0] as Float32Array)]).toEqual([0.5, Number.NaN, Number.NaN, Number.NaN]);
  });

  test.each([
    ['no date', 'symbol,p\n000001,1\n', 'no column of dates; it has: symbol, p'],
    ['no header', '20240102,000001,0.5\n', 'Its first line looks like data'],
    [
      'no symbol',
      'date,p\n2024-01-02,1\n',
      'none of its 1 other columns is a symbol of the market; it has e.g. p, the market 000001',
    ],
    ['no number', 'date,symbol\n2024-01-02,000001\n', 'no column of numbers beside them'],
    ['only words', 'date,symbol,p\n2024-01-02,000001,up\n', 'no column of numbers beside dates and symbols; it has: p'],
    ['no rows', 'date,symbol,p\n', 'has no rows below the header'],
    [
      'symbols of another kind',
      'date,symbol,p\n2024-01-02,600000.SH,1\n2024-01-02,000001.SZ,1\n',
      'none of its 2 symbols is in the market; it has e.g. 600000.SH, the market 000001',
    ],
    [
      'other years',
      'date,symbol,p\n2019-01-02,000001,1\n',
      'none of its dates is in the market; it has e.g. 2019-01-02, the market has 2024-01-02 to 2024-01-03',
    ],
    ['dates in words', 'date,symbol,p\n2 Jan,000001,1\n', 'none of its dates can be read, such as "2 Jan"'],
    ['lines of another width', 'date,symbol,p\n2024-01-02,000001,1,2\n', "no number on the market's dates"],
    ['wide lines of another width', 'date,000001\n2024-01-02,1,2\n', "no number on the market's dates"],
    [
      'a pair twice',
      'date,symbol,p\n2024-01-02,000001,1\n2024-01-02,000001,1\n',
      '000001 on 2024-01-02 more than once',
    ],
    ['a date twice', 'date,000001\n2024-01-02,1\n2024-01-02,\n', '000001 on 2024-01-02 more than once'],
    ['a column twice', 'date,symbol,p,p\n2024-01-02,000001,1,2\n', 'two columns "p"'],
    [
      'two columns of dates',
      'date,Date,symbol,p\n2024-01-02,2024-01-02,000001,1\n',
      '"date" and "Date" that could both be the date',
    ],
  ])('refuses %s', async (_, text, sentence) => {
    await expect(readScores(csv(text), small)).rejects.toThrow(sentence);
  });

  test.each(['long', 'wide'])('refuses a %s file that breaks off', async (shape) => {
    const random = stream(1, 0, 0);
    const lines = Array.from(
      { length: 20_000 },
      (_, t) => `${dateText(t)},${shape === 'long' ? '000001,' : ''}${random.next()}`,
    );
    const path = fresh('csv.gz');
    const whole = gzipSync(`${shape === 'long' ? 'date,symbol,p' : 'date,000001'}\n${lines.join('\n')}\n`);
    writeFileSync(path, whole.subarray(0, whole.length - 20_000));
    const years = { calendar: Array.from({ length: 20_000 }, (_, t) => dateText(t)), symbols: ['000001'] };
    await expect(readScores(path, years)).rejects.toThrow('cannot be read');
  });

  test.each([
    [
      'inf',
      'date,symbol,p\n2024-01-02,000001,inf\n2024-01-03,000001,1e99\n',
      'infinite or beyond a float32: 2, such as',
    ],
    [
      'lines',
      'date,symbol,p\n2024-01-02,000001,\n2024-01-03,000001,1,2\n',
      'split into the columns: 1, such as line 3',
    ],
    ['wide', 'date,000001\n2024-01-02,inf\n2024-01-03,NaN\n', 'infinite or beyond a float32: 1, such as 000001 on'],
    ['blank', 'date,symbol,p\n2024-01-02,000001,\n', undefined],
  ])('refuses a file without any number that has a place, and counts why: %s', async (_, text, reason) => {
    const refused = readScores(csv(text), small);
    await expect(refused).rejects.toThrow("has no number on the market's dates and symbols.");
    const { details } = (await refused.catch((error) => error)) as EvolveError;
    expect(details).toEqual(reason === undefined ? [] : [expect.stringContaining(reason)]);
  });

  test('refuses another encoding, with what can be done about it', async () => {
    const path = fresh('csv');
    writeFileSync(path, Uint8Array.from([...Buffer.from('date,symbol,'), 0xb4, 0xfa, 0xc2, 0xeb, 0x0a]));
    await expect(readScores(path, small)).rejects.toThrow('is not in UTF-8. Convert it to UTF-8 first.');
    // Also below what the header is looked for in.
    const lines = '2030-01-02,1,\n'.repeat(10_000);
    writeFileSync(path, Uint8Array.from([...Buffer.from(`date,000001,600000\n${lines}`), 0xb4, 0xfa, 0x0a]));
    await expect(readScores(path, small)).rejects.toThrow(/is not in UTF-8/);
  });

  test('refuses a file that is not there, and columns it does not have', async () => {
    await expect(readScores(join(folder, 'nowhere.csv'), small)).rejects.toThrow('it does not exist');
    const path = csv('date,symbol,a\n2024-01-02,000001,1\n');
    await expect(readScores(path, { ...small, columns: ['b'] })).rejects.toThrow('no column "b" of scores');
  });
});
