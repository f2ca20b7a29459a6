/** The tables of docs/data.md are the rows the code reads. `npx vitest run tests/import-docs.test.ts -u` writes them anew. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../core/package-root.ts';
import { importOptions } from '../data/import/options.ts';
import { type RuleName, repairWords, ruleOf, rules, saying } from '../data/import/rules.ts';

const page = join(packageRoot, 'docs', 'data.md');
const escaped = (cell: string): string => cell.replaceAll('|', '\\|');
/** Padded as the formatter pads. */
function table(headings: string[], rows: string[][]): string {
  const cells = [headings, ...rows.map((row) => row.map(escaped))];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}

const flag = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
const options = Object.entries<{ doc: string; value?: string; choices?: readonly string[] }>(importOptions).map(
  ([name, { doc, value, choices }]) => [
    `\`${flag(name)}${value ? ` ${value}` : choices ? ` ${choices.join('|')}` : ''}\``,
    doc,
  ],
);
const ruleRows = (Object.keys(rules) as RuleName[]).map((name) => {
  const { repairs, warns } = ruleOf(name);
  const words = repairs.map(([word, action]) => `\`${word}\` ${action === 'drop' ? 'drops' : 'mends'}`);
  return [`\`${name}\``, saying(name, 2), warns ? 'warns' : 'refuses', words.join(', ')];
});
const words = Object.entries<{ doc: string; all: boolean; choices?: readonly string[] }>(repairWords).map(
  ([word, { doc, all, choices = [] }]) => [
    `\`${word}\`${choices.length > 0 ? ` (${choices.map((choice) => `\`=${choice}\``).join(', ')})` : ''}${all ? '' : ' (not in `all`)'}`,
    doc,
  ],
);

test('docs/data.md lists every option, rule and repair', async () => {
  const tables: Record<string, string> = {
    options: table(['flag', 'does'], options),
    rules: table(['rule', 'what it finds', 'without repair', 'with --repair'], ruleRows),
    words: table(['word', 'does'], words),
  };
  const text = Object.entries(tables).reduce(
    (so, [name, content]) =>
      so.replace(
        new RegExp(`(<!-- ${name} -->\\n)[^]*?(<!-- /${name} -->)`),
        (_, open, close) => `${open}\n${content}\n\n${close}`,
      ),
    readFileSync(page, 'utf8').replaceAll('\r\n', '\n'),
  );
  expect(text).toContain(tables.rules);
  await expect(text).toMatchFileSnapshot(page);
});
