/** What the training dates say of factors, prepared as they are judged: which way they point, and what each is worth beside the others. */
import { type Matrix, strideFor } from '../../core/arena.ts';
import { moments } from '../fitness.ts';
import type { Dates } from '../task.ts';
import { factorValues, type JudgedFactor } from './factor-values.ts';
import { datesOf, everySo, type Panel, rowsOf, type Sample, thinned } from './panel.ts';
import { standardise } from './prepare.ts';
import { RidgeSums } from './ridge-sums.ts';
import type { Section } from './section.ts';

export interface Training {
  /** The dates looked at. */
  readonly sample: Sample;
  /** Mean correlations with the label, factor by factor. */
  readonly means: readonly number[];
  readonly ridge: RidgeSums;
}

/** The work of a regression grows with the square of the factors: of few every date counts, of a hundred as many dates. */
const mostCells = 4000;
const leastDates = 100;
/** Of all factors' values. */
const mostBytes = 512 * 1024 ** 2;

export async function trained(panel: Panel, factors: readonly JudgedFactor[], dates: Dates): Promise<Training> {
  const { evaluator, label } = panel;
  const { arena } = evaluator;
  const sample = thinned(
    everySo(dates, 1),
    Math.min(Math.max(leastDates, Math.floor(mostCells / factors.length)), affordable(panel, factors.length)),
  );
  const members = await factorValues(evaluator, factors, sample);
  try {
    for (const values of members) await panel.prepare(rowsOf(values, first), sample);
    const b = rowsOf(label, sample);
    const daily = await panel.related(
      'pearson',
      members.map((values) => ({ a: rowsOf(values, first), b })),
      sample.count,
    );
    const ridge = new RidgeSums(members.length);
    if (members.length > 1) {
      for (const [i, t] of datesOf(sample).entries()) {
        const sections = members.map((values) => onOneScale(panel, values, i));
        ridge.add(sections, Float64Array.from(arena.row(label, t)));
      }
    }
    return { sample, means: daily.map((series) => moments(series).mean), ridge };
  } finally {
    for (const { address } of members) arena.release(address);
  }
}

/** A date of one factor on the scale of the others: --no-standardise is about each factor, not about their sum. */
function onOneScale({ evaluator, rule }: Panel, values: Matrix, row: number): Section {
  const section = Float64Array.from(evaluator.arena.row(values, row));
  if (!rule.preparation.standardise) standardise(section);
  return section;
}

/** Dates of so many factors that may be in memory at once. */
export const affordable = ({ symbols }: Panel, factors: number): number =>
  Math.max(1, Math.floor(mostBytes / (factors * strideFor(symbols))));

const first = { from: 0, step: 1 };
