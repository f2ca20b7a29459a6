/**
 * Runs what README.md shows and writes down anew what comes out: `node tools/tour.mjs`, some minutes, after a build.
 *
 * A block whose first line begins with `$ ` is run, in order, in a new folder with a cache of its own. What is shown
 * keeps its shape: a line `...` stands for whatever lines are between those before it and those after it, and rows of
 * tables are cut where they get long. A block without output is not run, nor one behind `<!-- by hand -->`; a block of JavaScript is the
 * file that the line before it names.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const page = join(root, 'README.md');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const main = JSON.stringify(join(root, 'dist', 'cli', 'main.js'));
const width = 124;

const folder = mkdtempSync(join(tmpdir(), 'evolve-tour-'));
mkdirSync(join(folder, 'node_modules'));
symlinkSync(root, join(folder, 'node_modules', 'evolve-factors'), 'junction');
writeFileSync(join(folder, 'seeds.json'), readFileSync(join(root, 'seeds.json')));

const text = readFileSync(page, 'utf8');
const shown = text.replace(/([^\n]*\n\n?)```(\w*)\n([\s\S]*?)```/g, (block, before, language, content) => {
  const [, file] = before.match(/`(\S+\.mjs)`/) ?? [];
  if (language === 'js' && file) writeFileSync(join(folder, file), content);
  const [first, ...old] = content.trimEnd().split('\n');
  if (!first.startsWith('$ ') || old.length === 0 || before.startsWith('<!-- by hand -->')) return block;
  return `${before}\`\`\`${language}\n${first}\n${shaped(output(first.slice(2)), old).join('\n')}\n\`\`\``;
});
writeFileSync(page, shown);
rmSync(folder, { recursive: true });

function output(command) {
  const spelled = command
    .replace(/^npm start$/, scripts.start.replace('dist/cli/main.js', main))
    .replace(/^npx evolve/, `node ${main}`);
  const env = { ...process.env, EVOLVE_CACHE: join(folder, 'cache') };
  console.error(command);
  const { stdout, stderr, status } = spawnSync(spelled, { cwd: folder, env, shell: true, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
  return stdout.trimEnd().split('\n');
}

function shaped(lines, old) {
  const long = (line) => line.length > width && line.includes('  ');
  const cut = lines.map((line) => (long(line) ? `${line.slice(0, width - 4).trimEnd()} ...` : line));
  const gap = old.indexOf('...');
  if (gap < 0) return cut;
  const after = old.length - gap - 1;
  if (cut.length <= gap + after) return cut;
  return [...cut.slice(0, gap), '...', ...cut.slice(cut.length - after)];
}
