/**
 * Bars as vendors really write them: suspended dates as zeros or stale prices, null cells, half days, stamps at the
 * end of bars. The files are not ours to publish, so these tests run where they are and say so where they are not.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../core/package-root.ts';
import { importMarket } from '../data/import/import-market.ts';
import type { ImportOptions } from '../data/import/options.ts';
import type { ImportReport } from '../data/import/report.ts';
import { resampleMarket } from '../data/resample.ts';
import { readBack } from './import-files.ts';

const data = process.env.EVOLVE_TEST_DATA ?? join(packageRoot, '..', 'shared', 'data');
const file = (name: string): string => join(data, name);
const here = existsSync(file('sp500_daily_2013_2018.parquet'));
if (!here) console.warn(`real market files are not in ${data}: their tests are skipped (set EVOLVE_TEST_DATA)`);

const scratch = mkdtempSync(join(tmpdir(), 'evolve-real-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let markets = 0;

async function market(options: Omit<ImportOptions, 'out'>) {
  markets += 1;
  const out = join(scratch, `market-${markets}`);
  const report = await importMarket({ ...options, out });
  return { out, report, ...(await readBack(out)) };
}

const refusal = (options: Omit<ImportOptions, 'out'>) => expect(market(options)).rejects;
const counts = (report: ImportReport) =>
  Object.fromEntries(report.findings.map(({ rule, action, count }) => [rule, [action, count]]));
const coverage = (report: ImportReport, name: string) => report.fields.find((field) => field.name === name)?.coverage;

describe.skipIf(!here)('daily bars', () => {
  test('of US stocks with null cells, bad ranges and a halved price', async () => {
    const files = [file('sp500_daily_2013_2018.parquet')];
    await refusal({ files }).toThrow(
      '3 rules are broken, incomplete first (11 rows have a price or the volume missing)',
    );
    const { report, daily, manifest } = await market({
      files,
      repair: ['nulls,ohlc,bad-ticks,vwap'],
      group: [`INDUSTRY=${file('sp500_sector_marketcap_2018-02-08.csv')}:symbol,sector`],
      static: [`CAP=${file('sp500_sector_marketcap_2018-02-08.csv')}:symbol,market_cap:money`],
      index: file('spx_index_daily_1990_2022.csv'),
    });
    expect(report.rows.daily).toEqual({ read: 619_040, kept: 619_039, dropped: 1 });
    expect([report.dates.count, report.symbols.count, manifest.datesPerYear]).toEqual([1259, 505, 252]);
    expect(counts(report)).toMatchObject({
      incomplete: ['fix', 11],
      'high-below-low': ['fix', 1],
      'outside-range': ['fix', 11],
      spike: ['drop', 1],
    });
    expect(report.findings.find((finding) => finding.rule === 'spike')?.examples).toEqual([
      'LNT, 2016-05-19: close 35.35, 17.87, 35.91',
    ]);
    expect(manifest.fields.find((field) => field.name === 'INDUSTRY')?.labels).toHaveLength(11);
    // 2018-02-05, when the index fell by 4.1 %.
    expect(daily('MKT_RETURN')[manifest.calendar.indexOf('2018-02-05')]?.[0]).toBeCloseTo(-0.041, 3);
    expect(coverage(report, 'VWAP')).toBeGreaterThan(0.97);
  });

  test('of Chinese stocks that keep suspended dates as rows', async () => {
    const files = [file('ashare_daily_raw_2005_2015.parquet')];
    const kept = await market({ files, priceLimit: ['0.1'] });
    expect(counts(kept.report).stale).toEqual(['warn', 23_462]);
    const { report, manifest, daily } = await market({
      files,
      repair: ['suspensions'],
      priceLimit: ['0.1'],
      index: `${file('ashare_index_daily_2005_2015.csv')}:CSI300`,
      group: [`INDUSTRY=${file('ashare_industry.csv')}`],
    });
    expect(report.rows.daily).toEqual({ read: 464_812, kept: 441_350, dropped: 23_462 });
    expect([report.dates.count, report.symbols.count, manifest.datesPerYear]).toEqual([2669, 239, 244]);
    // Dates a symbol does not trade cannot be bought.
    const [suspended, canBuy] = [daily('SUSPENDED'), daily('CAN_BUY')];
    const bought = suspended.map((row, t) => row.filter((value, n) => value === 1 && canBuy[t]?.[n] !== 0).length);
    expect(bought.every((count) => count === 0)).toBe(true);
    expect(suspended.flat().filter((value) => value === 1)).toHaveLength(23_462);
    await refusal({ files, index: file('ashare_index_daily_2005_2015.csv') }).toThrow(
      'it has: CSI300, SSE_COMP, SZSE_COMP',
    );
  });
});

describe.skipIf(!here)('minute bars', () => {
  test('of 15 minutes stamped at their end, with daily bars adjusted otherwise', async () => {
    const files = {
      daily: [file('ashare_daily_qfq_60syms_2020_2026.parquet')],
      minute: [file('ashare_15min_60syms_2025-01_2026-04.parquet')],
    };
    await refusal(files).toThrow(/zero-bar first \(432 rows .* add --repair suspensions,nulls\.$/);
    const { report, manifest, minute } = await market({ ...files, repair: ['suspensions,nulls'] });
    expect(report.grid).toEqual({ barMinutes: 15, bars: 16, session: '09:30-11:30,13:00-15:00', stamp: 'end' });
    expect(report.rows.minute).toEqual({ read: 287_920, kept: 287_488, dropped: 432 });
    expect(counts(report)['daily-minute']?.[0]).toBe('warn');
    expect(manifest.fields.map((field) => field.name)).not.toContain('AMOUNT');
    // 600022.SH on 2025-01-02, 09:45: amount 39,128,772 over volume 27,272,900.
    const t = manifest.calendar.indexOf('2025-01-02');
    expect(minute('vwap', t)[0]?.[manifest.symbols.indexOf('600022.SH')]).toBeCloseTo(1.43471, 4);
    const scaled = await market({ ...files, repair: ['suspensions,nulls,minute-scale'] });
    const last = scaled.minute('close', t).at(-1) as number[];
    const close = scaled.daily('CLOSE')[t] as number[];
    for (const [n, value] of last.entries())
      if (!Number.isNaN(value)) expect(Math.abs(value / (close[n] as number) - 1)).toBeLessThan(0.0051);
  });

  test('of 5 minutes with half days; resampled to 15 they have the same daily bars', async () => {
    const files = [file('us_5min_101syms_2025-05_2026-03.parquet')];
    const { report, out, manifest, minute } = await market({ files, repair: ['session'] });
    expect(report.rows.minute).toEqual({ read: 1_612_043, kept: 1_611_960, dropped: 83 });
    expect(report.grid).toEqual({ barMinutes: 5, bars: 78, session: '09:30-16:00', stamp: 'start' });
    expect(
      report.notes.some((note) => note.startsWith('3 half days: 2025-07-03 (13:00), 2025-11-28 (13:00), 2025-12-24')),
    ).toBe(true);
    await resampleMarket({ from: out, out: `${out}-15m`, to: '15m' });
    const fifteen = await readBack(`${out}-15m`);
    expect(fifteen.manifest.minute?.starts).toHaveLength(26);
    const t = manifest.calendar.indexOf('2025-07-03');
    const total = (bars: number[][]) =>
      bars.reduce((sum, [value]) => sum + (Number.isNaN(value) ? 0 : (value as number)), 0);
    expect(total(fifteen.minute('volume', t))).toBeCloseTo(total(minute('volume', t)), -3);
    expect(fifteen.minute('close', t).findLast(([value]) => !Number.isNaN(value))?.[0]).toBe(
      minute('close', t).findLast(([value]) => !Number.isNaN(value))?.[0],
    );
  });

  test('of 1 minute: complete, and with a row only where there was a trade', async () => {
    const complete = await market({ files: [file('us_1min_31syms_2026-01_2026-03.parquet')] });
    expect(complete.report.rows.minute).toEqual({ read: 374_790, kept: 374_790, dropped: 0 });
    expect([complete.report.grid?.bars, coverage(complete.report, 'close')]).toEqual([390, 1]);

    const files = [file('us_1min_17syms_2024_sparse_vwap.parquet')];
    const sparse = await market({ files, repair: ['session'] });
    expect(sparse.report.rows.minute).toEqual({ read: 588_508, kept: 588_505, dropped: 3 });
    expect(counts(sparse.report)['vwap-range']?.[0]).toBe('warn');
    expect(coverage(sparse.report, 'close')).toBeLessThan(0.4);
  });
});
