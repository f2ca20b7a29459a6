/** Portfolios of one date against scipy, GLPK and clarabel (tools/portfolio-golden.py), and what holds on any date. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Stream, stream } from '../core/random.ts';
import { HighsSolver } from '../portfolio/optimise/highs-solver.ts';
import { Optimiser } from '../portfolio/optimise/optimise.ts';
import { type PortfolioProblem, type PortfolioSolution, type Relief, reliefs } from '../portfolio/optimise/problem.ts';
import { type DateGolden, goldensOf, linearPart } from './portfolio-goldens.ts';

interface Golden extends DateGolden {
  readonly reach: [number[], number[]];
  readonly floor: number;
  readonly objective: number;
  /** Of each relief that gave way, the last one first; empty where all constraints can be met. */
  readonly slacks: Record<string, number>;
}
const goldens = goldensOf<Golden>('portfolio-lps.json');

const problemOf = (golden: Golden): PortfolioProblem => ({
  ...linearPart(golden),
  reachable: { least: Float64Array.from(golden.reach[0]), most: Float64Array.from(golden.reach[1]) },
  memberFloor: golden.floor,
  risk: undefined,
  trackingError: undefined,
  riskPenalty: 0,
});

let optimiser: Optimiser;
beforeAll(async () => {
  optimiser = new Optimiser(await HighsSolver.load(), undefined);
});
afterAll(() => optimiser.close());

/** An optimiser without a past. */
async function fresh(problem: PortfolioProblem): Promise<PortfolioSolution> {
  const optimiser = new Optimiser(await HighsSolver.load(), undefined);
  const solution = optimiser.optimise(problem);
  optimiser.close();
  return solution;
}

const sum = (x: Iterable<number>): number => [...x].reduce((total, value) => total + value, 0);
const dot = (x: Float64Array, y: ArrayLike<number>): number => sum(x.map((value, i) => value * (y[i] as number)));
const slackOf = (solution: PortfolioSolution, relief: string): number =>
  sum(solution.slacks.filter((slack) => slack.relief === relief).map(({ amount }) => amount));

/** The most by which weights break a constraint, beside what they were let go by. */
function worst(problem: PortfolioProblem, weights: Float64Array, slacks: PortfolioSolution['slacks'] = []): number {
  const { held, index, least, most, reachable, industries, styles, member } = problem;
  const slack = (relief: string, name?: string) =>
    sum(slacks.filter((slack) => slack.relief === relief && slack.name === name).map(({ amount }) => amount));
  const active = weights.map((weight, i) => weight - (index[i] as number));
  const excesses = [
    Math.abs(1 - sum(weights)) - slack('invested'),
    ...weights.map((weight, i) =>
      Math.max((reachable.least[i] as number) - weight, weight - (reachable.most[i] as number)),
    ),
    sum(weights.map((weight, i) => Math.max(0, (least[i] as number) - weight, weight - (most[i] as number)))) -
      slack('deviation'),
    problem.memberFloor - dot(weights, member) - slack('members'),
    problem.turnover === undefined
      ? 0
      : sum(weights.map((weight, i) => Math.abs(weight - (held[i] as number)))) - problem.turnover - slack('turnover'),
    ...styles.map(({ name, values, limit }) => Math.abs(dot(active, values)) - limit - slack('style', name)),
  ];
  for (const [code, label] of industries?.labels.entries() ?? []) {
    const of = sum(active.map((x, i) => (industries?.codes[i] === code ? x : 0)));
    excesses.push(Math.abs(of) - (industries?.limit ?? 0) - slack('style', label));
  }
  return Math.max(...excesses);
}

test('an industry and a style of one name give way each by its own amount', () => {
  const problem: PortfolioProblem = {
    names: 2,
    symbols: Int32Array.of(0, 1),
    score: Float64Array.of(1, 0),
    index: Float64Array.of(0.5, 0.5),
    member: Uint8Array.of(1, 1),
    held: Float64Array.of(0.8, 0.2),
    least: Float64Array.of(0.8, 0.2),
    most: Float64Array.of(0.8, 0.2),
    reachable: { least: Float64Array.of(0.8, 0.2), most: Float64Array.of(0.8, 0.2) },
    memberFloor: 0,
    industries: { codes: Int32Array.of(0, 1), labels: ['Size', 'Banks'], limit: 0.1 },
    styles: [{ name: 'Size', values: Float64Array.of(2, -1), limit: 0.2 }],
    ...{ turnover: undefined, risk: undefined, trackingError: undefined, riskPenalty: 0 },
    costs: { buy: 0, sell: 0 },
  };
  const { slacks } = optimiser.optimise(problem);
  expect(slacks.map(({ relief, kind, name, amount }) => [relief, kind, name, Math.round(amount * 1e8) / 1e8])).toEqual([
    ['style', 'industry', 'Size', 0.2],
    ['style', 'industry', 'Banks', 0.2],
    ['style', 'style', 'Size', 0.7],
  ]);
});

describe('against other solvers', () => {
  const feasible = goldens.filter(({ slacks }) => Object.keys(slacks).length === 0);
  const infeasible = goldens.filter(({ slacks }) => Object.keys(slacks).length > 0);

  test.each(feasible.map((golden, n) => [n, golden.kind, golden] as const))('date %i, %s', (_n, _kind, golden) => {
    const problem = problemOf(golden);
    const solution = optimiser.optimise(problem);
    expect(solution.slacks).toEqual([]);
    expect(worst(problem, solution.weights)).toBeLessThanOrEqual(1e-9);
    expect(Math.abs(solution.objective - golden.objective)).toBeLessThanOrEqual(
      1e-9 * Math.max(1, Math.abs(golden.objective)),
    );
  });

  test.each(infeasible.map((golden, n) => [n, golden.kind, golden] as const))(
    'date %i that cannot meet everything, %s',
    (_n, _kind, golden) => {
      const problem = problemOf(golden);
      const solution = optimiser.optimise(problem);
      const [last] = Object.keys(golden.slacks) as [string];
      expect(slackOf(solution, last)).toBeGreaterThan(1e-6);
      for (const relief of reliefs) {
        expect(Math.abs(slackOf(solution, relief) - (golden.slacks[relief] ?? 0))).toBeLessThanOrEqual(2e-8);
      }
      expect(worst(problem, solution.weights, solution.slacks)).toBeLessThanOrEqual(1e-9);
      // Each least is let go by half a billionth more before the next is asked, and prices of constraints multiply that.
      expect(Math.abs(solution.objective - golden.objective)).toBeLessThanOrEqual(2e-8);
    },
  );

  test('every relief is the last one on some date', () => {
    const lasts = new Set(infeasible.map(({ slacks }) => Object.keys(slacks)[0]));
    expect([...reliefs].filter((relief) => relief !== 'tracking-error').every((relief) => lasts.has(relief))).toBe(
      true,
    );
    expect(feasible.length).toBeGreaterThan(60);
  });
});

/** A date whose holdings meet every constraint, if `easy`; its index need not. */
function date(seed: number, easy: boolean): PortfolioProblem {
  const random = stream(seed, 0, 0);
  const names = 5 + random.below(30);
  const numbers = (of: (i: number) => number) => Float64Array.from({ length: names }, (_, i) => of(i));
  const shares = (x: Float64Array) => {
    const total = sum(x);
    return x.map((value) => value / total);
  };
  const member = Uint8Array.from({ length: names }, (_, i) => (i < 2 || random.next() < 0.5 ? 1 : 0));
  const index = shares(numbers((i) => (member[i] ? 0.1 + random.next() : 0)));
  const held = shares(numbers((i) => (index[i] as number) * random.next() + (random.next() < 0.2 ? 0.02 : 0)));
  const reach = numbers(() => random.next());
  const reachable = {
    least: numbers((i) => ((reach[i] as number) < 0.1 ? (held[i] as number) : 0)),
    most: numbers((i) => ((reach[i] as number) > 0.05 && (reach[i] as number) < 0.15 ? (held[i] as number) : 1)),
  };
  const cap = 0.02 + 0.2 * random.next();
  const bounded = (i: number, x: number) =>
    Math.min(reachable.most[i] as number, Math.max(reachable.least[i] as number, x));
  const least = numbers((i) => bounded(i, Math.min((index[i] as number) - cap, easy ? (held[i] as number) : 1)));
  const most = numbers((i) => bounded(i, Math.max((index[i] as number) + cap, easy ? (held[i] as number) : 0)));
  const codes = Int32Array.from({ length: names }, () => random.below(3));
  const active = held.map((weight, i) => weight - (index[i] as number));
  const of = (values: ArrayLike<number>) => (easy ? Math.abs(dot(active, values)) : 0);
  const styles = Array.from({ length: random.below(3) }, (_, s) => {
    const values = numbers(() => random.normal());
    return { name: `style ${s}`, values, limit: of(values) + 0.05 * random.below(2) };
  });
  const groups = [0, 1, 2].map((code) => of(codes.map((own) => (own === code ? 1 : 0))));
  return {
    names,
    symbols: Int32Array.from({ length: names }, (_, i) => 3 * i + random.below(3)),
    score: numbers(() => (random.next() < 0.2 ? 0 : random.normal())),
    ...{ index, member, held, least, most, reachable, styles },
    memberFloor: easy ? Math.min(0.8, dot(held, member)) : 0.8 * random.below(2),
    industries: { codes, labels: ['a', 'b', 'c'], limit: Math.max(...groups) + 0.02 * random.below(2) },
    turnover: random.next() < 0.8 ? 0.5 * random.next() : undefined,
    ...{ risk: undefined, trackingError: undefined, riskPenalty: 0 },
    costs: random.next() < 0.3 ? { buy: 0.1, sell: 0.2 } : { buy: 0, sell: 0 },
  };
}

const worth = ({ score, held, costs }: PortfolioProblem, weights: Float64Array): number =>
  dot(weights, score) -
  sum(
    weights.map((weight, i) =>
      Math.max(costs.buy * (weight - (held[i] as number)), costs.sell * ((held[i] as number) - weight)),
    ),
  );

const shuffled = (count: number, random: Stream): number[] => {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
};

describe('on any date', () => {
  const seeds = fc.nat();
  const property = (check: (seed: number) => void | Promise<void>, numRuns = 50) =>
    fc.assert(
      fc.asyncProperty(seeds, async (seed) => check(seed)),
      { numRuns },
    );

  test('every constraint holds, but for the slacks that are told', () =>
    property((seed) => {
      const problem = date(seed, false);
      const solution = optimiser.optimise(problem);
      expect(worst(problem, solution.weights, solution.slacks)).toBeLessThanOrEqual(1e-9);
      expect(solution.objective).toBeCloseTo(worth(problem, solution.weights), 12);
      expect(solution.solver).toBe('highs');
    }));

  test('no portfolio that meets everything is worth more', () =>
    property((seed) => {
      const problem = date(seed, true);
      const random = stream(seed, 1, 0);
      expect(worst(problem, problem.held)).toBeLessThanOrEqual(1e-9);
      const solution = optimiser.optimise(problem);
      expect(solution.slacks).toEqual([]);
      // Corners by other scores, and what lies between them and what is held.
      const corners = [
        problem.held,
        ...[0, 1, 2].map(
          () => optimiser.optimise({ ...problem, score: problem.score.map(() => random.normal()) }).weights,
        ),
      ];
      for (let n = 0; n < 10; n++) {
        const mix = corners.map(() => -Math.log(1 - random.next()));
        const weights = problem.held.map(
          (_, i) => sum(corners.map((corner, c) => (corner[i] as number) * (mix[c] as number))) / sum(mix),
        );
        expect(worst(problem, weights)).toBeLessThanOrEqual(1e-8);
        expect(worth(problem, weights)).toBeLessThanOrEqual(solution.objective + 1e-8);
      }
    }));

  test('scores may be scaled, and shifted', () =>
    property((seed) => {
      const problem = { ...date(seed, true), costs: { buy: 0, sell: 0 } };
      const { objective } = optimiser.optimise(problem);
      const scaled = optimiser.optimise({ ...problem, score: problem.score.map((score) => 2 * score) });
      expect(Math.abs(scaled.objective - 2 * objective)).toBeLessThanOrEqual(1e-9);
      const shifted = optimiser.optimise({ ...problem, score: problem.score.map((score) => score + 3) });
      expect(Math.abs(shifted.objective - objective - 3)).toBeLessThanOrEqual(1e-9);
    }));

  test('the order of names does not matter', () =>
    property((seed) => {
      const problem = date(seed, true);
      const order = shuffled(problem.names, stream(seed, 2, 0));
      const numbers = (x: Float64Array) => Float64Array.from(order, (i) => x[i] as number);
      const codes = (x: ArrayLike<number>) => order.map((i) => x[i] as number);
      const { industries, reachable } = problem;
      const other = optimiser.optimise({
        ...problem,
        symbols: Int32Array.from(codes(problem.symbols)),
        score: numbers(problem.score),
        index: numbers(problem.index),
        member: Uint8Array.from(codes(problem.member)),
        held: numbers(problem.held),
        least: numbers(problem.least),
        most: numbers(problem.most),
        reachable: { least: numbers(reachable.least), most: numbers(reachable.most) },
        industries: industries && { ...industries, codes: Int32Array.from(codes(industries.codes)) },
        styles: problem.styles.map((style) => ({ ...style, values: numbers(style.values) })),
      });
      const { objective, weights } = optimiser.optimise(problem);
      expect(Math.abs(other.objective - objective)).toBeLessThanOrEqual(1e-9);
      for (const [k, i] of order.entries())
        expect(Math.abs((other.weights[k] as number) - (weights[i] as number))).toBeLessThanOrEqual(1e-8);
    }));

  test('what was optimised before does not matter, not even to which of equal portfolios it is', () =>
    property(async (seed) => {
      const problem = { ...date(seed, seed % 2 === 0), score: date(seed, false).score.map(Math.round) };
      for (const other of [1, 2, 3]) optimiser.optimise(date(seed + other, false));
      const warm = optimiser.optimise(problem);
      const cold = await fresh(problem);
      expect(Math.abs(warm.objective - cold.objective)).toBeLessThanOrEqual(1e-8);
      for (const [i, weight] of warm.weights.entries())
        expect(Math.abs(weight - (cold.weights[i] as number))).toBeLessThanOrEqual(1e-7);
    }, 30));

  test('the same dates in the same order give the same bits', () =>
    property(async (seed) => {
      const dates = [0, 1, 2, 3].map((other) => date(seed + other, other % 2 === 0));
      const run = async () => {
        const optimiser = new Optimiser(await HighsSolver.load(), undefined);
        const solutions = dates.map((problem) => optimiser.optimise(problem));
        optimiser.close();
        return solutions;
      };
      expect(await run()).toEqual(await run());
    }, 15));

  test('where nothing can be traded the weights are those held, and what that breaks is told', () =>
    property((seed) => {
      const { held, ...problem } = date(seed, false);
      const stuck = { least: held, most: held };
      const solution = optimiser.optimise({ ...problem, held, ...stuck, reachable: stuck });
      expect(solution.weights).toEqual(held);
      expect(worst({ ...problem, held, ...stuck, reachable: stuck }, held, solution.slacks)).toBeLessThanOrEqual(1e-9);
    }));

  test('earlier constraints are no reason for the last one that gives way', () => {
    const met = new Map<Relief, number>();
    return property((seed) => {
      const problem = date(seed, false);
      const solution = optimiser.optimise(problem);
      const last = reliefs.filter((relief) => slackOf(solution, relief) > 1e-6).at(-1);
      if (last === undefined) return;
      met.set(last, (met.get(last) ?? 0) + 1);
      const precedes = (relief: Relief) => reliefs.indexOf(relief) < reliefs.indexOf(last);
      const free = optimiser.optimise({
        ...problem,
        ...(precedes('turnover') ? { turnover: undefined } : {}),
        ...(precedes('style') ? { industries: undefined, styles: [] } : {}),
        ...(precedes('members') ? { memberFloor: 0 } : {}),
        ...(precedes('deviation') ? problem.reachable : {}),
      });
      expect(free.slacks.every(({ relief }) => relief === last)).toBe(true);
      expect(Math.abs(slackOf(free, last) - slackOf(solution, last))).toBeLessThanOrEqual(1e-8);
    }).then(() => expect(met.size).toBeGreaterThanOrEqual(3));
  });
});
