/**
 * The weights of each date: by the linear solver, or by the conic one where a predicted risk is asked for; with
 * constraints let go where no portfolio meets all of them.
 */
import { buildProgram, type PortfolioProgram, type Relaxation } from './build-program.ts';
import type { ConicSolver } from './conic.ts';
import type { LinearSolver } from './linear-program.ts';
import { type PortfolioProblem, type PortfolioSolution, type Relief, reliefs } from './problem.ts';
import { type Least, relax } from './relax.ts';
import { slacks } from './slacks.ts';

/** Less is the rounding of a solver. */
const least = 1e-9;

interface Stage {
  readonly weights: Float64Array;
  readonly deviation: number | undefined;
  /** Whether no other portfolio answers what was asked. */
  readonly only: boolean;
}

/** Solvers remember their last program, so an optimiser belongs to one portfolio and is given its dates in order. */
export class Optimiser {
  readonly #linear: LinearSolver;
  readonly #conic: ConicSolver | undefined;

  /** Without a conic solver for portfolios that neither cap nor price their risk. */
  constructor(linear: LinearSolver, conic: ConicSolver | undefined) {
    this.#linear = linear;
    this.#conic = conic;
  }

  optimise(problem: PortfolioProblem): PortfolioSolution {
    checkBounds(problem);
    const first = neededFirst(problem);
    const met = first === undefined ? this.#solve(problem, new Map(), 'score') : 'infeasible';
    if (met !== 'infeasible') return this.#solution(problem, met, new Map());
    const order = reliefsOf(problem);
    const conic = problem.trackingError !== undefined || problem.riskPenalty > 0;
    const { relaxation, stage, decided } = relax<Stage>(order, first ?? (order[0] as Relief), conic, (given, goal) => {
      const stage = this.#solve(problem, given, goal);
      return stage === 'infeasible' ? stage : leastOf(problem, goal, stage);
    });
    const best = decided ? stage : this.#solve(problem, relaxation, 'score');
    return this.#solution(problem, best === 'infeasible' ? stage : best, relaxation);
  }

  close(): void {
    this.#linear.close();
    this.#conic?.close();
  }

  #solve(problem: PortfolioProblem, relaxation: Relaxation, goal: 'score' | Relief): Stage | 'infeasible' {
    const program = buildProgram(problem, relaxation, goal);
    const { risk } = problem;
    const cap = (problem.trackingError ?? Number.POSITIVE_INFINITY) + (relaxation.get('tracking-error') ?? 0);
    const penalty = goal === 'score' ? problem.riskPenalty : 0;
    if (goal !== 'tracking-error' && cap === Number.POSITIVE_INFINITY && penalty === 0) {
      const answer = this.#linear.solve(program);
      if (answer === 'infeasible') return answer;
      return { weights: weightsOf(problem, relaxation, program, answer.values), deviation: undefined, only: false };
    }
    if (!this.#conic || !risk) throw new Error('a portfolio that asks for its risk needs a risk and a conic solver');
    const offset = problem.held.map((held, i) => held - (problem.index[i] as number));
    const ask = goal === 'tracking-error' ? ({ kind: 'least' } as const) : ({ kind: 'best', cap, penalty } as const);
    const answer = this.#conic.solve(program, { section: risk, offset }, ask);
    if (answer === 'infeasible') return answer;
    const { values, deviation, only } = answer;
    return { weights: weightsOf(problem, relaxation, program, values), deviation, only };
  }

  #solution(problem: PortfolioProblem, stage: Stage, relaxation: Relaxation): PortfolioSolution {
    const { weights, deviation } = stage;
    return {
      weights,
      objective: objectiveOf(problem, stage),
      solver: deviation === undefined ? 'highs' : 'interior-point',
      slacks: [...relaxation.keys()]
        .flatMap((relief) => slacks(problem, relief, weights, deviation))
        .filter(({ amount }) => amount > least),
    };
  }
}

/** In their order, those that the problem has something to let go of. */
function reliefsOf(problem: PortfolioProblem): Relief[] {
  const has: Record<Relief, boolean> = {
    turnover: problem.turnover !== undefined,
    style: problem.industries !== undefined || problem.styles.length > 0,
    'tracking-error': problem.trackingError !== undefined,
    members: problem.memberFloor > 0,
    deviation: true,
    invested: true,
  };
  return reliefs.filter((relief) => has[relief]);
}

/** The first relief that can be enough where bounds alone do not let weights add up to 1. */
function neededFirst({ least: low, most, reachable }: PortfolioProblem): Relief | undefined {
  const total = (x: Float64Array): number => x.reduce((sum, value) => sum + value, 0);
  if (total(reachable.most) < 1 - least) return 'invested';
  return total(low) > 1 + least || total(most) < 1 - least ? 'deviation' : undefined;
}

function leastOf(problem: PortfolioProblem, goal: Relief, stage: Stage): Least<Stage> {
  const total = slacks(problem, goal, stage.weights, stage.deviation).reduce((sum, slack) => sum + slack.amount, 0);
  if (goal !== 'tracking-error') return { amount: total, stage, only: stage.only };
  // A cone is met less closely than a row.
  const amount = total > 0 ? total + 1e-6 * (stage.deviation ?? 0) : 0;
  return { amount, stage, only: total > 1e-6 * (stage.deviation ?? 0) };
}

/** Inside their bounds to the last bit, which solvers are only almost. */
function weightsOf(
  problem: PortfolioProblem,
  relaxation: Relaxation,
  { columnNames, columnSigns }: PortfolioProgram,
  values: Float64Array,
): Float64Array {
  const weights = problem.held.slice();
  for (const [c, name] of columnNames.entries()) {
    if (name >= 0) weights[name] = (weights[name] as number) + (columnSigns[c] as number) * (values[c] as number);
  }
  const { least, most } = relaxation.has('deviation') ? problem.reachable : problem;
  return weights.map((weight, i) => Math.min(most[i] as number, Math.max(least[i] as number, weight)));
}

function objectiveOf(problem: PortfolioProblem, { weights, deviation }: Stage): number {
  const { score, held, costs, riskPenalty } = problem;
  let total = -riskPenalty * (deviation ?? 0) ** 2;
  for (const [i, weight] of weights.entries()) {
    const change = weight - (held[i] as number);
    total += weight * (score[i] as number) - (change > 0 ? costs.buy : -costs.sell) * change;
  }
  return total;
}

function checkBounds({ names, held, least, most, reachable }: PortfolioProblem): void {
  for (let i = 0; i < names; i++) {
    const outer = [reachable.least[i], held[i], reachable.most[i]] as [number, number, number];
    const inner = [reachable.least[i], least[i], most[i], reachable.most[i]] as [number, number, number, number];
    const ascends = (x: readonly number[]): boolean => x.every((value, k) => k === 0 || value >= (x[k - 1] as number));
    if (!ascends(outer) || !ascends(inner)) throw new Error(`bounds of name ${i} cross: ${inner}, held ${held[i]}`);
  }
}
