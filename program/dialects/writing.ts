/** The walk every writer of foreign formulas shares: one rule an operator, the first refusal is the answer. */
import { type OperatorName, operatorOf } from '../../operators/table.ts';
import { type Refusal, refused } from '../build.ts';
import type { Call, Expression } from '../expression.ts';

export interface Writer {
  readonly write: (expression: Expression) => string;
  /** Ends the writing with this reason; the text returned is never seen. */
  readonly refuse: (reason: string) => string;
}

/** Operators another tool spells out repeat their input, and nested ones multiply. */
const longest = 100_000;

export type Rule = (call: Call, writer: Writer) => string;
export type Rules = Partial<Readonly<Record<OperatorName, Rule>>>;

export interface Tongue {
  readonly dialect: string;
  readonly field: (name: string, writer: Writer) => string;
  readonly literal: (value: number) => string;
  readonly rules: Rules;
  /** A whole subtree with a form of its own, looked at before the rules. */
  readonly idiom?: (call: Call, writer: Writer) => string | undefined;
}

export function writeText(expression: Expression, { dialect, field, literal, rules, idiom }: Tongue): string | Refusal {
  let refusal: Refusal | undefined;
  const refuse = (reason: string): string => {
    refusal ??= refused('kind', reason);
    return '';
  };
  const written = new Map<string, string>();
  const write = (node: Expression): string => {
    const known = written.get(node.key);
    if (known !== undefined) return known;
    const text = spell(node);
    if (text.length > longest) return refuse(`${dialect} would need more than ${longest} characters for it`);
    written.set(node.key, text);
    return text;
  };
  const spell = (node: Expression): string => {
    if (node.kind === 'b') return refuse(`${dialect} has one row a day, and ${node.key} is a minute value`);
    if (node.kind === 'v') return refuse(`${dialect} sees one symbol at a time, and ${node.key} is a market vector`);
    if (node.kind === 'g') return refuse(`${dialect} has no groupings such as ${node.key}`);
    if (node.node === 'field') return field(node.name, writer);
    if (node.node === 'literal') return literal(node.value);
    const whole = idiom?.(node, writer);
    if (whole !== undefined) return whole;
    const minute = node.inputs.find((input) => input.kind === 'b');
    if (minute) return write(minute);
    const rule = rules[node.operator];
    return rule ? rule(node, writer) : refuse(lacking(dialect, node));
  };
  const writer: Writer = { write, refuse };
  const text = write(expression);
  return refusal ?? text;
}

function lacking(dialect: string, { operator }: Call): string {
  const across = operatorOf(operator).shape === 'cross-section';
  return across ? `${dialect} sees one symbol at a time, so it has no ${operator}` : `${dialect} has no ${operator}`;
}

/** Digits and a point, never an exponent: some readers know no other numbers. */
export function decimal(value: number): string {
  const text = String(value);
  const [digits = '', exponent] = text.split('e');
  if (exponent === undefined) return text;
  const sign = digits.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = digits.replace('-', '').split('.');
  const shift = Number(exponent);
  if (shift < 0) return `${sign}0.${'0'.repeat(-shift - whole.length)}${whole}${fraction}`;
  return `${sign}${whole}${fraction.padEnd(shift, '0')}`;
}
