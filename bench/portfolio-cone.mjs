/**
 * How long a date's portfolio under a cap on its tracking error takes, with relations as markets have them: thirty
 * industries within 2%, eight styles within half a deviation, a turnover of 40%, common factors of 5 to 20% and own
 * deviations of 20 to 40% a year. Processor time, which other programs disturb less than they do the clock.
 *
 *   npm run build && node bench/portfolio-cone.mjs [names...]
 */
import { stream } from '../dist/core/random.js';
import { ConeSolver } from '../dist/portfolio/optimise/cone-solver.js';
import { HighsSolver } from '../dist/portfolio/optimise/highs-solver.js';
import { Optimiser } from '../dist/portfolio/optimise/optimise.js';
import { indexOf, shares } from './portfolio-kit.mjs';

const dates = 10;
const [industries, factors] = [30, 38];
const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [800, 4000];
for (const names of sizes) {
  for (const cap of [0.04, 0.05]) {
    const optimiser = new Optimiser(await HighsSolver.load(), new ConeSolver(await HighsSolver.load()));
    const times = [];
    let most = 0;
    for (const problem of problems(names, cap, (problem) => optimiser.optimise(problem))) {
      times.push(problem.took);
      most = Math.max(most, deviation(problem, problem.solved.weights));
    }
    optimiser.close();
    const sorted = times.slice(1).sort((a, b) => a - b);
    console.log(
      `${names} names, cap ${cap}: ${sorted[0].toFixed(0)} least, ${sorted[sorted.length >> 1].toFixed(0)} median, ${sorted.at(-1).toFixed(0)} most ms; deviation at most ${most.toFixed(9)}`,
    );
  }
}

function* problems(names, cap, optimise) {
  const random = stream(7, names, 1);
  const normals = () => Float64Array.from({ length: names }, () => random.normal());
  const styles = Array.from({ length: factors - industries }, normals);
  const [size] = styles;
  const { member, index } = indexOf(size);
  const codes = Int32Array.from(size, () => random.below(industries));
  const own = Float64Array.from({ length: factors }, () => 0.05 + 0.05 * Math.abs(random.normal()));
  const covariance = new Float64Array(factors ** 2);
  for (let i = 0; i < factors; i++) {
    for (let j = 0; j < factors; j++) {
      const market = i < industries && j < industries ? 0.2 ** 2 : 0;
      covariance[i * factors + j] = market + (i === j ? own[i] ** 2 : 0);
    }
  }
  const specific = size.map(() => (0.2 + 0.1 * Math.min(2, Math.abs(random.normal()))) ** 2);
  let score = normals();
  let held = new Float64Array(names);
  for (let t = 0; t < dates; t++) {
    score = score.map((x) => 0.8 * x + 0.6 * random.normal());
    const problem = {
      names,
      symbols: Int32Array.from(size.keys()),
      ...{ score, index, member, held },
      industries: { codes, labels: [...Array(industries).keys()].map(String), limit: 0.02 },
      least: index.map((weight) => Math.max(0, weight - 0.01)),
      most: index.map((weight) => weight + 0.01),
      reachable: { least: new Float64Array(names), most: new Float64Array(names).fill(1) },
      memberFloor: 0,
      styles: styles.map((values, s) => ({ name: `style ${s}`, values, limit: 0.5 })),
      turnover: t ? 0.4 : undefined,
      risk: { industries: codes, industryCount: industries, styles, covariance, specific },
      ...{ trackingError: cap, riskPenalty: 0 },
      costs: { buy: 0, sell: 0 },
    };
    const start = process.cpuUsage();
    const solved = optimise(problem);
    yield { ...problem, solved, took: process.cpuUsage(start).user / 1000 };
    held = shares(solved.weights.map((weight) => weight * Math.exp(0.03 * random.normal())));
  }
}

function deviation({ index, risk }, weights) {
  const active = weights.map((weight, i) => weight - index[i]);
  const exposed = new Float64Array(factors);
  for (const [i, x] of active.entries()) {
    exposed[risk.industries[i]] += x;
    for (const [s, values] of risk.styles.entries()) exposed[industries + s] += values[i] * x;
  }
  let sum = 0;
  for (let i = 0; i < factors; i++) {
    for (let j = 0; j < factors; j++) sum += exposed[i] * exposed[j] * risk.covariance[i * factors + j];
  }
  return Math.sqrt(active.reduce((total, x, i) => total + x * x * risk.specific[i], sum));
}
