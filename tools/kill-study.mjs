/**
 * What is left of a run when its process is killed: `node tools/kill-study.mjs [kills] [seed]` (50 and 1).
 *
 * A search with a placebo runs once undisturbed. Then it runs again and again, is killed with SIGKILL at random moments
 * of all its phases and gone on with, until it has its library; that, and every round, must be the same to the bit. Needs
 * dist/.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { stream } from '../dist/core/random.js';
import { readRun } from '../dist/runs/read-run.js';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

const seeds = ['-ts_norm(CLOSE, 10)', '-interval(volume, sum, 9:30, 10:00) / VOLUME', '-ts_corr(close, volume, 8)'];
const search =
  '--population 40 --children 10 --elites 10 --catastrophe-every 3 --sample-dates 5 --probe-dates 40 --fields CLOSE,OPEN,VOLUME,close,volume --size 3 --initial-size 2 --valid-t 0 --placebo --workers 2';

/**
 * When a process is killed: so many milliseconds, drawn below `most`, after something is to be seen in the folder. In the
 * order of a run: what is over does not come back.
 */
const moments = [
  { name: 'anywhere', seen: () => true, most: 2000 },
  { name: 'while it searches', seen: ({ rounds }) => rounds > 0, most: 700 },
  { name: 'just after Ctrl-C', seen: ({ rounds }) => rounds > 0, most: 300, interrupt: 50 },
  { name: 'while the placebo runs', seen: ({ placebo }) => placebo > 0, most: 600 },
  { name: 'while the library is chosen', seen: ({ placebo }, wanted) => placebo > wanted, most: 250 },
  { name: 'while test dates are read and files written', seen: ({ opened }) => opened, most: 150 },
];

/** A run is killed at most so often, at each moment in turn or, with `shuffled`, at some drawn at random. */
export async function killStudy({ kills, seed = 1, rounds = 24, shuffled = false, tell = () => {} }) {
  const place = mkdtempSync(join(tmpdir(), 'evolve-kills-'));
  const env = { ...process.env, EVOLVE_CACHE: join(place, 'cache') };
  const start = (args) => {
    const child = spawn(process.execPath, [main, ...args], { cwd: place, env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
    const closed = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, said })));
    return { child, closed };
  };
  const finish = async (args) => {
    const { code, said } = await start(args).closed;
    if (code !== 0) throw new Error(`evolve ${args.join(' ')} ended with ${code}: ${said}`);
  };
  const random = stream(seed, 0, 0);
  const result = { runs: 0, kills: 0, resumes: 0, identical: 0, moments: {}, found: {}, notes: {} };
  const count = (of, name) => {
    of[name] = (of[name] ?? 0) + 1;
  };
  try {
    await finish('data synth --stocks 60 --days 300 --minutes 8 --seed 3 --out market'.split(' '));
    writeFileSync(join(place, 'seeds.json'), JSON.stringify(seeds));
    const args = ['--data', 'market', '--warm-start', 'seeds.json', '--rounds', `${rounds}`, ...search.split(' ')];
    await finish([...args, '--out', 'whole']);
    const whole = told(join(place, 'whole'));
    while (result.kills < kills) {
      const name = `killed-${result.runs++}`;
      const path = join(place, name);
      const drawn = moments.map((_, i) => (shuffled ? random.below(moments.length) : i)).sort((a, b) => a - b);
      for (const [life, i] of drawn.entries()) {
        if (result.kills === kills) break;
        const moment = moments[i];
        if (life > 0) result.resumes++;
        const { child, closed } = start([...args, '--out', name, '--resume']);
        const ended = await Promise.race([closed, struck(child, path, moment, rounds, random)]);
        const { code, signal, said } = await closed;
        for (const line of said.split('\n').filter((text) => text !== '')) count(result.notes, noteOf(line));
        if (ended !== 'struck' || code === 0) {
          if (code === 0) break;
          // Ctrl-C alone was enough, or came before anybody listened.
          if (code === 130 || signal === 'SIGINT') continue;
          throw new Error(`a resumed run ended with ${code ?? signal}: ${said}`);
        }
        result.kills++;
        count(result.moments, moment.name);
        count(result.found, found(path, rounds));
        tell(result);
      }
      result.resumes++;
      await finish([...args, '--out', name, '--resume', '--workers', `${1 + random.below(3)}`].filter(once));
      const again = told(path);
      if (again === whole) result.identical++;
      else writeFileSync(`${tmpdir()}/evolve-killed-${process.pid}-${result.runs}.txt`, `${whole}\n\n${again}`);
      rmSync(path, { recursive: true });
    }
    return result;
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** The last --workers counts. */
const once = (arg, i, args) => {
  const last = args.lastIndexOf('--workers');
  return (arg !== '--workers' && args[i - 1] !== '--workers') || i >= last;
};

/** Kills at the moment, unless the process is over before. */
async function struck(child, path, { seen, most, interrupt }, wanted, random) {
  while (child.exitCode === null && !seen(sight(path), wanted)) await setTimeout(3);
  await setTimeout(random.below(most));
  if (interrupt !== undefined) {
    child.kill('SIGINT');
    await setTimeout(random.below(interrupt));
  }
  return child.exitCode === null && child.kill('SIGKILL') ? 'struck' : 'too late';
}

/** What somebody sees who only looks: rounds in either log, and whether test dates were opened. */
function sight(path) {
  const text = (name) => (existsSync(join(path, name)) ? readFileSync(join(path, name), 'latin1') : '');
  const rounds = (log) => log.split('{"kind":"round"').length - 1;
  const log = text('record.ndjson');
  const newest = log.slice(log.lastIndexOf('{"kind":"resume"'));
  return {
    rounds: rounds(log),
    placebo: rounds(text('placebo/record.ndjson')),
    opened: newest.includes('{"kind":"test-opened"'),
    begun: existsSync(join(path, 'run.json')),
    over: newest.includes('{"kind":"finished"'),
  };
}

function found(path, wanted) {
  const { begun, rounds, placebo, opened, over } = sight(path);
  if (!begun) return 'no run yet';
  if (over) return 'all done';
  if (opened) return 'test dates opened, not finished';
  if (placebo > wanted) return 'placebo over, nothing chosen';
  if (placebo > 0 || existsSync(join(path, 'placebo'))) return 'placebo under way';
  return rounds > 0 ? 'search under way' : 'no round yet';
}

const noteOf = (line) => line.replace(/line \d+/, 'line N').replace(/\d+ bytes/, 'N bytes');

/** All of a run that must be the same whoever stopped it how often, in one text. */
function told(path) {
  const rounds = (folder) => {
    const { events, problem } = readRun(folder);
    if (problem) throw new Error(`${folder}: ${problem}`);
    return [...events].filter(({ kind }) => kind === 'round').map((event) => JSON.stringify(event));
  };
  const hidden = [path, join(path, 'placebo')].flatMap((folder) =>
    readdirSync(folder).filter((name) => name.startsWith('.')),
  );
  if (hidden.length > 0) throw new Error(`left behind in ${path}: ${hidden}`);
  return [readFileSync(join(path, 'library.json'), 'utf8'), ...rounds(path), ...rounds(join(path, 'placebo'))].join(
    '\n',
  );
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [kills = 50, seed = 1] = process.argv.slice(2).map(Number);
  const tell = ({ kills: done, runs }) => console.error(`${done} of ${kills} kills, run ${runs}`);
  const result = await killStudy({ kills, seed, shuffled: true, tell });
  const { runs, resumes, identical } = result;
  console.log(
    `${result.kills} kills in ${runs} runs, gone on with ${resumes} times; ${identical} of ${runs} the same.`,
  );
  const list = (title, counts) => {
    console.log(`\n${title}`);
    for (const [name, n] of Object.entries(counts).sort((a, b) => b[1] - a[1]))
      console.log(`${`${n}`.padStart(5)}  ${name}`);
  };
  list('Aimed:', result.moments);
  list('What was in the folder:', result.found);
  list('What was said when going on:', result.notes);
  if (identical < runs) process.exitCode = 1;
}
