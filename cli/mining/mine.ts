/** `evolve` and `evolve improve`: a search on a market, from its options to the library it leaves. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Matrix } from '../../core/arena.ts';
import { EvolveError } from '../../core/failure.ts';
import { packageVersion } from '../../core/package-root.ts';
import { stream } from '../../core/random.ts';
import { cacheFolder, embeddedMarket, embeddedOptions } from '../../data/embedded.ts';
import type { MarketManifest } from '../../data/market.ts';
import { readManifest } from '../../data/store/manifest.ts';
import type { RoundRecord } from '../../engine/record.ts';
import { Evaluator } from '../../evaluation/evaluator.ts';
import { asFactor, must } from '../../program/build.ts';
import { canonical } from '../../program/canonical.ts';
import type { Expression } from '../../program/expression.ts';
import { mutate } from '../../program/mutate.ts';
import { parse } from '../../program/parse.ts';
import { print } from '../../program/print.ts';
import { randomProgram } from '../../program/random-program.ts';
import { type FactorLibrary, libraryText, readLibrary } from '../../runs/library.ts';
import { manifestName, type RunManifest, readManifest as readRunManifest } from '../../runs/manifest.ts';
import { readRun } from '../../runs/read-run.ts';
import { RunFolder } from '../../runs/run-folder.ts';
import { roundsPicture, runReport } from '../report/run-report.ts';
import { barren, rejections } from './barren.ts';
import { type Choice, choose } from './choose.ts';
import { type Formula, type Identity, identity } from './identity.ts';
import { begun, goesOn, type KeptRun, resumed } from './kept-run.ts';
import { type Lineage, lineage, type Step } from './lineage.ts';
import { type MarketSearch, marketProblem, marketSearch } from './market-search.ts';
import type { MineOptions, MineProgress } from './mine-options.ts';
import { minedLibrary } from './mined-library.ts';
import { runSearch, type SearchOutcome } from './run-search.ts';
import { type SearchConfig, stopNames, stopRule } from './search-options.ts';

export interface MineReport {
  readonly run: string;
  readonly market: { readonly folder: string; readonly name: string; readonly hash: string };
  readonly rounds: number;
  /** Distinct programs given a verdict. */
  readonly tried: number;
  readonly evaluations: number;
  /** Of computing, in this process and those before. */
  readonly seconds: number;
  readonly stopped: string;
  readonly best: { readonly expression: string; readonly fitness: number } | null;
  /** Warm-start entries that were refused, and why. */
  readonly refused: readonly string[];
  /** Absent while there is more to search. */
  readonly library?: FactorLibrary;
  readonly choice?: Pick<Choice, 'candidates' | 'failed' | 'thresholds'> & {
    /** New programs by the reason they were rejected for. */
    readonly rejected: Readonly<Record<string, number>>;
    /** Stopped candidates judged in full nevertheless, and those of them as fit as an elite. */
    readonly audit: { readonly audited: number; readonly missed: number };
  };
  /** From the formula to be improved to its best descendant. */
  readonly lineage?: readonly Step[];
  /** Why the formula to be improved has no fitness itself, when it has none. */
  readonly unfit?: string;
  /** Why not one program got a fitness, when none did. */
  readonly barren?: string;
}

export async function mine(options: MineOptions = {}): Promise<MineReport> {
  checkRuntime(options);
  const tell = options.onProgress ?? (() => {});
  const before = manifestOf(options);
  const data =
    options.data ??
    marketOf(before) ??
    (await embeddedMarket((done) =>
      tell({ kind: 'stage', label: 'Making the embedded market', done, total: embeddedOptions.days }),
    ));
  const manifest =
    options.data === undefined && before ? await marketOfRun(before, data, options) : await readManifest(data);
  const asked = await identity(options, manifest, before?.config);
  const path = options.out ?? join('runs', asked.name);
  let run = options.resume && isRun(path) ? resumed(path, options, asked, manifest) : undefined;
  try {
    for (const sentence of run?.recovered.problems ?? []) tell({ kind: 'note', sentence });
    const finished = run && finishedBefore(run, data, tell);
    if (finished) return finished;
    const search = searchable(run?.config ?? asked.config, manifest);
    // Whatever is wrong with the market or with this machine shows before a folder is made.
    const evaluator = await openEvaluator(search, data, options, undefined, tell);
    let real: SearchOutcome<Expression>;
    try {
      if (run) run.folder.append(goesOn(run));
      else {
        run = begun(path, asked, manifest, data);
        for (const sentence of run.refused) tell({ kind: 'note', sentence });
      }
      tell({ kind: 'kept', run: path });
      real = await searchOn(search, evaluator, run, options, 'factors', tell);
    } finally {
      await evaluator.close();
    }
    return await concluded(run, real, search, data, options, tell);
  } finally {
    run?.folder.close();
  }
}

const isRun = (path: string): boolean => existsSync(join(path, manifestName));

/** Who goes on with a run they name need not say again on which market, and what else it was begun with. */
const manifestOf = ({ resume, out }: MineOptions): RunManifest | undefined =>
  resume && out !== undefined && isRun(out) ? readRunManifest(out) : undefined;

/** Not when it is one that can be made again. */
function marketOf(run: RunManifest | undefined): string | undefined {
  const folder = run?.market.folder;
  return folder !== undefined && (existsSync(folder) || !folder.startsWith(cacheFolder())) ? folder : undefined;
}

/** Its folder is as it was given then, perhaps from elsewhere. */
async function marketOfRun({ market }: RunManifest, data: string, { out }: MineOptions): Promise<MarketManifest> {
  try {
    return await readManifest(data);
  } catch (cause) {
    if (!(cause instanceof EvolveError) || data !== market.folder) throw cause;
    const sentence = `${out} was begun on the market ${market.name} in ${data}, which cannot be opened: say where it is now with --data.`;
    throw new EvolveError(cause.code, sentence, { cause, details: existsSync(data) ? [cause.message] : [] });
  }
}

/** A config as a search that can be made on this market. */
function searchable(config: SearchConfig, manifest: MarketManifest): MarketSearch {
  const search = marketSearch(config, manifest);
  if (!manifest.fields.some(({ name }) => name === config.price)) {
    throw new EvolveError(
      'missing-field',
      `--price ${config.price}: the market ${manifest.name} has no field ${config.price}.`,
    );
  }
  const random = stream(config.seed, 0, 0);
  mutate(random, randomProgram(random, search.fresh), search.mutation);
  return search;
}

/** From a search that is over to its library. */
async function concluded(
  run: KeptRun,
  real: SearchOutcome<Expression>,
  search: MarketSearch,
  data: string,
  options: MineOptions,
  tell: (progress: MineProgress) => void,
): Promise<MineReport> {
  const { folder, config, refused } = run;
  const { name, hash } = folder.manifest.market;
  const report = {
    run: folder.path,
    market: { folder: data, name, hash },
    rounds: real.record.round,
    tried: real.record.tried,
    evaluations: real.evaluations,
    seconds: real.seconds,
    stopped: real.stopped,
    best: bestOf(real),
    refused,
  };
  const unfinished = (): MineReport => {
    folder.append({ kind: 'stopped', reason: 'interrupted', round: real.record.round });
    return { ...report, stopped: 'interrupted' };
  };
  if (real.stopped === 'interrupted') return unfinished();

  const placebo = config.placebo ? await placeboSearch(run, search, data, options, real, tell) : undefined;
  if (placebo?.stopped === 'interrupted') return unfinished();

  const stored = storedFormulas(run);
  const evaluator = await openEvaluator(search, data, options, undefined, tell);
  try {
    const had = formulas(stored.beside, evaluator);
    const { hall } = real.search;
    tell({ kind: 'stage', label: 'Choosing the library', done: 0, total: 1 });
    const placeboBest = placebo && (bestOf(placebo)?.fitness ?? 0);
    const choice = await choose(search, evaluator, hall, { tried: real.record.tried, placeboBest, had });
    if (options.signal?.aborted) return unfinished();
    // From here on nobody stops in order: test dates that were looked at for nothing would have to be looked at again.
    folder.append({ kind: 'test-opened', time: new Date().toISOString(), factors: choice.chosen.length });
    const library = await minedLibrary(search, evaluator, choice, {
      name: folder.manifest.name,
      engineVersion: packageVersion,
      config: { ...config, warmStart: stored.warmStart, beside: stored.beside },
      tried: { programs: real.record.tried, evaluations: real.evaluations, rounds: real.record.round },
    });
    const line =
      stored.improve === undefined
        ? undefined
        : await lineage(search, evaluator, real.search, factorOf(stored.improve, evaluator));
    folder.write('library.json', libraryText(library));
    await writeReport(run, library, real.stopped, placebo !== undefined, line);
    const rounds = recordsOf(folder.path);
    const why = barren(rounds);
    const { candidates, failed, thresholds } = choice;
    const result: MineReport = {
      ...report,
      library,
      choice: {
        candidates,
        failed,
        thresholds,
        rejected: Object.fromEntries(rejections(rounds)),
        audit: auditOf(rounds),
      },
      ...(line && { lineage: line.steps, ...(line.unfit !== undefined && { unfit: line.unfit }) }),
      ...(why !== undefined && { barren: why }),
    };
    folder.append({ kind: 'finished', ...result, library: undefined, config: { ...config } });
    return result;
  } finally {
    await evaluator.close();
  }
}

/** The report of a run that is over, unless it is to go further now. */
function finishedBefore(run: KeptRun, data: string, tell: (progress: MineProgress) => void): MineReport | undefined {
  const { folder, config, last } = run;
  if (last?.kind !== 'finished' || JSON.stringify(last.config) !== JSON.stringify(config)) return undefined;
  const { kind: _, config: __, ...report } = last as unknown as MineReport & Record<'kind' | 'config', unknown>;
  try {
    const library = readLibrary(join(folder.path, 'library.json'));
    return { ...report, run: folder.path, market: { ...report.market, folder: data }, library };
  } catch (error) {
    if (!(error instanceof EvolveError)) throw error;
    tell({ kind: 'note', sentence: `${error.message} It is made again.` });
    return undefined;
  }
}

async function searchOn(
  search: MarketSearch,
  evaluator: Evaluator,
  run: KeptRun,
  options: MineOptions,
  name: 'factors' | 'placebo',
  tell: (progress: MineProgress) => void,
): Promise<SearchOutcome<Expression>> {
  const { folder, recovered, config } = run;
  const stored = storedFormulas(run);
  const against = config.novelty > 0 ? await knownValues(stored.beside, search, evaluator) : [];
  return await runSearch({
    folder,
    recovered,
    problem: marketProblem(search, evaluator, against),
    rule: search.rule,
    stop: stopRule(config),
    seeds: seedsOf(stored, search, evaluator),
    reuse: options.cache ?? true,
    signal: options.signal,
    onRound: (round) => tell({ kind: 'round', search: name, round, rounds: config.rounds }),
  });
}

const storedFormulas = ({ folder }: KeptRun) =>
  folder.manifest.config as unknown as Pick<Identity, 'warmStart' | 'beside' | 'improve'>;

/** The same search for as many rounds, on labels dealt out at random, kept in a folder inside the run's. */
async function placeboSearch(
  run: KeptRun,
  search: MarketSearch,
  data: string,
  options: MineOptions,
  real: SearchOutcome<Expression>,
  tell: (progress: MineProgress) => void,
): Promise<SearchOutcome<Expression>> {
  const path = join(run.folder.path, 'placebo');
  const endless = Object.fromEntries(stopNames.map((name) => [name, null]));
  const config: SearchConfig = { ...run.config, ...endless, rounds: real.record.round };
  const there = isRun(path);
  const folder = there
    ? RunFolder.open(path)
    : RunFolder.create(path, {
        ...run.folder.manifest,
        config: { ...run.folder.manifest.config, ...config, shuffled: search.rule.seed },
      });
  try {
    const recovered = there ? folder.recover() : { state: undefined, events: [], problems: [] };
    for (const sentence of recovered.problems) tell({ kind: 'note', sentence });
    const evaluator = await openEvaluator(search, data, options, search.rule.seed, tell);
    try {
      const shuffled: KeptRun = { ...run, folder, recovered, config };
      return await searchOn({ ...search, config }, evaluator, shuffled, options, 'placebo', tell);
    } finally {
      await evaluator.close();
    }
  } finally {
    folder.close();
  }
}

function openEvaluator(
  { label }: MarketSearch,
  data: string,
  options: MineOptions,
  placebo: number | undefined,
  tell: (progress: MineProgress) => void,
): Promise<Evaluator> {
  return Evaluator.open(data, {
    workers: options.workers,
    memory: options.memory,
    label,
    placebo,
    valueFolder: join(cacheFolder(), 'values'),
    onMinutes: (done, total) => tell({ kind: 'stage', label: 'Reading minute bars', done, total }),
  });
}

/** Beside fresh programs, a factor to be improved is a fifth of the first ones: one of five hundred would be gone soon. */
const improvedShare = 0.2;

function seedsOf(
  { warmStart, improve }: Pick<Identity, 'warmStart' | 'improve'>,
  { config }: MarketSearch,
  evaluator: Evaluator,
): Expression[] {
  const seeds = formulas(warmStart, evaluator);
  if (improve === undefined) return seeds;
  const factor = factorOf(improve, evaluator);
  const share = config.origin === 'fresh' ? improvedShare : 0;
  const copies = Math.max(1, Math.round(share * config.population) - seeds.length);
  return [...new Array<Expression>(copies).fill(factor), ...seeds];
}

const factorOf = (text: string, { vocabulary }: Evaluator): Expression =>
  canonical(must(asFactor(parse(text, vocabulary))));

const formulas = (factors: readonly Formula[], { vocabulary }: Evaluator): Expression[] =>
  factors.map(({ expression }) => canonical(parse(expression, vocabulary)));

/** Values on every date, of the factors that the search is to keep away from. They live as long as the evaluator. */
const knownValues = (beside: readonly Formula[], { judged }: MarketSearch, evaluator: Evaluator): Promise<Matrix[]> =>
  evaluator.values(formulas(beside, evaluator).map(judged));

function bestOf({ search }: SearchOutcome<Expression>): MineReport['best'] {
  const [best] = search.hall;
  if (best?.verdict.kind !== 'scored') return null;
  return { expression: print(best.genome), fitness: best.verdict.scores.at(-1) as number };
}

/** Threads take memory and seconds to begin; no machine has use for more. */
const mostWorkers = 256;

function checkRuntime({ workers, backend = 'auto', memory }: MineOptions): void {
  if (workers !== undefined && workers > mostWorkers) {
    throw new EvolveError('bad-argument', `--workers should be at most ${mostWorkers}, not ${workers}.`);
  }
  if (workers !== undefined && !(Number.isInteger(workers) && workers > 0)) {
    throw new EvolveError('bad-argument', `--workers should be a whole number above 0, not ${workers}.`);
  }
  if (backend !== 'auto' && backend !== 'wasm') {
    throw new EvolveError(
      'no-backend',
      `The backend ${backend} is not there; use wasm, or auto for the fastest there is.`,
    );
  }
  if (memory !== undefined && !(memory > 0)) throw new EvolveError('bad-argument', '--memory should be above 0.');
}

async function writeReport(
  { folder, config, refused }: KeptRun,
  library: FactorLibrary,
  stopped: string,
  placebo: boolean,
  line: Lineage | undefined,
): Promise<void> {
  const rounds = recordsOf(folder.path);
  const shuffled = placebo ? recordsOf(join(folder.path, 'placebo')) : undefined;
  const page = await runReport({
    manifest: { ...folder.manifest, config: { ...folder.manifest.config, ...config } },
    rounds,
    library,
    stopped,
    refused,
    ...(line && { lineage: line }),
    ...(shuffled && { placebo: shuffled }),
  });
  folder.write('report.html', page);
  folder.write('rounds.svg', await roundsPicture(rounds, shuffled));
}

function auditOf(rounds: readonly RoundRecord[]): { audited: number; missed: number } {
  const sums = { audited: 0, missed: 0 };
  for (const { judged } of rounds) {
    sums.audited += judged.audited;
    sums.missed += judged.missed;
  }
  return sums;
}

/** Of every round, from the log. */
function recordsOf(path: string): RoundRecord[] {
  const records: RoundRecord[] = [];
  for (const event of readRun(path).events) if (event.kind === 'round') records.push(event.record as RoundRecord);
  return records;
}
