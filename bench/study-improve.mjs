/**
 * How a known factor gets better: the line from it to its best descendant, on a synthetic market of minute bars.
 *
 *     node bench/study-improve.mjs --formula "ts_mean(close,240)/CLOSE"
 */
import { cachedMarket } from '../dist/data/embedded.js';
import { flags, keep, searched, table } from './study-kit.mjs';

const { formula, seeds, evaluations, stocks, days, bars, market } = flags({
  formula: 'ts_mean(close,240)/CLOSE',
  seeds: 3,
  evaluations: 5000,
  stocks: 200,
  days: 400,
  bars: 240,
  market: 7,
});
const data = await cachedMarket({ stocks, days, minutes: bars, seed: market });
const runs = [];
for (let seed = 1; seed <= seeds; seed++) {
  const { report, processor } = await searched({ data, improve: formula, evaluations, seed });
  const { tried, rounds, lineage, best } = report;
  runs.push({ seed, tried, rounds, best, lineage, processor });
  console.log(`\nSeed ${seed}: ${tried} programs, ${rounds} rounds, ${Math.round(processor)} s of processor\n`);
  const ic = ({ ic: pearson, rankIc }) => [pearson.toFixed(4), rankIc.toFixed(4)];
  console.log(
    table(
      ['round', 'move', 'train IC', 'RankIC', 'valid IC', 'RankIC', 'formula'],
      lineage.map(({ round, move, train, valid, expression }) => [
        round,
        move,
        ...ic(train),
        ...ic(valid),
        `\`${expression}\``,
      ]),
    ),
  );
}
keep('improve', { formula, evaluations, stocks, days, bars, market, runs });
