/**
 * Whether the search is better than simpler ones, and what hurdles cost. Every setting is given as many evaluations,
 * on one synthetic market of daily bars, with as many seeds. Twenty minutes on two cores.
 *
 *     node bench/study-settings.mjs --seeds 10 --evaluations 10000
 *
 * With --from FILE, what is in the results of an earlier run is not computed again.
 */
import { readFileSync } from 'node:fs';
import { marketSearch } from '../dist/cli/mining/market-search.js';
import { searchConfig } from '../dist/cli/mining/search-options.js';
import { cachedMarket } from '../dist/data/embedded.js';
import { asFactor, must } from '../dist/program/build.js';
import { parse } from '../dist/program/parse.js';
import { ceiling, datesOf, evaluatorOn, flags, keep, mean, plusMinus, searched, sumOf, table } from './study-kit.mjs';

const comparisons = {
  default: {},
  'breeding random': { breeding: 'random' },
  'breeding random, large': { breeding: 'random', initialSize: 12 },
  'no catastrophes': { catastropheEvery: 0 },
  'removal fitness': { removal: 'fitness' },
  'no hurdles': { hurdle: 0 },
};
/** Other pressures, on demand: `--settings "default;tournament 3"`. */
const variants = {
  'tournament 2': { tournament: 2 },
  'tournament 3': { tournament: 3 },
  'hurdle 0.5': { hurdle: 0.5 },
  'hurdle 0.5, tournament 3': { hurdle: 0.5, tournament: 3 },
  'no hurdles, tournament 3': { hurdle: 0, tournament: 3 },
  'elites 300': { elites: 300 },
  'population 2000': { population: 2000 },
  'population 2000, tournament 3': { population: 2000, tournament: 3 },
};
/** As many evaluations as take the time of those of no hurdles. */
const asLong = 'default, as long as no hurdles';
/** An audit changes nothing in the search, so this is the default again with more of the stopped looked at. */
const audited = 'default, audited';

const { settings, seeds, evaluations, stocks, days, market, audit, after, from } = flags({
  settings: [...Object.keys(comparisons), asLong, audited].join(';'),
  seeds: 10,
  evaluations: 10_000,
  stocks: 300,
  days: 1000,
  market: 7,
  audit: 0.2,
  after: 0,
  from: '',
});
const chosen = settings.split(';');
const data = await cachedMarket({ stocks, days, minutes: 0, seed: market });
const evaluator = await evaluatorOn(data);
const { manifest } = evaluator.market;
/** One planted signal is gone by 0.55 of the calendar. Whoever searches `after` 0.56 of it cannot run into it. */
const split = after > 0 ? laterDates(manifest.calendar) : '0.6,0.2,0.2';
/** So that a library ends where nothing else is good and different, not where it is full. */
const common = { data, split, most: 200 };
const search = marketSearch(searchConfig({ split }), manifest);
const parts = { train: search.train, valid: datesOf(search.split.valid), test: datesOf(search.split.test) };
const factor = (text) => must(asFactor(parse(text, evaluator.vocabulary)));
const ic = async (programs, dates) => {
  const scores = programs.length > 0 ? await evaluator.score(programs, dates) : [];
  return scores.map(({ ic: daily }) => mean([...daily].filter((x) => !Number.isNaN(x))));
};

function laterDates(calendar) {
  const place = (share) => Math.round((after + (1 - after) * share) * calendar.length);
  const range = (first, end) => `${calendar[place(first)]}:${calendar[place(end) - 1]}`;
  return [range(0, 0.6), range(0.6, 0.8), range(0.8, 1)].join(',');
}

const runs = from === '' ? [] : JSON.parse(readFileSync(from, 'utf8')).runs;
const name = after > 0 ? 'settings-after' : 'settings';
const about = () => ({ seeds, evaluations, stocks, days, market, split, runs });
const of = (setting) => runs.filter((row) => row.setting === setting);

async function run(setting, options) {
  for (let seed = 1; seed <= seeds; seed++) {
    if (of(setting).some((row) => row.seed === seed)) continue;
    const found = await searched({ ...common, evaluations, ...options, seed });
    const row = { setting, seed, ...(await described(found)) };
    runs.push(row);
    keep(name, about());
    const { tried, best, library, together, processor } = row;
    console.error(`${setting}, seed ${seed}:`, JSON.stringify({ tried, best, library, together, processor }));
  }
}

async function described({ report, records, hall, wall, processor }) {
  const { factors } = report.library;
  const icOf = (part) => factors.map(({ sign, metrics }) => sign * metrics[part].ic);
  const sums = factors.length > 0 ? [factors, factors.slice(0, 10)].map((some) => factor(sumOf(some))) : [];
  const [together = 0, tenTogether = 0] = await ic(sums, parts.test);
  const total = (name) => records.reduce((all, { judged }) => all + judged[name], 0);
  return {
    tried: report.tried,
    best: report.best.fitness,
    early: records.find(({ tried }) => tried >= evaluations / 2).bestEver,
    library: factors.length,
    candidates: report.choice.candidates,
    failed: report.choice.failed,
    valid: icOf('valid'),
    test: icOf('test'),
    together,
    tenTogether,
    complete: total('complete'),
    audited: total('audited'),
    missed: total('missed'),
    hurdles: records.at(-1).hurdles,
    hall: hall.slice(0, 50).map(({ genome }) => genome),
    processor,
    wall,
  };
}

const total = (numbers) => numbers.reduce((sum, x) => sum + x, 0);
const typical = (numbers) => (numbers.length > 0 ? mean(numbers) : 0);
const highest = (numbers) => Math.max(0, ...numbers);
const columns = {
  'best half way': [(row) => row.early ?? Number.NaN, 4],
  'best fitness': [(row) => row.best, 4],
  'it on test': [(row) => row.bestTest, 4],
  library: [(row) => row.library, 1],
  'mean valid IC': [(row) => typical(row.valid), 4],
  'best valid': [(row) => highest(row.valid), 4],
  'mean test IC': [(row) => typical(row.test), 4],
  'best test': [(row) => highest(row.test), 4],
  'sum of test IC': [(row) => total(row.test), 2],
  'ten together, test': [(row) => row.tenTogether, 4],
  'all together, test': [(row) => row.together, 4],
  'judged in full': [(row) => row.complete, 0],
  'processor s': [(row) => row.processor, 1],
};

function compare(names) {
  const values = Object.values(columns);
  const cells = (setting) => values.map(([value, digits]) => plusMinus(of(setting).map(value), digits));
  console.log(
    `${seeds} seeds, ${evaluations} evaluations, ${stocks} stocks, ${days} dates, market seed ${market}, split ${split}\n`,
  );
  const rows = names.map((setting) => [
    `${setting} (${Math.round(mean(of(setting).map((row) => row.tried)))})`,
    ...cells(setting),
  ]);
  console.log(table(['setting (evaluations)', ...Object.keys(columns)], rows));
  const [first, ...others] = names;
  if (others.length === 0) return;
  const pair = (row) => of(first).find(({ seed }) => seed === row.seed);
  const paired = (setting) =>
    values.map(([value, digits]) =>
      plusMinus(
        of(setting).map((row) => value(row) - value(pair(row))),
        digits,
      ),
    );
  console.log(`\nLess ${first} of the same seed:\n`);
  console.log(
    table(
      ['setting', ...Object.keys(columns)],
      others.map((setting) => [setting, ...paired(setting)]),
    ),
  );
}

/** The signals themselves, and how much of the later return they explain together. */
async function attainable() {
  const { planted } = manifest;
  const known = [...planted.map(({ expression }) => expression), ceiling(planted)].map(factor);
  const found = {
    train: await ic(known, parts.train),
    valid: await ic(known, parts.valid),
    test: await ic(known, parts.test),
  };
  const names = [...planted.map(({ name }) => name), 'all but the fading, by strength'];
  const row = (name, i) => [name, ...Object.values(found).map((part) => part[i].toFixed(4))];
  console.log('\nWhat is there to find:\n');
  console.log(table(['signal', 'train IC', 'valid IC', 'test IC'], names.map(row)));
  return found;
}

/** The fittest of those who met no hurdle, put before the hurdles of the same seed's default search at its end. */
async function beforeHurdles() {
  const tests = [];
  for (const { seed, hall } of of('no hurdles')) {
    const programs = hall.map(factor);
    const verdicts = await evaluator.judge(programs, {
      stages: search.stages,
      rule: search.fitness,
      hurdles: search.stages.slice(1).map(() => Number.NEGATIVE_INFINITY),
      known: () => false,
      sizes: programs.map(({ size }) => size),
      against: [],
    });
    const { hurdles } = of('default').find((row) => row.seed === seed);
    const falls = ({ scores }) => hurdles.some((height, stage) => scores[stage] < height);
    tests.push({
      seed,
      hurdles,
      best: falls(verdicts[0]),
      of: verdicts.length,
      stopped: verdicts.filter(falls).length,
    });
  }
  const sum = (name) => total(tests.map((test) => Number(test[name])));
  console.log(
    `\nOf the 50 fittest found without hurdles, the default's last hurdles would stop ${((100 * sum('stopped')) / sum('of')).toFixed(0)} %, and the fittest in ${sum('best')} of ${tests.length} seeds.`,
  );
  return tests;
}

for (const setting of chosen) {
  const options = { ...comparisons, ...variants }[setting];
  if (options) await run(setting, options);
}
if (chosen.includes(asLong)) {
  const processor = (setting) => mean(of(setting).map((row) => row.processor));
  const longer = Math.round((evaluations * processor('no hurdles')) / processor('default') / 1000) * 1000;
  await run(asLong, { evaluations: longer });
}
for (const row of runs) {
  const best = [factor(row.hall[0])];
  const [[trained], [tested]] = [await ic(best, parts.train), await ic(best, parts.test)];
  row.bestTest = Math.sign(trained) * tested;
}
compare(chosen.filter((setting) => setting !== audited));
const knownIc = await attainable();
const stopped = chosen.includes('default') && chosen.includes('no hurdles') ? await beforeHurdles() : [];
if (chosen.includes(audited)) {
  await run(audited, { audit });
  const sum = (name) => total(of(audited).map((row) => row[name]));
  const bySeed = of(audited).map((row) => `${row.missed}/${row.audited}`);
  console.log(
    `\nOf ${sum('audited')} stopped ones that were judged in full, ${sum('missed')} would have been among the elites (${((100 * sum('missed')) / sum('audited')).toFixed(1)} %); by seed ${bySeed.join(', ')}.`,
  );
}
await evaluator.close();
keep(name, { ...about(), knownIc, stopped });
