/** Markets for backtests of weights: small ones written down by hand, and ones with everything that goes wrong. */
import { type Stream, stream } from '../core/random.ts';
import { signalDates } from '../portfolio/backtest/signal-dates.ts';
import { indexWeights } from '../portfolio/index/index-weights.ts';
import type { ExposureRows, Panel, PortfolioInputs, RiskRows } from '../portfolio/inputs.ts';
import { HighsSolver } from '../portfolio/optimise/highs-solver.ts';
import { Optimiser } from '../portfolio/optimise/optimise.ts';
import type { PortfolioRule, TradingRule } from '../portfolio/rule.ts';

export const none = Number.NaN;
const loose = { deviation: undefined, industry: undefined, size: undefined, style: undefined } as const;
export const unbound: PortfolioRule = {
  ...loose,
  ...{ memberFloor: 0, turnover: undefined, trackingError: undefined, costPenalty: 0, riskPenalty: 0 },
};
export const trading: TradingRule = {
  ...{ rebalance: 1, price: 'VWAP', costs: { buy: 0, sell: 0 }, tradability: 'signal' },
  ...{ withSt: false, datesPerYear: 244 },
};

/** From Monday 2024-01-01 on, weekdays alone. */
export const weekdays = (count: number): string[] =>
  Array.from({ length: count }, (_, t) =>
    new Date(Date.UTC(2024, 0, 1 + 7 * Math.floor(t / 5) + (t % 5))).toISOString().slice(0, 10),
  );

export function panel(rows: readonly (readonly number[])[]): Panel {
  return { cells: Float32Array.from(rows.flat()), stride: rows[0]?.length ?? 0 };
}

/** Dates after a backtest's last, on which nobody has a price: who has none before either is delisted. */
const later = 20;

/** Rows of dates. The trade price is the close, scores are all alike and the index is even, unless given. */
export interface Grid {
  readonly close: readonly number[][];
  readonly trade?: readonly number[][];
  readonly scores?: readonly number[][];
  readonly index?: readonly number[][];
  readonly canBuy?: readonly number[][];
  readonly canSell?: readonly number[][];
  readonly suspended?: readonly number[][];
  readonly st?: readonly number[][];
}

export function byHand(grid: Grid, signals: readonly number[], rule: Partial<TradingRule> = {}): PortfolioInputs {
  const { close, trade = close, canBuy, canSell, suspended } = grid;
  const N = (close[0] as number[]).length;
  const after = Array.from({ length: later }, () => Array.from({ length: N }, () => none));
  const all = (x: number) => close.map(() => Array.from({ length: N }, () => x));
  return {
    dates: weekdays(close.length),
    priced: close.length + later,
    symbols: Array.from({ length: N }, (_, n) => `S${n}`),
    trading: { ...trading, ...rule },
    ...{ close: panel([...close, ...after]), trade: panel([...trade, ...after]) },
    canBuy: canBuy && panel(canBuy),
    canSell: canSell && panel(canSell),
    suspended: suspended && panel(suspended),
    st: grid.st && panel(grid.st),
    universe: undefined,
    scores: panel(grid.scores ?? all(1)),
    index: panel(grid.index ?? all(1 / N)),
    member: undefined,
    signals: Int32Array.from(signals),
    exposures: undefined,
    risk: undefined,
  };
}

/** Listings, delistings, suspensions, limits, missing scores, prices, industries and styles; an index of the largest. */
export function troubled(seed: number, T: number, N: number, rule: Partial<TradingRule> = {}): PortfolioInputs {
  const random = stream(seed, 0, 0);
  const filled = (value: number) => new Float32Array((T + later) * N).fill(value);
  const [close, trade, scores, cap] = [filled(none), filled(none), filled(none), filled(none)];
  const [canBuy, canSell, suspended, universe] = [filled(1), filled(1), filled(0), filled(1)];
  const st = filled(0);
  for (let n = 0; n < N; n++) {
    const listed = random.next() < 0.2 ? random.below(T) : 0;
    const delisted = random.next() < 0.2 ? random.below(T) : T;
    const shares = 1 + 9 * random.next();
    let price = 5 + 20 * random.next();
    for (let t = listed; t < delisted; t++) {
      const i = t * N + n;
      if (random.next() < 0.9) scores[i] = random.normal();
      if (random.next() < 0.1) universe[i] = 0;
      if (random.next() < 0.1) {
        suspended[i] = 1;
        if (random.next() < 0.5) close[i] = price;
        continue;
      }
      trade[i] = price *= Math.exp(0.03 * random.normal());
      close[i] = price *= Math.exp(0.03 * random.normal());
      cap[i] = shares * price;
      if (random.next() < 0.05) trade[i] = none;
      if (random.next() < 0.08) canBuy[i] = 0;
      if (random.next() < 0.08) canSell[i] = 0;
      if (random.next() < 0.05) st[i] = 1;
    }
  }
  const rows = (cells: Float32Array): Panel => ({ cells, stride: N });
  const dates = weekdays(T);
  const field = (name: string) => (name === 'CAP' ? rows(cap) : undefined);
  const { weights } = indexWeights({ dates: T, symbols: N, field }, { kind: 'top', from: 1, to: Math.ceil(N / 2) });
  const terms = { ...trading, rebalance: 3, costs: { buy: 0.001, sell: 0.002 }, ...rule };
  const { signals } = signalDates(dates, terms.rebalance, (t) => {
    const row = (cells: Float32Array) => cells.subarray(t * N, (t + 1) * N);
    return row(scores).some((x) => !Number.isNaN(x)) && row(weights.cells).some((x) => x > 0);
  });
  return {
    ...{ dates, priced: T + later, symbols: Array.from({ length: N }, (_, n) => `S${n}`), trading: terms },
    ...{ close: rows(close), trade: rows(trade), canBuy: rows(canBuy), canSell: rows(canSell) },
    ...{ st: rows(st), suspended: rows(suspended), universe: rows(universe), scores: rows(scores), index: weights },
    ...{ member: undefined, signals, ...exposuresAndRisk(random, signals.length, N) },
  };
}

function exposuresAndRisk(random: Stream, rows: number, N: number): { exposures: ExposureRows; risk: RiskRows } {
  const cells = (draw: () => number) => Float32Array.from({ length: rows * N }, draw);
  const sometimes = (draw: () => number) => () => (random.next() < 0.1 ? none : draw());
  const exposures: ExposureRows = {
    industries: cells(sometimes(() => random.below(2))),
    industryLabels: ['Banks', 'Food'],
    styles: [
      { name: 'Size', size: true, values: cells(sometimes(() => random.normal())) },
      { name: 'Beta', size: false, values: cells(sometimes(() => random.normal())) },
    ],
  };
  const K = 5;
  const covariance = new Float64Array(rows * K * K);
  for (let row = 0; row < rows; row++) {
    const loadings = Array.from({ length: K * K }, () => 0.1 * random.normal());
    const entry = (i: number, j: number) =>
      loadings.slice(i * K, (i + 1) * K).reduce((sum, x, k) => sum + x * (loadings[j * K + k] as number), 0);
    for (let i = 0; i < K; i++) for (let j = 0; j < K; j++) covariance[(row * K + i) * K + j] = entry(i, j);
  }
  return { exposures, risk: { covariance, factors: K, specific: cells(sometimes(() => 0.01 + 0.1 * random.next())) } };
}

/** For one portfolio. */
export const linearOptimiser = async (): Promise<Optimiser> => new Optimiser(await HighsSolver.load(), undefined);
