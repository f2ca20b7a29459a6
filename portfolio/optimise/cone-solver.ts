/**
 * Portfolios under a cap on their predicted deviation, or with a price on its square. A linear solver tells whether there
 * is a portfolio at all, and the best one where it keeps the cap as it is; elsewhere an interior point method finds the
 * best to nine digits. What has no inside to go through is judged by other means.
 */
import { ActiveVariance } from './active-variance.ts';
import type { PortfolioProgram } from './build-program.ts';
import { conditionalGradient } from './conditional-gradient.ts';
import type { ActiveRisk, ConicSolution, ConicSolver, RiskAsk } from './conic.ts';
import { interiorPoint, type QuadraticGoal } from './interior-point.ts';
import type { LinearSolver } from './linear-program.ts';
import { settle } from './settle.ts';
import { violation } from './violation.ts';

/** What rows and bounds are kept to, and the cap in shares of it. */
const rowTolerance = 1e-9;
const capTolerance = 1e-6;
/** A smaller cap on the deviation is as good as none left. */
const leastCap = 1e-6;
/** Weight of the variance where only it is asked: slopes are then near 1, as those of scores are. */
const leastWeight = 1e4;

/** Of half the variance, between which that of a cap is looked for. */
const leastPrice = 1e-4;
const mostPrice = 1e8;
const trials = 40;
/** What a cap costs the goal by more than this, it costs for certain. */
const certain = 1e-7;
/** Of the goal, what a search may leave. */
const close = 1e-8;

export class ConeSolver implements ConicSolver {
  readonly #linear: LinearSolver;

  /** The linear solver is closed with this one. */
  constructor(linear: LinearSolver) {
    this.#linear = linear;
  }

  solve(program: PortfolioProgram, risk: ActiveRisk, ask: RiskAsk): ConicSolution | 'infeasible' {
    const cost = ask.kind === 'least' ? new Float64Array(program.columns) : program.cost;
    const free = this.#linear.solve({ ...program, cost });
    if (free === 'infeasible') return free;
    const variance = new ActiveVariance(risk);
    const solution = (values: Float64Array, only: boolean): ConicSolution => ({
      values,
      deviation: Math.sqrt(variance.of(activeWeights(program, risk, values))),
      only,
    });
    const arrived = (goal: QuadraticGoal): ConicSolution | undefined => {
      const point = interiorPoint(program, variance, risk.offset, goal);
      if (!point) return undefined;
      const unique = goal.weight > 0;
      const settled = solution(settle(program, point.snapped), unique);
      const most = Math.sqrt(goal.cap) * (1 + capTolerance);
      const kept = settled.deviation <= most && violation(program, settled.values) <= rowTolerance;
      return kept ? settled : solution(point.values, unique);
    };
    /** Without a cap there is always an answer: linear programs alone come near the best too. */
    const uncapped = (cost: Float64Array, weight: number): ConicSolution => {
      const best = arrived({ cost, weight, cap: Number.POSITIVE_INFINITY });
      if (best) return best;
      const weights = (values: Float64Array): Float64Array => activeWeights(program, risk, values);
      return solution(
        conditionalGradient(program, variance, weights, { cost, weight }, this.#linear, free.values),
        true,
      );
    };
    /** Of a set that is strictly convex where the cap binds. */
    const chosen = (best: ConicSolution): ConicSolution => ({
      ...best,
      only: best.only || costOf(cost, best) - free.objective > certain,
    });
    const nothing = new Float64Array(program.columns);
    if (ask.kind === 'least') return uncapped(nothing, leastWeight);
    const { cap, penalty } = ask;
    if (penalty === 0) {
      const wildest = solution(free.values, false);
      if (wildest.deviation <= cap) return wildest;
    }
    if (cap === Number.POSITIVE_INFINITY) return uncapped(cost, 2 * penalty);
    const most = Math.max(cap, leastCap);
    const best = arrived({ cost, weight: 2 * penalty, cap: most ** 2 });
    if (best) return chosen(best);
    const calmest = uncapped(nothing, leastWeight);
    if (calmest.deviation > most * (1 + capTolerance)) return 'infeasible';
    const wildest = penalty > 0 ? uncapped(cost, 2 * penalty) : solution(free.values, false);
    if (wildest.deviation <= most) return wildest;
    const costs = (at: ConicSolution): number => costOf(cost, at) + penalty * at.deviation ** 2;
    const near = enclosed(most, calmest, wildest, costs, (price) => uncapped(cost, price + 2 * penalty));
    return chosen(solution(near, penalty > 0));
  }

  close(): void {
    this.#linear.close();
  }
}

/**
 * Under a cap so near the least deviation that there is next to no inside: the price of variance at which the best has
 * the cap's, and what lies between the two portfolios that enclose it. Prices are tried by turns where the line through
 * those two has them and in the middle; at each the best bounds what any portfolio under the cap is worth.
 */
function enclosed(
  cap: number,
  calmest: ConicSolution,
  wildest: ConicSolution,
  costOf: (solution: ConicSolution) => number,
  priced: (price: number) => ConicSolution,
): Float64Array {
  let [low, high] = [leastPrice, mostPrice];
  let [calm, wild] = [calmest, wildest];
  let bound = Number.NEGATIVE_INFINITY;
  // The deviation is convex: what is in between is below the straight line.
  const share = (): number => Math.max(0, Math.min(1, (cap - calm.deviation) / (wild.deviation - calm.deviation)));
  for (let trial = 0; trial < trials; trial++) {
    const above = costOf(calm) - costOf(wild);
    if (costOf(calm) - share() * above - bound < close) break;
    const line = (2 * above) / (wild.deviation ** 2 - calm.deviation ** 2);
    const price = trial % 2 === 0 && line > low && line < high ? line : Math.sqrt(low * high);
    const at = priced(price);
    bound = Math.max(bound, costOf(at) + 0.5 * price * (at.deviation ** 2 - cap ** 2));
    if (at.deviation > cap) [low, wild] = [price, at];
    else [high, calm] = [price, at];
  }
  const part = share();
  return calm.values.map((x, c) => x + part * ((wild.values[c] as number) - x));
}

const costOf = (cost: Float64Array, { values }: ConicSolution): number =>
  cost.reduce((sum, x, c) => sum + x * (values[c] as number), 0);

function activeWeights(program: PortfolioProgram, { offset }: ActiveRisk, values: Float64Array): Float64Array {
  const active = offset.slice();
  for (const [c, name] of program.columnNames.entries()) {
    if (name < 0) continue;
    active[name] = (active[name] as number) + (program.columnSigns[c] as number) * (values[c] as number);
  }
  return active;
}
