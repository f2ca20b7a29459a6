/** An expression as a formula for a paper, from the operator rows' templates. */

import { clock } from '../core/clock.ts';
import { type OperatorName, operatorOf } from '../operators/table.ts';
import type { Expression } from './expression.ts';
import { infix } from './infix.ts';

export const latex = (expression: Expression): string => write(expression, 0);

/** How tight a formula holds together: a sum, a product, something with its own delimiters, a single letter. */
const [sum, product, delimited, letter] = [1, 2, 3, 4];

function write(expression: Expression, around: number): string {
  if (expression.node === 'field') return `\\mathrm{${expression.name.replaceAll('_', '\\_')}}`;
  if (expression.node === 'literal') {
    const { value } = expression;
    return enclosed(number(value), value < 0 ? sum : number(value).includes('\\') ? product : letter, around);
  }
  const { operator, inputs, parameters, interval } = expression;
  const words = [...inputs.map((input, i) => write(input, demand(operator, i))), ...parameters.map(number)];
  if (interval) words.push(interval.reduction, clock(interval.start), clock(interval.end));
  const text = operatorOf(operator).latex.replace(/\{(\d)\}/g, (_, place: string) => words[Number(place)] ?? '');
  return enclosed(text, bindsOf(operator), around);
}

/** A fraction bar and \left( \right) delimit their own; these do not. */
function bindsOf(operator: OperatorName): number {
  if (operator === 'neg') return sum;
  return operator === 'protecteddiv' ? delimited : (infix.get(operator)?.binds ?? delimited);
}

/** What an argument must hold together as, to stand where its operator's template puts it. */
function demand(operator: OperatorName, place: number): number {
  if (operator === 'power') return letter; // x^2^3 is not LaTeX
  if (operator === 'neg') return product;
  if (operator === 'protecteddiv') return 0;
  const binds = infix.get(operator)?.binds;
  return binds ? binds + place : 0;
}

function number(value: number): string {
  const [digits = '', exponent] = String(value).split('e');
  return exponent === undefined ? digits : `${digits} \\times 10^{${Number(exponent)}}`;
}

const enclosed = (text: string, binds: number, around: number): string =>
  binds < around ? `\\left(${text}\\right)` : text;
