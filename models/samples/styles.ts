/** Exposures to the styles of the risk model, for losses that are neutral to them. */
import { EvolveError } from '../../core/failure.ts';
import type { Evaluator } from '../../evaluation/evaluator.ts';
import { mostStyles, takeStyles, tooRareForStyles } from '../../evaluation/tear-sheet/take-styles.ts';
import type { StyleCells } from './style-basis.ts';

export interface StyleExposures extends StyleCells {
  readonly names: readonly string[];
  /** With a clause: what is missing for it. */
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
}

/** Of exposures at once in the memory of the workers; the dates come in as many portions as that takes. */
const mostBytes = 256 * 1024 ** 2;

/** Values in memory that threads share; missing on dates not asked for. What takeStyles needs is loaded. */
export async function styleExposures(evaluator: Evaluator, dates?: readonly number[]): Promise<StyleExposures> {
  const { calendar, symbols, datesPerYear } = evaluator.market.manifest;
  const tooRare = tooRareForStyles(datesPerYear);
  if (tooRare) throw none(evaluator, tooRare);
  const wanted = [...new Set(dates ?? calendar.keys())].sort((a, b) => a - b);
  const atOnce = Math.max(1, Math.min(wanted.length, Math.floor(mostBytes / (mostStyles * 4 * symbols.length))));
  const rows = Array.from({ length: mostStyles }, () => evaluator.arena.matrix(atOnce, symbols.length));
  try {
    let all: StyleExposures | undefined;
    for (let from = 0; from < Math.max(1, wanted.length); from += atOnce) {
      const take = wanted.slice(from, from + atOnce);
      const answer = await takeStyles(evaluator, { dates: (take.at(-1) ?? -1) + 1, take, into: rows });
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

const none = ({ market }: Evaluator, reason: string): EvolveError =>
  new EvolveError(
    'missing-field',
    `A neutral loss takes the styles of the risk model off predictions, and the market ${market.manifest.name} gives none (${reason}). Train without it, or import the fields.`,
  );
