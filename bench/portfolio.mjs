/**
 * How long a date's portfolio takes: from the last date's basis, by an optimiser that goes on, and from nothing, by a new
 * one for each date. Thirty neutral industries, size neutral, eight styles, a floor of members, a cap on turnover.
 * Processor time, which other programs disturb less than they do the clock.
 *
 *   npm run build && node bench/portfolio.mjs [names...]
 */
import { stream } from '../dist/core/random.js';
import { HighsSolver } from '../dist/portfolio/optimise/highs-solver.js';
import { Optimiser } from '../dist/portfolio/optimise/optimise.js';
import { indexOf, shares } from './portfolio-kit.mjs';

const dates = 30;
const spent = (start) => process.cpuUsage(start).user / 1000;
const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [800, 5000];
for (const names of sizes) {
  for (const styles of [0, 8]) {
    const warm = new Optimiser(await HighsSolver.load(), undefined);
    const milliseconds = { warm: [], cold: [] };
    let worst = 0;
    for (const problem of problems(names, styles, (problem) => warm.optimise(problem))) {
      const solution = problem.solved;
      milliseconds.warm.push(problem.took);
      const cold = new Optimiser(await HighsSolver.load(), undefined);
      const start = process.cpuUsage();
      const other = cold.optimise(problem);
      milliseconds.cold.push(spent(start));
      cold.close();
      worst = Math.max(worst, ...other.weights.map((weight, i) => Math.abs(weight - solution.weights[i])));
    }
    warm.close();
    const figures = Object.entries(milliseconds).map(([way, times]) => {
      const sorted = times.slice(1).sort((a, b) => a - b);
      return `${way} ${sorted[0].toFixed(1)} least, ${sorted[sorted.length >> 1].toFixed(1)} median`;
    });
    console.log(
      `${names} names, ${styles} styles beside size: ${figures.join('; ')} ms; weights differ by ${worst.toExponential(1)}`,
    );
  }
}

/** Scores that stay by four fifths, and prices that drift between dates. */
function* problems(names, styles, optimise) {
  const random = stream(7, names, styles);
  const normals = () => Float64Array.from({ length: names }, () => random.normal());
  const size = normals();
  const { member, index } = indexOf(size);
  const industries = {
    codes: Int32Array.from(size, () => random.below(30)),
    labels: [...Array(30).keys()].map(String),
    limit: 0,
  };
  const others = Array.from({ length: styles }, (_, s) => ({ name: `style ${s}`, values: normals(), limit: 0.5 }));
  let score = normals();
  let held = new Float64Array(names);
  for (let t = 0; t < dates; t++) {
    score = score.map((x) => 0.8 * x + 0.6 * random.normal());
    const problem = {
      names,
      symbols: Int32Array.from(size.keys()),
      ...{ score, index, member, held, industries },
      least: index.map((weight) => Math.max(0, weight - 0.008)),
      most: index.map((weight) => weight + 0.008),
      reachable: { least: new Float64Array(names), most: new Float64Array(names).fill(1) },
      memberFloor: 0.8,
      styles: [{ name: 'size', values: size, limit: 0 }, ...others],
      turnover: t ? 0.3 : undefined,
      ...{ risk: undefined, trackingError: undefined, riskPenalty: 0 },
      costs: { buy: 0, sell: 0 },
    };
    const start = process.cpuUsage();
    const solved = optimise(problem);
    yield { ...problem, solved, took: spent(start) };
    held = shares(solved.weights.map((weight) => weight * Math.exp(0.03 * random.normal())));
  }
}
