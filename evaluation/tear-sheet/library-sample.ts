/** Factors beside each other on some of the judged dates: how alike they are, and what they are worth together. */
import type { Matrix } from '../../core/arena.ts';
import type { Rows } from '../apply.ts';
import { moments } from '../fitness.ts';
import { combined, equalWeights, icWeights } from './combine.ts';
import { icReport } from './daily-ic.ts';
import type { JudgedFactor } from './factor-values.ts';
import { datesOf, type Panel, rowsOf, type Sample, thinned } from './panel.ts';
import type { SheetProgress } from './progress.ts';
import { defaultPenalty } from './ridge-sums.ts';
import type { CombinationSheet, CorrelationMatrix } from './sheet.ts';
import { affordable, onOneScale, type Training } from './training.ts';

const mostDates = 250;

export class LibrarySample {
  readonly #panel: Panel;
  readonly #factors: readonly JudgedFactor[];
  readonly #sample: Sample;
  readonly #values: Matrix[] = [];

  constructor(panel: Panel, factors: readonly JudgedFactor[], sampled: Sample) {
    this.#panel = panel;
    this.#factors = factors;
    this.#sample = thinned(sampled, Math.min(mostDates, affordable(panel, factors.length)));
  }

  close(): void {
    for (const { address } of this.#values) this.#panel.evaluator.arena.release(address);
  }

  /** The next factor's values on all judged dates. */
  take(values: Matrix): void {
    const { arena } = this.#panel.evaluator;
    const { step, count } = this.#sample;
    const some = arena.matrix(count, this.#panel.symbols);
    for (let i = 0; i < count; i++) arena.row(some, i).set(arena.row(values, i * step));
    this.#values.push(some);
  }

  /** Once all factors are taken. Weights of their own need training dates; equal ones nothing but signs that are known. */
  async compare(
    signs: readonly (1 | -1)[] | undefined,
    training: Training | undefined,
    onProgress: SheetProgress,
  ): Promise<{ correlation: CorrelationMatrix; combinations: CombinationSheet[] }> {
    onProgress('Comparing factors', 0, 3);
    const pearson = await this.#matrix();
    onProgress('Comparing factors', 1, 3);
    const combinations = signs ? await this.#combinations(signs, training) : [];
    onProgress('Comparing factors', 2, 3);
    for (const values of this.#values) await this.#panel.rank(rowsOf(values, first), this.#sample.count);
    const spearman = await this.#matrix();
    onProgress('Comparing factors', 3, 3);
    const names = this.#factors.map(({ name }) => name);
    const correlation = {
      names,
      pearson: pearson.means,
      spearman: spearman.means,
      dates: this.#sample.count,
      fewest: pearson.fewest,
    };
    return { correlation, combinations };
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

  async #combinations(signs: readonly (1 | -1)[], training: Training | undefined): Promise<CombinationSheet[]> {
    const { evaluator, rule } = this.#panel;
    const { calendar } = evaluator.market.manifest;
    const weights = {
      equal: equalWeights(signs),
      ...(training && { ic: icWeights(training.means), ridge: training.ridge.weights(defaultPenalty) }),
    };
    const dates = datesOf(this.#sample).map((t) => calendar[t] as string);
    const fitted = training && fittedOn(training, calendar);
    const sheets: CombinationSheet[] = [];
    for (const [name, some] of Object.entries(weights)) {
      const values = this.#combined(some);
      try {
        const pair = { a: rowsOf(values, first), b: rowsOf(this.#panel.label, this.#sample) };
        const report = async (method: 'pearson' | 'rank') => {
          const [daily] = await this.#panel.related(method, [pair], this.#sample.count);
          return icReport([...(daily as Float64Array)], dates, {
            horizon: rule.label.horizon,
            every: this.#sample.step,
          });
        };
        sheets.push({
          name,
          weights: some,
          ...(fitted && { fitted }),
          ic: await report('pearson'),
          rankIc: await report('rank'),
        });
      } finally {
        evaluator.arena.release(values.address);
      }
    }
    return sheets;
  }

  #combined(weights: readonly number[]): Matrix {
    const { arena } = this.#panel.evaluator;
    const out = arena.matrix(this.#sample.count, this.#panel.symbols);
    const section = new Float64Array(this.#panel.symbols);
    for (let i = 0; i < this.#sample.count; i++) {
      combined(
        this.#values.map((values) => onOneScale(this.#panel, values, i)),
        weights,
        section,
      );
      arena.row(out, i).set(section);
    }
    return out;
  }
}

const fittedOn = ({ sample: { from, count, step }, ridge }: Training, calendar: readonly string[]) => ({
  from: calendar[from] as string,
  to: calendar[from + (count - 1) * step] as string,
  dates: ridge.dates,
});

const first = { from: 0, step: 1 };
