/** Documents say what is so. `npx vitest run tests/cli-documents.test.ts -u` writes the tables of docs/mining.md and docs/models.md anew. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { mine } from '../cli/mining/mine.ts';
import { defaultOf, flagOf, groups, type OptionName, optionNames, rowOf } from '../cli/mining/search-options.ts';
import * as training from '../cli/models/training-options.ts';
import { packageRoot } from '../core/package-root.ts';
import { synthesise } from '../data/synth/synthesise.ts';
import { models } from '../models/models.ts';
import { daySeries } from '../models/rnn/day-series.ts';
import { minuteSeriesOf } from '../models/rnn/minute-series.ts';
import type { SeriesRow } from '../models/rnn/series-row.ts';
import { type PortfolioPreset, presets } from '../portfolio/presets.ts';
import { moveNames, moveOf } from '../program/moves/moves.ts';
import { readRun } from '../runs/read-run.ts';
import { evolve, evolveEach } from './evolve.ts';

const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...readdirSync(join(packageRoot, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
const textOf = (page: string): string => readFileSync(join(packageRoot, page), 'utf8');

test.each(pages)('%s links to files that are there', (page) => {
  const links = [...textOf(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target]) => target as string);
  expect(links.filter((target) => !existsSync(join(packageRoot, dirname(page), target)))).toEqual([]);
});

test('every command the README shows exists', async () => {
  const commands = textOf('README.md').matchAll(/^\$ npx evolve ((?:data )?[a-z]+)/gm);
  const paths = [...new Set([...commands].map(([, path]) => path as string))];
  expect(paths.length).toBeGreaterThan(3);
  const helps = await evolveEach(paths.map((path) => [...path.split(' '), '--help']));
  for (const [i, { code }] of helps.entries()) expect(code, paths[i]).toBe(0);
});

test("the README's operator page is what evolve ops prints", async () => {
  const { stdout } = await evolve(['ops', 'ts_corr']);
  expect(textOf('README.md')).toContain(stdout.trimEnd());
});

const mining = join('docs', 'mining.md');

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const escaped = (cell: string): string => cell.replaceAll('|', '\\|');
  return [headings, headings.map(() => '---'), ...rows.map((row) => row.map(escaped))]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

interface Options<Group extends string> {
  readonly groups: Readonly<Record<Group, string>>;
  readonly names: readonly string[];
  readonly row: (name: string) => {
    readonly group: Group;
    readonly doc: string;
    readonly choices?: readonly unknown[];
  };
  readonly flag: (name: string) => string;
  readonly initial: (name: string) => string;
}

/** A table of options for each of their groups. */
const optionTables = <Group extends string>({ groups, names, row, flag, initial }: Options<Group>): string =>
  (Object.entries(groups) as [Group, string][])
    .map(([group, title]) => {
      const rows = names
        .filter((name) => row(name).group === group)
        .map((name) => {
          const { doc, choices } = row(name);
          return [`\`--${flag(name)}${choices ? ` ${choices.join('|')}` : ''}\``, initial(name), doc];
        });
      return `${title}\n\n${table(['flag', 'default', 'is'], rows)}`;
    })
    .join('\n\n');

/** What stands between `<!-- name -->` and `<!-- /name -->` of a page is what tables say. */
async function expectTables(page: string, tables: Readonly<Record<string, string>>): Promise<void> {
  const text = Object.entries(tables).reduce(
    (so, [name, content]) =>
      so.replace(
        new RegExp(`(<!-- ${name} -->\\n)[^]*?(<!-- /${name} -->)`),
        (_, open, close) => `${open}\n${content}\n\n${close}`,
      ),
    textOf(page).replaceAll('\r\n', '\n'),
  );
  for (const content of Object.values(tables)) expect(text).toContain(content);
  await expect(text).toMatchFileSnapshot(join(packageRoot, page));
}

test('docs/mining.md lists every option of a search with its default, and every mutation', () =>
  expectTables(mining, {
    options: optionTables({
      ...{ groups, names: optionNames },
      row: (name) => rowOf(name as OptionName),
      flag: (name) => flagOf(name as OptionName),
      initial: (name) => defaultOf(name as OptionName),
    }),
    moves: table(
      ['mutation', 'does'],
      moveNames.map((name) => [`\`${name}\``, moveOf(name).doc]),
    ),
  }));

const percents = (values: readonly (number | undefined)[]): string =>
  values.map((value) => (value === undefined ? 'none' : `${Number((100 * value).toPrecision(6))}%`)).join(', ');
const none = (value: number | undefined): string => (value === undefined ? 'none' : String(value));

test('docs/portfolios.md lists every preset', () =>
  expectTables(join('docs', 'portfolios.md'), {
    presets: table(
      [
        'preset',
        'every',
        'members',
        'deviation',
        'industry',
        'size',
        'style',
        'turnover',
        'tracking error',
        'buy, sell',
      ],
      Object.entries<PortfolioPreset>(presets).map(([name, { rule, vary, trading }]) => [
        `\`${name}\``,
        trading.rebalance === 'week' ? 'week' : `${trading.rebalance} dates`,
        percents(vary.memberFloor ?? [rule.memberFloor]),
        percents(vary.deviation ?? [rule.deviation]),
        percents([rule.industry]),
        none(rule.size),
        none(rule.style),
        percents(vary.turnover ?? [rule.turnover]),
        percents([rule.trackingError]),
        percents([trading.costs.buy, trading.costs.sell]),
      ]),
    ),
  }));

const session = (from: number): number[] => Array.from({ length: 120 }, (_, i) => from + i);
const seriesTable = (rows: readonly SeriesRow[]): string =>
  table(
    ['series', 'says', 'is'],
    rows.map(({ name, doc, expression }) => [name, doc, `\`${expression}\``]),
  );

test('docs/models.md lists every model, every series of its data sets, and every option of a training with its default', () =>
  expectTables(join('docs', 'models.md'), {
    models: table(
      ['model', 'is'],
      models.map(({ name, doc }) => [`\`${name}\``, doc]),
    ),
    'day-series': seriesTable(daySeries),
    'ms-series': seriesTable(minuteSeriesOf({ starts: [...session(570), ...session(780)], barMinutes: 1 })),
    options: optionTables({
      ...{ groups: training.groups, names: training.optionNames },
      row: (name) => training.rowOf(name as training.OptionName),
      flag: (name) => training.flagOf(name as training.OptionName),
      initial: (name) => training.defaultsOf(name as training.OptionName, models),
    }),
  }));

test('docs/mining.md explains every file of a run, every event and every figure of a round', async () => {
  const place = mkdtempSync(join(tmpdir(), 'evolve-documents-'));
  try {
    const data = join(place, 'market');
    const out = join(place, 'run');
    await synthesise(data, { stocks: 10, days: 180, minutes: 0, seed: 2 });
    const options = { data, out, population: 20, children: 10, catastropheEvery: 2, placebo: true, workers: 1 };
    const stop = new AbortController();
    await mine({
      ...options,
      rounds: 4,
      signal: stop.signal,
      onProgress: ({ kind }) => kind === 'round' && stop.abort(),
    });
    await mine({ ...options, rounds: 4, resume: true });
    const words = new Set(readdirSync(out));
    const fieldsOf = (value: unknown): string[] => Object.keys(value as object).filter((field) => field !== 'kind');
    for (const event of readRun(out).events) {
      for (const word of [event.kind, ...fieldsOf(event)]) words.add(word);
      if (event.kind !== 'round') continue;
      const { judged, catastrophe = {} } = event.record as { judged: object; catastrophe?: object };
      for (const word of [event.record, event.tape, judged, catastrophe].flatMap(fieldsOf)) words.add(word);
    }
    for (const word of [
      'library.json',
      'snapshot-before.json',
      'finished',
      'stopped',
      'meanBefore',
      'verdicts',
      'rss',
    ]) {
      expect([...words]).toContain(word);
    }
    const page = textOf(mining);
    expect([...words].filter((word) => !page.includes(`\`${word}\``))).toEqual([]);
  } finally {
    rmSync(place, { recursive: true });
  }
});
