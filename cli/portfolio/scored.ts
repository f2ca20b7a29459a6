/** The scores of a backtest: a column of a file, a formula, or the formulas of a library in equal weights. */
import { EvolveError } from '../../core/failure.ts';
import { nearest } from '../../core/nearest.ts';
import type { MarketManifest } from '../../data/market.ts';
import type { Evaluator } from '../../evaluation/evaluator.ts';
import { addMember, equalWeights, leaveOut } from '../../evaluation/tear-sheet/combine.ts';
import { factorValues, type JudgedFactor } from '../../evaluation/tear-sheet/factor-values.ts';
import { standardise } from '../../evaluation/tear-sheet/prepare.ts';
import { winsorise } from '../../evaluation/tear-sheet/winsorise.ts';
import type { Panel } from '../../portfolio/inputs.ts';
import { type JudgedSources, judgedSources } from '../evaluate/judged-sources.ts';
import { countOf } from '../print/number.ts';

export interface ScoreSource extends JudgedSources {
  /** What the scores are, for the record. */
  readonly name: string;
}

export async function scoreSource(
  scores: string,
  column: string | undefined,
  manifest: MarketManifest,
): Promise<ScoreSource> {
  const judged = await judgedSources([scores], manifest);
  const ofFile = judged.factors.filter(({ source }) => source.kind === 'scores');
  if (ofFile.length === 0) {
    if (column !== undefined) {
      throw new EvolveError('bad-argument', `--column ${column} is of a file of scores, and ${scores} is none.`);
    }
    const { length } = judged.factors;
    const name = length === 1 ? (judged.factors[0]?.name as string) : `${countOf(length, 'factor')} in equal weights`;
    return { ...judged, name };
  }
  const names = ofFile.map(({ name }) => name);
  if (column === undefined && ofFile.length > 1) {
    throw new EvolveError(
      'bad-argument',
      `${scores} has ${ofFile.length} columns of scores. Say which, such as --column ${names[0]}.`,
    );
  }
  const wanted = column === undefined ? ofFile[0] : ofFile.find(({ name }) => name === column);
  if (!wanted) {
    const near = nearest(column as string, names);
    throw new EvolveError(
      'bad-argument',
      `${scores} has no column ${column}${near ? `; did you mean ${near}?` : `; it has ${names.slice(0, 8).join(', ')}.`}`,
    );
  }
  return { ...judged, factors: [wanted], name: wanted.name };
}

/**
 * Their sum in shared memory, date-major. One alone is taken as it is, turned by its sign: an optimiser standardises what
 * it is given. Of several each is drawn in to 5 MAD and standardised first, a member at a time.
 */
export async function scoreCells(
  evaluator: Evaluator,
  factors: readonly JudgedFactor[],
  onMember: (done: number, total: number) => void,
): Promise<Panel> {
  const { calendar, symbols } = evaluator.market.manifest;
  const [dates, stride] = [calendar.length, symbols.length];
  const cells = new Float32Array(new SharedArrayBuffer(4 * dates * stride));
  const known = new Float32Array(factors.length > 1 ? dates * stride : 0);
  const weights = equalWeights(factors.map(({ sign = 1 }) => sign));
  const section = new Float64Array(stride);
  const all = { from: 0, step: 1, count: dates };
  for (const [member, factor] of factors.entries()) {
    onMember(member, factors.length);
    const [values] = await factorValues(evaluator, [factor], all);
    if (!values) throw new RangeError('a factor without values');
    const weight = weights[member] as number;
    for (let t = 0; t < dates; t++) {
      section.set(evaluator.arena.row(values, t));
      const sum = cells.subarray(t * stride, (t + 1) * stride);
      if (factors.length === 1) {
        for (let n = 0; n < stride; n++) {
          const value = section[n] as number;
          sum[n] = Number.isFinite(value) ? weight * value : Number.NaN;
        }
        continue;
      }
      for (let n = 0; n < stride; n++) if (!Number.isFinite(section[n])) section[n] = Number.NaN;
      winsorise(section, { kind: 'mad', k: 5 });
      standardise(section);
      addMember(section, [{ sum, weight }], known.subarray(t * stride, (t + 1) * stride));
    }
    evaluator.arena.release(values.address);
  }
  if (factors.length > 1) leaveOut([cells], known, factors.length);
  return { cells, stride };
}
