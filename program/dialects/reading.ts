/**
 * What every reader does with the tree it was handed: our operators over it, with the character a refusal is about,
 * and the notes collected on the way. A foreign tool has no units, so a bare 0 beside a price is read as what it
 * does there: nothing to add, a sign to compare with, 0 times the price to choose.
 */
import { EvolveError } from '../../core/failure.ts';
import { nearest } from '../../core/nearest.ts';
import { isRatio } from '../../core/units.ts';
import type { OperatorName } from '../../operators/table.ts';
import { call, field, literal, type Refusal } from '../build.ts';
import { caret } from '../caret.ts';
import type { Expression } from '../expression.ts';
import { fieldList, type Vocabulary } from '../vocabulary.ts';
import type { Read } from './dialect.ts';
import { type Grammar, mistake, parseTree, type Tree } from './tree.ts';

type Applied = Extract<Tree, { node: 'call' }>;

/** `x` a series, `g` a grouping, `d` a number of days, `k` any number; in capitals it may be left out. */
type Place = 'x' | 'g' | 'd' | 'k' | 'K';

/** One function of a dialect, or why it has no exact equivalent here. */
export type Row = Known | { readonly unsupported: string };

export interface Known {
  readonly takes: readonly Place[];
  /** Arguments that may be given by name, and the values they may have; others change the meaning and are refused. */
  readonly named?: Readonly<Record<string, RegExp>>;
  readonly read: (given: Given) => Expression;
}

export interface Given {
  readonly x: Expression;
  readonly y: Expression;
  readonly z: Expression;
  /** The number of days. */
  readonly d: number;
  readonly k: number | undefined;
  readonly at: number;
  readonly tree: Applied;
  readonly reading: Reading;
}

export interface Reading {
  readonly vocabulary: Vocabulary;
  readonly note: (text: string) => void;
  /** The formula breaks one of our rules. */
  readonly fail: (at: number, problem: string) => never;
  /** The formula is fine where it comes from and has no exact equivalent here. */
  readonly unsupported: (at: number, name: string, why: string) => never;
  readonly apply: (
    at: number,
    operator: OperatorName,
    inputs: readonly Expression[],
    ...parameters: number[]
  ) => Expression;
  readonly arithmetic: (at: number, symbol: string, a: Expression, b: Expression) => Expression;
  readonly compare: (at: number, symbol: string, a: Expression, b: Expression) => Expression;
  readonly extreme: (at: number, operator: 'min2' | 'max2', a: Expression, b: Expression) => Expression;
  readonly choose: (at: number, condition: Expression, yes: Expression, no: Expression) => Expression;
  readonly power: (at: number, x: Expression, y: Expression) => Expression;
  readonly exponential: (at: number, x: Expression) => Expression;
  /** Flags are made by comparisons, so that a tool where they are not numbers can be asked for them. */
  readonly isFlag: (expression: Expression) => boolean;
  readonly flag: (expression: Expression) => Expression;
  readonly field: (at: number, name: string, shown: string) => Expression;
  readonly call: (tree: Applied, rows: Readonly<Record<string, Row>>, name?: string) => Expression;
}

export interface Language {
  readonly grammar: Grammar;
  readonly walk: (tree: Tree, reading: Reading) => Expression;
}

const largestFormula = 10_000;
const zero = (expression: Expression): boolean => expression.node === 'literal' && expression.value === 0;

export function readText(text: string, vocabulary: Vocabulary, { grammar, walk }: Language): Read {
  const notes = new Set<string>();
  const flags = new WeakSet<Expression>();

  const fail = (at: number, problem: string): never => {
    throw mistake(grammar, text, at, problem);
  };
  const unsupported = (at: number, name: string, why: string): never => {
    throw new EvolveError(
      'unsupported-dialect',
      `${name} at character ${at + 1} of this ${grammar.dialect} expression cannot be read exactly: ${why}.`,
      { details: caret(text, at) },
    );
  };
  const made = (at: number, value: Expression | Refusal, inputs: readonly Expression[]): Expression => {
    if (value.kind !== 'refused') {
      // What takes its argument several times over, nested, doubles and doubles.
      if (value.size > largestFormula) fail(at, `the formula needs more than ${largestFormula} operators here`);
      return value;
    }
    const bare = value.rule === 'unit' && inputs.some((input) => input.node === 'literal');
    const remedy = bare
      ? '; a number is a plain ratio here, so divide the other side by something measured alike first'
      : value.rule === 'unit' && !value.reason.includes(';')
        ? '; make plain ratios of both first, by dividing each by something measured alike or by ranking it'
        : '';
    return fail(at, value.reason + remedy);
  };
  const apply: Reading['apply'] = (at, operator, inputs, ...parameters) =>
    made(at, call(operator, inputs, parameters), inputs);
  const flag = (expression: Expression): Expression => {
    flags.add(expression);
    return expression;
  };
  /** 0 measured as the other side is. */
  const matched = (at: number, a: Expression, other: Expression): Expression =>
    zero(a) && !isRatio(other.unit) ? apply(at, 'multiply', [literal(0), other]) : a;

  const arithmetic: Reading['arithmetic'] = (at, symbol, a, b) => {
    switch (symbol) {
      case '+':
        return zero(a) ? b : zero(b) ? a : apply(at, 'add', [a, b]);
      case '-':
        return zero(b) ? a : zero(a) ? apply(at, 'neg', [b]) : apply(at, 'subtract', [a, b]);
      case '*':
        return apply(at, 'multiply', [a, b]);
      case '/':
        if (b.node !== 'literal') {
          reading.note('Where a divisor is zero the quotient is infinite there and missing here.');
        }
        return apply(at, 'protecteddiv', [a, b]);
      default:
        return fail(at, `"${symbol}" is not a sign this dialect has`);
    }
  };

  const compare: Reading['compare'] = (at, symbol, left, right) => {
    reading.note(
      `Where a side of a comparison is missing, ${grammar.dialect} answers false ("!=": true); here it is missing.`,
    );
    // A price is above 0 exactly when its sign is, and the sign has no unit.
    const signed = (a: Expression, other: Expression): Expression =>
      zero(other) && !isRatio(a.unit) ? apply(at, 'sign', [a]) : a;
    const [a, b] = [signed(left, right), signed(right, left)];
    const not = (x: Expression): Expression => apply(at, 'subtract', [literal(1), x]);
    const [more, less] = [() => apply(at, 'gt', [a, b]), () => apply(at, 'lt', [a, b])];
    switch (symbol) {
      case '>':
        return flag(more());
      case '<':
        return flag(less());
      case '>=':
        return flag(not(less()));
      case '<=':
        return flag(not(more()));
      case '==':
        return flag(apply(at, 'multiply', [not(less()), not(more())]));
      case '!=':
        return flag(apply(at, 'add', [less(), more()]));
      default:
        return fail(at, `"${symbol}" is not a comparison`);
    }
  };

  /** e^x is σ(x) / σ(-x): nothing cancels in it, at either end. */
  const exponential: Reading['exponential'] = (at, x) => {
    reading.note('e^x is written sigmoid(x) / sigmoid(-x), and is missing above 3.4e38.');
    if (x.node === 'literal') return literal(Math.exp(x.value));
    return apply(at, 'protecteddiv', [apply(at, 'sigmoid', [x]), apply(at, 'sigmoid', [apply(at, 'neg', [x])])]);
  };

  const power: Reading['power'] = (at, x, y) => {
    if (y.node === 'literal') return y.value === 0.5 ? apply(at, 'sqrt', [x]) : apply(at, 'power', [x], y.value);
    if (x.node !== 'literal') {
      reading.note(
        'A power whose exponent varies is written e^(y log x), and is missing where the base is 0 or below.',
      );
      return exponential(at, apply(at, 'multiply', [y, apply(at, 'log', [x])]));
    }
    if (!(x.value > 0)) fail(at, `${x.value} has no power that varies; the base must be above 0`);
    return exponential(at, apply(at, 'multiply', [y, literal(Math.log(x.value))]));
  };

  const choose: Reading['choose'] = (at, condition, yes, no) => {
    if (condition.node === 'literal') return condition.value !== 0 ? yes : no;
    const [a, b] = [matched(at, yes, no), matched(at, no, yes)];
    if (a !== yes || b !== no) {
      reading.note('A branch of plain 0 is written 0 * the other branch, so it is missing where that one is.');
    }
    return apply(at, 'where', [condition, a, b]);
  };

  const fieldOf: Reading['field'] = (at, name, shown) => {
    const word = vocabulary.get(name);
    if (word && word.kind !== 'b') return field(word);
    const daily: Vocabulary = new Map([...vocabulary].filter(([, { kind }]) => kind !== 'b'));
    const near = nearest(name, daily.keys());
    const meant = near ? `; did you mean ${near}` : '';
    return fail(at, `${shown} is not a daily field of this market${meant}; it has ${fieldList(daily)}`);
  };

  const reading: Reading = {
    vocabulary,
    note: (note) => notes.add(note),
    fail,
    unsupported,
    apply,
    arithmetic,
    compare,
    extreme: (at, operator, a, b) => apply(at, operator, [matched(at, a, b), matched(at, b, a)]),
    choose,
    power,
    exponential,
    isFlag: (expression) => flags.has(expression),
    flag,
    field: fieldOf,
    call: (tree, rows, name = tree.name) => {
      const row = Object.hasOwn(rows, name) ? rows[name] : undefined;
      if (!row) {
        const near = nearest(name, Object.keys(rows));
        return fail(
          tree.at,
          `${tree.name} is not a function of this dialect we know${near ? `; did you mean ${near}` : ''}`,
        );
      }
      return 'unsupported' in row ? unsupported(tree.at, tree.name, row.unsupported) : row.read(given(tree, row));
    },
  };

  function given(tree: Applied, { takes, named = {} }: Known): Given {
    for (const [name, value] of tree.named) {
      if (!named[name]?.test(value)) unsupported(tree.at, tree.name, `${name}=${value} has no equivalent here`);
    }
    const least = takes.filter((place) => place !== 'K').length;
    if (tree.inputs.length < least || tree.inputs.length > takes.length) {
      fail(tree.at, `${tree.name} takes ${least} arguments and was given ${tree.inputs.length}`);
    }
    const series: Expression[] = [];
    let [d, k]: [number, number | undefined] = [Number.NaN, undefined];
    for (const [i, input] of tree.inputs.entries()) {
      const value = walk(input, reading);
      const place = takes[i];
      if (place === 'x' || place === 'g') series.push(value);
      else if (value.node !== 'literal') fail(input.at, `${tree.name} needs a number here`);
      else if (place === 'd') d = value.value;
      else k = value.value;
    }
    const [x, y, z] = series as [Expression, Expression, Expression];
    return { x, y, z, d, k, at: tree.at, tree, reading };
  }

  const expression = walk(parseTree(text, grammar), reading);
  return { expression, notes: [...notes] };
}
