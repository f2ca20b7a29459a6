/**
 * Minute reductions as daily matrices: kept from earlier batches in memory, else on disk, else made in one pass over
 * the bars for all programs of a batch.
 */

import { allDone } from '../core/all-done.ts';
import { type Matrix, strideFor } from '../core/arena.ts';
import { EvolveError } from '../core/failure.ts';
import { mebibytes } from '../core/memory-size.ts';
import type { Market } from '../data/market.ts';
import type { Call, Expression } from '../program/expression.ts';
import { minuteReductions } from './minute-reduction.ts';
import type { Pool } from './pool.ts';
import type { Available, Dates, MinuteTask } from './task.ts';
import type { ValueCache } from './value-cache.ts';
import type { ValueStore } from './value-store.ts';

export interface MinuteCounts {
  readonly fromMemory: number;
  readonly fromDisk: number;
  readonly made: number;
  /** Of memory, now. */
  readonly bytes: number;
  /** Why values are no longer kept on disk, when they should be. */
  readonly problem?: string | undefined;
}

interface Setting {
  readonly market: Market;
  readonly pool: Pool;
  readonly values: ValueCache;
  readonly store: ValueStore | undefined;
  readonly spanBytes: number;
  readonly onDates: ((done: number, total: number) => void) | undefined;
}

/** What could be made ready, and the programs that must wait for the next round. */
interface Ready {
  readonly ready: readonly number[];
  readonly later: number[];
  readonly matrices: Available;
  /** Those of them that are not complete, or not to be kept: they go when they are let go. */
  readonly passing: readonly string[];
}

/** Days of bars in a task: enough to read ahead, few enough that workers finish together. */
const datesPerTask = 16;

export class MinuteValues {
  readonly #setting: Setting;
  #fromDisk = 0;
  #made = 0;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  get counts(): MinuteCounts {
    const { values, store } = this.#setting;
    return {
      fromMemory: values.hits,
      fromDisk: this.#fromDisk,
      made: this.#made,
      bytes: values.bytes,
      problem: store?.problem,
    };
  }

  /** Whether every reduction of the program is at hand. */
  has(program: Expression): boolean {
    const { values, store } = this.#setting;
    return [...minuteReductions([program]).keys()].every((key) => values.has(key) || store?.has(key));
  }

  /**
   * The reductions of as many programs as the budget holds at once, held until `letGo`; new ones for the dates asked
   * for. To be kept they must be for all dates.
   */
  async make(programs: readonly Expression[], places: readonly number[], dates: Dates, keep: boolean): Promise<Ready> {
    const matrices = new Map<string, Matrix>();
    const fresh: Call[] = [];
    const ready: number[] = [];
    const later: number[] = [];
    for (const place of places) {
      const needed = minuteReductions([programs[place] as Expression]);
      (this.#hold(needed, matrices, fresh, dates) ? ready : later).push(place);
    }
    if (ready.length === 0) {
      this.#forget(fresh);
      this.letGo(matrices.keys(), []);
      throw new EvolveError(
        'out-of-memory',
        'The budget cannot hold the minute reductions of one program; raise --memory.',
      );
    }
    try {
      await this.#fill(fresh, matrices, dates, keep);
    } catch (error) {
      this.letGo(matrices.keys(), []);
      throw error;
    }
    return { ready, later, matrices, passing: keep ? [] : fresh.map(({ key }) => key) };
  }

  letGo(keys: Iterable<string>, passing: readonly string[]): void {
    for (const key of keys) this.#setting.values.letGo(key);
    for (const key of passing) this.#setting.values.discard(key);
  }

  /** Adds what is kept, and room for what is not; false when there is no room for all. */
  #hold(needed: ReadonlyMap<string, Call>, matrices: Map<string, Matrix>, fresh: Call[], dates: Dates): boolean {
    const { values, store } = this.#setting;
    const { calendar, symbols } = this.#setting.market.manifest;
    const stride = strideFor(symbols.length);
    for (const [key, call] of needed) {
      if (matrices.has(key)) continue;
      const kept = values.hold(key);
      // What is on disk is of all dates.
      const { from, to } = store?.has(key) ? { from: 0, to: calendar.length } : dates;
      const matrix = kept ?? values.make(key, to - from, symbols.length, stride * (to - from));
      if (!matrix) return false;
      // Date t is found in row t, where that row is or would be.
      matrices.set(key, kept ?? { ...matrix, address: matrix.address - from * stride, rows: calendar.length });
      if (kept) continue;
      if (store?.load(key, matrix)) this.#fromDisk++;
      else fresh.push(call);
    }
    return true;
  }

  async #fill(
    fresh: readonly Call[],
    matrices: ReadonlyMap<string, Matrix>,
    dates: Dates,
    keep: boolean,
  ): Promise<void> {
    if (fresh.length === 0) return;
    try {
      await this.#pass(fresh, matrices, dates);
    } catch (error) {
      this.#forget(fresh);
      throw error;
    }
    this.#made += fresh.length;
    if (keep) for (const { key } of fresh) this.#setting.store?.save(key, matrices.get(key) as Matrix);
  }

  /** What was never filled must not be found by the next batch. */
  #forget(unfilled: readonly Call[]): void {
    for (const { key } of unfilled) this.#setting.values.discard(key);
  }

  /** One pass; two of half the reductions each when their values do not fit a worker's scratch together. */
  async #pass(reductions: readonly Call[], matrices: ReadonlyMap<string, Matrix>, dates: Dates): Promise<void> {
    const { pool, spanBytes, onDates } = this.#setting;
    const into = reductions.map(({ key }) => matrices.get(key) as Matrix);
    const tasks: MinuteTask[] = [];
    for (let { from } = dates; from < dates.to; from += datesPerTask) {
      tasks.push({ kind: 'minute', reductions, into, from, to: Math.min(dates.to, from + datesPerTask) });
    }
    let done = 0;
    const answers = await allDone(
      tasks.map(async (task) => {
        const answer = await pool.insist(task);
        done += task.to - task.from;
        onDates?.(done, dates.to - dates.from);
        return answer;
      }),
    );
    if (answers.every((answer) => answer.kind === 'done')) return;
    if (reductions.length === 1) {
      throw new EvolveError(
        'out-of-memory',
        `The bars of a day do not fit a worker's scratch of ${mebibytes(spanBytes)}.`,
      );
    }
    const half = Math.ceil(reductions.length / 2);
    await this.#pass(reductions.slice(0, half), matrices, dates);
    await this.#pass(reductions.slice(half), matrices, dates);
  }
}
