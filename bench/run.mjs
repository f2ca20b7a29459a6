/**
 * `npm run bench`: every hot path on this machine, printed as tables and written as JSON, so that two commits can be
 * compared: `npm run bench -- --out before.json`. Markets are synthetic, made once in the user's cache folder.
 *
 * Five minutes on two cores; `evolve bench` times one path at a time.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { cachedMarket } from '../dist/data/embedded.js';

const outAt = process.argv.indexOf('--out');
const out = outAt > 0 ? process.argv[outAt + 1] : 'bench.json';

const daily = await cachedMarket({ stocks: 500, days: 1250, minutes: 0, seed: 7 });
const wide = await cachedMarket({ stocks: 5000, days: 60, minutes: 240, seed: 7 });
const paths = {
  'operators, 1,250 x 512': ['operators'],
  'operators, 2,430 x 4,096': ['operators', '--dates', '2430', '--symbols', '4096'],
  '500 random programs': ['search', '--data', daily],
  'a search': ['mining', '--data', daily],
  'minute bars': ['minutes', '--data', wide],
  'training steps': ['recurrent'],
};
const results = {};
for (const [name, args] of Object.entries(paths)) {
  console.log(`\n== ${name}`);
  evolve('bench', ...args, { show: true });
  results[name] = JSON.parse(evolve('bench', ...args, '--json', { show: false }));
}
const commit = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).stdout?.trim();
const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
writeFileSync(out, `${JSON.stringify({ commit, machine, results }, null, 1)}\n`);
console.log(`\nWritten to ${out}.`);

/** A process of its own each time, so that peak memory is that of one path. */
function evolve(...args) {
  const { show } = args.pop();
  const stdio = ['ignore', show ? 'inherit' : 'pipe', 'inherit'];
  const { status, stdout } = spawnSync(process.execPath, ['dist/cli/main.js', ...args], { stdio, encoding: 'utf8' });
  if (status !== 0) process.exit(status ?? 1);
  return stdout;
}
