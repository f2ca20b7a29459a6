/** What only a market can tell: whether its fields are these, and whether its days have enough bars. */

import { clock } from '../core/clock.ts';
import { nearest } from '../core/nearest.ts';
import { sameUnit, unitName } from '../core/units.ts';
import { reductions } from '../operators/reference/interval.ts';
import { operatorOf } from '../operators/table.ts';
import { kindNames, leastWindow, type Refusal, refused } from './build.ts';
import type { Call, Expression, Field, IntervalArguments } from './expression.ts';
import { fieldList, type Vocabulary, type Word } from './vocabulary.ts';

/** The bars of a day, by when they begin, in minutes since midnight. */
export interface Session {
  readonly starts: readonly number[];
  readonly barMinutes: number;
}

/** The expression if this market can give it a value, else why not. Bars are checked only against a session. */
export function bind(expression: Expression, vocabulary: Vocabulary, session?: Session): Expression | Refusal {
  return check(expression, vocabulary, session) ?? expression;
}

/** How many of a day's first bars are missing from a minute value, because `bar_*` operators look back; 0 for daily ones. */
export function barsLost(expression: Expression): number {
  if (expression.kind !== 'b' || expression.node !== 'call') return 0;
  let lost = 0;
  for (const input of expression.inputs) lost = Math.max(lost, barsLost(input));
  return operatorOf(expression.operator).shape === 'bar' ? lost + (expression.parameters[0] as number) : lost;
}

function check(expression: Expression, vocabulary: Vocabulary, session: Session | undefined): Refusal | undefined {
  if (expression.node === 'literal') return undefined;
  if (expression.node === 'field') return checkField(expression, vocabulary);
  for (const input of expression.inputs) {
    const refusal = check(input, vocabulary, session);
    if (refusal) return refusal;
  }
  if (!session || !expression.inputs.some((input) => input.kind === 'b')) return undefined;
  const lost = expression.kind === 'b' ? barsLost(expression) : Math.max(...expression.inputs.map(barsLost));
  return checkBars(expression, lost, session);
}

function checkField(field: Field, vocabulary: Vocabulary): Refusal | undefined {
  const word = vocabulary.get(field.name);
  if (!word) {
    const meant = nearest(field.name, vocabulary.keys());
    const guess = meant ? `did you mean ${meant}? The` : 'the';
    return refused('field', `the market has no field ${field.name}; ${guess} fields are ${fieldList(vocabulary)}`);
  }
  if (word.kind !== field.kind || !sameUnit(word.unit, field.unit)) {
    const described = ({ kind, unit }: Word | Field) => `${kindNames[kind]} in ${unitName(unit)}`;
    return refused(
      'field',
      `${field.name} is ${described(word)} in this market, and the expression was built for ${described(field)}`,
    );
  }
  return undefined;
}

function checkBars(
  { operator, kind, parameters, interval }: Call,
  lost: number,
  session: Session,
): Refusal | undefined {
  const bars = session.starts.length;
  const known = bars - lost;
  if (interval) return checkInterval(interval, lost, session);
  const [window = 0] = parameters;
  const needed = kind === 'b' ? 1 : window;
  if (known >= needed) return undefined;
  if (lost === 0) return refused('window', `${operator} over ${window} bars is longer than the day, which has ${bars}`);
  return refused(
    'window',
    kind === 'b'
      ? `${operator} can never have a value: the first ${lost} bars of a day are missing, and it has ${bars}`
      : `${operator} over ${window} bars can never have a value: bar_* operators lose the first ${lost} of the day's ${bars}; use at most ${known}`,
  );
}

function checkInterval(
  { start, end, reduction }: IntervalArguments,
  lost: number,
  session: Session,
): Refusal | undefined {
  const { starts, barMinutes } = session;
  const [open, close] = [starts[0] ?? 0, (starts.at(-1) ?? 0) + barMinutes];
  const text = `${clock(start)} to ${clock(end)}`;
  if (start < open || end > close) {
    return refused(
      'window',
      `the interval ${text} leaves the session, which runs from ${clock(open)} to ${clock(close)}`,
    );
  }
  const first = starts.findIndex((bar) => bar >= start);
  const count = barsIn(starts, start, end);
  if (count === 0) return refused('window', `no bar begins in the interval ${text}`);
  const least = leastWindow(reductions[reduction].operator);
  if (count < least) {
    return refused(
      'window',
      `${reduction} needs ${least} bars, and ${count} begin${count === 1 ? 's' : ''} in the interval ${text}`,
    );
  }
  // The last bar is the one reduction that does not need the interval's first.
  const needed = reduction === 'last' ? first + count - 1 : first;
  if (needed >= lost) return undefined;
  return refused(
    'window',
    `the interval ${text} can never have a value: bar_* operators lose the first ${lost} bars of the day; start at ${clock(starts[lost] ?? close)} or later`,
  );
}

/** How many bars begin in [start, end). */
export function barsIn(starts: readonly number[], start: number, end: number): number {
  let count = 0;
  for (const bar of starts) if (bar >= start && bar < end) count++;
  return count;
}
