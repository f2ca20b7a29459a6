/** Plausible tear sheets: figures made by the real code from made-up series. */
import { dateText } from '../core/date.ts';
import { type Stream, stream } from '../core/random.ts';
import { icReport } from '../evaluation/tear-sheet/daily-ic.ts';
import { distributionOf } from '../evaluation/tear-sheet/distribution.ts';
import type { LayerReport } from '../evaluation/tear-sheet/layers.ts';
import { excessPerformance, performance } from '../evaluation/tear-sheet/performance.ts';
import type { CombinationSheet, FactorSheet, TearSheet } from '../evaluation/tear-sheet/sheet.ts';
import { combinationTitle } from '../evaluation/tear-sheet/with-combinations.ts';

const normal = (random: Stream): number =>
  Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());

const series = (random: Stream, length: number, mean: number, deviation: number): number[] =>
  Array.from({ length }, () => mean + deviation * normal(random));

/** Five dates in seven. */
const weekdays = (dates: number): string[] =>
  Array.from({ length: dates }, (_, t) => dateText(15_711 + 7 * Math.floor(t / 5) + (t % 5)));

function navOf(returns: readonly number[]): number[] {
  const nav = [1];
  for (const value of returns) nav.push((nav.at(-1) as number) * (1 + value));
  return nav;
}

function layerReport(random: Stream, dates: readonly string[], layers: number, strength: number): LayerReport {
  const days = dates.length - 1;
  const market = series(random, days, 0.0003, 0.012);
  const returns = Array.from({ length: layers }, (_, i) => {
    const drift = (strength * (layers - 1 - 2 * i)) / (layers - 1) / 10;
    const own = series(random, days, drift - 0.0001, 0.002);
    return market.map((value, t) => value + (own[t] as number));
  });
  const longShort = (returns[0] as number[]).map((value, t) => value - ((returns.at(-1) as number[])[t] as number));
  const spans = dates.slice(1);
  return {
    layers: returns.map((own) => ({
      performance: performance(own, 244),
      excess: excessPerformance(own, market, spans, 244),
      turnover: 0.2 + 0.6 * random.next(),
      nav: navOf(own),
      excessNav: navOf(own.map((value, t) => value - (market[t] as number))),
      size: 100 + random.below(400),
    })),
    longShort: {
      ...performance(longShort, 244),
      nav: navOf(longShort),
      monthlyWinRate: excessPerformance(
        longShort,
        longShort.map(() => 0),
        spans,
        244,
      ).monthlyWinRate,
    },
    universe: { ...performance(market, 244), nav: navOf(market) },
    rebalances: Math.ceil(days / 10),
    skipped: 0,
    navDates: dates,
    monotonicity: 1 - random.next() / 5,
    untraded: { buys: random.below(2000), sells: random.below(2000), delisted: random.below(20) },
  };
}

export interface SheetSize {
  readonly factors?: number;
  readonly dates?: number;
  readonly layers?: number;
}

const known = [
  'ret',
  'vol',
  'lnto',
  'ivol',
  'ivr',
  'lnamihud',
  'apb_5d',
  'skew',
  'kurt',
  'jump',
  'mom',
  'apb',
  'sdvhhi',
];
const styles = ['Size', 'Beta', 'Momentum', 'ResVol', 'NLSize', 'Liquidity'];

function factorSheet(
  seed: number,
  i: number,
  all: readonly string[],
  sampled: readonly string[],
  layers: number,
): FactorSheet {
  const random = stream(seed, i, 1);
  const sign = random.below(3) === 0 ? -1 : 1;
  const mean = sign * (0.01 + 0.05 * random.next());
  const every = { horizon: 10, every: 10 };
  const ic = icReport(series(random, sampled.length, mean, 0.09), sampled, every);
  const rankIc = icReport(series(random, sampled.length, 1.2 * mean, 0.1), sampled, every);
  const means = series(random, 200, 0, 0.09 / Math.sqrt(sampled.length));
  const cells = all.length * 4000;
  return {
    name: `factor ${i + 1}`,
    expression: `cs_rank(ts_mean(close, ${i + 2}) / CLOSE) - ts_std(VOLUME, ${5 * i + 10})`,
    sign,
    coverage: {
      cells,
      known: Math.round(cells * 0.93),
      byReason: [
        { reason: 'the factor is missing', cells: Math.round(cells * 0.05) },
        { reason: 'no industry', cells: Math.round(cells * 0.02) },
      ],
      unweighted: 0,
      datesWithout: 3,
      sampled: { known: 4321, withoutLabel: 87 },
    },
    ic,
    rankIc,
    decay: [0, 5, 10, 15, 20].map((lag) => ({
      lag,
      rankIc: 1.2 * mean * Math.exp(-lag / 12),
      se: 0.004,
      dates: sampled.length - lag / 5,
    })),
    autocorrelation: [1, 5, 10, 20].map((lag) => ({ lag, mean: Math.exp(-lag / 15), dates: sampled.length })),
    ...(layers > 0 && { layers: layerReport(random, all, layers, Math.abs(mean) / 4) }),
    placebo: { shuffles: 200, mean: means.reduce((sum, value) => sum + value, 0) / 200, std: 0.006, p: 1 / 201, means },
    likeness: [
      ...known.map((name) => ({ name, kind: 'price-volume' as const, doc: 'What it is.' })),
      ...styles.map((name) => ({ name, kind: 'style' as const, doc: 'What it is.' })),
    ].map((row) => ({ ...row, pearson: 0.5 * normal(random) * 0.4, spearman: 0.5 * normal(random) * 0.4 })),
  };
}

export function tearSheet(seed: number, { factors = 1, dates = 2400, layers = 10 }: SheetSize = {}): TearSheet {
  const random = stream(seed, 0, 0);
  const all = weekdays(dates);
  const sampled = all.filter((_, t) => t % 10 === 0);
  const sheets = Array.from({ length: factors }, (_, i) => factorSheet(seed, i, all, sampled, layers));
  const names = sheets.map(({ name }) => name);
  const beside = [...names, combinationTitle('equal')];
  const matrix = () => {
    const cells = beside.map(() => beside.map(() => 1));
    for (const [i, row] of cells.entries()) {
      for (let j = 0; j < i; j++) {
        const value = Math.tanh(0.4 * normal(random));
        row[j] = value;
        (cells[j] as number[])[i] = value;
      }
    }
    return cells;
  };
  const combination = (name: CombinationSheet['name'], k: number): CombinationSheet => {
    const { expression: _, ...judged } = factorSheet(seed, factors + k, all, sampled, layers);
    const fitted = { from: '2013-01-07', to: '2018-12-28', dates: 140 };
    return { ...judged, name, sign: 1, weights: names.map(() => normal(random) / factors), fitted };
  };
  const correlation = { names: beside, pearson: matrix(), spearman: matrix(), dates: 60, fewest: 60 };
  const distribution = distributionOf(sheets, correlation);
  return {
    schema: 1,
    version: '0.1.0',
    market: { name: 'ashares', hash: '0f3a9c41d2b7', symbols: 4812, dates, datesPerYear: 244 },
    settings: {
      split: 'valid',
      from: all[0] as string,
      to: all.at(-1) as string,
      universe: 'MEMBER',
      price: 'VWAP',
      lag: 1,
      horizon: 10,
      every: 10,
      layers,
      rebalance: 10,
      trade: 'VWAP',
      cost: { buy: 0.002, sell: 0.002 },
      shortCost: 'charged',
      preset: 'report',
      winsorise: 'median ± 5 MAD',
      standardise: true,
      neutralise: ['INDUSTRY', 'log cap', 'return of 10 dates'],
      embargo: 11,
    },
    dates: sampled,
    factors: sheets,
    ...(factors > 1 && {
      correlation,
      ...(distribution && { distribution }),
      combinations: (['equal', 'ic', 'ridge'] as const).map(combination),
      tried: 1_204_332,
      luckyT: 4.87,
    }),
    notCompared: [{ name: 'BTOP', reason: 'the market has no BOOK' }],
    warnings: ['BTOP needs the field BOOK_VALUE, which the market does not have, so it is not among the styles.'],
  };
}
