/**
 * How programs best get to a device: as one plan of gpu.js (`createPipeline`) for each batch, made, compiled and run; or on
 * kernels that are compiled once and matrices that stay there. And how often a search comes back to a shape of program,
 * which is what plans could be kept by: operators and where fields stand, whatever the fields and numbers are.
 *
 *   npm run build && node bench/gpu-plans.mjs [market folder] [programs]
 */
import { marketProblem, marketSearch } from '../dist/cli/mining/market-search.js';
import { searchConfig } from '../dist/cli/mining/search-options.js';
import { cachedMarket } from '../dist/data/embedded.js';
import { readManifest } from '../dist/data/store/manifest.js';
import { Search } from '../dist/engine/search.js';
import { randomBatch } from '../dist/evaluation/bench/random-batch.js';
import { Evaluator } from '../dist/evaluation/evaluator.js';
import { DeviceTasks } from '../dist/evaluation/gpu/device-tasks.js';
import { parametersOf } from '../dist/evaluation/gpu/parameters-of.js';
import { plan } from '../dist/evaluation/plan.js';
import { score } from '../dist/operators/gpu/cross-section.js';
import { Device } from '../dist/operators/gpu/device.js';
import { spread } from '../dist/operators/gpu/elementwise.js';
import { gpuKernels } from '../dist/operators/gpu/kernels.js';
import { rowNumbers } from '../dist/operators/gpu/stage.js';

const [folder = await cachedMarket({ stocks: 500, days: 1250, minutes: 0, seed: 7 }), programs = '16'] =
  process.argv.slice(2);
const batchSize = 8;
const evaluator = await Evaluator.open(folder, { workers: 1 });
const { calendar, symbols } = evaluator.market.manifest;
const [rows, columns] = [calendar.length, symbols.length];
const sizes = { ...rowNumbers(columns), delay: evaluator.labelDelay };
const plain = (batch) => batch.filter(({ key }) => !key.includes('learn_'));
const [first, second] = [4, 5].map((salt) => plain(randomBatch(evaluator, Number(programs), true, salt)));
const seconds = async (work) => {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
};
const { device, passedOver } = await Device.openBest();
await device.close();
console.log(
  `${rows} dates x ${columns} symbols, ${first.length} and then ${second.length} other programs, ${device.mode}${passedOver ? ` (${passedOver.reason})` : ` on ${device.adapter.name}`}`,
);

const tasks = await DeviceTasks.open({
  memory: evaluator.arena.memory,
  columns,
  vocabulary: evaluator.vocabulary,
  device: { mode: device.mode },
});
const resident = (batch) =>
  seconds(async () => {
    const task = {
      kind: 'score',
      programs: batch,
      available: new Map([...evaluator.market.daily].map(([name, matrix]) => [name, matrix])),
      label: evaluator.label,
      labelDelay: evaluator.labelDelay,
      from: 0,
      to: rows,
    };
    const { kind, ...answer } = await tasks.do(task);
    if (kind !== 'scores') throw new Error(JSON.stringify({ kind, ...answer }));
  });
console.log(
  `kernels compiled once: ${(await resident(first)).toFixed(2)} s, then ${(await resident(second)).toFixed(2)} s`,
);
console.log(
  `a plan for every ${batchSize}: ${(await plans(first)).toFixed(2)} s, then ${(await plans(second)).toFixed(2)} s`,
);
console.log(await shapes());
await evaluator.close();
process.exit();

/** A plan for every so many programs, made, run and let go; fields are uploaded with each, as plans want it. */
async function plans(all) {
  const opened = await Device.open(device.mode);
  const taken = await seconds(async () => {
    for (let from = 0; from < all.length; from += batchSize) await onePlan(opened, all.slice(from, from + batchSize));
  });
  await opened.close();
  return taken;
}

async function onePlan(opened, batch) {
  const leaves = [];
  const graph = plan(
    batch,
    (expression) => {
      if (expression.node === 'field' && !leaves.includes(expression.name)) leaves.push(expression.name);
      return expression.node === 'field' ? evaluator.market.daily.get(expression.name) : undefined;
    },
    evaluator.labelDelay,
  );
  const matrices = [...leaves.map((name) => evaluator.market.daily.get(name)), evaluator.label];
  const inputs = matrices.map((matrix) => ({ rows, columns, cells: cellsOf(matrix) }));
  const made = opened.plan(inputs, (...given) => {
    const values = [];
    const value = (operand) => {
      if (operand.kind === 'node') return values[operand.index];
      if (operand.kind === 'matrix') return given[matrices.indexOf(operand.matrix)];
      return opened.run([spread.s], { series: {}, numbers: { k: operand.value } }, rows, columns);
    };
    for (const { call, inputs: operands } of graph.nodes) {
      const series = Object.fromEntries(operands.map((operand, i) => ['xyz'[i], value(operand)]));
      const numbers = { ...sizes, ...parametersOf(call) };
      values.push(opened.run(gpuKernels[call.operator].stages, { series, numbers }, rows, columns));
    }
    const scored = (root) =>
      opened.run(score.pearson, { series: { x: value(root), y: given.at(-1) }, numbers: sizes }, rows, columns);
    return Object.fromEntries(graph.roots.map((root, i) => [`p${i}`, scored(root)]));
  });
  await made.run();
  if (!made.executor.startsWith('fused-')) throw new Error(made.executor);
  await made.release();
}

function cellsOf(matrix) {
  const cells = new Float32Array(rows * columns);
  for (let t = 0; t < rows; t++) cells.set(evaluator.arena.row(matrix, t).subarray(0, columns), t * columns);
  return cells;
}

/** Of the programs a search judges. */
async function shapes() {
  const search = marketSearch(searchConfig({ rounds: 60 }), await readManifest(folder));
  const problem = marketProblem(search, evaluator);
  const seen = new Map();
  let [judged, known] = [0, 0];
  const watched = {
    ...problem,
    judge: (batch, terms) => {
      const all = [...batch];
      for (const program of all) {
        const shape = program.key.replace(/\b[A-Z][A-Z0-9_]*\b/g, 'F').replace(/-?\b\d+(\.\d+)?(e-?\d+)?\b/g, 'n');
        judged++;
        if (seen.has(shape)) known++;
        seen.set(shape, true);
      }
      return problem.judge(all, terms);
    },
  };
  const engine = new Search(watched, search.rule);
  for (let round = 0; round <= 60; round++) await engine.next();
  return `of ${judged} programs that a search judges, ${Math.round((100 * known) / judged)}% have the shape of an earlier one`;
}
