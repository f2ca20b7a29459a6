/** Portfolios under a predicted risk against clarabel (tools/cone-golden.py), and what holds on any date. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { ActiveVariance } from '../portfolio/optimise/active-variance.ts';
import { buildProgram, type PortfolioProgram } from '../portfolio/optimise/build-program.ts';
import { conditionalGradient } from '../portfolio/optimise/conditional-gradient.ts';
import { ConeSolver } from '../portfolio/optimise/cone-solver.ts';
import type { ActiveRisk, ConicSolution, RiskAsk } from '../portfolio/optimise/conic.ts';
import { Elimination } from '../portfolio/optimise/elimination.ts';
import { HighsSolver } from '../portfolio/optimise/highs-solver.ts';
import { Optimiser } from '../portfolio/optimise/optimise.ts';
import type { PortfolioProblem } from '../portfolio/optimise/problem.ts';
import { violation } from '../portfolio/optimise/violation.ts';
import { factorise } from '../portfolio/risk/cholesky.ts';
import type { RiskSection } from '../portfolio/risk/risk-section.ts';
import { type DateGolden, goldensOf, linearPart } from './portfolio-goldens.ts';

interface Golden extends DateGolden {
  readonly covariance: number[];
  readonly specific: number[];
  readonly cap: number | null;
  readonly penalty: number;
  readonly objective: number | null;
  /** The least deviation there is, and the most that scores are worth without regard to risk. */
  readonly calm: number;
  readonly wild: number;
}
const goldens = goldensOf<Golden>('portfolio-cones.json');

type Risky = PortfolioProblem & { readonly risk: RiskSection };

function problemOf(golden: Golden): Risky {
  const part = linearPart(golden);
  return {
    ...part,
    reachable: { least: new Float64Array(part.names), most: new Float64Array(part.names).fill(1) },
    memberFloor: 0,
    risk: {
      industries: Int32Array.from(golden.industries[0]),
      industryCount: golden.industries[1],
      styles: part.styles.map(({ values }) => values),
      covariance: Float64Array.from(golden.covariance),
      specific: Float64Array.from(golden.specific),
    },
    trackingError: golden.cap ?? undefined,
    riskPenalty: golden.penalty,
  };
}

/** Of any names: what the index holds they may hold, so that there always is a portfolio. */
function anyProblem(seed: number, names: number, turnover: number | undefined): Risky {
  const random = stream(seed, names, 0);
  const normals = (): Float64Array => Float64Array.from({ length: names }, () => random.normal());
  const shares = (x: Float64Array): Float64Array => x.map((value) => value / sum(x));
  const index = shares(normals().map(Math.exp));
  const held = turnover === undefined ? new Float64Array(names) : index.slice();
  const codes = Int32Array.from(index, () => random.below(3));
  const styles = [normals(), normals()];
  const half = Float64Array.from({ length: 25 }, () => 0.1 * random.normal());
  const covariance = Float64Array.from({ length: 25 }, (_, k) => {
    const [i, j] = [Math.floor(k / 5), k % 5];
    return sum(Array.from({ length: 5 }, (_, l) => (half[i * 5 + l] as number) * (half[j * 5 + l] as number)));
  });
  return {
    names,
    symbols: Int32Array.from(index.keys()),
    score: normals(),
    index,
    member: new Uint8Array(names).fill(1),
    held,
    least: index.map((weight) => Math.max(0, weight - 0.1)),
    most: index.map((weight) => Math.min(1, weight + 0.1)),
    reachable: { least: new Float64Array(names), most: new Float64Array(names).fill(1) },
    memberFloor: 0,
    industries: { codes, labels: ['a', 'b', 'c'], limit: 0.02 },
    styles: [{ name: 'size', values: styles[0] as Float64Array, limit: 0.2 }],
    turnover,
    risk: {
      industries: codes,
      industryCount: 3,
      styles,
      covariance,
      specific: normals().map((x) => 0.02 + 0.05 * x * x),
    },
    trackingError: undefined,
    riskPenalty: 0,
    costs: { buy: 0, sell: 0 },
  };
}

let conic: ConeSolver;
let linear: HighsSolver;
beforeAll(async () => {
  linear = await HighsSolver.load();
  conic = new ConeSolver(await HighsSolver.load());
});
afterAll(() => {
  linear.close();
  conic.close();
});

const sum = (x: Iterable<number>): number => [...x].reduce((total, value) => total + value, 0);
const dot = (x: ArrayLike<number>, y: ArrayLike<number>): number =>
  sum(Array.from(x, (value, i) => value * (y[i] as number)));
const best = (cap: number, penalty = 0): RiskAsk => ({ kind: 'best', cap, penalty });
const activeRisk = ({ held, index, risk }: Risky): ActiveRisk => ({
  section: risk,
  offset: held.map((weight, i) => weight - (index[i] as number)),
});

function ask(problem: Risky, asked: RiskAsk): { program: PortfolioProgram; answer: ConicSolution | 'infeasible' } {
  const program = buildProgram(problem, new Map(), 'score');
  return { program, answer: conic.solve(program, activeRisk(problem), asked) };
}
function answered(problem: Risky, asked: RiskAsk): ConicSolution & { readonly program: PortfolioProgram } {
  const { program, answer } = ask(problem, asked);
  if (answer === 'infeasible') throw new Error('infeasible');
  return { ...answer, program };
}
const costOf = ({ program, values }: { program: PortfolioProgram; values: Float64Array }): number =>
  dot(program.cost, values);

/** By the definition: names times names. */
function covarianceOf({ risk, names }: Risky): number[][] {
  const K = risk.industryCount + risk.styles.length;
  const exposures = Array.from({ length: names }, (_, i) => [
    ...Array.from({ length: risk.industryCount }, (_, code) => (risk.industries[i] === code ? 1 : 0)),
    ...risk.styles.map((values) => values[i] as number),
  ]);
  const moved = exposures.map((x) => x.map((_, k) => dot(x, risk.covariance.subarray(k * K, (k + 1) * K))));
  return exposures.map((x, i) => moved.map((y, j) => dot(x, y) + (i === j ? (risk.specific[i] as number) : 0)));
}
function deviation({ index }: Risky, covariance: number[][], weights: ArrayLike<number>): number {
  const active = Array.from(weights, (weight, i) => weight - (index[i] as number));
  return Math.sqrt(sum(active.map((x, i) => x * dot(active, covariance[i] as number[]))));
}

describe('against clarabel', () => {
  for (const [k, golden] of goldens.entries()) {
    test(`${k}, ${golden.kind}: the same optimum`, () => {
      const problem = problemOf(golden);
      const cap = golden.cap ?? Number.POSITIVE_INFINITY;
      expect(Math.abs(answered(problem, { kind: 'least' }).deviation - golden.calm)).toBeLessThan(5e-7);
      const { program, answer } = ask(problem, best(cap, golden.penalty));
      if (golden.objective === null) {
        expect(answer).toBe('infeasible');
        return;
      }
      if (answer === 'infeasible') throw new Error('infeasible');
      const worth =
        dot(problem.held, problem.score) - dot(program.cost, answer.values) - golden.penalty * answer.deviation ** 2;
      // Scores are told apart by up to a millionth where they are equal.
      expect(Math.abs(worth - golden.objective)).toBeLessThan(2e-6);
      expect(violation(program, answer.values)).toBeLessThan(1e-9);
      expect(answer.deviation).toBeLessThanOrEqual(cap * (1 + 1e-6));
      if (golden.kind === 'slack') {
        expect(answer.deviation).toBeLessThan(cap * 0.99);
        expect(worth).toBeCloseTo(golden.wild, 5);
      }
      if (golden.kind === 'cap') expect(answer.deviation).toBeGreaterThan(cap * (1 - 1e-5));
    });
  }

  test('an optimiser with a conic solver finds them too, one after the other', async () => {
    const optimiser = new Optimiser(await HighsSolver.load(), new ConeSolver(await HighsSolver.load()));
    for (const golden of goldens) {
      const problem = problemOf(golden);
      const { objective, weights, slacks } = optimiser.optimise(problem);
      expect(sum(weights)).toBeCloseTo(1, 8);
      if (golden.objective === null) {
        expect(slacks.length).toBeGreaterThan(0);
        continue;
      }
      expect(slacks).toEqual([]);
      expect(Math.abs(objective - golden.objective)).toBeLessThan(2e-6);
      if (golden.cap !== null)
        expect(deviation(problem, covarianceOf(problem), weights)).toBeLessThan(golden.cap * (1 + 1e-6));
    }
    optimiser.close();
  });
});

describe('on any date', () => {
  const dates = fc.record({
    seed: fc.nat(1e6),
    names: fc.integer({ min: 3, max: 60 }),
    turnover: fc.option(fc.double({ min: 0.05, max: 1, noNaN: true }), { nil: undefined }),
    share: fc.double({ min: 0.05, max: 1.5, noNaN: true }),
  });

  test('a cap binds where it is below what scores alone lead to, and does nothing above', () => {
    fc.assert(
      fc.property(dates, ({ seed, names, turnover, share }) => {
        const problem = anyProblem(seed, names, turnover);
        const program = buildProgram(problem, new Map(), 'score');
        const free = linear.solve(program);
        fc.pre(free !== 'infeasible');
        const wild = answered(problem, best(1));
        expect(costOf(wild)).toBeCloseTo(free.objective, 7);
        const cap = wild.deviation * share;
        const capped = answered(problem, best(cap));
        expect(violation(program, capped.values)).toBeLessThan(1e-9);
        expect(capped.deviation).toBeLessThanOrEqual(cap * (1 + 1e-6));
        if (share > 1) expect(costOf(capped)).toBeCloseTo(free.objective, 7);
        else expect(capped.deviation).toBeGreaterThan(cap * (1 - 1e-4));
      }),
    );
  });

  test('risk is priced as its slope: the least cost plus penalty is no worse than at any other cap', () => {
    fc.assert(
      fc.property(dates, fc.double({ min: 0.5, max: 50, noNaN: true }), ({ seed, names, turnover, share }, penalty) => {
        const problem = anyProblem(seed, names, turnover);
        const total = (x: ReturnType<typeof answered>): number => costOf(x) + penalty * x.deviation ** 2;
        const priced = answered(problem, best(Number.POSITIVE_INFINITY, penalty));
        const other = answered(problem, best(priced.deviation * share + 1e-4));
        expect(total(priced)).toBeLessThanOrEqual(total(other) + 1e-7);
        // Where a cap sits at what the price led to, both are one portfolio.
        expect(total(answered(problem, best(priced.deviation + 1e-7, penalty)))).toBeCloseTo(total(priced), 6);
      }),
    );
  });

  test('a cap just above the least deviation leaves the least, and one below it nothing', () => {
    fc.assert(
      fc.property(dates, ({ seed, names }) => {
        const problem = { ...anyProblem(seed, names, undefined) };
        // Without the index's own weights in reach, so that the least is above 0.
        const most = problem.most.map((weight, i) => (i === 0 ? weight / 100 : weight));
        const least = problem.least.map((weight, i) => Math.min(weight, most[i] as number));
        const apart = { ...problem, least, most };
        const { program, answer } = ask(apart, { kind: 'least' });
        if (answer === 'infeasible') {
          expect(linear.solve(program)).toBe('infeasible');
          return;
        }
        fc.pre(answer.deviation > 1e-4);
        expect(violation(program, answer.values)).toBeLessThan(1e-9);
        expect(ask(apart, best(answer.deviation * 0.999)).answer).toBe('infeasible');
        expect(answered(apart, best(answer.deviation * 1.001)).deviation).toBeLessThanOrEqual(
          answer.deviation * 1.001002,
        );
      }),
    );
  });

  test('deviations and covariances on another scale give the same portfolio', () => {
    fc.assert(
      fc.property(dates, ({ seed, names, turnover, share }) => {
        const problem = anyProblem(seed, names, turnover);
        const cap = answered(problem, best(1)).deviation * share * 0.6 + 1e-3;
        const by = 16;
        const { risk } = problem;
        const scaled = {
          ...problem,
          risk: { ...risk, covariance: risk.covariance.map((x) => x * by), specific: risk.specific.map((x) => x * by) },
        };
        const [one, other] = [answered(problem, best(cap)), answered(scaled, best(4 * cap))];
        expect(costOf(other)).toBeCloseTo(costOf(one), 7);
      }),
    );
  });

  test('what is answered does not depend on what was asked before', async () => {
    const problem = anyProblem(3, 50, 0.4);
    const first = answered(problem, best(0.02));
    answered(anyProblem(4, 20, undefined), best(0.05, 3));
    expect(answered(problem, best(0.02)).values).toEqual(first.values);
  });
});

describe('on thin dates', () => {
  /** Neutral, or nearly, with little to trade, names that cannot be, and a cap about what is the least there is. */
  const dates = fc.record({
    seed: fc.nat(1e6),
    names: fc.integer({ min: 10, max: 40 }),
    turnover: fc.constantFrom(undefined, 0.02, 0.05),
    industry: fc.constantFrom(0, 0.01),
    size: fc.constantFrom(0, 0.1),
    blocked: fc.constantFrom(0, 0.1, 0.4),
    cap: fc.constantFrom(0.001, 0.005, 0.02),
    near: fc.constantFrom(undefined, 1, 1.0000001, 1.001),
    riskPenalty: fc.constantFrom(0, 5),
  });
  const drifted = ({ index }: Risky, seed: number): Float64Array => {
    const random = stream(seed, 1, 0);
    const held = index.map((weight) => weight * Math.exp(0.4 * random.normal()));
    return held.map((weight) => weight / sum(held));
  };

  test('there always is a portfolio, and it keeps what is not told to have given way', async () => {
    const optimiser = new Optimiser(await HighsSolver.load(), new ConeSolver(await HighsSolver.load()));
    fc.assert(
      fc.property(dates, ({ seed, names, turnover, industry, size, blocked, cap, near, riskPenalty }) => {
        const free = anyProblem(seed, names, turnover);
        const held = turnover === undefined ? free.held : drifted(free, seed);
        const random = stream(seed, 2, 0);
        const stuck = held.map(() => (random.next() < blocked ? 1 : 0));
        const reachable = {
          least: held.map((weight, i) => (stuck[i] ? weight : 0)),
          most: held.map((weight, i) => (stuck[i] ? weight : 1)),
        };
        const inside = (x: number, i: number): number =>
          Math.min(reachable.most[i] as number, Math.max(reachable.least[i] as number, x));
        const wished: Risky = {
          ...free,
          ...{ held, reachable, turnover, riskPenalty, trackingError: cap },
          least: free.index.map((weight, i) => inside(Math.max(0, weight - 0.03), i)),
          most: free.index.map((weight, i) => inside(weight + 0.03, i)),
          industries: { codes: free.risk.industries, labels: ['a', 'b', 'c'], limit: industry },
          styles: free.styles.map((style) => ({ ...style, limit: size })),
        };
        const covariance = covarianceOf(wished);
        const calmest = optimiser.optimise({ ...wished, trackingError: 1e-5, riskPenalty: 0 });
        const problem =
          near === undefined
            ? wished
            : { ...wished, trackingError: Math.max(1e-4, near * deviation(wished, covariance, calmest.weights)) };
        const { weights, slacks } = optimiser.optimise(problem);
        const slack = (relief: string, name?: string): number =>
          sum(slacks.filter((one) => one.relief === relief && one.name === name).map(({ amount }) => amount));
        const active = weights.map((weight, i) => weight - (problem.index[i] as number));
        const most = Math.max(
          Math.abs(sum(weights) - 1 + slack('invested')),
          ...weights.map((x, i) => Math.max((reachable.least[i] as number) - x, x - (reachable.most[i] as number))),
          sum(weights.map((x, i) => Math.max(0, (problem.least[i] as number) - x, x - (problem.most[i] as number)))) -
            slack('deviation'),
          Math.abs(dot(active, problem.styles[0]?.values ?? [])) - size - slack('style', 'size'),
          ...['a', 'b', 'c'].map((label, code) => {
            const own = sum(active.filter((_, i) => problem.risk.industries[i] === code));
            return Math.abs(own) - industry - slack('style', label);
          }),
          turnover === undefined
            ? 0
            : sum(weights.map((x, i) => Math.abs(x - (held[i] as number)))) - turnover - slack('turnover'),
        );
        expect(most).toBeLessThan(2e-9);
        const allowed = (problem.trackingError as number) + slack('tracking-error');
        expect(deviation(problem, covariance, weights)).toBeLessThan(allowed * (1 + 1e-5));
      }),
      { numRuns: 100 },
    );
    optimiser.close();
  });

  test('where scores alone keep the cap it is their portfolio, to the bit', () => {
    fc.assert(
      fc.property(dates, ({ seed, names }) => {
        const problem = anyProblem(seed, names, undefined);
        const free = linear.solve(buildProgram(problem, new Map(), 'score'));
        fc.pre(free !== 'infeasible');
        const { values } = answered(problem, best(1));
        expect(values.map((x, c) => Math.abs(x - (free.values[c] as number))).every((x) => x < 1e-12)).toBe(true);
      }),
    );
  });

  test('by linear programs alone the least deviation is nearly found, and every row holds', () => {
    fc.assert(
      fc.property(dates, ({ seed, names, turnover }) => {
        const problem = { ...anyProblem(seed, names, turnover), held: drifted(anyProblem(seed, names, 1), seed) };
        const program = buildProgram(problem, new Map(), 'score');
        const { answer } = ask(problem, { kind: 'least' });
        const free = linear.solve(program);
        fc.pre(answer !== 'infeasible' && free !== 'infeasible');
        const risk = activeRisk(problem);
        const goal = { cost: new Float64Array(program.columns), weight: 1e4 };
        const variance = new ActiveVariance(risk);
        const activeWeights = (values: Float64Array): Float64Array => {
          const active = risk.offset.slice();
          for (const [c, name] of program.columnNames.entries()) {
            active[name] = (active[name] as number) + (program.columnSigns[c] as number) * (values[c] as number);
          }
          return active;
        };
        const values = conditionalGradient(program, variance, activeWeights, goal, linear, free.values);
        expect(violation(program, values)).toBeLessThan(1e-9);
        const [near, wild] = [values, free.values].map((x) => variance.of(activeWeights(x))) as [number, number];
        expect(near).toBeGreaterThan(answer.deviation ** 2 - 1e-7);
        expect(near).toBeLessThan(answer.deviation ** 2 + 0.02 * wild + 1e-12);
      }),
      { numRuns: 20 },
    );
  });
});

describe('systems', () => {
  const systems = fc.record({ seed: fc.nat(1e6), size: fc.integer({ min: 1, max: 12 }) });
  const square = (size: number, of: (i: number, j: number) => number): Float64Array =>
    Float64Array.from({ length: size * size }, (_, k) => of(Math.floor(k / size), k % size));

  test('what is solved solves, be rows on scales of their own or depend on each other', () => {
    fc.assert(
      fc.property(systems, fc.boolean(), ({ seed, size }, dependent) => {
        const random = stream(seed, size, 3);
        const scale = Float64Array.from({ length: size }, () => 10 ** (4 * random.normal()));
        const half = square(size, () => random.normal());
        const moved = square(size, (i, j) =>
          dependent && i === size - 1 ? (half[j] as number) : (half[i * size + j] as number),
        );
        const matrix = square(size, (i, j) => {
          const own = dot(moved.subarray(i * size, (i + 1) * size), moved.subarray(j * size, (j + 1) * size));
          return own * (scale[i] as number) * (scale[j] as number);
        });
        const wanted = scale.map((x) => random.normal() / x);
        const right = Float64Array.from({ length: size }, (_, i) =>
          dot(matrix.subarray(i * size, (i + 1) * size), wanted),
        );
        const x = new Elimination(matrix, size).solve(right);
        for (let i = 0; i < size; i++) {
          const row = matrix.subarray(i * size, (i + 1) * size);
          const terms = sum(row.map((value, j) => Math.abs(value * (wanted[j] as number))));
          expect(Math.abs(dot(row, x) - (right[i] as number))).toBeLessThanOrEqual(1e-8 * terms);
        }
        expect(factorise(matrix.slice(), size)).toBe(dependent && size > 1 ? size - 1 : size);
      }),
    );
  });
});

test('three names: no point of a fine grid is better', () => {
  fc.assert(
    fc.property(fc.nat(1e6), fc.double({ min: 0.2, max: 0.9, noNaN: true }), (seed, share) => {
      const free = anyProblem(seed, 3, undefined);
      const problem = { ...free, industries: undefined, styles: [] };
      const cap = answered(problem, best(1)).deviation * share;
      fc.pre(cap > 1e-3);
      const { values, program } = answered(problem, best(cap));
      const { least, most, score } = problem;
      const steps = 60;
      const covariance = covarianceOf(problem);
      let highest = Number.NEGATIVE_INFINITY;
      for (let i = 0; i <= steps; i++) {
        for (let j = 0; j <= steps; j++) {
          const at = (k: 0 | 1, step: number): number =>
            (least[k] as number) + ((most[k] as number) - (least[k] as number)) * (step / steps);
          const weights = Float64Array.of(at(0, i), at(1, j), 1 - at(0, i) - at(1, j));
          const last = weights[2] as number;
          if (
            last < (least[2] as number) ||
            last > (most[2] as number) ||
            deviation(problem, covariance, weights) > cap
          )
            continue;
          highest = Math.max(highest, dot(weights, score));
        }
      }
      const worth = -dot(program.cost, values);
      expect(worth).toBeGreaterThan(highest - 2e-6);
      expect(worth).toBeLessThan(highest + 0.05);
    }),
    { numRuns: 15 },
  );
});
