/** Factor libraries and runs, small ones, to be read and written by tests. */
import type { FactorLibrary, LibraryFactor, SplitMetrics } from '../runs/library.ts';
import type { RunManifest } from '../runs/manifest.ts';

export const splitMetrics = (ic: number): SplitMetrics => ({
  ic,
  icStd: 0.12,
  icir: ic / 0.12,
  t: 91 * ic,
  rankIc: 1.1 * ic,
  rankIcir: 0.5,
  positive: 0.68,
  dates: 480,
  coverage: 0.97,
  turnover: 0.21,
});

export const libraryFactor = (name: string, expression: string, ic = 0.05): LibraryFactor => ({
  name,
  expression,
  program: { setup: [], learn: [], predict: [expression] },
  unit: 'ratio',
  size: 3,
  sign: ic < 0 ? -1 : 1,
  fitness: Math.abs(ic),
  metrics: { train: splitMetrics(ic), valid: splitMetrics(0.8 * ic), test: splitMetrics(0.7 * ic) },
  ancestry: [
    { expression: 'CLOSE / OPEN', move: 'fresh', fitness: Number.NaN },
    { expression: 'HIGH / OPEN', move: 'component', fitness: 0.01 },
    { expression, move: 'insert', fitness: Math.abs(ic) },
  ],
});

export const factorLibrary = (...factors: readonly LibraryFactor[]): FactorLibrary => ({
  schema: 1,
  name: 'small-1',
  engineVersion: '0.1.0',
  config: { seed: 7 },
  market: { name: 'small', hash: 'abcdef0123456789', dates: ['2020-01-02', '2023-12-29'], symbols: 50 },
  split: {
    train: ['2020-01-02', '2021-12-31'],
    valid: ['2022-01-04', '2022-12-30'],
    test: ['2023-01-03', '2023-12-29'],
  },
  label: { price: 'CLOSE', lag: 1, horizon: 1 },
  tried: { programs: 12_000, evaluations: 9_000, rounds: 250 },
  thresholds: { train: 0.03, how: 'Above the best on shuffled labels.', placeboBest: 0.02 },
  factors,
});

export const runManifest: RunManifest = {
  schema: 1,
  name: 'small-1',
  engineVersion: '0.1.0',
  created: '2026-01-02T03:04:05.678Z',
  command: 'mine',
  config: { seed: 7, fitness: 'ic' },
  market: { name: 'small', hash: 'abcdef0123456789', folder: 'small' },
  backend: 'wasm',
};
