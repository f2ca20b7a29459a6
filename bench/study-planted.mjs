/**
 * Whether a search finds what is known to be there: of each signal planted in a synthetic market of minute bars, in
 * how many seeds it comes back, and after how many programs. A factor is the signal when their mean daily correlation
 * over training dates is above 0.9, either sign. Ten minutes a setting on two cores.
 *
 *     node bench/study-planted.mjs --seeds 10 --settings default,warm
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { marketSearch } from '../dist/cli/mining/market-search.js';
import { searchConfig } from '../dist/cli/mining/search-options.js';
import { cachedMarket, cacheFolder } from '../dist/data/embedded.js';
import { asFactor, must } from '../dist/program/build.js';
import { parse } from '../dist/program/parse.js';
import {
  ceiling,
  datesOf,
  evaluatorOn,
  flags,
  keep,
  mean,
  median,
  plusMinus,
  searched,
  sumOf,
  table,
} from './study-kit.mjs';

const {
  seeds,
  evaluations,
  stocks,
  days,
  bars,
  market,
  settings: chosen,
} = flags({
  seeds: 10,
  evaluations: 10_000,
  stocks: 300,
  days: 500,
  bars: 48,
  market: 7,
  settings: 'default',
});
const same = 0.9;
const data = await cachedMarket({ stocks, days, minutes: bars, seed: market });

/** The seeds that come with evolve ask for 240 bars a day. */
const warmStart = join(cacheFolder(), `seeds-${bars}.json`);
writeFileSync(warmStart, readFileSync(new URL('../seeds.json', import.meta.url), 'utf8').replaceAll('240', `${bars}`));
const settings = {
  default: {},
  warm: { warmStart },
  penalty: { complexity: 0.001 },
  small: { size: 6 },
  'small-penalty': { size: 6, complexity: 0.001 },
  rank: { fitness: 'rank-ic' },
  wide: { population: 2000, children: 100 },
  'no-hurdles': { hurdle: 0 },
};

const evaluator = await evaluatorOn(data);
const { manifest } = evaluator.market;
const { train, split } = marketSearch(searchConfig({}), manifest);
const test = datesOf(split.test);
const factor = (text) => must(asFactor(parse(text, evaluator.vocabulary)));
const planted = manifest.planted.map((signal) => ({ ...signal, program: factor(signal.expression) }));
const all = factor(ceiling(planted));
const dates = Array.from(
  { length: 60 },
  (_, i) => train.from + 20 + Math.floor((i * (train.to - train.from - 20)) / 60),
);

/** |Mean correlation| of each text with each planted signal and, last, with all of them together. */
async function likeness(texts) {
  const known = [...planted.map(({ program }) => program), all];
  const rows = [];
  for (let first = 0; first < texts.length; first += 100) {
    const some = texts.slice(first, first + 100).map(factor);
    const below = await evaluator.correlations([...known, ...some], dates);
    for (let i = 0; i < some.length; i++) rows.push(known.map((_, k) => Math.abs(below[known.length + i][k]) || 0));
  }
  return new Map(texts.map((text, i) => [text, rows[i]]));
}
const ic = async (programs, part) => {
  const scores = programs.length > 0 ? await evaluator.score(programs, part) : [];
  return scores.map(({ ic: daily }) => mean([...daily].filter((x) => !Number.isNaN(x))));
};

async function run(setting, seed) {
  const found = await searched({ data, evaluations, seed, ...settings[setting] });
  const { records, lines, hall, report, processor, wall } = found;
  const { factors } = report.library;
  const judged = lines.filter(({ fitness }) => fitness !== undefined);
  const like = await likeness([...new Set([...judged, ...hall].map(({ genome }) => genome))]);
  const most = (some, k) => Math.max(0, ...some.map((text) => like.get(text)[k]));
  const signals = [...planted.map(({ name }) => name), 'all'].map((name, k) => {
    const rounds = judged.filter(({ genome }) => like.get(genome)[k] > same).map(({ round }) => round);
    return {
      name,
      library: most(
        factors.map(({ expression }) => expression),
        k,
      ),
      hall: most(
        hall.map(({ genome }) => genome),
        k,
      ),
      // The earliest of those that left descendants: others may have come before and left none.
      tried: rounds.length > 0 ? records[Math.min(...rounds)].tried : null,
    };
  });
  const together = factors.length > 0 ? await ic([factor(sumOf(factors))], test) : [0];
  const best = [factor(report.best.expression)];
  const row = {
    setting,
    seed,
    tried: report.tried,
    best: report.best,
    library: factors.length,
    signals,
    bestTest: Math.sign((await ic(best, train))[0]) * (await ic(best, test))[0],
    together: together[0],
    processor,
    wall,
  };
  const shown = signals.map(
    ({ name, library, hall, tried }) => `${name} ${library.toFixed(2)}/${hall.toFixed(2)}/${tried}`,
  );
  console.error(setting, seed, report.best.fitness.toFixed(4), factors.length, Math.round(processor), shown.join('  '));
  return row;
}

const known = [...planted.map(({ program }) => program), all];
const knownIc = await Promise.all([train, datesOf(split.valid), test].map((part) => ic(known, part)));
console.log(
  `${seeds} seeds, ${evaluations} evaluations, ${stocks} stocks, ${days} dates, ${bars} bars, market seed ${market}`,
);
const runs = [];
for (const setting of chosen.split(',')) {
  for (let seed = 1; seed <= seeds; seed++) {
    runs.push(await run(setting, seed));
    keep('planted', { seeds, evaluations, stocks, days, bars, market, knownIc, runs });
  }
  const rows = runs.filter((row) => row.setting === setting);
  console.log(`\n${setting}\n`);
  console.log(
    table(
      [
        'signal',
        'IC: train, valid, test',
        'judged in full',
        'in the hall',
        'in the library',
        'median tried',
        'best |r|: hall',
        'library',
      ],
      [...planted, { name: 'all together' }].map(({ name }, k) => {
        const of = rows.map(({ signals }) => signals[k]);
        const tried = of.map((signal) => signal.tried).filter((count) => count !== null);
        const passed = (part) => `${of.filter((signal) => signal[part] > same).length}/${of.length}`;
        return [
          name,
          knownIc.map((part) => part[k].toFixed(3)).join(', '),
          `${tried.length}/${of.length}`,
          passed('hall'),
          passed('library'),
          tried.length > 0 ? Math.round(median(tried)) : '-',
          median(of.map(({ hall }) => hall)).toFixed(2),
          median(of.map(({ library }) => library)).toFixed(2),
        ];
      }),
    ),
  );
  const of = (value, digits) => plusMinus(rows.map(value), digits);
  console.log(
    `\nBest fitness ${of(({ best }) => best.fitness, 4)}, the same on test dates ${of(({ bestTest }) => bestTest, 4)}; library ${of(({ library }) => library, 1)} factors, all together on test dates ${of(({ together }) => together, 4)}; ${of(({ processor }) => processor, 0)} s of processor.`,
  );
}
await evaluator.close();
