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

test('weights of a day without trade are of the next date, unless it has its own', async () => {
  const market: MarketManifest = {
    ...{ schema: 1, name: 'two', calendar: weekdays(10), symbols: ['A', 'B'], fields: [], datesPerYear: 244 },
    ...{ provenance: {}, hash: '' },
  };
  const file = join(folder, 'weights.csv');
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
  expect(notes).toEqual([`${file}: 1 left out, date that is not in the calendar, such as 2023-12-29.`]);

  writeFileSync(file, `date,symbol,weight\n${rows.join('\n')}\n2024-01-08,A,5\n`);
  const own = await indexRule(file, market);
  expect(own.rule.kind === 'weights' && [...own.rule.values.subarray(10, 12)]).toEqual([5, Number.NaN]);
});
