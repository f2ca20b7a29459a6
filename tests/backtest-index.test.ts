/** What `--index` makes of a file of weights. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { indexRule } from '../cli/portfolio/index-rule.ts';
import type { MarketManifest } from '../data/market.ts';
import { weekdays } from './backtests.ts';

const folder = mkdtempSync(join(tmpdir(), 'evolve-index-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const market: MarketManifest = {
  ...{ schema: 1, name: 'two', calendar: weekdays(10), symbols: ['A', 'B'], fields: [], datesPerYear: 244 },
  ...{ provenance: {}, hash: '' },
};
const file = join(folder, 'weights.csv');

test.each<[string, string[], RegExp | undefined]>([
  ['add up to 1', ['2024-01-02,A,0.4', '2024-01-02,B,0.6'], undefined],
  ['add up to 100, as rounded', ['2024-01-02,A,40.1', '2024-01-02,B,60.2'], undefined],
  [
    'lack one that is no number',
    ['2024-01-02,A,0.4', '2024-01-02,B,0.6', '2024-01-03,A,0.4', '2024-01-03,B,NaN'],
    /do not add up to 1 on 1 of 2 dates, on 2024-01-03 to 0\.4000, 60\.0% less\./,
  ],
  [
    'lack one of a symbol that is unknown',
    ['2024-01-02,A,40', '2024-01-02,B,35', '2024-01-02,C,25'],
    /do not add up to 100 on 1 of 1 date, on 2024-01-02 to 75\.00, 25\.0% less\. They are taken in proportion/,
  ],
  ['are of anything', ['2024-01-02,A,20', '2024-01-02,B,17'], /to 100 on 1 of 1 date, on 2024-01-02 to 37\.00, 63/],
  ['are too many', ['2024-01-02,A,1', '2024-01-02,B,1'], /to 1 on 1 of 1 date, on 2024-01-02 to 2\.000\. They/],
])('weights that %s', async (_, rows, warned) => {
  writeFileSync(file, `date,symbol,weight\n${rows.join('\n')}\n`);
  const { notes } = await indexRule(file, market);
  const sums = notes.filter((note) => note.includes('add up'));
  expect(sums).toEqual(warned ? [expect.stringMatching(warned)] : []);
});

test('weights of a day without trade are of the next date, unless it has its own', async () => {
  const rows = [
    '2023-12-29,A,9', // before the market's first date
    '2024-01-02,A,1',
    '2024-01-06,A,1', // Saturday and Sunday
    '2024-01-06,B,1',
    '2024-01-07,B,2',
    '2024-01-09,A,3',
  ];
  writeFileSync(file, `date,symbol,weight\n${rows.join('\n')}\n`);
  const { rule, notes } = await indexRule(file, market);
  const values = rule.kind === 'weights' ? rule.values : new Float32Array();
  const known = Array.from({ length: 10 }, (_, t) => [...values.subarray(2 * t, 2 * t + 2)]).map((row) =>
    row.join(' '),
  );
  const nothing = 'NaN NaN';
  expect(known).toEqual([
    ...[nothing, '1 NaN', nothing, nothing, nothing],
    ...['NaN 2', '3 NaN', nothing, nothing, nothing],
  ]);
  expect(notes[0]).toBe(`${file}: 1 left out, date that is not in the calendar, such as 2023-12-29.`);

  writeFileSync(file, `date,symbol,weight\n${rows.join('\n')}\n2024-01-08,A,5\n`);
  const own = await indexRule(file, market);
  expect(own.rule.kind === 'weights' && [...own.rule.values.subarray(10, 12)]).toEqual([5, Number.NaN]);
});
