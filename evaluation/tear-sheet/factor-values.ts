/** A factor's values before anything is done to them: computed by its program, or read from a file of scores. */
import type { Matrix } from '../../core/arena.ts';
import { canonical } from '../../program/canonical.ts';
import type { Expression } from '../../program/expression.ts';
import type { Evaluator } from '../evaluator.ts';
import { datesOf, type Sample } from './panel.ts';

export interface JudgedFactor {
  readonly name: string;
  readonly source:
    | { readonly kind: 'program'; readonly program: Expression }
    /** Date-major cells of the whole calendar. */
    | { readonly kind: 'scores'; readonly cells: Float32Array };
  /** What it comes from, with others. */
  readonly group?: string | undefined;
  /** Decided by whoever made it; on the training dates without. */
  readonly sign?: 1 | -1 | undefined;
}

/** A row for each date of the sample, in matrices that are the caller's to release. */
export async function factorValues(
  evaluator: Evaluator,
  factors: readonly JudgedFactor[],
  sample: Sample,
): Promise<Matrix[]> {
  const programs = factors.flatMap(({ source }) => (source.kind === 'program' ? [canonical(source.program)] : []));
  const { from, step, count } = sample;
  const computed =
    step === 1
      ? await evaluator.values(programs, { from, to: from + count })
      : await evaluator.sample(programs, datesOf(sample));
  const { length: symbols } = evaluator.market.manifest.symbols;
  let next = 0;
  return factors.map(({ source }) => {
    if (source.kind === 'program') return computed[next++] as Matrix;
    const matrix = evaluator.arena.matrix(count, symbols);
    for (const [i, t] of datesOf(sample).entries()) {
      evaluator.arena.row(matrix, i).set(source.cells.subarray(t * symbols, (t + 1) * symbols));
    }
    return matrix;
  });
}
