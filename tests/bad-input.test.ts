/**
 * Whatever a user gets wrong: one sentence that names the thing and the remedy, exit code 1, no stack, and nothing
 * left behind. To add a case, add a row; to need a file, add it to `files`.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { evolve } from './evolve.ts';

/** The folder each command line runs in. A name ending in / is an empty folder. */
const files: Readonly<Record<string, string>> = {
  'folder/': '',
  'broken.json': '{ "json": tru }',
  'broken.yaml': 'json: [true\n',
  'list.json': '["json"]',
  'empty.yaml': '',
  'unknown-key.json': '{ "jsn": true }',
  'unknown-key.yaml': 'marcdown: true\n',
  'null.json': '{ "json": null }',
  'word.yaml': 'json: maybe\n',
  'two-values.json': '{ "out": ["a.md", "b.md"] }',
  'flags.toml': 'json = true\n',
};

/** [command line, the first line on stderr]. Double quotes keep spaces inside an argument. */
const rows: readonly (readonly [string, string | RegExp])[] = [
  // The command itself.
  ['opps', 'There is no command "opps". Did you mean "ops"?'],
  ['docter', 'There is no command "docter". Did you mean "doctor"?'],
  ['frobnicate', /^There is no command "frobnicate". There are: .*ops, /],
  ['OPS', 'There is no command "OPS". Did you mean "ops"?'],
  ['--jsn', '"evolve" has no flag --jsn.'],
  ['ops ts_mean ts_std', '"evolve ops" does not take "ts_std".'],
  ['doctor now', '"evolve doctor" does not take "now".'],

  // Flags.
  ['ops --jsno', '"evolve ops" has no flag --jsno. Did you mean --json?'],
  ['ops --mark-down', '"evolve ops" has no flag --mark-down. Did you mean --markdown?'],
  ['ops -x', '"evolve ops" has no flag -x.'],
  ['doctor --markdown', '"evolve doctor" has no flag --markdown.'],
  ['ops --out', '--out needs a value.'],
  ['ops --json=maybe', '--json is on or off and takes no value such as "maybe".'],
  ['ops --out a.md --out b.md', '--out takes one value and has 2.'],
  ['ops add --markdown', '--markdown and NAME cannot be used together.'],
  ['ops --markdown --json', '--markdown and --json cannot be used together.'],

  // Config files.
  ['ops --config', '--config needs a value.'],
  ['ops --config absent.json', 'Cannot read the config file absent.json: it does not exist.'],
  ['ops --config folder', 'Cannot read the config file folder: it is a folder.'],
  ['ops --config broken.json', /^broken\.json is not valid JSON: /],
  ['ops --config broken.yaml', /^broken\.yaml is not valid YAML: /],
  ['ops --config list.json', 'list.json must hold an object of flags, such as {"seed": 7}.'],
  ['ops --config empty.yaml', 'empty.yaml must hold an object of flags, such as {"seed": 7}.'],
  ['ops --config unknown-key.json', 'unknown-key.json has an unknown key "jsn". Did you mean "json"?'],
  ['ops --config unknown-key.yaml', 'unknown-key.yaml has an unknown key "marcdown". Did you mean "markdown"?'],
  ['ops --config null.json', '"json" in null.json has no value: give it one or remove it.'],
  ['ops --config word.yaml', '"json" in word.yaml is on or off and takes no value such as "maybe".'],
  ['ops --config two-values.json', '"out" in two-values.json takes one value and has 2.'],
  ['ops --config flags.toml', 'flags.toml must end in .json, .yaml or .yml, so that its format is known.'],

  // Operators.
  ['ops ts_meen', 'There is no operator "ts_meen". Did you mean "ts_mean"?'],
  ['ops zzzzzzzzzzzz', 'There is no operator "zzzzzzzzzzzz". List them all with: evolve ops'],
  ['ops "ts mean"', 'There is no operator "ts mean". Did you mean "ts_mean"?'],
  ['ops "-CLOSE / OPEN"', /^There is no operator "-CLOSE \/ OPEN"\. /],
  ['ops -CLOSE', /^There is no operator "-CLOSE"\. /],
  ['ops -- --json', /^There is no operator "--json"\. /],
  ['doctor "-CLOSE / OPEN"', '"evolve doctor" does not take "-CLOSE / OPEN".'],
  ['ops __proto__', /^There is no operator "__proto__"\. /],
  ['ops --markdown --out absent/ops.md', 'Cannot write absent/ops.md: it does not exist.'],
  ['ops --markdown --out folder', 'Cannot write folder: it is a folder.'],
  [
    'ops --markdown --out broken.json/ops.md',
    'Cannot write broken.json/ops.md: a part of its path is a file, not a folder.',
  ],
];

let folder: string;
let temporary: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evolve-bad-'));
  temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name.endsWith('/') ? name : dirname(name)), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(join(folder, name), content);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

test.concurrent.each(rows)('evolve %s', async (line, sentence) => {
  const args = (line.match(/"[^"]*"|\S+/g) ?? []).map((arg) => arg.replaceAll('"', ''));
  const env = { TMPDIR: temporary, TEMP: temporary, TMP: temporary };
  const { code, stdout, stderr } = await evolve(args, { cwd: folder, env });
  const [first = ''] = stderr.split('\n');
  if (typeof sentence === 'string') expect(first).toBe(sentence);
  else expect(first).toMatch(sentence);
  expect({ code, stdout }).toEqual({
    code: 1,
    stdout: expect.stringMatching(line.includes('--json') ? /^$|error/ : /^$/),
  });
  expect(stderr).not.toMatch(/\n\s+at /);
});

test('nothing is left behind', () => {
  expect(everything(folder).sort()).toEqual([...Object.keys(files), 'tmp/'].map((name) => join(name)).sort());
});

const everything = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true, recursive: true }).map((entry) =>
    join(entry.parentPath ?? entry.path, entry.name, entry.isDirectory() ? '/' : '').slice(folder.length + 1),
  );
