/**
 * A market and a rule, laid out for a tear sheet: where the rows of the judged dates stand, and the work of each step
 * dealt out to the workers.
 */
import { allDone } from '../../core/all-done.ts';
import type { Matrix } from '../../core/arena.ts';
import type { Rows } from '../apply.ts';
import type { Evaluator } from '../evaluator.ts';
import type { Dates } from '../task.ts';
import { type ExposureMatrices, exposureMatrices } from './exposure-matrices.ts';
import type { Neutraliser } from './neutralisers.ts';
import type { SheetRule } from './rule.ts';
import type { CellCounts, PanelExposures, RelateTask } from './tasks.ts';

/** Dates from a first one on, every so many. */
export interface Sample {
  readonly from: number;
  readonly step: number;
  readonly count: number;
}

export const everySo = ({ from, to }: Dates, step: number): Sample => ({
  from,
  step,
  count: Math.max(0, Math.ceil((to - from) / step)),
});

/** Some of a sample, evenly spread. */
export function thinned({ from, step, count }: Sample, most: number): Sample {
  const apart = Math.max(1, Math.ceil(count / most));
  return { from, step: step * apart, count: Math.ceil(count / apart) };
}

export const datesOf = ({ from, step, count }: Sample): number[] =>
  Array.from({ length: count }, (_, i) => from + i * step);

/** Batches of pairs a worker gets, so that all finish together. */
const batchesPerWorker = 4;

export class Panel {
  readonly evaluator: Evaluator;
  readonly rule: SheetRule;
  readonly #listed: Matrix;
  readonly #universe: Matrix | undefined;
  readonly #weights: Matrix | undefined;
  readonly #exposures: ExposureMatrices;

  private constructor(evaluator: Evaluator, rule: SheetRule, exposures: ExposureMatrices) {
    this.evaluator = evaluator;
    this.rule = rule;
    this.#exposures = exposures;
    this.#listed = this.field('LISTED_DAYS') ?? this.needed('CLOSE');
    this.#universe = rule.universe === undefined ? undefined : this.needed(rule.universe);
    this.#weights = rule.weightedBy === undefined ? undefined : this.needed(rule.weightedBy);
  }

  static async lay(evaluator: Evaluator, rule: SheetRule, neutralisers: readonly Neutraliser[]): Promise<Panel> {
    const from = Math.min(rule.part.from, rule.train?.from ?? rule.part.from);
    const to = Math.max(rule.part.to, rule.train?.to ?? rule.part.to);
    return new Panel(evaluator, rule, await exposureMatrices(evaluator, neutralisers, { from, to }));
  }

  close(): void {
    this.#exposures.release();
  }

  get symbols(): number {
    return this.evaluator.market.manifest.symbols.length;
  }

  get #neutral(): boolean {
    return this.#exposures.groups !== undefined || this.#exposures.columns.length > 0;
  }

  field(name: string): Matrix | undefined {
    return this.evaluator.market.daily.get(name);
  }

  needed(name: string): Matrix {
    const matrix = this.field(name);
    if (!matrix) throw new RangeError(`${name} was not loaded`);
    return matrix;
  }

  get label(): Matrix {
    const { label } = this.evaluator;
    if (!label) throw new RangeError('the market has no label');
    return label;
  }

  /** Makes values comparable, in place; row i of them is the sample's date i. */
  async prepare(values: Rows, { from, step, count }: Sample, { neutral = true } = {}): Promise<CellCounts> {
    const { preparation } = this.rule;
    const parts = portions(count, this.evaluator.workers * 2);
    const answers = await allDone(
      parts.map(({ from: first, to }) => {
        const at = (matrix: Matrix): Rows => rowsOf(matrix, { from: from + first * step, step });
        return this.evaluator.run({
          kind: 'prepare',
          values: rowsOf(values, { from: first, step: 1 }),
          rows: to - first,
          listed: at(this.#listed),
          universe: this.#universe && at(this.#universe),
          traded: at(this.needed('CLOSE')),
          exposures: neutral && this.#neutral ? this.#exposureRows(at) : undefined,
          preparation,
        });
      }),
    );
    const sum = {
      cells: 0,
      known: 0,
      notTraded: 0,
      noValue: 0,
      noExposure: 0,
      noWeight: 0,
      sameForAll: 0,
      datesWithout: 0,
    };
    for (const answer of answers) {
      if (answer.kind !== 'prepared') throw new Error('a prepare task was answered by something else');
      for (const name of Object.keys(sum) as (keyof CellCounts)[]) sum[name] += answer.counts[name];
    }
    return sum;
  }

  #exposureRows(at: (matrix: Matrix) => Rows): PanelExposures {
    const { groups, columns } = this.#exposures;
    return {
      groups: groups && at(groups),
      columns: columns.map(({ matrix, log }) => ({ rows: at(matrix), log })),
      weights: this.#weights && at(this.#weights),
    };
  }

  /** Replaces values by their ranks among the date's, in place. */
  async rank(values: Rows, rows: number): Promise<void> {
    await allDone(
      portions(rows, this.evaluator.workers).map(({ from, to }) =>
        this.evaluator.run({
          kind: 'rank',
          values: rowsOf(values, { from, step: 1 }),
          rows: to - from,
        }),
      ),
    );
  }

  /** The correlation of each pair on each of the rows. */
  async related(method: RelateTask['method'], pairs: RelateTask['pairs'], rows: number): Promise<Float64Array[]> {
    const all = pairs.map(() => new Float64Array(rows));
    const few = pairs.length < this.evaluator.workers;
    const stretches = portions(rows, few ? this.evaluator.workers * 2 : 1);
    const batches = portions(pairs.length, few ? 1 : Math.min(pairs.length, this.evaluator.workers * batchesPerWorker));
    await allDone(
      batches.flatMap((batch) =>
        stretches.map(async ({ from, to }) => {
          const later = (some: Rows): Rows => rowsOf(some, { from, step: 1 });
          const chosen = pairs.slice(batch.from, batch.to).map(({ a, b }) => ({ a: later(a), b: later(b) }));
          const answer = await this.evaluator.run({ kind: 'relate', method, pairs: chosen, rows: to - from });
          if (answer.kind !== 'related') throw new Error('a relate task was answered by something else');
          for (let p = 0; p < chosen.length; p++) {
            all[batch.from + p]?.set(answer.correlations.subarray(p * (to - from), (p + 1) * (to - from)), from);
          }
        }),
      ),
    );
    return all;
  }
}

export const rowsOf = (matrix: Rows, { from, step }: Pick<Sample, 'from' | 'step'>): Rows => ({
  address: matrix.address + from * matrix.stride,
  stride: step * matrix.stride,
});

/** [0, count) in so many pieces of about the same size, none of them empty. */
export function portions(count: number, pieces: number): Dates[] {
  const edges = Array.from({ length: pieces + 1 }, (_, k) => Math.round((count * k) / pieces));
  return edges.slice(1).flatMap((to, k) => (to > (edges[k] as number) ? [{ from: edges[k] as number, to }] : []));
}
