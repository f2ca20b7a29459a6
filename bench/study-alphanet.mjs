/**
 * What the AlphaNets learn on a synthetic market with planted daily signals, beside the most there is to learn, a ridge
 * regression on the same inputs, and the same network on shuffled labels. Half an hour on two cores.
 *
 *     node bench/study-alphanet.mjs --horizon 1 --networks 3 --versions v1,v2,v2.1,v2.2,v2.3,v3
 */
import { evaluate } from '../dist/cli/evaluate/evaluate.js';
import { cachedMarket } from '../dist/data/embedded.js';
import { modelNamed } from '../dist/models/models.js';
import { modelStudy } from './model-kit.mjs';
import { ridgeScores } from './ridge.mjs';
import { ceiling, flags, keep, plusMinus, table } from './study-kit.mjs';

const settings = flags({
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
const { stocks, days, horizon, history, networks, epochs, patience } = settings;
const data = await cachedMarket({ stocks, days, minutes: 0, seed: settings.market });
const label = { price: 'CLOSE', lag: 1, horizon };
const rule = { label, history, networks, epochs, patience, learningRate: settings.rate };
const study = await modelStudy({ data, rule, like: 'alphanet-v2' });
const { manifest, train, valid, predict, tested, rankIcs, shown } = study;

const runs = [];
const add = (name, scores, more = {}) => {
  // What a model predicts begins after its valid dates.
  const [onValid, onTest] = [more.ensemble ? [] : rankIcs(scores, valid), rankIcs(scores, tested)];
  runs.push({ name, onValid, onTest, ...more });
  console.error(name, 'valid', more.ensemble?.validRankIc ?? shown(onValid), 'test', shown(onTest));
  keep('alphanet', { settings, runs });
};

add('ceiling', await study.valuesOf(ceiling(manifest.planted)));
const ridgeRule = { ...modelNamed('alphanet-v2').rule, ...rule, retrainMonths: 0 };
add('ridge on the inputs of v2', await ridgeScores({ data, rule: ridgeRule, model: 'alphanet-v2' }));

for (const version of settings.versions.split(',')) {
  const [kind, variant] = version.split(' ');
  const factors = variant === 'mined' ? await study.minedFactors(settings.mined) : [];
  if (variant === 'mined' && factors.length === 0) continue;
  const changed = { shuffled: { placebo: 1 }, 'drawn-in': { limit: 5 } }[variant];
  const {
    networks: each,
    ensemble,
    seconds,
    file,
    scores,
  } = await study.trained(version, {
    model: `alphanet-${kind}`,
    factors,
    rule: changed,
  });
  const sheet = await evaluate({
    ...{ sources: [file], data, from: manifest.calendar[predict.from], to: manifest.calendar[tested.at(-1)] },
    ...{ horizon, every: 1, rebalance: Math.max(horizon, 5), against: ['styles'], shuffles: 0, cost: 0 },
  });
  const [judged] = sheet.factors;
  const styles = judged.likeness.filter(({ kind: of }) => of === 'style').map(({ pearson }) => Math.abs(pearson));
  add(version, scores, {
    ...{ networks: each, ensemble, seconds },
    styles: styles.reduce((sum, x) => sum + x, 0) / styles.length,
    largestStyle: Math.max(...styles),
    topLayer: judged.layers?.layers[0],
    factors: factors.length,
  });
}
await study.evaluator.close();
console.log(
  `${stocks} symbols, ${days} dates, label of ${horizon}, ${train.length} training dates, ${valid.length} valid, ${tested.length} tested\n`,
);
console.log(
  table(
    [
      '',
      'valid RankIC of each network',
      'together, valid',
      'test',
      'mean |style|',
      'top layer a year',
      'epochs',
      'minutes',
    ],
    runs.map(({ name, networks: each, onValid, onTest, styles, topLayer, seconds, ensemble }) => [
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
      topLayer ? topLayer.excess.annualReturn.toFixed(3) : '',
      each?.map(({ epochs: count }) => count).join(' ') ?? '',
      seconds ? (seconds / 60).toFixed(1) : '',
    ]),
  ),
);
const base = runs.find(({ name }) => name === 'v2');
for (const { name, onTest, networks: each } of runs) {
  if (!base || name === 'v2' || !each) continue;
  const difference = onTest.map((ic, i) => ic - base.onTest[i]);
  console.log(`${name} less v2, test: ${shown(difference)}`);
}
