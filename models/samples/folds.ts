/**
 * Which dates train, which decide when to stop, and which are predicted, training after training. A network that predicts
 * from date p on learns from labels that were known at the close before p, and is not changed until the next fold.
 *
 *   reach | train ...... | embargo | valid ... | delay | p: predict ...
 *
 * The label of a date takes lag + horizon dates to be known. That is the delay before p, so the last price in any label is
 * p - 1's, and the embargo before valid, so the last price in a label of train is that of the date before valid begins.
 */
import { EvolveError } from '../../core/failure.ts';
import { embargoOf } from '../../data/splits.ts';
import { calendarStretch } from '../../evaluation/calendar-stretch.ts';
import type { TrainingRule } from '../training-rule.ts';

export interface Fold {
  readonly number: number;
  /** Places in the calendar, ascending, as all dates here. */
  readonly train: readonly number[];
  readonly valid: readonly number[];
  /** Dates [from, to) it predicts. */
  readonly predict: { readonly from: number; readonly to: number };
}

export interface FoldRule extends Pick<TrainingRule, 'label' | 'history' | 'every' | 'validShare' | 'retrainMonths'> {
  /** Dates of input before a sample's own, lags and windows together: samples start there. */
  readonly reach: number;
  /** First and last date to predict. A first date that is given begins a fold, whatever its place in a period. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export function foldsOf(calendar: readonly string[], rule: FoldRule): Fold[] {
  check(rule);
  const delay = embargoOf(rule.label);
  if (!(delay < calendar.length)) {
    throw new EvolveError(
      'bad-argument',
      `A label is known ${dates(delay)} after its own, lag and horizon together, and the market has ${dates(calendar.length)}. Use a shorter --horizon or --lag, or a longer market.`,
    );
  }
  const asked = calendarStretch(calendar, rule);
  if (!asked) throw new EvolveError('bad-argument', `There is no date to predict: ${shown(calendar, rule)}.`);
  const least = leastHistory(rule);
  if (rule.history < least) {
    throw new EvolveError(
      'bad-argument',
      `A history of ${dates(rule.history)} is too short: its last ${dates(validDates(rule))} validate, the ${delay} before them are left out so that no label of training reaches them, and none is left to learn from. Use --history ${least} or more.`,
    );
  }
  const possible = rule.reach + rule.history + delay;
  const first = rule.from === undefined ? firstBoundary(calendar, rule, possible, asked.to) : asked.from;
  if (first < possible || first >= asked.to) throw tooShort(calendar, rule, asked, least);
  const starts = [first, ...boundaries(calendar, rule.retrainMonths, first + 1, asked.to)];
  return starts.map((from, number) => ({
    number,
    ...learned(rule, from),
    predict: { from, to: starts[number + 1] ?? asked.to },
  }));
}

function learned(rule: FoldRule, from: number): Pick<Fold, 'train' | 'valid'> {
  const end = from - embargoOf(rule.label);
  const validFrom = end - validDates(rule);
  const train = { from: end - rule.history, to: validFrom - embargoOf(rule.label) };
  return { train: teaching(train, rule.every), valid: teaching({ from: validFrom, to: end }, rule.every) };
}

/** Of a stretch its last date, and back from it every so manieth. */
function teaching({ from, to }: { readonly from: number; readonly to: number }, every: number): number[] {
  const count = Math.max(0, Math.ceil((to - from) / every));
  return Array.from({ length: count }, (_, i) => to - 1 - (count - 1 - i) * every);
}

const validDates = ({ history, validShare }: FoldRule): number => Math.max(1, Math.round(history * validShare));

/** The shortest history with a date to learn from; a longer one has more of them. */
function leastHistory(rule: FoldRule): number {
  // No shorter one has: counting up to it from 2 takes for ever where next to nothing is left to learn from.
  const least = Math.floor((embargoOf(rule.label) + 0.5) / (1 - rule.validShare)) - 1;
  for (let history = Math.max(2, least); ; history++) {
    if (validDates({ ...rule, history }) + embargoOf(rule.label) < history) return history;
  }
}

/** Where the calendar's periods of so many months begin, counted from a January: 6 are those from January and July. */
function boundaries(calendar: readonly string[], months: number, from: number, to: number): number[] {
  if (months === 0) return [];
  const period = (date: string): number =>
    Math.floor((12 * Number(date.slice(0, 4)) + Number(date.slice(5, 7)) - 1) / months);
  const found: number[] = [];
  for (let t = Math.max(1, from); t < to; t++) {
    if (period(calendar[t] as string) !== period(calendar[t - 1] as string)) found.push(t);
  }
  return found;
}

/** With no boundary left, one training predicts all it can. */
const firstBoundary = (calendar: readonly string[], rule: FoldRule, possible: number, to: number): number =>
  boundaries(calendar, rule.retrainMonths, possible, to)[0] ?? possible;

function tooShort(
  calendar: readonly string[],
  rule: FoldRule,
  asked: { readonly from: number; readonly to: number },
  least: number,
): EvolveError {
  const delay = embargoOf(rule.label);
  const needed = rule.reach + rule.history + delay;
  const before = rule.from === undefined ? asked.to - 1 : asked.from;
  const works = before - rule.reach - delay;
  const later = rule.from !== undefined && needed < asked.to ? `--from ${calendar[needed]}` : undefined;
  const shorter = works >= least ? `--history ${works}` : undefined;
  const remedy = [shorter, later].filter((flag) => flag !== undefined).join(' or ');
  return new EvolveError(
    'bad-argument',
    `A network needs ${dates(needed)} before the first it predicts: ${rule.reach} that inputs look back on, a history of ${rule.history}, and ${delay} until its last label is known; there are ${before} before ${calendar[before]}. ${
      remedy === ''
        ? `${dates(rule.reach + least + delay)} are the least there must be, with --history ${least}: use a longer market, or shorter windows or a shorter horizon.`
        : `Use ${remedy}.`
    }`,
  );
}

function check({ history, every, validShare, retrainMonths }: FoldRule): void {
  const wrong = (what: string): never => {
    throw new EvolveError('bad-argument', what);
  };
  if (!Number.isInteger(history) || history < 1)
    wrong(`The history should be a whole number of dates, not ${history}.`);
  if (!Number.isInteger(every) || every < 1) {
    wrong(`Every so manieth date teaches: that should be a whole number, at least 1, not ${every}.`);
  }
  // Next to 1 no history would leave a date to learn from, and numbers would no longer tell one from the next.
  if (!(validShare > 0 && 1 - validShare > 1e-6)) {
    wrong(`The share of the history that validates should lie between 0 and 1, such as 0.2, not ${validShare}.`);
  }
  if (!Number.isInteger(retrainMonths) || retrainMonths < 0) {
    wrong(`Networks are trained anew every so many months: a whole number, or 0 for once, not ${retrainMonths}.`);
  }
}

const dates = (count: number): string => `${count} ${count === 1 ? 'date' : 'dates'}`;

const shown = (calendar: readonly string[], { from, to }: FoldRule): string =>
  `the market's go from ${calendar[0]} to ${calendar.at(-1)}, and asked for are those ${[from && `from ${from}`, to && `to ${to}`].filter(Boolean).join(' ')}`;
