/** Random valid programs, and a small market with holes to evaluate them on. */
import fc from 'fast-check';
import { type Stream, stream } from '../../core/random.ts';
import type { Unit } from '../../core/units.ts';
import type { Expression } from '../../program/expression.ts';
import type { GrowOptions } from '../../program/grammar.ts';
import { randomProgram, randomValue, standardWindows, type Want } from '../../program/random-program.ts';
import type { PlainMarket } from '../../program/reference-program.ts';
import { standardVocabulary } from '../../program/vocabulary.ts';

/** 9:30-11:30 and 13:00-15:00, as in Shanghai. */
export const session = (barMinutes: number) => ({
  starts: [570, 780].flatMap((open) => Array.from({ length: 120 / barMinutes }, (_, i) => open + i * barMinutes)),
  barMinutes,
});

export const fullSize: GrowOptions = {
  vocabulary: standardVocabulary,
  windows: standardWindows,
  minuteWindows: [240],
  minuteGrid: session(1),
  maxSize: 12,
  maxDepth: 7,
};

/** Short windows and 16 bars a day, so that small markets have values. */
export const smallSize: GrowOptions = {
  vocabulary: standardVocabulary,
  windows: [1, 2, 5],
  minuteWindows: [4, 16],
  minuteGrid: session(15),
  maxSize: 6,
  maxDepth: 4,
};

const seed = fc.nat(2 ** 31 - 1);

export const program = (options: GrowOptions): fc.Arbitrary<Expression> =>
  seed.map((seed) => randomProgram(stream(seed, 0, 0), options));

/** Any value at all: every kind, and units a factor could not have. */
export const value = (want: Want, options: GrowOptions): fc.Arbitrary<Expression> =>
  seed.map((seed) => {
    const made = randomValue(stream(seed, 0, 0), want, options);
    if (!made) throw new Error(`nothing of kind ${want.kind} can be made`);
    return made;
  });

/** Prices are multiplied by `measures.price`, volumes by `measures.shares`, money by both. */
export function plainMarket(seed: number, rows = 14, columns = 5, measures: Unit = one): PlainMarket {
  const draws = stream(seed, 1, 0);
  const { starts } = smallSize.minuteGrid as { starts: readonly number[] };
  const daily = new Map<string, Float64Array>();
  const minute = new Map<string, Float64Array>();
  for (const { name, kind, unit } of standardVocabulary.values()) {
    const cells = { s: 0, g: rows * columns, v: rows, m: rows * columns, b: rows * starts.length * columns }[kind];
    const scale = (unit.price === 0 ? 1 : 8 * measures.price) * (unit.shares === 0 ? 1 : 1000 * measures.shares);
    const values = Float64Array.from({ length: cells }, () => {
      if (kind === 'g') return draws.below(2);
      const size = unit.price === 0 && unit.shares === 0 ? draws.normal() : 1 + draws.next();
      return hole(draws) ? Number.NaN : size * scale;
    });
    (kind === 'b' ? minute : daily).set(name, values);
  }
  const label = Float64Array.from({ length: rows * columns }, () => (hole(draws) ? Number.NaN : draws.normal()));
  return { rows, columns, daily, minute, starts, label, labelDelay: 2 };
}

const one: Unit = { price: 1, shares: 1 };
const hole = (draws: Stream): boolean => draws.below(100) === 0;
