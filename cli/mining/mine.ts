/** `evolve` and `evolve improve`: a search on a market, from its options to the library it leaves. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Matrix } from '../../core/arena.ts';
import { EvolveError } from '../../core/failure.ts';
import { packageVersion } from '../../core/package-root.ts';
import { cacheFolder, embeddedMarket, embeddedOptions } from '../../data/embedded.ts';
import type { MarketManifest } from '../../data/market.ts';
import { readManifest } from '../../data/store/manifest.ts';
import type { RoundRecord } from '../../engine/record.ts';
import { Evaluator } from '../../evaluation/evaluator.ts';
import { asFactor, must } from '../../program/build.ts';
import { canonical } from '../../program/canonical.ts';
import type { Expression } from '../../program/expression.ts';
import { parse } from '../../program/parse.ts';
import { print } from '../../program/print.ts';
import type { RunEvent } from '../../runs/event-log.ts';
import { type FactorLibrary, libraryText, readLibrary } from '../../runs/library.ts';
import { manifestName } from '../../runs/manifest.ts';
import { readRun } from '../../runs/read-run.ts';
import { type Recovered, RunFolder } from '../../runs/run-folder.ts';
import { roundsPicture, runReport } from '../report/run-report.ts';
import { type Choice, choose } from './choose.ts';
import { type Formula, type Identity, identity } from './identity.ts';
import { begun, type KeptRun, resumed } from './kept-run.ts';
import { lineage, type Step } from './lineage.ts';
import { type MarketSearch, marketProblem, marketSearch } from './market-search.ts';
import type { MineOptions, MineProgress } from './mine-options.ts';
import { minedLibrary } from './mined-library.ts';
import { runSearch, type SearchOutcome } from './run-search.ts';
import type { SearchConfig } from './search-options.ts';

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
  readonly choice?: Pick<Choice, 'candidates' | 'failed' | 'thresholds' | 'combined'>;
  /** From the formula to be improved to its best descendant. */
  readonly lineage?: readonly Step[];
}

export async function mine(options: MineOptions = {}): Promise<MineReport> {
  checkRuntime(options);
  const tell = options.onProgress ?? (() => {});
  const folder =
    options.data ??
    (await embeddedMarket((done) =>
      tell({ kind: 'stage', label: 'Making the embedded market', done, total: embeddedOptions.days }),
    ));
  const manifest = await readManifest(folder);
  const asked = await identity(options, manifest);
  const path = options.out ?? join('runs', asked.name);
  const run =
    options.resume && existsSync(join(path, manifestName))
      ? resumed(path, options, asked, manifest)
      : begun(path, asked, manifest, folder);
  try {
    return await mineIn(run, options, asked, folder, manifest, tell);
  } finally {
    run.folder.close();
  }
}

async function mineIn(
  run: KeptRun,
  options: MineOptions,
  asked: Identity,
  data: string,
  manifest: MarketManifest,
  tell: (progress: MineProgress) => void,
): Promise<MineReport> {
  const { folder, recovered, config } = run;
  for (const sentence of [...recovered.problems, ...asked.refused]) tell({ kind: 'note', sentence });
  const finished = finishedBefore(folder.path, config);
  if (finished) return { ...finished, market: { ...finished.market, folder: data }, refused: asked.refused };
  const search = marketSearch(config, manifest);
  const stored = folder.manifest.config as unknown as Pick<Identity, 'warmStart' | 'beside' | 'improve'>;
  const real = await searchOn(search, stored, folder, recovered, data, undefined, options, 'factors', tell);
  const report = {
    run: folder.path,
    market: { folder: data, name: manifest.name, hash: manifest.hash },
    rounds: real.record.round,
    tried: real.record.tried,
    evaluations: real.evaluations,
    seconds: real.seconds,
    stopped: real.stopped,
    best: bestOf(real),
    refused: asked.refused,
  };
  const unfinished = (): MineReport => {
    folder.append({ kind: 'stopped', reason: 'interrupted', round: real.record.round });
    return { ...report, stopped: 'interrupted' };
  };
  if (real.stopped === 'interrupted') return unfinished();

  const placebo = config.placebo ? await placeboSearch(run, search, stored, data, options, real, tell) : undefined;
  if (placebo?.stopped === 'interrupted') return unfinished();

  const evaluator = await openEvaluator(search, data, options, undefined, tell);
  try {
    const had = formulas(stored.beside, evaluator);
    const { hall } = real.search;
    tell({ kind: 'stage', label: 'Choosing the library', done: 0, total: 1 });
    const placeboBest = placebo && (bestOf(placebo)?.fitness ?? 0);
    const choice = await choose(search, evaluator, hall, { tried: real.record.tried, placeboBest, had });
    folder.append({ kind: 'test-opened', time: new Date().toISOString(), factors: choice.chosen.length });
    const library = await minedLibrary(search, evaluator, choice, {
      name: folder.manifest.name,
      engineVersion: packageVersion,
      config: { ...config, warmStart: stored.warmStart, beside: stored.beside },
      tried: { programs: real.record.tried, evaluations: real.evaluations, rounds: real.record.round },
    });
    const steps =
      stored.improve === undefined
        ? undefined
        : await lineage(search, evaluator, real.search, factorOf(stored.improve, evaluator));
    folder.write('library.json', libraryText(library));
    await writeReport(folder, library, real.stopped, placebo !== undefined, asked.refused);
    const { candidates, failed, thresholds, combined } = choice;
    const result: MineReport = {
      ...report,
      library,
      choice: { candidates, failed, thresholds, ...(combined && { combined }) },
      ...(steps && { lineage: steps }),
    };
    folder.append({ kind: 'finished', ...result, library: undefined, config: { ...config } });
    return result;
  } finally {
    await evaluator.close();
  }
}

/** The report of a run that is over, unless it is to go further now. */
function finishedBefore(path: string, config: SearchConfig): MineReport | undefined {
  let last: RunEvent | undefined;
  for (const event of readRun(path).events) last = event;
  if (last?.kind !== 'finished' || JSON.stringify(last.config) !== JSON.stringify(config)) return undefined;
  const { kind: _, config: __, ...report } = last as unknown as MineReport & Record<'kind' | 'config', unknown>;
  return { ...report, library: readLibrary(join(path, 'library.json')) };
}

async function searchOn(
  search: MarketSearch,
  stored: Pick<Identity, 'warmStart' | 'beside' | 'improve'>,
  folder: RunFolder,
  recovered: Recovered,
  data: string,
  placebo: number | undefined,
  options: MineOptions,
  name: 'factors' | 'placebo',
  tell: (progress: MineProgress) => void,
): Promise<SearchOutcome<Expression>> {
  const evaluator = await openEvaluator(search, data, options, placebo, tell);
  try {
    const against = search.config.novelty > 0 ? await knownValues(stored.beside, search, evaluator) : [];
    const { rounds, minutes, evaluations, target, stagnation } = search.config;
    const given = (value: number | null): number | undefined => value ?? undefined;
    return await runSearch({
      folder,
      recovered,
      problem: marketProblem(search, evaluator, against),
      rule: search.rule,
      stop: {
        rounds: given(rounds),
        minutes: given(minutes),
        evaluations: given(evaluations),
        target: given(target),
        stagnation: given(stagnation),
      },
      seeds: seedsOf(stored, search, evaluator),
      reuse: options.cache ?? true,
      signal: options.signal,
      onRound: (round) => tell({ kind: 'round', search: name, round, rounds }),
    });
  } finally {
    await evaluator.close();
  }
}

/** The same search for as many rounds, on labels dealt out at random, kept in a folder inside the run's. */
async function placeboSearch(
  run: KeptRun,
  search: MarketSearch,
  stored: Identity | Pick<Identity, 'warmStart' | 'beside' | 'improve'>,
  data: string,
  options: MineOptions,
  real: SearchOutcome<Expression>,
  tell: (progress: MineProgress) => void,
): Promise<SearchOutcome<Expression>> {
  const path = join(run.folder.path, 'placebo');
  const config = {
    ...run.config,
    rounds: real.record.round,
    minutes: null,
    evaluations: null,
    target: null,
    stagnation: null,
  };
  const there = existsSync(join(path, manifestName));
  const folder = there
    ? RunFolder.open(path)
    : RunFolder.create(path, { ...run.folder.manifest, config: { ...config } });
  try {
    const recovered = there ? folder.recover() : { state: undefined, events: [], problems: [] };
    for (const sentence of recovered.problems) tell({ kind: 'note', sentence });
    const shuffled = search.rule.seed;
    return await searchOn({ ...search, config }, stored, folder, recovered, data, shuffled, options, 'placebo', tell);
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

/** To improve one factor it takes a fifth of the first population, or it would be one of five hundred and soon gone. */
const improvedShare = 0.2;

function seedsOf(
  { warmStart, improve }: Pick<Identity, 'warmStart' | 'improve'>,
  { config }: MarketSearch,
  evaluator: Evaluator,
): Expression[] {
  const seeds = formulas(warmStart, evaluator);
  if (improve === undefined) return seeds;
  const factor = factorOf(improve, evaluator);
  const copies = Math.max(1, Math.round(improvedShare * config.population) - seeds.length);
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

function checkRuntime({ workers, backend = 'auto', memory }: MineOptions): void {
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
  folder: RunFolder,
  library: FactorLibrary,
  stopped: string,
  placebo: boolean,
  refused: readonly string[],
): Promise<void> {
  const rounds = recordsOf(folder.path);
  const shuffled = placebo ? recordsOf(join(folder.path, 'placebo')) : undefined;
  const page = await runReport({
    manifest: folder.manifest,
    rounds,
    library,
    stopped,
    refused,
    ...(shuffled && { placebo: shuffled }),
  });
  folder.write('report.html', page);
  folder.write('rounds.svg', await roundsPicture(rounds, shuffled));
}

/** Of every round, from the log. */
function recordsOf(path: string): RoundRecord[] {
  const records: RoundRecord[] = [];
  for (const event of readRun(path).events) if (event.kind === 'round') records.push(event.record as RoundRecord);
  return records;
}
