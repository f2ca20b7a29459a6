/** Exposures to the styles of the risk model, for losses that are neutral to them. */
import { EvolveError } from '../../core/failure.ts';
import type { Evaluator } from '../../evaluation/evaluator.ts';
import { styleFields } from '../../evaluation/tear-sheet/styles.ts';
import type { StyleCells } from './style-basis.ts';

export interface StyleExposures extends StyleCells {
  readonly names: readonly string[];
  /** With a clause: what is missing for it. */
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
}

/** There are fewer. */
const mostStyles = 16;
/** Windows of the model are months and years of trading days. */
const leastDatesPerYear = 200;
/** Of exposures at once in the memory of the workers; the dates come in as many portions as that takes. */
const mostBytes = 256 * 1024 ** 2;

/** Values in memory that threads share; missing on dates not asked for. All of `styleFields` that the market has are loaded. */
export async function styleExposures(evaluator: Evaluator, dates?: readonly number[]): Promise<StyleExposures> {
  const { calendar, symbols, datesPerYear } = evaluator.market.manifest;
  if (datesPerYear < leastDatesPerYear) {
    throw none(evaluator, `their windows are of trading days, and the market has ${datesPerYear} dates a year`);
  }
  const wanted = [...new Set(dates ?? calendar.keys())].sort((a, b) => a - b);
  const atOnce = Math.max(1, Math.min(wanted.length, Math.floor(mostBytes / (mostStyles * 4 * symbols.length))));
  const rows = Array.from({ length: mostStyles }, () => evaluator.arena.matrix(atOnce, symbols.length));
  try {
    let all: StyleExposures | undefined;
    for (let from = 0; from < Math.max(1, wanted.length); from += atOnce) {
      const take = wanted.slice(from, from + atOnce);
      const answer = await styled(evaluator, take, rows);
      const count = answer.found.length;
      if (count === 0) {
        throw none(evaluator, answer.leftOut.map(({ name, reason }) => `${name}: ${reason}`).join('; '));
      }
      all ??= {
        names: answer.found.map(({ name }) => name),
        leftOut: answer.leftOut,
        count,
        values: new Float32Array(new SharedArrayBuffer(4 * count * calendar.length * symbols.length)).fill(Number.NaN),
      };
      for (let k = 0; k < count; k++) {
        for (const [i, date] of take.entries()) {
          const row = evaluator.arena.row(rows[k] as (typeof rows)[number], i);
          all.values.set(row, (k * calendar.length + date) * symbols.length);
        }
      }
    }
    return all as StyleExposures;
  } finally {
    for (const { address } of rows) evaluator.arena.release(address);
  }
}

async function styled(
  evaluator: Evaluator,
  take: readonly number[],
  into: readonly { readonly address: number; readonly stride: number }[],
) {
  const { daily, manifest } = evaluator.market;
  const fields = manifest.fields.flatMap(({ name, kind, snapshot }) => {
    // What is known of one day only knows the future on those before.
    if (snapshot || !styleFields.includes(name)) return [];
    const matrix = daily.get(name);
    if (!matrix) throw new RangeError(`${name} was not loaded`);
    return [{ name, rows: { address: matrix.address, stride: matrix.stride }, vector: kind === 'v' }];
  });
  const answer = await evaluator.run({
    kind: 'styles',
    dates: (take.at(-1) ?? -1) + 1,
    fields,
    take,
    into: into.map(({ address, stride }) => ({ address, stride })),
  });
  if (answer.kind !== 'styled') throw new Error('a styles task was answered by something else');
  return answer;
}

const none = ({ market }: Evaluator, reason: string): EvolveError =>
  new EvolveError(
    'missing-field',
    `A neutral loss takes the styles of the risk model off predictions, and the market ${market.manifest.name} gives none (${reason}). Train without it, or import the fields.`,
  );
