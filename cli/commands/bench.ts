import type { CommandModule } from 'yargs';
import { EvolveError } from '../../core/failure.ts';
import type { MinuteTiming } from '../../evaluation/bench/minutes.ts';
import type { OperatorTiming } from '../../evaluation/bench/operators.ts';
import type { SearchTiming } from '../../evaluation/bench/search.ts';
import type { AlphaNetTiming } from '../../models/alphanet/time-alphanet.ts';
import type { RecurrentTiming, TfjsTiming } from '../../models/kernels/time-recurrent.ts';
import type { MiningTiming } from '../mining/time-mining.ts';
import { count, countOf } from '../print/number.ts';
import { progress, showingStages } from '../print/progress.ts';
import { table } from '../print/table.ts';

export interface BenchArguments {
  readonly what: 'operators' | 'search' | 'mining' | 'minutes' | 'recurrent' | 'alphanet';
  readonly backend: 'wasm' | 'gpu';
  readonly dates: number;
  readonly symbols: number;
  readonly repetitions: number;
  readonly programs?: number | undefined;
  readonly rounds: number;
  readonly data?: string | undefined;
  readonly workers?: number | undefined;
  readonly json: boolean;
}

const number = (value: number, describe: string) =>
  ({ type: 'number', default: value, requiresArg: true, describe }) as const;

/** `evolve bench`: how fast this machine is at what the search does all day. */
export const bench: CommandModule<object, BenchArguments> = {
  command: 'bench [what]',
  describe: 'Time the kernels, a batch of programs or a search on this machine',
  builder: (cli) =>
    cli
      .positional('what', {
        choices: ['operators', 'search', 'mining', 'minutes', 'recurrent', 'alphanet'] as const,
        default: 'operators' as const,
        describe:
          'Every operator on one thread, random programs in full, a search by default settings, a pass over minute bars, or training steps of GRU and LSTM, or of whole AlphaNets',
      })
      .option('backend', {
        choices: ['wasm', 'gpu'] as const,
        default: 'wasm' as const,
        describe: 'What is timed: the kernels of searches, or gpu.js beside them, operators and programs',
      })
      .option('dates', number(1250, 'Dates of the panel operators are timed on'))
      .option('symbols', number(512, 'Its symbols'))
      .option('repetitions', number(7, 'Times each operator, or training step, runs'))
      .option('programs', {
        type: 'number',
        requiresArg: true,
        describe: 'Random programs that are timed; 500 without, or 20 on a device that is this processor',
      })
      .option('rounds', number(100, 'Rounds of a search'))
      .option('data', {
        type: 'string',
        requiresArg: true,
        describe: 'Market the search runs on; the embedded one without',
      })
      .option('workers', { type: 'number', requiresArg: true, describe: 'Threads; all cores without' })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON, to compare two versions' })
      .example('evolve bench', 'every operator on 1,250 dates x 512 symbols')
      .example('evolve bench --dates 2430 --symbols 4096', 'a whole market')
      .example(
        'evolve bench --backend gpu',
        'operators and programs on a graphics card, beside the kernels of searches',
      )
      .example('evolve bench search --data market', 'programs a second in full, 1 worker and all')
      .example('evolve bench mining --data market', 'programs a second in a search'),
  handler: async (args) => {
    for (const name of ['dates', 'symbols', 'repetitions', 'programs', 'rounds', 'workers'] as const) {
      const value = args[name];
      if (value !== undefined) positive(name, value);
    }
    if (args.backend === 'gpu' && args.what !== 'operators') {
      throw new EvolveError(
        'bad-argument',
        `--backend gpu is for evolve bench alone: it times operators and programs, not ${args.what}.`,
      );
    }
    if (args.backend === 'gpu') await (await import('./bench-gpu.ts')).benchGpu(args);
    else if (args.what === 'operators') await benchOperators(args);
    else if (args.what === 'search') await benchSearch(args);
    else if (args.what === 'mining') await benchMining(args);
    else if (args.what === 'minutes') await benchMinutes(args);
    else if (args.what === 'recurrent') await benchRecurrent(args);
    else await benchAlphaNet(args);
  },
};

function positive(name: string, value: number): void {
  if (Number.isInteger(value) && value > 0) return;
  throw new EvolveError('bad-argument', `--${name} should be a whole number above 0, not ${value}.`);
}

async function benchOperators({ dates, symbols, repetitions, json }: BenchArguments): Promise<void> {
  const { timeOperators } = await import('../../evaluation/bench/operators.ts');
  const { operatorNames } = await import('../../operators/table.ts');
  const line = progress('Timing operators', operatorNames.length);
  const timings: OperatorTiming[] = [];
  try {
    for (const timing of timeOperators({ dates, symbols }, repetitions)) {
      timings.push(timing);
      line.step(timings.length, timing.operator);
    }
  } finally {
    line.done();
  }
  if (json) return console.log(JSON.stringify({ dates, symbols, node: process.version, timings }, null, 2));
  console.log(
    `${count(dates)} dates x ${count(symbols)} symbols, float32, window 20, one thread, Node ${process.version}\n`,
  );
  const rows = timings.map((t) => [
    t.operator,
    t.best.toFixed(3),
    t.median.toFixed(3),
    t.nsPerCell.toFixed(2),
    t.copies.toFixed(1),
    t.overReference === undefined ? '' : `${count(t.overReference)}`,
  ]);
  console.log(table(rows, ['operator', 'best ms', 'median ms', 'ns a cell', 'copies', 'x reference']));
}

async function benchSearch({ data, programs = 500, workers, json }: BenchArguments): Promise<void> {
  const { timeSearch } = await import('../../evaluation/bench/search.ts');
  const { availableParallelism } = await import('node:os');
  const folder = await folderOf(data);
  const all = workers ?? availableParallelism();
  const plans = [
    { workers: 1, cache: false },
    { workers: 1, cache: true },
    { workers: all, cache: false },
    { workers: all, cache: true },
  ].filter((_, i) => all > 1 || i < 2);
  const line = progress('Scoring programs', plans.length);
  const timings: SearchTiming[] = [];
  try {
    for (const plan of plans) {
      timings.push(await timeSearch({ folder, programs, ...plan }));
      line.step(timings.length);
    }
  } finally {
    line.done();
  }
  if (json) return console.log(JSON.stringify({ node: process.version, timings }, null, 2));
  const [first] = timings as [SearchTiming];
  console.log(
    `${countOf(programs, 'random program')} on ${count(first.dates)} dates x ${count(first.symbols)} symbols, daily Pearson IC of each, Node ${process.version}\n`,
  );
  const rows = timings.map((t) => [
    t.workers,
    t.cache ? 'yes' : 'no',
    t.seconds.toFixed(2),
    t.againSeconds.toFixed(2),
    t.cellsPerSecond.toExponential(2),
    (first.seconds / t.seconds).toFixed(2),
    count(t.peakRss / 1024 ** 2),
    count(t.panelBytes / 1024 ** 2),
  ]);
  console.log(table(rows, ['workers', 'cache', 'seconds', 'again', 'cells/s', 'speed-up', 'peak MiB', 'panel MiB']));
}

async function benchMining({ data, rounds, workers, json }: BenchArguments): Promise<void> {
  const { timeMining } = await import('../mining/time-mining.ts');
  const { availableParallelism } = await import('node:os');
  const folder = await folderOf(data);
  const counts = [...new Set([1, workers ?? availableParallelism()])];
  const timings: MiningTiming[] = [];
  const line = progress('Mining', counts.length);
  try {
    for (const count of counts) {
      timings.push(await timeMining(folder, count, rounds));
      line.step(timings.length);
    }
  } finally {
    line.done();
  }
  if (json) return console.log(JSON.stringify({ node: process.version, timings }, null, 2));
  const [first] = timings as [MiningTiming];
  console.log(
    `A search of ${countOf(rounds, 'round')}, default settings, on ${count(first.dates)} dates x ${count(first.symbols)} symbols, Node ${process.version}\n`,
  );
  const percent = (share: number): string => `${Math.round(100 * share)}%`;
  const rows = timings.map((t) => [
    t.workers,
    count(t.programs),
    t.seconds.toFixed(2),
    count(t.programs / t.seconds),
    t.cellsPerSecond.toExponential(2),
    (first.seconds / t.seconds).toFixed(2),
    percent(t.knownByKey),
    percent(t.knownByBehaviour),
    percent(t.stopped),
    percent(t.complete),
    count(t.rssEarly / 1024 ** 2),
    count(t.rss / 1024 ** 2),
    count(t.panelBytes / 1024 ** 2),
  ]);
  const headings = ['workers', 'programs', 'seconds', '/s', 'cells/s', 'speed-up', 'by key', 'alike', 'stopped'];
  console.log(table(rows, [...headings, 'in full', 'early MiB', 'end MiB', 'panel MiB']));
}

async function benchMinutes({ data, workers, json }: BenchArguments): Promise<void> {
  const { timeMinutes } = await import('../../evaluation/bench/minutes.ts');
  const { availableParallelism } = await import('node:os');
  const folder = await folderOf(data);
  const timings: MinuteTiming[] = [];
  for (const reductions of [1, 4, 8]) {
    for (const count of new Set([1, workers ?? availableParallelism()])) {
      timings.push(await timeMinutes(folder, count, reductions));
    }
  }
  if (json) return console.log(JSON.stringify({ node: process.version, timings }, null, 2));
  const [first] = timings as [MinuteTiming];
  console.log(
    `Daily values of ${first.bars} bars x ${count(first.symbols)} symbols x ${count(first.dates)} dates, Node ${process.version}\n`,
  );
  const speed = (t: MinuteTiming, seconds: number) => count(t.bytes / 1e6 / seconds);
  const rows = timings.map((t) => [
    t.reductions,
    count(t.bytes / 1e6),
    t.workers,
    speed(t, t.plainSeconds),
    speed(t, t.passSeconds),
    `${count(100 * t.share)}%`,
    count(t.peakRss / 1024 ** 2),
    count(t.panelBytes / 1024 ** 2),
  ]);
  console.log(
    table(rows, ['reductions', 'MB', 'workers', 'plain MB/s', 'pass MB/s', 'share', 'peak MiB', 'panel MiB']),
  );
}

async function benchRecurrent({ repetitions, workers, json }: BenchArguments): Promise<void> {
  const { timeRecurrent, timeTfjs, timedSize, timingsOfThreads } = await import(
    '../../models/kernels/time-recurrent.ts'
  );
  const { availableParallelism } = await import('node:os');
  const counts = [...new Set([1, workers ?? availableParallelism()])];
  const line = progress('Timing GRU and LSTM', timingsOfThreads * counts.length + 4);
  const timings: RecurrentTiming[] = [];
  const tfjs: TfjsTiming[] = [];
  try {
    for (const threads of counts) {
      for await (const timing of timeRecurrent(threads, repetitions)) {
        timings.push(timing);
        line.step(timings.length, `${timing.cell}, ${timing.steps} steps`);
      }
    }
    for await (const timing of timeTfjs()) {
      tfjs.push(timing);
      line.step(timings.length + tfjs.length, `tfjs ${timing.cell}, ${timing.steps} steps`);
    }
  } finally {
    line.done();
  }
  if (json) return console.log(JSON.stringify({ ...timedSize, node: process.version, timings, tfjs }, null, 2));
  console.log(
    `Forward and back, a batch of ${count(timedSize.batch)} sequences, ${timedSize.inputs} inputs, ${timedSize.units} units, float32, Node ${process.version}\n`,
  );
  const rows = timings.map((t) => {
    const both = t.forwardMs + t.backwardMs;
    const same = ({ cell, steps }: { cell: string; steps: number }) => cell === t.cell && steps === t.steps;
    const stock = t.attention ? undefined : tfjs.find(same)?.bothMs;
    const alone = timings.find((of) => same(of) && of.attention === t.attention) as RecurrentTiming;
    return [
      t.attention ? `${t.cell}, attention` : t.cell,
      t.steps,
      t.threads,
      t.forwardMs.toFixed(1),
      t.backwardMs.toFixed(1),
      both.toFixed(1),
      ((alone.forwardMs + alone.backwardMs) / both).toFixed(2),
      stock === undefined ? '' : count(stock),
      stock === undefined ? '' : (stock / both).toFixed(1),
    ];
  });
  const headings = ['cell', 'steps', 'threads', 'forward ms', 'back ms', 'both ms', 'speed-up', 'tfjs ms', 'x tfjs'];
  console.log(table(rows, headings));
  if (tfjs.length > 0) return;
  console.log(
    '\ntfjs is not installed here: npm install @tensorflow/tfjs @tensorflow/tfjs-backend-wasm to compare with it.',
  );
}

async function folderOf(data: string | undefined): Promise<string> {
  const { marketFolder } = await import('../../data/embedded.ts');
  return showingStages((onProgress) => marketFolder(data, onProgress), 'days');
}

async function benchAlphaNet({ repetitions, workers, json }: BenchArguments): Promise<void> {
  const { timeAlphaNet, timedAlphaNets } = await import('../../models/alphanet/time-alphanet.ts');
  const { availableParallelism } = await import('node:os');
  const threads = workers ?? availableParallelism();
  const line = progress('Timing training steps', 3 * timedAlphaNets.length);
  const timings: AlphaNetTiming[] = [];
  try {
    for await (const timing of timeAlphaNet(threads, repetitions)) {
      timings.push(timing);
      line.step(timings.length, `${timing.model}, ${timing.kernels} kernels, features ${timing.features}`);
    }
  } finally {
    line.done();
  }
  if (json) return console.log(JSON.stringify({ threads, node: process.version, timings }, null, 2));
  console.log(
    `A training step of 1,000 rows: forward, back and the optimiser, ${countOf(threads, 'thread')}, Node ${process.version}\n`,
  );
  const rows = timedAlphaNets.map((model) => {
    const of = (kernels: AlphaNetTiming['kernels'], features: AlphaNetTiming['features']): number =>
      timings.find((t) => t.model === model && t.kernels === kernels && t.features === features)?.batchMs as number;
    const [ours, stock, inGraph] = [of('ours', 'kept'), of('stock', 'kept'), of('stock', 'in the graph')];
    return [
      model,
      ...[ours, stock, inGraph].map((ms) => ms.toFixed(1)),
      (stock / ours).toFixed(1),
      (inGraph / ours).toFixed(1),
    ];
  });
  const headings = ['model', 'ours ms', 'tfjs ms', 'tfjs in the graph ms', 'x tfjs', 'x in the graph'];
  console.log(table(rows, headings));
}
