/**
 * What a search finds on real daily bars, beside what the same search finds on shuffled labels.
 *
 *     evolve data import all_stocks_5yr.parquet --repair nulls,ohlc,bad-ticks,vwap \
 *       --group INDUSTRY=sectors.csv:symbol,sector --out sp500
 *     node bench/study-sp500.mjs --data sp500
 */

import { luckyT } from '../dist/evaluation/luck.js';
import { evaluatorOn, flags, keep, searched, table } from './study-kit.mjs';

const { data, seeds, evaluations, split } = flags({
  data: 'sp500',
  seeds: 3,
  evaluations: 20_000,
  split: '2013-02-08:2015-12-31,2016-01-01:2016-12-31,2017-01-01:2018-02-07',
});
const settings = {
  plain: {},
  rank: { fitness: 'rank-ic' },
  'of industry': { neutralise: 'industry' },
};
const evaluator = await evaluatorOn(data);
const { manifest } = evaluator.market;
await evaluator.close();

const runs = [];
for (const [setting, options] of Object.entries(settings)) {
  for (let seed = 1; seed <= seeds; seed++) {
    const { report, processor } = await searched({ data, split, evaluations, placebo: true, seed, ...options });
    const { tried, best, library, choice } = report;
    runs.push({ setting, seed, tried, best, choice, processor, factors: library.factors, luckyT: luckyT(tried) });
    console.error(setting, seed, best.fitness, choice.thresholds, library.factors.length);
  }
}

const signed = (x) => x.toFixed(4);
console.log(
  `${manifest.symbols.length} symbols, ${manifest.calendar.length} dates, ${split}, ${evaluations} evaluations\n`,
);
console.log(
  table(
    [
      'setting',
      'seed',
      'tried',
      'best',
      'placebo best',
      'lucky t',
      'of',
      'luck',
      'sign',
      'decay',
      'valid t',
      'alike',
      'library',
    ],
    runs.map(({ setting, seed, tried, best, choice, factors, luckyT: t }) => {
      const { failed, candidates, thresholds } = choice;
      const counts = ['luck', 'sign', 'decay', 'valid-t', 'correlation'].map((rule) => failed[rule]);
      const row = [setting, seed, tried, signed(best.fitness), signed(thresholds.placeboBest), t.toFixed(2)];
      return [...row, candidates, ...counts, factors.length];
    }),
  ),
);
const parts = ['train', 'valid', 'test'];
const head = ['setting', 'seed', ...parts.flatMap((part) => [`${part} IC`, `RankIC`, 't']), 'factor'];
const factors = runs.flatMap(({ setting, seed, factors: found }) =>
  found.map(({ expression, sign, metrics }) => [
    setting,
    seed,
    ...parts.flatMap((part) => {
      const { ic, rankIc, t } = metrics[part];
      return [signed(sign * ic), signed(sign * rankIc), (sign * t).toFixed(1)];
    }),
    `\`${expression}\``,
  ]),
);
console.log(`\n${factors.length > 0 ? table(head, factors) : 'No factor came into a library.'}`);
keep('sp500', { evaluations, split, runs });
