/**
 * The only maker of expressions: whatever it returns has the right kinds, units, windows and argument counts, so
 * nobody after it checks again. A refusal travels as a value, because mutations ask for impossible things all day.
 */

import { clock } from '../core/clock.ts';
import { EvolveError } from '../core/failure.ts';
import { isRatio, ratio, type Unit, unitName } from '../core/units.ts';
import type { Elementwise, Kind, Operator } from '../operators/define.ts';
import { reductions } from '../operators/reference/interval.ts';
import { type OperatorName, operatorOf } from '../operators/table.ts';
import type { Expression, Field, IntervalArguments, Literal } from './expression.ts';
import type { Word } from './vocabulary.ts';

export interface Refusal {
  readonly kind: 'refused';
  /** A clause: what cannot be done, and after a semicolon the remedy where there is one. */
  readonly reason: string;
  readonly rule: 'kind' | 'unit' | 'window' | 'parameter' | 'arity' | 'field';
}

export const refused = (rule: Refusal['rule'], reason: string): Refusal => ({ kind: 'refused', reason, rule });

/** The value, or the refusal as the user's mistake. */
export function must<T extends { readonly kind: string }>(value: T | Refusal): Exclude<T, Refusal> {
  if (value.kind === 'refused') throw new EvolveError('bad-expression', (value as Refusal).reason);
  return value as Exclude<T, Refusal>;
}

export const field = (word: Word): Field => ({
  node: 'field',
  name: word.name,
  kind: word.kind,
  unit: word.unit,
  key: word.name,
  size: 0,
});

/** The largest stored number; beyond it a value is missing. */
export const largest = 3.4028234663852886e38;
const longestWindow = 100_000;
/** No formula anybody means reaches price^100, and past it exponents lose their exactness. */
const highestExponent = 100;

export function literal(value: number): Literal {
  if (!(Math.abs(value) <= largest)) throw new EvolveError('bad-expression', `${value} is too large a number`);
  // One zero: -0 would print as 0 and come back as another value.
  const plain = value + 0;
  return { node: 'literal', value: plain, kind: 's', unit: ratio, key: String(plain), size: 0 };
}

const nothing: readonly number[] = [];

export function call(
  operator: OperatorName,
  inputs: readonly Expression[],
  parameters: readonly number[] = nothing,
  interval?: IntervalArguments,
): Expression | Refusal {
  const row = operatorOf(operator);
  if (
    inputs.length !== row.arity ||
    parameters.length !== row.parameters.length ||
    (row.shape === 'interval') !== (interval !== undefined)
  ) {
    return refused('arity', `${operator} is written ${signature(operator)}`);
  }
  for (let i = 0; i < parameters.length; i++) {
    const refusal = refuseParameter(operator, i, parameters[i] as number);
    if (refusal) return refusal;
  }
  if (interval && !(interval.start >= 0 && interval.start < interval.end && interval.end <= 24 * 60)) {
    return refused(
      'window',
      `an interval must start before it ends, and ${clock(interval.start)} to ${clock(interval.end)} does not`,
    );
  }

  const kind = kindOf(operator, row, inputs);
  if (typeof kind === 'object') return kind;
  if (kind === 's') return folded(operator, row as Elementwise, inputs as readonly Literal[], parameters);

  const units: Unit[] = [];
  for (const input of inputs) units.push(input.unit);
  const unit = interval ? reductions[interval.reduction].unit(units, parameters) : row.unit(units, parameters);
  if (!unit) return refused('unit', unitRefusal(operator, row, units));
  if (!(Math.abs(unit.price) <= highestExponent && Math.abs(unit.shares) <= highestExponent)) {
    return refused('unit', `${operator} would give a unit beyond the power of ${highestExponent}`);
  }

  let size = 1;
  // Strings are joined lazily by the engine, so a key costs a few pointers until somebody reads it.
  let key = `${operator}(`;
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i] as Expression;
    size += input.size;
    key += i === 0 ? input.key : `,${input.key}`;
  }
  for (const parameter of parameters) key += `,${parameter}`;
  if (!interval) return { node: 'call', operator, inputs, parameters, kind, unit, key: `${key})`, size };
  key += `,${interval.reduction},${clock(interval.start)},${clock(interval.end)})`;
  return { node: 'call', operator, inputs, parameters, interval, kind, unit, key, size };
}

/** A final factor: a plain ratio for every symbol and date. */
export function asFactor(expression: Expression): Expression | Refusal {
  if (expression.kind !== 'm') {
    const remedy = expression.kind === 'b' ? '; reduce it to one value a day, as in ts_mean(close, 240)' : '';
    return refused('kind', `a factor must be a daily value, and this is ${kindNames[expression.kind]}${remedy}`);
  }
  if (!isRatio(expression.unit)) {
    return refused(
      'unit',
      `a factor must be a plain ratio, and this is ${unitName(expression.unit)}; divide it by something measured alike, or rank it with cs_rank`,
    );
  }
  return expression;
}

/** `ts_corr(x, y, s)`: how the operator is written. */
export function signature(operator: OperatorName): string {
  const row = operatorOf(operator);
  if (row.shape === 'interval') return `${operator}(x, sum, 9:30, 10:00)`;
  const grouped = row.shape === 'cross-section' && row.grouped;
  const series = row.arity === 3 ? ['c', 'a', 'b'] : ['x', grouped ? 'g' : 'y'].slice(0, row.arity);
  return `${operator}(${[...series, ...row.parameters.map((parameter) => parameter.name)].join(', ')})`;
}

/** The smallest window an operator can give a number over. */
export function leastWindow(operator: OperatorName): number {
  const row = operatorOf(operator);
  return row.shape === 'rolling' ? row.least : 1;
}

/** Why a constant cannot stand at its place, if it cannot. */
export function refuseParameter(operator: OperatorName, index: number, value: number): Refusal | undefined {
  const row = operatorOf(operator);
  const parameter = row.parameters[index];
  if (!parameter) return refused('arity', `${operator} is written ${signature(operator)}`);
  switch (parameter.type) {
    case 'window': {
      const least = leastWindow(operator);
      return Number.isInteger(value) && value >= least && value <= longestWindow
        ? undefined
        : refused(
            'window',
            `the window of ${operator} must be a whole number from ${least} to ${longestWindow}, not ${value}`,
          );
    }
    case 'fraction':
      return value >= 0 && value <= 1
        ? undefined
        : refused('parameter', `${parameter.name} of ${operator} must be from 0 to 1, not ${value}`);
    case 'positive':
      return value > 0 && value <= largest
        ? undefined
        : refused('parameter', `${parameter.name} of ${operator} must be above 0, not ${value}`);
    case 'number':
      return Math.abs(value) <= largest
        ? undefined
        : refused('parameter', `${parameter.name} of ${operator} must be a finite number, not ${value}`);
  }
}

/** As they read in a sentence. */
export const kindNames: Readonly<Record<Kind, string>> = {
  s: 'a constant',
  v: 'a market vector',
  m: 'a daily value',
  b: 'a minute value',
  g: 'a grouping',
};

const mixed = refused(
  'kind',
  'cannot mix minute and daily values; reduce the minute one first, as in ts_mean(close, 240)',
);
const onlyDaily = refused(
  'kind',
  'cross-section operators work on daily values; reduce the minute one first, as in ts_mean(close, 240)',
);

function kindOf(operator: OperatorName, row: Operator, inputs: readonly Expression[]): Kind | Refusal {
  const first = (inputs[0] as Expression).kind;
  switch (row.shape) {
    case 'elementwise':
      return widest(operator, inputs);
    case 'rolling': {
      for (const { kind } of inputs) {
        if (kind === 's') return refused('kind', `${operator} needs a series, not a constant`);
      }
      const kind = widest(operator, inputs);
      return kind === 'b' ? 'm' : kind;
    }
    case 'cross-section':
      for (let i = 0; i < inputs.length; i++) {
        const { kind } = inputs[i] as Expression;
        if (i === 1 && row.grouped) {
          if (kind !== 'g') {
            return refused('kind', `${operator} needs a grouping such as INDUSTRY as its second argument`);
          }
        } else if (kind === 'b') return onlyDaily;
        else if (kind !== 'm') {
          return refused('kind', `cross-section operators compare symbols, which ${kindNames[kind]} cannot do`);
        }
      }
      return 'm';
    case 'bar':
    case 'interval':
      if (first !== 'b') return refused('kind', `${operator} works on minute values, not on ${kindNames[first]}`);
      return row.shape === 'bar' ? 'b' : 'm';
    case 'learn':
      return first === 'm'
        ? 'v'
        : refused('kind', `${operator} learns from daily values, not from ${kindNames[first]}`);
  }
}

/** The kind all inputs can be repeated to: s < v < m, or s < b. */
function widest(operator: OperatorName, inputs: readonly Expression[]): Kind | Refusal {
  let kind: Kind = 's';
  for (const { kind: next } of inputs) {
    if (next === 'g') return refused('kind', `${operator} needs numbers, not a grouping`);
    if (next === kind || next === 's') continue;
    if (kind !== 's' && (next === 'b' || kind === 'b')) return mixed;
    if (kind === 's' || next === 'm') kind = next;
  }
  return kind;
}

function folded(
  operator: OperatorName,
  row: Elementwise,
  inputs: readonly Literal[],
  parameters: readonly number[],
): Literal | Refusal {
  const [a = Number.NaN, b = Number.NaN, c = Number.NaN] = [...inputs.map((input) => input.value), ...parameters];
  const value = row.reference(a, b, c);
  return Math.abs(value) <= largest
    ? literal(value)
    : refused(
        'parameter',
        `${operator} of ${[...inputs.map((input) => input.key), ...parameters].join(' and ')} has no value`,
      );
}

/** Sentences by operator and units: mutations meet the same few again and again, and writing one takes microseconds. */
const sentences = new Map<string, string>();
const mostSentences = 10_000;

function unitRefusal(operator: OperatorName, row: Operator, units: readonly Unit[]): string {
  let name: string = operator;
  for (const unit of units) name += ` ${unit.price} ${unit.shares}`;
  let sentence = sentences.get(name);
  if (sentence === undefined) {
    sentence = row.refusal
      ? row.refusal.replace(/\{(\d)\}/g, (_, place: string) => unitName(units[Number(place)] as Unit))
      : `${operator} cannot take ${units.map(unitName).join(' and ')}`;
    if (sentences.size >= mostSentences) sentences.clear();
    sentences.set(name, sentence);
  }
  return sentence;
}
