/**
 * What the models of series learn on a synthetic market whose planted signals are partly of daily and partly of minute
 * bars: the four GRUs, each with mined factors beside, one on shuffled labels; and recurrent factor units for several
 * penalties on their likeness and numbers of units. An hour on two cores.
 *
 *     node bench/study-series.mjs --models gru-15m,gru-mixed --networks 3
 */
import { cachedMarket } from '../dist/data/embedded.js';
import { modelStudy } from './model-kit.mjs';
import { ceiling, flags, keep, plusMinus, table } from './study-kit.mjs';

const settings = flags({
  stocks: 300,
  days: 500,
  bars: 48,
  market: 7,
  horizon: 1,
  history: 300,
  every: 2,
  networks: 3,
  epochs: 40,
  patience: 6,
  batch: 1000,
  models: 'gru-15m,gru-15m-attention,gru-mixed,gru-incremental,gru-15m shuffled',
  mined: 'gru-15m,gru-15m-attention,gru-mixed,gru-incremental',
  evaluations: 3000,
  factors: 8,
  penalties: '0,0.1,1,10,100',
  units: '16,64,256',
  datasets: 'day,ms',
  data: '',
});
const { stocks, days, horizon, history, every, networks, epochs, patience, batch } = settings;
const data = settings.data || (await cachedMarket({ stocks, days, minutes: settings.bars, seed: settings.market }));
const rule = {
  ...{ label: { price: 'CLOSE', lag: 1, horizon }, history, networks, epochs, patience },
};
const list = (text) => (text === '' ? [] : text.split(','));
const study = await modelStudy({ data, rule: { ...rule, every }, like: 'gru-mixed' });
const { manifest, train, valid, tested, rankIcs, shown } = study;

const runs = [];
const add = (name, scores, { networks: each, ensemble, seconds, ...more } = {}) => {
  const onTest = rankIcs(scores, tested);
  runs.push({ ...more, name, onTest, networks: each, ensemble, seconds });
  console.error(name, 'valid', ensemble?.validRankIc ?? shown(rankIcs(scores, valid)), 'test', shown(onTest));
  keep('series', { settings, runs });
};

if (manifest.planted) {
  add('ceiling', await study.valuesOf(ceiling(manifest.planted)));
  const daily = manifest.planted.filter(({ kind }) => kind !== 'minute');
  add('ceiling of the daily signals', await study.valuesOf(ceiling(daily)));
}
const gru = { every, batch };
for (const name of list(settings.models)) {
  const [model, variant] = name.split(' ');
  const changed = variant === 'shuffled' ? { ...gru, placebo: 1 } : gru;
  const { scores, ...found } = await study.trained(name, { model, rule: changed });
  add(name, scores, found);
}
if (list(settings.mined).length > 0) {
  const factors = (await study.minedFactors(settings.evaluations)).slice(0, settings.factors);
  for (const model of factors.length > 0 ? list(settings.mined) : []) {
    const { scores, ...found } = await study.trained(`${model} mined`, { model, factors, rule: gru });
    add(`${model} mined`, scores, found);
  }
}
const rnn = { networks, neutraliseLabels: [], validShare: 0.2 };
for (const dataset of list(settings.datasets)) {
  const ways = [
    ['rnn-1', {}],
    ...list(settings.penalties).map((penalty) => ['rnn-64', { penalty: Number(penalty) }]),
    ...list(settings.units).map((units) => ['rnn-64', { penalty: 1, units: Number(units) }]),
  ];
  for (const [model, { penalty, units }] of ways) {
    const name = [dataset, model, penalty !== undefined && `penalty ${penalty}`, units && `units ${units}`].filter(
      Boolean,
    );
    const changed = {
      ...rnn,
      ...(penalty !== undefined && { loss: { kind: 'mse', neutral: false, topWeight: 1, orthogonality: penalty } }),
      ...(units && { factorUnits: units }),
    };
    const { scores, ...found } = await study.trained(name.join(' '), { model, series: { dataset }, rule: changed });
    add(name.join(' '), scores, found);
  }
}
await study.evaluator.close();
console.log(
  `${manifest.symbols.length} symbols, ${manifest.calendar.length} dates, label of ${horizon}, ${train.length} training dates, ${valid.length} valid, ${tested.length} tested\n`,
);
console.log(
  table(
    ['', 'valid RankIC of each network', 'together, valid', 'test', 'unit likeness', 'epochs', 'minutes'],
    runs.map(({ name, networks: each, onTest, seconds, ensemble }) => [
      name,
      each
        ? plusMinus(
            each.map(({ validRankIc }) => validRankIc),
            4,
          )
        : '',
      ensemble ? `${ensemble.validRankIc.toFixed(4)} ± ${ensemble.rankIcError.toFixed(4)}` : '',
      shown(onTest),
      each?.[0].unitLikeness === undefined
        ? ''
        : plusMinus(
            each.map(({ unitLikeness }) => unitLikeness),
            2,
          ),
      each?.map(({ epochs: count }) => count).join(' ') ?? '',
      seconds ? (seconds / 60).toFixed(1) : '',
    ]),
  ),
);
for (const { name, onTest } of runs.filter(({ name: one }) => one.endsWith(' mined'))) {
  const plain = runs.find((run) => `${run.name} mined` === name);
  if (plain) console.log(`${name} less without: ${shown(onTest.map((ic, i) => ic - plain.onTest[i]))}`);
}
