/**
 * What the studies share: flags, a search from its options to all that is known of it, and figures over seeds.
 * Studies are run by hand after `npm run build`; docs/studies.md says what each found.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mine } from '../dist/cli/mining/mine.js';
import { cacheFolder } from '../dist/data/embedded.js';
import { dailySignals, minuteSignals } from '../dist/data/synth/planted.js';
import { Evaluator } from '../dist/evaluation/evaluator.js';
import { newestState, readRun } from '../dist/runs/read-run.js';

/** Flags with their defaults; numbers where the default is one. */
export function flags(defaults) {
  const options = Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: 'string' }]));
  const { values } = parseArgs({ options });
  const typed = (name, text) => (typeof defaults[name] === 'number' ? Number(text) : text);
  return {
    ...defaults,
    ...Object.fromEntries(Object.entries(values).map(([name, text]) => [name, typed(name, text)])),
  };
}

/** A search in a folder that is gone afterwards. Computing time is that of all threads, so a busy machine counts less. */
export async function searched(options) {
  const parent = mkdtempSync(join(tmpdir(), 'evolve-study-'));
  try {
    const [before, started] = [process.cpuUsage(), performance.now()];
    const report = await mine({ workers: 2, rounds: 1_000_000, ...options, out: join(parent, 'run') });
    const { user, system } = process.cpuUsage(before);
    const records = [];
    for (const event of readRun(report.run).events) if (event.kind === 'round') records.push(event.record);
    const { search } = newestState(report.run);
    return {
      report,
      records,
      lines: search.lines,
      hall: search.hall.map(({ line, verdict }) => ({ ...search.lines[line], fitness: verdict.scores.at(-1) })),
      wall: (performance.now() - started) / 1000,
      processor: (user + system) / 1e6,
    };
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

export const evaluatorOn = (folder, options = {}) =>
  Evaluator.open(folder, { workers: 2, valueFolder: join(cacheFolder(), 'values'), ...options });

/**
 * The best there is to find on the later dates: the planted signals, each by its strength. The one that fades is
 * left out, it is worth nothing there.
 */
export function ceiling(planted) {
  const late = 0.7;
  const strengths = new Map([...dailySignals, ...minuteSignals].map(({ name, strength }) => [name, strength(late)]));
  return planted
    .filter(({ name }) => strengths.get(name) > 0)
    .map(({ name, expression }) => `${strengths.get(name)} * cs_norm(${expression})`)
    .join(' + ');
}

/** Factors of a library added up, each standardised and the right way round. */
export const sumOf = (factors) =>
  factors.map(({ expression, sign }) => `${sign < 0 ? '-1' : '1'} * cs_norm(${expression})`).join(' + ');

/** The dates of a part of the split, as the evaluator wants them. */
export const datesOf = ({ first, end }) => ({ from: first, to: end });

export const mean = (numbers) => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
export const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
};
export function standardError(numbers) {
  const m = mean(numbers);
  return Math.sqrt(numbers.reduce((sum, x) => sum + (x - m) ** 2, 0) / (numbers.length - 1) / numbers.length);
}
export const plusMinus = (numbers, digits) =>
  numbers.length > 1
    ? `${mean(numbers).toFixed(digits)} ± ${standardError(numbers).toFixed(digits)}`
    : mean(numbers).toFixed(digits);

/** As Markdown, so that it can be read here and there. */
export function table(head, rows) {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i].length)));
  const line = (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`;
  return [line(all[0]), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...all.slice(1).map(line)].join(
    '\n',
  );
}

/** bench/results is not kept: a study is repeated, not looked up. */
export function keep(name, result) {
  const path = join(dirname(fileURLToPath(import.meta.url)), 'results', `${name}.json`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(result, null, 1)}\n`);
}
