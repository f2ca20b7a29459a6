/**
 * Train, validation and test by date. Between two parts lies an embargo at least as long as a label takes to be known
 * (lag + horizon dates), cut from the end of the earlier part: no label of one part reaches into the next.
 */
import { isDate } from '../core/date.ts';
import { EvolveError } from '../core/failure.ts';
import type { LabelRule } from './market.ts';

export type PartName = 'train' | 'valid' | 'test';

/** Calendar positions [first, end). */
export interface Part {
  readonly first: number;
  readonly end: number;
}

export type Split = Readonly<Record<PartName, Part>>;

export type SplitRule =
  | { readonly kind: 'fractions'; readonly train: number; readonly valid: number; readonly test: number }
  /** Each part from one date to another, both included. */
  | { readonly kind: 'dates'; readonly train: DateRange; readonly valid: DateRange; readonly test: DateRange };
export type DateRange = readonly [from: string, to: string];

export const defaultSplit: SplitRule = { kind: 'fractions', train: 0.6, valid: 0.2, test: 0.2 };

const names = ['train', 'valid', 'test'] as const;

export const embargoOf = ({ lag, horizon }: LabelRule): number => lag + horizon;

export function splitCalendar(calendar: readonly string[], rule: SplitRule, embargo: number): Split {
  const parts = rule.kind === 'fractions' ? byFractions(calendar.length, rule) : byDates(calendar, rule);
  const [train, valid, test] = parts.map((part, i) => {
    const next = parts[i + 1];
    const end = next ? Math.min(part.end, next.first - embargo) : part.end;
    if (end <= part.first) throw tooShort(calendar, names[i] as PartName, part, embargo);
    return { first: part.first, end };
  }) as [Part, Part, Part];
  return { train, valid, test };
}

function byFractions(dates: number, rule: SplitRule & { kind: 'fractions' }): Part[] {
  const fractions = names.map((name) => rule[name]);
  const sum = fractions.reduce((a, b) => a + b, 0);
  const empty = names.find((name) => !(rule[name] > 0));
  if (empty) {
    throw new EvolveError(
      'bad-argument',
      `The ${empty} part of a split should be above 0, not ${rule[empty]}: training, validation and test are all needed, such as 0.6, 0.2, 0.2.`,
    );
  }
  if (Math.abs(sum - 1) > 1e-9) {
    throw new EvolveError(
      'bad-argument',
      `The parts of a split should add up to 1, such as 0.6, 0.2, 0.2; ${fractions.join(', ')} add up to ${Number(sum.toFixed(6))}.`,
    );
  }
  const valid = Math.round(dates * rule.train);
  const test = Math.round(dates * (rule.train + rule.valid));
  return [
    { first: 0, end: valid },
    { first: valid, end: test },
    { first: test, end: dates },
  ];
}

function byDates(calendar: readonly string[], rule: SplitRule & { kind: 'dates' }): Part[] {
  const [begin, finish] = [calendar[0] as string, calendar.at(-1) as string];
  for (const name of names) {
    const [from, to] = rule[name];
    for (const date of [from, to]) {
      if (!isDate(date)) {
        throw new EvolveError('bad-argument', `"${date}" in the ${name} part should be a date like 2024-01-31.`);
      }
    }
    if (from > to) throw new EvolveError('bad-argument', `The ${name} part begins on ${from}, after it ends on ${to}.`);
    if (to < begin || from > finish) {
      throw new EvolveError(
        'bad-argument',
        `The ${name} part, ${from} to ${to}, lies outside the market's dates, ${begin} to ${finish}.`,
      );
    }
  }
  for (const [earlier, later] of [
    ['train', 'valid'],
    ['valid', 'test'],
  ] as const) {
    const [end, start] = [rule[earlier][1], rule[later][0]];
    if (start <= end) {
      throw new EvolveError(
        'bad-argument',
        `The ${later} part begins on ${start}, before the ${earlier} part ends on ${end}: parts must follow each other.`,
      );
    }
  }
  return names.map((name) => ({
    first: calendar.filter((date) => date < rule[name][0]).length,
    end: calendar.filter((date) => date <= rule[name][1]).length,
  }));
}

function tooShort(calendar: readonly string[], name: PartName, { first, end }: Part, embargo: number): EvolveError {
  const dates = Math.max(0, end - first);
  const place = dates > 0 ? `, ${calendar[first]} to ${calendar[end - 1]},` : '';
  return new EvolveError(
    'bad-argument',
    `The ${name} part${place} has ${dates} ${dates === 1 ? 'date' : 'dates'}, and none is left beside an embargo of ${embargo} dates before the next part. Give it more dates or shorten the label's horizon.`,
  );
}
