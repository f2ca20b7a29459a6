import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { EvolveError } from '../core/failure.ts';
import { importMarket } from '../data/import/import-market.ts';
import type { ImportOptions } from '../data/import/options.ts';
import { shortage } from '../data/import/shortage.ts';
import { unreadable } from '../data/import/source.ts';
import { type Inputs, inputs } from './import-files.ts';

const header = 'date,symbol,open,high,low,close,volume';
const good = [
  '2024-01-02,A,10,11,9,10,100',
  '2024-01-03,A,10,11,9,10,100',
  '2024-01-02,B,10,11,9,10,100',
  '2024-01-03,B,10,11,9,10,100',
];
const csv = (...rows: string[]): string => [header, ...rows, ''].join('\n');
const minutes = (length: number, symbol: string, steps = 78, price = 10): string[] =>
  ['2024-01-02', '2024-01-03'].flatMap((day) =>
    Array.from({ length: steps }, (_, b) => {
      const minute = 570 + b * length;
      return `${day} ${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}:00,${symbol},${price},${price},${price},${price},5`;
    }),
  );

/** Rows that do not pack well, so that there is much of the file after the first of it that is unpacked. */
const noise = Array.from({ length: 20_000 }, (_, i) => {
  const price = (10 + ((i * 7919) % 10_007) / 1000 + i / 1e7).toFixed(7);
  return `2024-01-03,S${i},${price},${price},${price},${price},${(i * 104_729) % 1_299_709}`;
});
const brokenOff = (whole: Uint8Array): Uint8Array => whole.subarray(0, whole.length - 20_000);

type Case = readonly [
  what: string,
  content: string | Uint8Array | undefined,
  options: Partial<ImportOptions>,
  sentence: RegExp,
];

const cases: readonly Case[] = [
  ['no file', undefined, { files: ['nowhere.csv'] }, /^There is no file nowhere\.csv\.$/],
  ['a pattern without files', undefined, { files: ['nowhere/*.csv'] }, /^nowhere\/\*\.csv matches no file\.$/],
  ['nothing given', undefined, { files: [] }, /^No file of bars is given/],
  ['an empty file', '', {}, /is empty\./],
  ['a header and no rows', csv(), {}, /has no rows below the header\.$/],
  ['a binary file', Uint8Array.from([0x50, 0x4b, 3, 4, 0, 0, 0]), {}, /is not CSV, CSV\.gz, Parquet or Arrow\. Export/],
  ['a damaged Parquet file', 'PAR1 and then nothing', {}, /cannot be read as Parquet: .*Write the file again\.$/],
  ['a damaged Arrow file', 'ARROW1 and then nothing', {}, /cannot be read as Arrow: .*Write the file again\.$/],
  [
    'a damaged gzip file',
    gzipSync(csv(...good)).subarray(0, 30),
    {},
    /cannot be read as gzip: .*Write the file again\.$/,
  ],
  [
    // Its first lines can be read, and a database takes them for all there is.
    'a gzip file that breaks off',
    brokenOff(gzipSync(csv(...noise))),
    {},
    /cannot be read as gzip: .*Write the file again\.$/,
  ],
  [
    'another encoding',
    Uint8Array.from([...Buffer.from('date,'), 0xb4, 0xfa, 0xc2, 0xeb, 0x0a]),
    {},
    /is not in UTF-8\. Say what it is with --encoding/,
  ],
  [
    'a missing column',
    'date,symbol,open,high,low,volume\n2024-01-02,A,1,1,1,1\n',
    {},
    /has no column for close; it has: date, symbol, open, high, low, volume\. Name it with --map close=COLUMN\.$/,
  ],
  [
    'no symbol column',
    'date,open,high,low,close,volume\n2024-01-02,1,1,1,1,1\n',
    {},
    /has no column for symbol.*or --symbol-from-name/,
  ],
  [
    'a pattern that fits no name',
    'date,open,high,low,close,volume\n2024-01-02,1,1,1,1,1\n',
    { symbolFromName: '(\\d+)\\.csv' },
    /^--symbol-from-name \(\\d\+\)\\\.csv does not fit \w+; extensions such as \.csv are left out of it\.$/,
  ],
  ['no header line', good.join('\n'), {}, /Its first line looks like data: give it a header line\.$/],
  [
    'two columns for one',
    `${header},Close\n2024-01-02,A,1,1,1,1,1,1\n`,
    {},
    /columns "close" and "Close#" that could both be close/,
  ],
  [
    'an unknown column in --map',
    csv(...good),
    { map: ['close=last'] },
    /--map close=last: .* has no column "last"; there are: date, symbol/,
  ],
  [
    'a column two words want',
    csv(...good),
    { adjustFactor: 'close' },
    /has no column left for close: --adjust-factor close takes close\. Name another/,
  ],
  ['a scale that is none', csv(...good), { map: ['close=close*1.2.3'] }, /multiplies by 1\.2\.3, which is no positive/],
  ['a scale of nothing', csv(...good), { map: ['volume=volume*0'] }, /multiplies by 0, which is no positive number/],
  [
    'an unknown name in --map',
    csv(...good),
    { map: ['closing=close'] },
    /there is no "closing" to map to\. Did you mean "close"\?/,
  ],
  [
    'a column of no numbers',
    csv('2024-01-02,A,ten,ten,ten,ten,ten'),
    {},
    /no row with a symbol, a date that can be read and a close above zero|row has a cell that is not a number/,
  ],
  [
    'duplicate rows',
    csv(...good, good[0] as string),
    {},
    /1 row repeats a symbol and time\. Correct the files or add --repair duplicates\.$/,
  ],
  [
    'a negative price',
    csv(...good, '2024-01-04,A,10,11,-9,10,100'),
    {},
    /1 row has a price of zero or less.*--repair bad-ticks/,
  ],
  [
    'a high below the low',
    csv(...good, '2024-01-04,A,10,9,11,10,100'),
    {},
    /1 row has a high below the low.*--repair ohlc/,
  ],
  [
    'a close above the high',
    csv(...good, '2024-01-04,A,10,11,9,12,100'),
    {},
    /1 row has an open or close outside low to high/,
  ],
  [
    'an infinite volume',
    csv(...good, '2024-01-04,A,10,11,9,10,inf'),
    {},
    /1 row has an infinite value.*--repair numbers/,
  ],
  [
    'a volume too large to store',
    csv(...good, '2024-01-04,A,10,11,9,10,1e45'),
    {},
    /1 row has an infinite value, or one too large to store.*--repair numbers/,
  ],
  [
    'lines that end in two ways',
    csv(...good).replace('\n', '\r\n'),
    {},
    /has lines that end in different ways, such as CR LF and LF alone\. Write it again/,
  ],
  [
    'decimal commas',
    csv(...good)
      .replaceAll(',', ';')
      .replaceAll(';10;', ';10,0;'),
    {},
    /no row with .* a close above zero; in the first row open is "10,0", close is "10,0"\.$/,
  ],
  ['a word that a database takes for a date', csv('epoch,A,1,1,1,1,1'), {}, /in the first row the date is "epoch"/],
  ['a date format that is none', csv(...good), { dateFormat: '%Q' }, /^--date-format %Q is not understood\. Write it/],
  ['a pattern that looks ahead', csv(...good), { symbolFromName: '(?=p)(p)' }, /^--symbol-from-name .* looks ahead/],
  ['a name that is blank', csv(...good), { name: ' ' }, /^--name needs a text\.$/],
  ['a date nobody can read', csv(...good, '31/12/2024,A,10,11,9,10,100'), {}, /1 row has a date that cannot be read/],
  [
    'a line with too many cells',
    csv(...good, '2024-01-04,A,10,11,9,10,100,5,6'),
    {},
    /1 line does not split into the columns/,
  ],
  ['a symbol without prices', csv(...good, '2024-01-03,C,,,,,'), {}, /1 row has no price at all.*--repair nulls/],
  [
    'several things at once',
    csv(...good, good[0] as string, '2024-01-04,A,10,9,11,10,100'),
    {},
    /2 rules are broken, high-below-low first .* add --repair ohlc,duplicates\.$/,
  ],
  [
    'stamps with a zone',
    csv('2024-01-02T05:00:00Z,A,1,1,1,1,1'),
    {},
    /carry a time zone\. Say the exchange's with --timezone/,
  ],
  [
    'mixed bar lengths',
    csv(...minutes(5, 'A'), ...minutes(5, 'B'), ...minutes(5, 'C'), ...minutes(15, 'D', 26)),
    {},
    /1 symbol has bars of another length than the rest\. Correct the files\.$/,
  ],
  [
    'bars within bars',
    csv(...minutes(5, 'A'), ...minutes(5, 'B'), ...minutes(1, 'D', 390)),
    { repair: ['all'] },
    /2 symbols have bars of another length than the rest\. Correct the files\.$/,
  ],
  [
    'bars outside the session',
    csv(...minutes(5, 'A'), '2024-01-02 20:00:00,A,1,1,1,1,1'),
    {},
    /1 row lies outside the session.*--repair session/,
  ],
  [
    'bars between the grid',
    csv(...minutes(5, 'A'), '2024-01-02 10:02:00,A,1,1,1,1,1'),
    {},
    /1 row lies between the bars of the grid/,
  ],
  [
    'minute bars as daily ones',
    csv(...minutes(5, 'A')),
    { daily: ['*'], files: [] },
    /different times of day, so its bars are not daily/,
  ],
  [
    'daily bars as minute ones',
    csv(...good),
    { minute: ['*'], files: [] },
    /one time of day only, so its bars are daily/,
  ],
  [
    'volume in lots',
    `${header},amount\n2024-01-02,A,10,11,9,10,100,100000\n`,
    {},
    /amount \/ volume is 100 times the close in the median row.*--map volume=COLUMN\*100/,
  ],
  [
    'an unknown repair',
    csv(...good),
    { repair: ['duplicate'] },
    /--repair duplicate is not known\. Did you mean "duplicates"\?/,
  ],
  ['an unknown choice', csv(...good), { repair: ['duplicates=best'] }, /duplicates can be first or last/],
  ['a bad session', csv(...good), { session: '9-16' }, /is not a session such as 09:30/],
  ['a bad price limit', csv(...good), { priceLimit: ['ten'] }, /is not a fraction such as 0\.1/],
  ['a bad zone', csv(...good), { timezone: 'Mars/Base' }, /--timezone Mars\/Base is not known/],
  ['a field without a unit', csv(...good), { field: ['X=open'] }, /needs a unit at its end/],
  ['a field of the bars', csv(...good), { field: ['CLOSE=open:price'] }, /^--field CLOSE: CLOSE is made of the bars/],
  ['a field computed here', csv(...good), { field: ['RETURN1=open:ratio'] }, /RETURN1 is computed from the bars\. Use/],
  [
    'a name given twice',
    csv(...good),
    { field: ['X=open:price'], group: ['X=symbol'] },
    /--field X and --group X both/,
  ],
  [
    'a minute field of no minutes',
    csv(...good),
    { field: ['x=open:price'] },
    /no file has minute bars\. Write it all upper/,
  ],
  ['a name too long', csv(...good), { field: [`${'X'.repeat(65)}=open:price`] }, /a name has at most 64 letters/],
  ['an unknown unit', csv(...good), { field: ['X=open:prise'] }, /there is no unit "prise"\. Did you mean "price"\?/],
  ['a group file that is not there', csv(...good), { group: ['INDUSTRY=no.csv'] }, /there is no file no\.csv/],
  ['an index file that is not there', csv(...good), { index: 'no.csv' }, /there is no file no\.csv/],
  ['too little memory', csv(...good), { memory: '1MB' }, /is not a size of at least 64MiB/],
  ['a nonsense number of dates', csv(...good), { datesPerYear: -1 }, /must be a positive number, not -1/],
];

async function refusal(from: Inputs, options: Partial<ImportOptions>): Promise<EvolveError> {
  const here = (file: string): string => (file === '*' ? from.path('p.csv') : file);
  const given = {
    files: (options.files ?? [from.path('p.csv')]).map(here),
    daily: options.daily?.map(here),
    minute: options.minute?.map(here),
  };
  const error = await importMarket({ ...options, ...given, out: from.path('market') }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EvolveError);
  return error as EvolveError;
}

describe('an import that cannot be is one sentence and leaves nothing behind', () => {
  test.each(cases)('%s', async (_what, content, options, sentence) => {
    const from = inputs(content === undefined ? {} : { 'p.csv': content });
    const { message } = await refusal(from, options);
    expect(message).toMatch(sentence);
    expect(message).not.toContain('\n');
    expect(from.entries()).toEqual(content === undefined ? [] : ['p.csv']);
  });

  test('a table beside the bars that does not fit', async () => {
    const from = inputs({
      'p.csv': csv(...good),
      'codes.csv': 'symbol,industry\n000001,Banks\n',
      'twice.csv': 'symbol,industry\nA,Banks\nA,Oil\n',
      'words.csv': 'symbol,market_cap\nA,large\n',
      'index.csv': 'date,symbol,high,low,close\n2024-01-02,X,1,1,1\n2024-01-02,Y,1,1,1\n',
      'empty.csv': 'symbol,industry\n',
      'more.csv': 'symbol,industry\nA,Banks\nB,Oil,Gas\n',
      'endless.csv': 'symbol,market_cap\nA,1e39\n',
    });
    const sentences: [Partial<ImportOptions>, RegExp][] = [
      [
        { group: [`INDUSTRY=${from.path('codes.csv')}`] },
        /has none of the market's symbols; it writes "000001" and the market "A"/,
      ],
      [{ group: [`INDUSTRY=${from.path('twice.csv')}`] }, /gives A twice, as Banks and as Oil/],
      [{ group: [`INDUSTRY=${from.path('empty.csv')}`] }, /has no rows with a symbol/],
      [{ group: [`INDUSTRY=${from.path('twice.csv')}:sector`] }, /has no column "sector"; it has: symbol, industry/],
      [{ group: [`INDUSTRY=${from.path('more.csv')}`] }, /a line does not split into the columns, line 3 first/],
      [{ static: [`CAP=${from.path('endless.csv')}`] }, /the value of A is "1e39", more than a field can hold/],
      [{ static: [`CAP=${from.path('words.csv')}`] }, /the value of A is "large" and not a number/],
      [{ index: from.path('index.csv') }, /say which index of .* it has: X, Y/],
    ];
    for (const [options, sentence] of sentences) {
      expect((await refusal(from, options)).message).toMatch(sentence);
      expect(from.entries()).toHaveLength(8);
    }
  });

  test('a folder that is taken', async () => {
    const from = inputs({ 'p.csv': csv(...good) });
    mkdirSync(from.path('market'));
    writeFileSync(from.path('market/thesis.txt'), 'mine');
    expect((await refusal(from, {})).message).toMatch(/holds files that are not a market/);
    expect((await refusal(from, { overwrite: true })).message).toMatch(/holds files that are not a market/);
    expect(from.entries()).toEqual(['market', 'p.csv']);
  });

  test('a market that is there is replaced only when told, and stays when the new one is refused', async () => {
    const from = inputs({ 'p.csv': csv(...good), 'bad.csv': csv('2024-01-04,A,10,9,11,10,100') });
    const out = from.path('market');
    const first = await importMarket({ files: [from.path('p.csv')], out });
    expect((await refusal(from, {})).message).toMatch(/is already a market\. Add --overwrite/);
    expect((await refusal(from, { files: [from.path('bad.csv')], overwrite: true })).message).toMatch(
      /high below the low/,
    );
    const second = await importMarket({ files: [from.path('p.csv')], out, overwrite: true });
    expect(second.hash).toBe(first.hash);
    writeFileSync(join(out, 'thesis.txt'), 'mine');
    expect((await refusal(from, { overwrite: true })).message).toMatch(
      /is a market that also holds thesis\.txt, which is no part of it/,
    );
    expect(readdirSync(out)).toContain('thesis.txt');
    expect(from.entries()).toEqual(['bad.csv', 'market', 'p.csv']);
  });

  test('of two imports to one folder the first to finish wins, and the other is refused', async () => {
    const from = inputs({ 'p.csv': csv(...good) });
    const options = { files: [from.path('p.csv')], out: from.path('market') };
    const both = await Promise.allSettled([importMarket(options), importMarket(options)]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [lost] = both.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(lost).toMatchObject({ code: 'exists' });
    expect(from.entries()).toEqual(['market', 'p.csv']);
  });

  test.skipIf(process.platform === 'win32')('a pipe is not waited for, nor a folder that cannot be made', async () => {
    const from = inputs({ 'p.csv': csv(...good) });
    execFileSync('mkfifo', [from.path('pipe.csv')]);
    expect((await refusal(from, { files: [from.path('pipe.csv')] })).message).toMatch(/is a pipe or a device\. Save/);
    const refused = importMarket({ files: [from.path('p.csv')], out: '/dev/null/no/market' });
    await expect(refused).rejects.toMatchObject({ code: 'unwritable' });
  });

  // As DuckDB words them; a disk that is full in the middle cannot be had without a disk of one's own.
  test.each([
    [
      'Failed to commit: Could not write file "/d/stage.duckdb.wal": No space left on device',
      /^The disk of the output/,
    ],
    ['Out of Memory Error: failed to offload data block (max_temp_directory_size)', /^The disk of the output/],
    ['Out of Memory Error: could not allocate block of size 256.0 KiB', /does not fit in --memory\. Give it more/],
  ])('what the machine lacks is no fault of the files: %s', (message, sentence) => {
    expect(shortage(new Error(message))?.message).toMatch(sentence);
    expect(unreadable('p.csv', 'bars', new Error(message)).message).toMatch(sentence);
    expect(shortage(new Error('Invalid Input Error'))).toBeUndefined();
  });

  test('examples name the file, the row, the symbol and the date', async () => {
    const from = inputs({ 'p.csv': csv(...good, good[0] as string) });
    const { details, code } = await refusal(from, {});
    expect(code).toBe('bad-data');
    expect(details).toEqual([
      'duplicate: 1 row repeats a symbol and time (--repair duplicates)',
      `  ${from.path('p.csv')} row 5, A, 2024-01-02: the row before it gives way`,
    ]);
  });
});
