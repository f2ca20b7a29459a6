/** Factors beside each other on some of the judged dates: how alike they are. */
import type { Matrix } from '../../core/arena.ts';
import type { Rows } from '../apply.ts';
import { moments } from '../fitness.ts';
import { type Panel, rowsOf, type Sample, thinned } from './panel.ts';
import type { SheetProgress } from './progress.ts';
import type { CorrelationMatrix } from './sheet.ts';
import { affordable } from './training.ts';

const mostDates = 250;

export class LibrarySample {
  readonly #panel: Panel;
  readonly #sample: Sample;
  readonly #values: Matrix[] = [];

  /** Of so many at most. */
  constructor(panel: Panel, most: number, sampled: Sample) {
    this.#panel = panel;
    this.#sample = thinned(sampled, Math.min(mostDates, affordable(panel, most)));
  }

  close(): void {
    for (const { address } of this.#values) this.#panel.evaluator.arena.release(address);
  }

  /** The next one's values on all judged dates. */
  take(values: Matrix): void {
    const { arena } = this.#panel.evaluator;
    const { step, count } = this.#sample;
    const some = arena.matrix(count, this.#panel.symbols);
    for (let i = 0; i < count; i++) arena.row(some, i).set(arena.row(values, i * step));
    this.#values.push(some);
  }

  /** Once all are taken, with a name for each of them. */
  async compare(names: readonly string[], onProgress: SheetProgress): Promise<CorrelationMatrix> {
    onProgress('Comparing factors', 0, 2);
    const pearson = await this.#matrix();
    onProgress('Comparing factors', 1, 2);
    for (const values of this.#values) await this.#panel.rank(rowsOf(values, first), this.#sample.count);
    const spearman = await this.#matrix();
    onProgress('Comparing factors', 2, 2);
    return {
      names,
      pearson: pearson.means,
      spearman: spearman.means,
      dates: this.#sample.count,
      fewest: pearson.fewest,
    };
  }

  /** Mean over dates of every pair's correlation, and how many dates the pair with the fewest has. */
  async #matrix(): Promise<{ means: number[][]; fewest: number }> {
    const places = this.#values.flatMap((_, i) => this.#values.slice(0, i).map((__, j) => [i, j] as const));
    const rows = this.#values.map((values) => rowsOf(values, first));
    const pairs = places.map(([i, j]) => ({ a: rows[i] as Rows, b: rows[j] as Rows }));
    const daily = await this.#panel.related('pearson', pairs, this.#sample.count);
    const full = this.#values.map((_, i) => this.#values.map((__, j) => (i === j ? 1 : Number.NaN)));
    let fewest = this.#sample.count;
    for (const [p, [i, j]] of places.entries()) {
      const { mean, count } = moments(daily[p] as Float64Array);
      fewest = Math.min(fewest, count);
      (full[i] as number[])[j] = mean;
      (full[j] as number[])[i] = mean;
    }
    return { means: full, fewest };
  }
}

const first = { from: 0, step: 1 };
