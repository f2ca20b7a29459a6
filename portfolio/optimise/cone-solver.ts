/**
 * Portfolios under a cap on their predicted deviation, or with a price on its square: by an interior point method, which
 * tells the best from nearly the best to nine digits; by a linear solver where no risk is asked for after all. What has
 * no inside to go through is judged by other means, so that infeasible is known and not guessed.
 */
import { ActiveVariance } from './active-variance.ts';
import type { PortfolioProgram } from './build-program.ts';
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
const halvings = 40;

export class ConeSolver implements ConicSolver {
  readonly #linear: LinearSolver;

  /** The linear solver is closed with this one. */
  constructor(linear: LinearSolver) {
    this.#linear = linear;
  }

  solve(program: PortfolioProgram, risk: ActiveRisk, ask: RiskAsk): ConicSolution | 'infeasible' {
    const variance = new ActiveVariance(risk);
    const solution = (values: Float64Array): ConicSolution => ({
      values,
      deviation: Math.sqrt(variance.of(activeWeights(program, risk, values))),
    });
    const towards = (goal: QuadraticGoal): ConicSolution | undefined => {
      const point = interiorPoint(program, variance, risk.offset, goal);
      if (!point) return undefined;
      const settled = solution(settle(program, point.snapped));
      const most = Math.sqrt(goal.cap) * (1 + capTolerance);
      const kept = settled.deviation <= most && violation(program, settled.values) <= rowTolerance;
      return kept ? settled : solution(point.values);
    };
    const least = (): ConicSolution | undefined =>
      towards({ cost: new Float64Array(program.columns), weight: leastWeight, cap: Number.POSITIVE_INFINITY });

    if (ask.kind === 'best') {
      if (ask.cap === Number.POSITIVE_INFINITY && ask.penalty === 0) {
        const answer = this.#linear.solve(program);
        return answer === 'infeasible' ? answer : solution(answer.values);
      }
      const best = towards({ cost: program.cost, weight: 2 * ask.penalty, cap: Math.max(ask.cap, leastCap) ** 2 });
      if (best) return best;
    }
    const calmest = least();
    if (calmest) {
      if (ask.kind === 'least') return calmest;
      if (calmest.deviation > Math.max(ask.cap, leastCap) * (1 + capTolerance)) return 'infeasible';
      const near = this.#priced(program, ask, calmest, towards, solution);
      if (near) return near;
    }
    const any = this.#linear.solve({ ...program, cost: new Float64Array(program.columns) });
    if (any === 'infeasible') return any;
    throw new Error(`the interior point method did not arrive at the ${ask.kind} portfolio of a program that has one`);
  }

  /**
   * Under a cap so near the least deviation that there is next to no inside: the price of variance at which the best has
   * the cap's, by halving, and what lies between the two portfolios that enclose it.
   */
  #priced(
    program: PortfolioProgram,
    ask: RiskAsk & { readonly kind: 'best' },
    calmest: ConicSolution,
    towards: (goal: QuadraticGoal) => ConicSolution | undefined,
    solution: (values: Float64Array) => ConicSolution,
  ): ConicSolution | undefined {
    let [low, high] = [leastPrice, mostPrice];
    let calm = calmest;
    let wild: ConicSolution | undefined;
    for (let halving = 0; halving < halvings; halving++) {
      const weight = Math.sqrt(low * high);
      const at = towards({ cost: program.cost, weight: weight + 2 * ask.penalty, cap: Number.POSITIVE_INFINITY });
      if (!at) return undefined;
      if (at.deviation > ask.cap) [low, wild] = [weight, at];
      else [high, calm] = [weight, at];
    }
    if (!wild) return calm;
    const share = wild.deviation > calm.deviation ? (ask.cap - calm.deviation) / (wild.deviation - calm.deviation) : 0;
    const [from, to, part] = [calm.values, wild.values, Math.max(0, Math.min(1, share))];
    // The deviation is convex: what is in between is below the straight line.
    const values = from.map((x, c) => x + part * ((to[c] as number) - x));
    return solution(values);
  }

  close(): void {
    this.#linear.close();
  }
}

function activeWeights(program: PortfolioProgram, { offset }: ActiveRisk, values: Float64Array): Float64Array {
  const active = offset.slice();
  for (const [c, name] of program.columnNames.entries()) {
    if (name < 0) continue;
    active[name] = (active[name] as number) + (program.columnSigns[c] as number) * (values[c] as number);
  }
  return active;
}
