/** Documents say what is so. `npx vitest run tests/cli-documents.test.ts -u` writes the tables of docs/mining.md anew. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { mine } from '../cli/mining/mine.ts';
import { defaultOf, flagOf, groups, optionNames, rowOf } from '../cli/mining/search-options.ts';
import { packageRoot } from '../core/package-root.ts';
import { synthesise } from '../data/synth/synthesise.ts';
import { moveNames, moveOf } from '../program/moves/moves.ts';
import { readRun } from '../runs/read-run.ts';
import { evolve } from './evolve.ts';

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
  for (const path of paths) expect((await evolve([...path.split(' '), '--help'])).code, path).toBe(0);
});

test("the README's operator page is what evolve ops prints", async () => {
  const { stdout } = await evolve(['ops', 'ts_corr']);
  expect(textOf('README.md')).toContain(stdout.trimEnd());
});

const mining = join('docs', 'mining.md');

test('docs/mining.md lists every option of a search with its default, and every mutation', async () => {
  const escaped = (cell: string): string => cell.replaceAll('|', '\\|');
  const table = (headings: string[], rows: string[][]): string =>
    [headings, headings.map(() => '---'), ...rows.map((row) => row.map(escaped))]
      .map((row) => `| ${row.join(' | ')} |`)
      .join('\n');
  const options = Object.entries(groups).map(([group, title]) => {
    const rows = optionNames
      .filter((name) => rowOf(name).group === group)
      .map((name) => {
        const { doc, choices } = rowOf(name);
        const words = choices ? ` ${choices.join('\\|')}` : '';
        return [`\`--${flagOf(name)}${words}\``, defaultOf(name), doc];
      });
    return `${title}\n\n${table(['flag', 'default', 'is'], rows)}`;
  });
  const tables: Record<string, string> = {
    options: options.join('\n\n'),
    moves: table(
      ['mutation', 'does'],
      moveNames.map((name) => [`\`${name}\``, moveOf(name).doc]),
    ),
  };
  const text = Object.entries(tables).reduce(
    (so, [name, content]) =>
      so.replace(
        new RegExp(`(<!-- ${name} -->\\n)[^]*?(<!-- /${name} -->)`),
        (_, open, close) => `${open}\n${content}\n\n${close}`,
      ),
    textOf(mining).replaceAll('\r\n', '\n'),
  );
  for (const content of Object.values(tables)) expect(text).toContain(content);
  await expect(text).toMatchFileSnapshot(join(packageRoot, mining));
});

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
