/** A search kept in a run folder: every round in the log, the state in snapshots, and what was there before played back. */

import type { Problem } from '../../engine/problem.ts';
import type { RoundRecord } from '../../engine/record.ts';
import type { SearchRule } from '../../engine/rule.ts';
import { Search } from '../../engine/search.ts';
import type { SearchState } from '../../engine/state.ts';
import { Stopping, type StopReason, type StopRule } from '../../engine/stopping.ts';
import { type Tape, Taped } from '../../engine/tape.ts';
import type { RunEvent } from '../../runs/event-log.ts';
import type { Recovered, RunFolder } from '../../runs/run-folder.ts';
import { LeftBetween, stoppable } from './stoppable.ts';

export interface RunSearch<G> {
  readonly folder: RunFolder;
  readonly recovered: Recovered;
  readonly problem: Problem<G>;
  readonly rule: SearchRule;
  readonly stop: StopRule;
  readonly seeds: readonly G[];
  /** Judge again what is known by key. */
  readonly reuse: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onRound?: ((round: RoundReport) => void) | undefined;
}

export interface RoundReport {
  readonly record: RoundRecord;
  /** Of this round, and of all rounds that were computed. */
  readonly seconds: number;
  readonly total: number;
}

export interface SearchOutcome<G> {
  readonly search: Search<G>;
  /** `interrupted` leaves more to do. */
  readonly stopped: StopReason | 'interrupted';
  /** The last that is over; -1 when the first is not. */
  readonly round: number;
  /** Genomes given a verdict of their own. */
  readonly tried: number;
  readonly seconds: number;
  /** Asked of the problem, audits and repeated judgements included. */
  readonly evaluations: number;
}

/** What a snapshot holds. */
export interface Snapshot {
  readonly search: SearchState;
  readonly best: number | null;
  readonly bestRound: number;
  readonly record: RoundRecord;
  readonly seconds: number;
  readonly evaluations: number;
}

/** A snapshot is due when the work since the last is worth so many times writing one, and not within ten seconds. */
const snapshotShare = 20;
const snapshotSeconds = 10;

export async function runSearch<G>(run: RunSearch<G>): Promise<SearchOutcome<G>> {
  const { folder, rule, signal, onRound } = run;
  const taped = new Taped(run.problem);
  // A later round is as short as a portion of the first.
  const problem = stoppable(taped.problem, () => !record && !taped.playing && signal?.aborted === true);
  const state = run.recovered.state as Snapshot | undefined;
  const searching = (reuse: boolean, from?: SearchState): Search<G> =>
    new Search(problem, rule, { seeds: run.seeds, reuse }, from);
  let { reuse } = run;
  let record = state?.record;
  let search = searching(reuse, state?.search);
  // What was asked of the problem, and so what is on a tape, depends on it; where the search goes does not.
  const remembering = (again: boolean): void => {
    if (again !== reuse) search = searching(again, search.state);
    reuse = again;
  };
  const stopping = new Stopping(run.stop, state && { best: state.best, bestRound: state.bestRound });
  let [seconds, evaluations] = [state?.seconds ?? 0, state?.evaluations ?? 0];
  let begun: RunEvent | undefined;
  for (const event of run.recovered.events) {
    if (event.kind === 'clock' || event.kind === 'portion') seconds += event.seconds as number;
    if (event.kind === 'portion') begun = event;
    if (event.kind !== 'round') continue;
    remembering(event.reuse !== false);
    taped.play(event.tape as Tape);
    record = await search.next();
    if (JSON.stringify(record) !== JSON.stringify(event.record)) {
      throw new Error(`round ${record.round} of ${folder.path} does not come out as its log has it`);
    }
    stopping.note(record);
    taped.take();
    evaluations += record.judged.asked;
  }
  taped.play(undefined);
  remembering(run.reuse);
  if (!record && begun && (begun.reuse !== false) === reuse) taped.play(begun.tape as Tape, true);

  const keep = (last: RoundRecord): void => {
    const { best, bestRound } = stopping.state;
    const snapshot: Snapshot = { search: search.state, best, bestRound, record: last, seconds, evaluations };
    folder.snapshot(snapshot);
  };
  let kept = performance.now();
  let cost = 0;
  let unkept = false;
  for (;;) {
    const stopped = record && (stopping.after(record, seconds / 60) ?? (signal?.aborted ? 'interrupted' : undefined));
    if (record && stopped) {
      if (unkept) keep(record);
      return { search, stopped, round: record.round, tried: record.tried, seconds, evaluations };
    }
    const started = performance.now();
    try {
      record = await search.next();
    } catch (error) {
      if (!(error instanceof LeftBetween)) throw error;
      const tape = taped.take();
      const taken = (performance.now() - started) / 1000;
      seconds += taken;
      folder.append({ kind: 'portion', tape, seconds: taken, ...(!reuse && { reuse }) });
      const asked = tape.verdicts.reduce((sum, { length }) => sum + length, 0);
      return { search, stopped: 'interrupted', round: -1, tried: search.tried, seconds, evaluations: asked };
    }
    taped.play(undefined);
    const tape = taped.take();
    stopping.note(record);
    evaluations += record.judged.asked;
    folder.append({ kind: 'round', record, tape, ...(!reuse && { reuse }) });
    const taken = (performance.now() - started) / 1000;
    seconds += taken;
    folder.append({ kind: 'clock', round: record.round, seconds: taken, rss: process.memoryUsage.rss() });
    unkept = true;
    onRound?.({ record, seconds: taken, total: seconds });
    const since = (performance.now() - kept) / 1000;
    if (since < snapshotSeconds || since < snapshotShare * cost) continue;
    const before = performance.now();
    keep(record);
    kept = performance.now();
    cost = (kept - before) / 1000;
    unkept = false;
  }
}
