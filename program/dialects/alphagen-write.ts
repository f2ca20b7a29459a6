/** Expressions as alphagen text: functions only, `20d` for windows, `Constant(x)` for numbers, six fields. */
import type { OperatorName } from '../../operators/table.ts';
import { literal, type Refusal } from '../build.ts';
import type { Call, Expression } from '../expression.ts';
import { kurtScale, skewScale } from './alphagen.ts';
import { decimal, type Rule, type Rules, type Tongue, type Writer, writeText } from './writing.ts';

const fields = ['open', 'close', 'high', 'low', 'volume', 'vwap'];
const constant = (value: number): string => `Constant(${decimal(value)})`;

/** `{0}` and `{1}` are the inputs, `{s}` the window. */
const spelled =
  (template: string): Rule =>
  (call, { write }) =>
    template.replace(/\{(\w)\}/g, (_, key: string) =>
      key === 's' ? `${call.parameters[0]}d` : write(call.inputs[Number(key)] as Expression),
    );
const unary = (name: string): Rule => spelled(`${name}({0})`);
const binary = (name: string): Rule => spelled(`${name}({0},{1})`);
const rolling = (name: string): Rule => spelled(`${name}({0},{s})`);
const paired = (name: string): Rule => spelled(`${name}({0},{1},{s})`);

const windowOf = (call: Call): number => call.parameters[0] as number;

const rules: Rules = {
  add: binary('Add'),
  subtract: binary('Sub'),
  multiply: binary('Mul'),
  protecteddiv: binary('Div'),
  neg: spelled('Sub(Constant(0),{0})'),
  abs: unary('Abs'),
  sign: unary('Sign'),
  log: unary('Log'),
  sqrt: spelled('Pow({0},Constant(0.5))'),
  power: (call, { write }) => `Pow(${write(call.inputs[0] as Expression)},${constant(call.parameters[0] as number)})`,
  min2: binary('Less'),
  max2: binary('Greater'),
  ts_mean: rolling('Mean'),
  ts_sum: rolling('Sum'),
  ts_std: rolling('Std'),
  ts_var: rolling('Var'),
  ts_max: rolling('Max'),
  ts_min: rolling('Min'),
  ts_range: spelled('Sub(Max({0},{s}),Min({0},{s}))'),
  ts_ema: rolling('EMA'),
  ts_diff: rolling('Delta'),
  ts_delay: rolling('Ref'),
  ts_return: spelled('Sub(Div({0},Ref({0},{s})),Constant(1))'),
  ts_zscore: spelled('Div(Mean({0},{s}),Std({0},{s}))'),
  ts_norm: spelled('Div(Sub({0},Mean({0},{s})),Std({0},{s}))'),
  ts_corr: paired('Corr'),
  ts_cov: paired('Cov'),
  ts_beta: spelled('Div(Cov({0},{1},{s}),Var({1},{s}))'),
  ts_rank: (call, writer) => `Sub(${constant(1 + 1 / windowOf(call))},${rolling('Rank')(call, writer)})`,
  ts_skew: (call, writer) => `Mul(${constant(1 / skewScale(windowOf(call)))},${rolling('Skew')(call, writer)})`,
  ts_kurt: (call, writer) => {
    const { a, b } = kurtScale(windowOf(call));
    return `Mul(${constant(1 / a)},Sub(${rolling('Kurt')(call, writer)},${constant(b)}))`;
  },
  ts_decaylinear: (call, { write }) => `WMA(${write(call.inputs[0] as Expression)},${windowOf(call) + 1}d)`,
  ts_median: (call, writer) =>
    windowOf(call) % 2 === 1
      ? rolling('Med')(call, writer)
      : writer.refuse("alphagen's Med of an even window is the lower middle value, and ts_median is the mean of both"),
};

/** What the reader makes of the functions that differ from ours by constants, written back as they were. */
function idiom(call: Call, writer: Writer): string | undefined {
  const x = rankFromZero(call);
  if (x) return `CSRank(${writer.write(x)})`;
  const [a, b] = call.inputs as [Expression, Expression];
  if (call.operator === 'subtract')
    return literally(a, b, 'ts_rank', (n) => 1 + 1 / n) && rolling('Rank')(b as Call, writer);
  if (call.operator === 'multiply') return literally(a, b, 'ts_skew', skewScale) && rolling('Skew')(b as Call, writer);
  if (call.operator !== 'add' || a.node !== 'call' || a.operator !== 'multiply') return undefined;
  const [scale, kurt] = a.inputs as [Expression, Expression];
  const ours =
    literally(scale, kurt, 'ts_kurt', (n) => kurtScale(n).a) && literally(b, kurt, 'ts_kurt', (n) => kurtScale(n).b);
  return ours && rolling('Kurt')(kurt as Call, writer);
}

/** Whether the number is the one the reader puts beside this operator. */
function literally(
  number: Expression,
  other: Expression,
  operator: OperatorName,
  expected: (window: number) => number,
): true | undefined {
  if (number.node !== 'literal' || other.node !== 'call' || other.operator !== operator) return undefined;
  return number.value === expected(windowOf(other)) || undefined;
}

function rankFromZero(call: Call): Expression | undefined {
  if (call.operator !== 'subtract') return undefined;
  const [rank, place] = call.inputs as [Expression, Expression];
  const x = rank.node === 'call' && rank.operator === 'cs_rank' ? (rank.inputs[0] as Expression) : undefined;
  return x && place.key === `cs_scale(add(lt(${x.key},${x.key}),${literal(1).key}))` ? x : undefined;
}

const tongue: Tongue = {
  dialect: 'alphagen',
  field: (name, { refuse }) => {
    const theirs = name.toLowerCase();
    return fields.includes(theirs)
      ? `$${theirs}`
      : refuse(`alphagen has the fields ${fields.join(', ')}, and no ${theirs}`);
  },
  literal: constant,
  rules,
  idiom,
};

export const writeAlphagen = (expression: Expression): string | Refusal => writeText(expression, tongue);
