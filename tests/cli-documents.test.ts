import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../core/package-root.ts';
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
