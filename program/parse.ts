/**
 * Text to program. Whatever the text says, the answer is a checked expression or one sentence with the character
 * the mistake is at; no text makes it overflow or guess.
 */
import { EvolveError } from '../core/failure.ts';
import { nearest } from '../core/nearest.ts';
import { type Reduction, reductionNames } from '../operators/reference/interval.ts';
import { type OperatorName, operatorNames, operatorOf, spellings } from '../operators/table.ts';
import { call, field, largest, literal, type Refusal, refuseParameter, signature } from './build.ts';
import { caret } from './caret.ts';
import type { Expression } from './expression.ts';
import { bySymbol, prefixBinds } from './infix.ts';
import { type Token, tokenAt } from './tokens.ts';
import { fieldList, type Vocabulary } from './vocabulary.ts';

/** Far above any formula, far below what the recursion of parser, printer and evaluator can stand. */
const deepest = 200;

interface Parsed {
  readonly expression: Expression;
  readonly at: number;
  /** Nodes from here to the deepest leaf. */
  readonly depth: number;
}

export function parse(text: string, vocabulary: Vocabulary): Expression {
  let token = tokenAt(text, 0);
  if (token.at === text.length) fail(0, 'The expression is empty; nothing stands at character 1');
  const { expression } = operand(0, 0);
  if (token.kind !== 'end') stray(token);
  return expression;

  function fail(at: number, sentence: string): never {
    throw new EvolveError('bad-expression', sentence.endsWith('?') ? sentence : `${sentence}.`, {
      details: caret(text, at),
    });
  }

  function take(): Token {
    const taken = token;
    token = tokenAt(text, token.end);
    return taken;
  }

  /** Operators binding at least `binds` tight, with everything under them; `level` counts open recursion. */
  function operand(binds: number, level: number): Parsed {
    let left = primary(level);
    for (;;) {
      const between = token.kind === 'sign' ? bySymbol.get(token.text) : undefined;
      if (!between || between.binds < binds) return left;
      const sign = take();
      const right = operand(between.binds + 1, level + 1);
      left = built(between.operator, [left, right], [], sign.at, left.at);
    }
  }

  function primary(level: number): Parsed {
    const first = token;
    if (level > deepest) tooDeep(first.at);
    switch (first.kind) {
      case 'number':
        take();
        if (!(Number(first.text) <= largest)) fail(first.at, `${first.text} ${place(first.at)} is too large a number`);
        return { expression: literal(Number(first.text)), at: first.at, depth: 0 };
      case 'time':
        return fail(
          first.at,
          `${first.text} ${place(first.at)} is a time, which only interval(x, sum, 9:30, 10:00) takes`,
        );
      case 'name':
        take();
        return token.text === '(' ? application(first, level) : fieldNamed(first);
      case 'end':
        return fail(first.at, `Expected a value ${place(first.at)}, found the end of the text`);
      case 'sign':
        if (first.text === '(') {
          take();
          const inside = operand(0, level + 1);
          close(first);
          return inside;
        }
        if (first.text === '-') {
          take();
          const negated = operand(prefixBinds, level + 1);
          return built('neg', [negated], [], first.at, first.at);
        }
        if (foreign.has(first.text)) stray(first);
        return fail(first.at, `Expected a value ${place(first.at)}, found "${first.text}"`);
    }
  }

  function application(name: Token, level: number): Parsed {
    const operator = spellings.get(name.text.toLowerCase());
    if (!operator) {
      if (vocabulary.has(name.text))
        fail(name.at, `"${name.text}" ${place(name.at)} is a field and takes no arguments`);
      unknown('operator', name, nearest(name.text, operatorNames), '`evolve ops` lists them');
    }
    const row = operatorOf(operator);
    if (row.shape === 'interval') return interval(operator, name, level);
    const values = commaSeparated(level);
    const wanted = row.arity + row.parameters.length;
    if (values.length !== wanted) wrongCount(name, operator, wanted, values.length);
    const parameters = values.slice(row.arity).map(({ expression, at }, i): number => {
      const what = row.parameters[i]?.type === 'window' ? 'the window' : row.parameters[i]?.name;
      if (expression.node !== 'literal')
        fail(at, `Expected a number ${place(at)}: ${what} of ${operator} is a constant`);
      const refusal = refuseParameter(operator, i, expression.value);
      if (refusal) refuse(refusal, at);
      return expression.value;
    });
    return built(operator, values.slice(0, row.arity), parameters, name.at, name.at);
  }

  function commaSeparated(level: number): Parsed[] {
    const open = take();
    const values: Parsed[] = [];
    if (token.text === ')') {
      take();
      return values;
    }
    for (;;) {
      values.push(operand(0, level + 1));
      if (token.text !== ',') break;
      const comma = take();
      const after: string = token.text;
      if (after === ',' || after === ')') fail(comma.at, `There is a comma too many ${place(comma.at)}`);
    }
    close(open);
    return values;
  }

  function interval(operator: OperatorName, name: Token, level: number): Parsed {
    const open = take();
    const x = operand(0, level + 1);
    comma();
    const word = take();
    const reduction = reductionNames.find((known): known is Reduction => known === word.text.toLowerCase());
    if (!reduction) {
      const expected = `Expected ${reductionNames.slice(0, -1).join(', ')} or ${reductionNames.at(-1)} ${place(word.at)}`;
      if (word.kind !== 'name') fail(word.at, `${expected}, found ${found(word)}`);
      unknown('reduction', word, nearest(word.text, reductionNames), `It can be ${reductionNames.join(', ')}`);
    }
    comma();
    const start = time();
    comma();
    const end = time();
    if (token.text === ',') wrongForm();
    close(open);
    return built(operator, [x], [], name.at, name.at, { reduction, start, end });

    function comma(): void {
      if (token.kind === 'end') close(open);
      if (take().text !== ',') wrongForm();
    }
    function wrongForm(): never {
      return fail(name.at, `${operator} ${place(name.at)} is written ${signature(operator)}`);
    }
  }

  function time(): number {
    const word = take();
    if (word.kind !== 'time') fail(word.at, `Expected a time such as 9:30 ${place(word.at)}, found ${found(word)}`);
    const [hours = 0, minutes = 0] = word.text.split(':').map(Number);
    const total = hours * 60 + minutes;
    if (minutes > 59 || total > 24 * 60) fail(word.at, `${word.text} ${place(word.at)} is not a time of day`);
    return total;
  }

  function fieldNamed(name: Token): Parsed {
    const word = vocabulary.get(name.text);
    if (word) return { expression: field(word), at: name.at, depth: 0 };
    const lower = name.text.toLowerCase();
    const operator = spellings.get(lower);
    // Case alone tells a daily field from a minute one, so a guess at it would change the meaning.
    const alike = [...vocabulary.values()].filter((known) => known.name.toLowerCase() === lower);
    if (alike.length > 1) {
      const choices = alike.map((known) => `"${known.name}" (${known.kind === 'b' ? 'minute' : 'daily'})`);
      fail(name.at, `Unknown field "${name.text}" ${place(name.at)}. Did you mean ${choices.join(' or ')}?`);
    }
    if (operator && alike.length === 0) {
      fail(name.at, `"${name.text}" ${place(name.at)} is an operator; write ${signature(operator)}`);
    }
    return unknown('field', name, nearest(name.text, vocabulary.keys()), `The fields are ${fieldList(vocabulary)}`);
  }

  function built(
    operator: OperatorName,
    inputs: readonly Parsed[],
    parameters: readonly number[],
    at: number,
    start: number,
    interval?: Parameters<typeof call>[3],
  ): Parsed {
    const depth = 1 + Math.max(...inputs.map((input) => input.depth));
    if (depth > deepest) tooDeep(at);
    const expressions = inputs.map((input) => input.expression);
    const expression = call(operator, expressions, parameters, interval);
    if (expression.kind === 'refused') return refuse(expression, at);
    return { expression, at: start, depth };
  }

  function close(open: Token): void {
    if (token.kind === 'end') fail(open.at, `The parenthesis opened ${place(open.at)} is never closed`);
    if (token.text !== ')') stray(token);
    take();
  }

  /** The place goes before the remedy, so that it cannot be read as part of it. */
  function refuse({ reason }: Refusal, at: number): never {
    const remedy = reason.indexOf('; ');
    const end = remedy < 0 ? reason.length : remedy;
    return fail(at, `${reason.slice(0, end)} ${place(at)}${reason.slice(end)}`);
  }

  function unknown(what: string, name: Token, meant: string | undefined, otherwise: string): never {
    const remedy = meant ? `Did you mean "${meant}"?` : otherwise;
    return fail(name.at, `Unknown ${what} "${name.text}" ${place(name.at)}. ${remedy}`);
  }

  function wrongCount(name: Token, operator: OperatorName, wanted: number, given: number): never {
    const count = `${wanted} argument${wanted === 1 ? '' : 's'}`;
    return fail(name.at, `${operator} ${place(name.at)} takes ${count}, ${signature(operator)}, not ${given}`);
  }

  function tooDeep(at: number): never {
    return fail(at, `The expression nests deeper than ${deepest} levels ${place(at)}`);
  }

  /** Something that cannot follow a complete value. */
  function stray(token: Token): never {
    const { at, text } = token;
    const instead = foreign.get(text);
    if (instead) fail(at, `"${text}" ${place(at)} is not in the language; ${instead}`);
    if (text === ')') fail(at, `Unexpected ")" ${place(at)}; no parenthesis is open`);
    if (text === ',') fail(at, `Unexpected "," ${place(at)}; commas only separate the arguments of an operator`);
    const joins = token.kind !== 'sign' || text === '(';
    return fail(at, `Unexpected "${text}" ${place(at)}${joins ? '; an operator such as + is missing before it' : ''}`);
  }
}

const place = (at: number): string => `at character ${at + 1}`;
const found = (token: Token): string => (token.kind === 'end' ? 'the end of the text' : `"${token.text}"`);

/** Signs of other languages, and how the same is said here. */
const foreign: ReadonlyMap<string, string> = new Map([
  ['>', 'write gt(x, y)'],
  ['<', 'write lt(x, y)'],
  ['>=', 'write 1 - lt(x, y)'],
  ['<=', 'write 1 - gt(x, y)'],
  ['==', 'equality of measured values is not a signal'],
  ['!=', 'equality of measured values is not a signal'],
  ['=', 'an expression has no names to assign'],
  ['^', 'write power(x, k)'],
  ['**', 'write power(x, k)'],
  ['&&', 'write min2 of two flags'],
  ['||', 'write max2 of two flags'],
  ['&', 'write min2 of two flags'],
  ['|', 'write max2 of two flags'],
  ['?', 'write where(c, a, b)'],
]);
