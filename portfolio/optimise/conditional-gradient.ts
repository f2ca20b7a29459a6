/**
 * A linear program with a quadratic risk in its objective, by linear programs alone: each step goes towards the best for
 * the slopes of where it stands, as far as that helps. It comes near the optimum slowly, but every point on the way
 * meets rows and bounds as closely as the linear solver does, whatever the program.
 */
import type { ActiveVariance } from './active-variance.ts';
import type { PortfolioProgram } from './build-program.ts';
import type { QuadraticGoal } from './interior-point.ts';
import type { LinearSolver } from './linear-program.ts';

const mostSteps = 100;
/** What is left to be had, in shares of the objective. */
const wished = 1e-9;

/** `from` has to be a solution; a cap is not regarded. */
export function conditionalGradient(
  program: PortfolioProgram,
  variance: ActiveVariance,
  activeWeights: (values: Float64Array) => Float64Array,
  { cost, weight }: Pick<QuadraticGoal, 'cost' | 'weight'>,
  linear: LinearSolver,
  from: Float64Array,
): Float64Array {
  const { columnNames, columnSigns } = program;
  let values = from;
  for (let step = 0; step < mostSteps; step++) {
    const active = activeWeights(values);
    const own = variance.slopes(active);
    const slopes = cost.map((x, c) => {
      const name = columnNames[c] as number;
      return name < 0 ? x : x + weight * (columnSigns[c] as number) * (own[name] as number);
    });
    const corner = linear.solve({ ...program, cost: slopes });
    if (corner === 'infeasible') return values;
    const way = corner.values.map((x, c) => x - (values[c] as number));
    const gain = -dot(slopes, way);
    if (!(gain > wished * (1 + 0.5 * weight * variance.of(active) + Math.abs(dot(cost, values))))) return values;
    const moved = activeWeights(corner.values);
    const curvature = weight * variance.of(moved.map((x, i) => x - (active[i] as number)));
    const part = Math.min(1, gain / curvature);
    values = values.map((x, c) => x + part * (way[c] as number));
  }
  return values;
}

const dot = (x: Float64Array, y: Float64Array): number => x.reduce((sum, a, k) => sum + a * (y[k] as number), 0);
