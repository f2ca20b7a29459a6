/** `evolve top`: the best factors a run has found so far, from the best source there is. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EvolveError } from '../../core/failure.ts';
import type { RoundRecord } from '../../engine/record.ts';
import type { SearchState } from '../../engine/state.ts';
import { type LibraryFactor, readLibrary } from '../../runs/library.ts';
import { manifestName, type RunManifest } from '../../runs/manifest.ts';
import { newestState, type RunReading, readRun } from '../../runs/read-run.ts';
import type { Snapshot } from '../mining/run-search.ts';

export interface TopFactors {
  readonly run: string;
  readonly name: string;
  /** Whether it is the search on shuffled labels inside another run, whose status this is then. */
  readonly placebo: boolean;
  readonly market: string;
  /** `going`: a process is adding to it; `over`: it has its library; else `stopped`. */
  readonly status: 'going' | 'stopped' | 'over';
  /** Of the last round that is over; null before the first. */
  readonly round: number | null;
  /** Distinct programs given a verdict so far. */
  readonly tried: number;
  /** The highest fitness so far. */
  readonly best: number | null;
  /** Where the factors come from, and the round that was the last one then. */
  readonly from: 'library' | 'snapshot' | 'round' | 'nowhere';
  readonly asOf: number | null;
  readonly factors: readonly TopFactor[];
  /** How many there are besides. */
  readonly more: number;
  /** What continues a run that is not over. */
  readonly resume?: string;
  /** What of the run cannot be read. */
  readonly problem?: string;
}

/** A member of a library, or before there is one a formula and its fitness on training dates. */
export type TopFactor = LibraryFactor | FoundFactor;

export interface FoundFactor {
  readonly expression: string;
  readonly fitness: number;
  /** What made it, and in which round. */
  readonly move?: string;
  readonly round?: number;
}

interface Found {
  readonly from: TopFactors['from'];
  readonly asOf: number | null;
  readonly factors: readonly TopFactor[];
}

/** Fittest first. */
export function topFactors(path: string, count = 10): TopFactors {
  if (!(Number.isInteger(count) && count > 0)) {
    throw new EvolveError('bad-argument', `--count should be a whole number above 0, not ${count}.`);
  }
  const run = readRun(path);
  const { last, ended } = progressOf(run);
  const found = inLibrary(path) ?? inSnapshot(path) ?? inRound(last);
  const around = join(path, '..');
  const placebo = existsSync(join(around, manifestName));
  const main = placebo ? readRun(around) : run;
  const over = placebo ? progressOf(main).ended : ended;
  const status = main.going ? 'going' : over ? 'over' : 'stopped';
  return {
    run: path,
    name: run.manifest.name,
    placebo,
    market: run.manifest.market.name,
    status,
    round: last?.round ?? null,
    tried: last?.tried ?? 0,
    best: last?.bestEver ?? null,
    from: found.from,
    asOf: found.asOf,
    factors: found.factors.slice(0, count),
    more: Math.max(0, found.factors.length - count),
    ...(status === 'stopped' && { resume: resumption(placebo ? around : path, run.manifest) }),
    ...(run.problem !== undefined && { problem: run.problem }),
  };
}

function progressOf({ events }: RunReading): { readonly last: RoundRecord | undefined; readonly ended: boolean } {
  let last: RoundRecord | undefined;
  let ended = false;
  for (const event of events) {
    if (event.kind === 'round') last = event.record as RoundRecord;
    // A run that is over may be given more rounds.
    if (event.kind === 'round' || event.kind === 'finished') ended = event.kind === 'finished';
  }
  return { last, ended };
}

function inLibrary(path: string): Found | undefined {
  const file = join(path, 'library.json');
  if (!existsSync(file)) return undefined;
  const { factors, tried } = readLibrary(file);
  return { from: 'library', asOf: tried.rounds, factors: byFitness(factors) };
}

function inSnapshot(path: string): Found | undefined {
  const state = newestState(path) as Snapshot | undefined;
  return state && { from: 'snapshot', asOf: state.search.round, factors: byFitness(hallOf(state.search)) };
}

function inRound(last: RoundRecord | undefined): Found {
  if (!last || last.fittest === null || last.best === null) return { from: 'nowhere', asOf: null, factors: [] };
  return { from: 'round', asOf: last.round, factors: [{ expression: last.fittest, fitness: last.best }] };
}

const hallOf = ({ hall, lines }: SearchState): FoundFactor[] =>
  hall.flatMap(({ line }) => {
    const { genome, origin, round, fitness } = lines[line] as SearchState['lines'][number];
    return fitness === undefined ? [] : [{ expression: genome, fitness, move: origin, round }];
  });

const byFitness = <F extends TopFactor>(factors: readonly F[]): F[] =>
  [...factors].sort((a, b) => b.fitness - a.fitness);

const resumption = (path: string, { market }: RunManifest): string =>
  ['evolve', '--data', market.folder, '--out', path, '--resume'].map(quoted).join(' ');

const quoted = (word: string): string => (/^[\w@%+=:,./\\-]+$/.test(word) ? word : `"${word.replaceAll('"', '\\"')}"`);
