/** What neutralises a market's sections, in memory: fields as they are loaded, programs once they are computed. */
import type { Matrix } from '../../core/arena.ts';
import { canonical } from '../../program/canonical.ts';
import type { Expression } from '../../program/expression.ts';
import type { Evaluator } from '../evaluator.ts';
import { fieldsOf } from '../minute-reduction.ts';
import type { Dates } from '../task.ts';
import type { Neutraliser } from './neutralisers.ts';

/** By calendar date. */
export interface ExposureMatrices {
  readonly groups: Matrix | undefined;
  /** `log`: its logarithm is the exposure. */
  readonly columns: readonly { readonly matrix: Matrix; readonly log: boolean }[];
  readonly release: () => void;
}

type Holder = Pick<Evaluator, 'market' | 'arena' | 'values'>;

/** Daily fields of the market that these read. */
export const exposureFields = (neutralisers: readonly Neutraliser[]): string[] => [
  ...neutralisers.flatMap(({ source }) => (source.kind === 'program' ? [] : [source.field])),
  ...fieldsOf(programsOf(neutralisers), 'daily'),
];

/** Programs have values on these dates, fields on all. */
export async function exposureMatrices(
  evaluator: Holder,
  neutralisers: readonly Neutraliser[],
  { from, to }: Dates,
): Promise<ExposureMatrices> {
  const loaded = (name: string): Matrix => {
    const matrix = evaluator.market.daily.get(name);
    if (!matrix) throw new RangeError(`${name} was not loaded`);
    return matrix;
  };
  const programs = programsOf(neutralisers);
  const made = programs.length > 0 ? await evaluator.values(programs, { from, to }) : [];
  // Where the calendar's first row would be.
  const shifted = made.map((matrix) => ({ ...matrix, address: matrix.address - from * matrix.stride })).values();
  const grouping = neutralisers.find(({ source }) => source.kind === 'groups')?.source;
  return {
    groups: grouping?.kind === 'groups' ? loaded(grouping.field) : undefined,
    columns: neutralisers.flatMap(({ source }) => {
      if (source.kind === 'groups') return [];
      if (source.kind === 'field') return [{ matrix: loaded(source.field), log: source.log }];
      return [{ matrix: shifted.next().value as Matrix, log: false }];
    }),
    release: () => {
      for (const { address } of made) evaluator.arena.release(address);
    },
  };
}

const programsOf = (neutralisers: readonly Neutraliser[]): Expression[] =>
  neutralisers.flatMap(({ source }) => (source.kind === 'program' ? [canonical(source.program)] : []));
