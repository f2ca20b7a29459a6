/**
 * What the AlphaNets learn on a synthetic market with planted daily signals, beside the most there is to learn, a ridge
 * regression on the same inputs, and the same network on shuffled labels. Half an hour on two cores.
 *
 *     node bench/study-alphanet.mjs --horizon 1 --networks 3 --versions v1,v2,v2.1,v2.2,v2.3,v3
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evaluate } from '../dist/cli/evaluate/evaluate.js';
import { mine } from '../dist/cli/mining/mine.js';
import { cachedMarket } from '../dist/data/embedded.js';
import { readScores } from '../dist/data/scores.js';
import { meanAndError } from '../dist/evaluation/newey-west.js';
import { modelNamed } from '../dist/models/models.js';
import { predictModel } from '../dist/models/training/predict-model.js';
import { sectionCorrelations } from '../dist/models/training/section-correlations.js';
import { trainModel } from '../dist/models/training/train-model.js';
import { trainingInputs } from '../dist/models/training/training-inputs.js';
import { asFactor, must } from '../dist/program/build.js';
import { canonical } from '../dist/program/canonical.js';
import { parse } from '../dist/program/parse.js';
import { ridgeScores } from './ridge.mjs';
import { ceiling, evaluatorOn, flags, keep, plusMinus, table } from './study-kit.mjs';

const {
  stocks,
  days,
  market: marketSeed,
  horizon,
  history,
  networks,
  epochs,
  rate,
  patience,
  versions,
  mined,
} = flags({
  stocks: 500,
  days: 1250,
  market: 7,
  horizon: 1,
  history: 700,
  networks: 3,
  epochs: 100,
  rate: 0.001,
  patience: 5,
  versions: 'v1,v2,v2.1,v2.2,v2.3,v3,v2 shuffled,v2 mined,v2 drawn-in',
  mined: 5000,
});
const data = await cachedMarket({ stocks, days, minutes: 0, seed: marketSeed });
const label = { price: 'CLOSE', lag: 1, horizon };
const evaluator = await evaluatorOn(data, { label });
const { manifest } = evaluator.market;
const parent = mkdtempSync(join(tmpdir(), 'evolve-study-'));
process.on('exit', () => rmSync(parent, { recursive: true, force: true }));
const rule = { label, history, networks, epochs, patience, learningRate: rate, retrainMonths: 0 };

const { folds, labels } = await trainingInputs(
  { model: 'alphanet-v2', data, rule: { ...modelNamed('alphanet-v2').rule, ...rule } },
  () => {},
);
const [{ train, valid, predict }] = folds;
const tested = Array.from({ length: predict.to - predict.from - horizon - 1 }, (_, i) => predict.from + i);

/** Scores are [dates][symbols]; labels those of training, which are not there where nobody could have bought. */
function rankIcs(scores, dates) {
  return dates.map((date) => {
    const from = date * manifest.symbols.length;
    const known = [...manifest.symbols.keys()].filter(
      (n) => !Number.isNaN(scores[from + n]) && !Number.isNaN(labels[from + n]),
    );
    const cells = known.map((n) => from + n);
    const of = (values) => Float32Array.from(cells, (cell) => values[cell]);
    return sectionCorrelations([{ date, from: 0, to: cells.length }], of(scores), of(labels))[0].rankIc;
  });
}

const shown = (series, digits = 4) => {
  const { mean, error } = meanAndError(series, horizon);
  return `${mean.toFixed(digits)} ± ${error.toFixed(digits)}`;
};

async function valuesOf(expression) {
  const program = canonical(must(asFactor(parse(expression, evaluator.vocabulary))));
  const [matrix] = await evaluator.values([program]);
  const cells = new Float32Array(manifest.calendar.length * manifest.symbols.length);
  for (let t = 0; t < manifest.calendar.length; t++) {
    cells.set(evaluator.arena.row(matrix, t), t * manifest.symbols.length);
  }
  evaluator.arena.release(matrix.address);
  return cells;
}

const runs = [];
const add = (name, scores, more = {}) => {
  // What a model predicts begins after its valid dates.
  const [onValid, onTest] = [more.ensemble ? [] : rankIcs(scores, valid), rankIcs(scores, tested)];
  runs.push({ name, onValid, onTest, ...more });
  console.error(name, 'valid', more.ensemble?.validRankIc ?? shown(onValid), 'test', shown(onTest));
  keep('alphanet', { stocks, days, horizon, history, rate, runs });
};

add('ceiling', await valuesOf(ceiling(manifest.planted)));
const v2 = { ...modelNamed('alphanet-v2').rule, ...rule };
add('ridge on the inputs of v2', await ridgeScores({ data, rule: v2, model: 'alphanet-v2' }));

async function minedFactors() {
  const date = (t) => manifest.calendar[t];
  const split = `${date(train[0])}:${date(train.at(-1))},${date(valid[0])}:${date(valid.at(-1))},${date(predict.from)}:${date(manifest.calendar.length - 1)}`;
  const { library } = await mine({
    data,
    split,
    evaluations: mined,
    out: join(parent, 'run'),
    price: 'CLOSE',
    horizon,
  });
  console.error(`mined ${library.factors.length} factors`);
  return library.factors.map(({ name, expression }) => ({ name: name ?? expression, expression }));
}

for (const version of versions.split(',')) {
  const [kind, variant] = version.split(' ');
  const model = `alphanet-${kind}`;
  const factors = variant === 'mined' ? await minedFactors() : [];
  if (variant === 'mined' && factors.length === 0) continue;
  const out = join(parent, version.replaceAll(' ', '-'));
  const changed = { shuffled: { placebo: 1 }, 'drawn-in': { limit: 5 } }[variant];
  const own = { ...modelNamed(model).rule, ...rule, ...changed };
  const started = performance.now();
  const { results } = await trainModel({
    ...{ model, data, out, factors, rule: own },
    onProgress: (news) => {
      if (news.kind === 'network') console.error(version, JSON.stringify(news.result));
    },
  });
  const seconds = (performance.now() - started) / 1000;
  const file = join(parent, `${version.replaceAll(' ', '-')}.arrow`);
  await predictModel({ model: out, data, out: file });
  const [fold] = results.folds;
  const scores = await readScores(file, { calendar: manifest.calendar, symbols: manifest.symbols });
  const sheet = await evaluate({
    ...{ sources: [file], data, from: manifest.calendar[predict.from], to: manifest.calendar[tested.at(-1)] },
    ...{ horizon, every: 1, rebalance: Math.max(horizon, 5), against: ['styles'], shuffles: 0, cost: 0 },
  });
  const [judged] = sheet.factors;
  const styles = judged.likeness.filter(({ kind: of }) => of === 'style').map(({ pearson }) => Math.abs(pearson));
  add(version, scores.values[0], {
    networks: fold.networks,
    ensemble: fold.ensemble,
    seconds,
    styles: styles.reduce((sum, x) => sum + x, 0) / styles.length,
    largestStyle: Math.max(...styles),
    topLayer: judged.layers?.layers[0],
    factors: factors.length,
  });
}
await evaluator.close();
console.log(
  `${stocks} symbols, ${days} dates, label of ${horizon}, ${train.length} training dates, ${valid.length} valid, ${tested.length} tested\n`,
);
console.log(
  table(
    ['', 'valid RankIC of each network', 'ensemble, valid', 'ensemble, test', 'mean |style|', 'epochs', 'minutes'],
    runs.map(({ name, networks: each, onValid, onTest, styles, seconds, ensemble }) => [
      name,
      each
        ? plusMinus(
            each.map(({ validRankIc }) => validRankIc),
            4,
          )
        : '',
      ensemble ? `${ensemble.validRankIc.toFixed(4)} ± ${ensemble.rankIcError.toFixed(4)}` : shown(onValid),
      shown(onTest),
      styles?.toFixed(3) ?? '',
      each?.map(({ epochs: count }) => count).join(' ') ?? '',
      seconds ? (seconds / 60).toFixed(1) : '',
    ]),
  ),
);
const base = runs.find(({ name }) => name === 'v2');
for (const { name, onTest, topLayer } of runs) {
  if (!base || name === 'v2' || !topLayer) continue;
  const difference = onTest.map((ic, i) => ic - base.onTest[i]);
  console.log(`${name} less v2 on the test dates: ${shown(difference)}`);
}
for (const { name, topLayer } of runs)
  if (topLayer) console.log(name, 'top layer', JSON.stringify(topLayer).slice(0, 400));
