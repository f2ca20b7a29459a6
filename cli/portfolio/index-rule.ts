/** What `--index` says: the market's own, the largest by CAP, or weights from a file. */
import { dateText, dayNumber } from '../../core/date.ts';
import { EvolveError } from '../../core/failure.ts';
import type { MarketManifest } from '../../data/market.ts';
import { readScores } from '../../data/scores.ts';
import type { IndexRule } from '../../portfolio/index/index-weights.ts';
import { droppedNotes } from '../dropped-notes.ts';
import { count, countOf, figure, percent } from '../print/number.ts';

export interface IndexWish {
  readonly rule: IndexRule;
  /** A sentence for each thing that was left out. */
  readonly notes: readonly string[];
}

/** Without a wish it is the market's own index, or its larger half where it has none. */
export async function indexRule(wish: string | undefined, manifest: MarketManifest): Promise<IndexWish> {
  const has = (name: string): boolean => manifest.fields.some((field) => field.name === name);
  if (wish === 'market') return { rule: { kind: 'market' }, notes: [] };
  if (wish === undefined) {
    if (has('WEIGHT') || has('MEMBER')) return { rule: { kind: 'market' }, notes: [] };
    const to = Math.max(1, Math.floor(manifest.symbols.length / 2));
    return {
      rule: { kind: 'top', from: 1, to },
      notes: [
        `The market has no index (neither WEIGHT nor MEMBER): the ${to} of the highest CAP stand for one. Say which with --index.`,
      ],
    };
  }
  if (wish.trim() === '') {
    throw new EvolveError('bad-argument', `--index "${wish}" says nothing. Give market, top:300 or a file of weights.`);
  }
  const top = /^top:(\d+)(?:-(\d+))?$/.exec(wish);
  if (top) {
    const [first, last] = [Number(top[1]), top[2] === undefined ? undefined : Number(top[2])];
    const [from, to] = last === undefined ? [1, first] : [first, last];
    return { rule: { kind: 'top', from, to }, notes: [] };
  }
  if (/^top\b/.test(wish)) {
    throw new EvolveError('bad-argument', `--index ${wish} should be top:300 or top:301-800.`);
  }
  const { calendar, symbols } = manifest;
  const days = everyDay(calendar);
  const { names, values, dropped } = await readScores(wish, { calendar: days, symbols });
  const [weights] = values;
  if (!weights || names.length > 1) {
    throw new EvolveError(
      'bad-argument',
      `--index ${wish} should have one column of weights beside date and symbol; it has ${names.join(', ')}.`,
    );
  }
  if (weights.some((weight) => weight < 0)) {
    throw new EvolveError('bad-data', `--index ${wish} has weights below 0. An index holds, it does not short.`);
  }
  return {
    rule: { kind: 'weights', values: onDates(weights, days, manifest), name: wish },
    notes: [...droppedNotes(wish, { dropped }), ...uneven(wish, weights, days, symbols.length)],
  };
}

/** Sums as rounded weights have them. */
const nearly = 0.01;

/**
 * Weights of a date that are not the whole index, as when symbols are unknown or have no number, say so by their sum. It
 * should be 1, or 100 of percents.
 */
function uneven(file: string, weights: Float32Array, days: readonly string[], symbols: number): string[] {
  const sums = days.flatMap((day, d) => {
    let sum = 0;
    for (const weight of weights.subarray(d * symbols, (d + 1) * symbols)) if (weight > 0) sum += weight;
    return sum > 0 ? [{ day, sum }] : [];
  });
  const middle = sums.map(({ sum }) => sum).sort((a, b) => a - b)[Math.floor(sums.length / 2)] ?? 1;
  const whole = middle > 10 ? 100 : 1;
  const off = sums.filter(({ sum }) => Math.abs(sum / whole - 1) > nearly);
  const far = ({ sum }: { readonly sum: number }): number => Math.abs(Math.log(sum / whole));
  const [first, ...others] = off;
  if (!first) return [];
  const worst = others.reduce((most, one) => (far(one) > far(most) ? one : most), first);
  const lost = worst.sum < whole ? `, ${percent(1 - worst.sum / whole, 1)} less` : '';
  return [
    `${file}: weights of symbols in the market do not add up to ${whole} on ${count(off.length)} of ${countOf(sums.length, 'date')}, on ${worst.day} to ${figure(worst.sum)}${lost}. They are taken in proportion, so what is missing (no number, a symbol the market does not have) goes to the others.`,
  ];
}

/** From the first date of a calendar to its last. */
function everyDay(calendar: readonly string[]): string[] {
  const [first, last] = [calendar[0], calendar.at(-1)].map((date) => dayNumber(date as string)) as [number, number];
  return Array.from({ length: last - first + 1 }, (_, day) => dateText(first + day));
}

/** Weights of a day without trade, such as the end of a month, are those of the next date, unless it has its own. */
function onDates(
  weights: Float32Array,
  days: readonly string[],
  { calendar, symbols }: Pick<MarketManifest, 'calendar' | 'symbols'>,
): Float32Array {
  const N = symbols.length;
  const out = new Float32Array(calendar.length * N).fill(Number.NaN);
  let t = 0;
  for (const [d, day] of days.entries()) {
    while ((calendar[t] as string) < day) t++;
    const row = weights.subarray(d * N, (d + 1) * N);
    if (row.some((weight) => weight > 0)) out.set(row, t * N);
  }
  return out;
}
