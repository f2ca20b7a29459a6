/** Expressions as qlib text: signs between operands, functions for the rest. Flags are spelled `If(Gt(a,b),1,0)`, because numpy's + of two comparisons is "or". */
import type { Refusal } from '../build.ts';
import type { Call, Expression } from '../expression.ts';
import { infix } from '../infix.ts';
import { type Rule, type Rules, type Tongue, type Writer, writeText } from './writing.ts';

const first = (call: Call): Expression => call.inputs[0] as Expression;
const second = (call: Call): Expression => call.inputs[1] as Expression;

const functionOf =
  (name: string): Rule =>
  (call, { write }) =>
    `${name}(${[...call.inputs.map(write), ...call.parameters].join(',')})`;

/** `{0}` and `{1}` are the inputs, `{s}` the window. */
const spelled =
  (template: string): Rule =>
  (call, { write }) =>
    template.replace(/\{(\w)\}/g, (_, key: string) =>
      key === 's' ? String(call.parameters[0]) : write(call.inputs[Number(key)] as Expression),
    );

const between =
  (symbol: string): Rule =>
  (call, { write }) =>
    `(${write(first(call))}${symbol}${write(second(call))})`;

const flag =
  (name: string): Rule =>
  (call, writer) =>
    `If(${functionOf(name)(call, writer)},1,0)`;

function choice(call: Call, { write }: Writer): string {
  const [condition, yes, no] = call.inputs as [Expression, Expression, Expression];
  const compared = condition.node === 'call' && (condition.operator === 'gt' || condition.operator === 'lt');
  const test = compared
    ? `${condition.operator === 'gt' ? 'Gt' : 'Lt'}(${condition.inputs.map(write).join(',')})`
    : `Ne(${write(condition)},0)`;
  return `If(${test},${write(yes)},${write(no)})`;
}

const rules: Rules = {
  ...Object.fromEntries([...infix].map(([operator, { symbol }]) => [operator, between(symbol)])),
  neg: spelled('(0-{0})'),
  abs: functionOf('Abs'),
  sign: functionOf('Sign'),
  sqrt: spelled('Power({0},0.5)'),
  log: functionOf('Log'),
  power: functionOf('Power'),
  min2: functionOf('Less'),
  max2: functionOf('Greater'),
  where: choice,
  gt: flag('Gt'),
  lt: flag('Lt'),
  ts_mean: functionOf('Mean'),
  ts_sum: functionOf('Sum'),
  ts_std: functionOf('Std'),
  ts_var: functionOf('Var'),
  ts_skew: functionOf('Skew'),
  ts_kurt: functionOf('Kurt'),
  ts_max: functionOf('Max'),
  ts_min: functionOf('Min'),
  ts_range: spelled('(Max({0},{s})-Min({0},{s}))'),
  ts_median: functionOf('Med'),
  ts_quantile: functionOf('Quantile'),
  ts_rank: functionOf('Rank'),
  ts_zscore: spelled('(Mean({0},{s})/Std({0},{s}))'),
  ts_norm: spelled('(({0}-Mean({0},{s}))/Std({0},{s}))'),
  ts_diff: functionOf('Delta'),
  ts_delay: functionOf('Ref'),
  ts_return: spelled('({0}/Ref({0},{s})-1)'),
  ts_decaylinear: spelled('({s}*WMA({0},{s}))'),
  idx_max: spelled('(IdxMax({0},{s})-1)'),
  idx_min: spelled('(IdxMin({0},{s})-1)'),
  ts_slope: functionOf('Slope'),
  ts_rsquare: functionOf('Rsquare'),
  ts_resid: functionOf('Resi'),
  ts_corr: functionOf('Corr'),
  ts_cov: functionOf('Cov'),
  ts_beta: spelled('(Cov({0},{1},{s})/Var({1},{s}))'),
  ts_ema: (_, { refuse }) => refuse("qlib's EMA weighs all history, and ts_ema only its window"),
};

/** IdxMax counts from 1 and WMA divides once more: what the reader makes of them, written back as they were. */
function idiom({ operator, inputs }: Call, writer: Writer): string | undefined {
  const [a, b] = inputs as [Expression, Expression];
  const place = a.node === 'call' && (a.operator === 'idx_max' || a.operator === 'idx_min');
  if (operator === 'add' && place && b.node === 'literal' && b.value === 1) {
    return functionOf(a.operator === 'idx_max' ? 'IdxMax' : 'IdxMin')(a, writer);
  }
  const weighed = operator === 'multiply' && b.node === 'call' && b.operator === 'ts_decaylinear';
  const once = weighed && a.node === 'literal' && a.value === 1 / (b.parameters[0] as number);
  return once ? functionOf('WMA')(b, writer) : undefined;
}

const tongue: Tongue = {
  dialect: 'qlib',
  field: (name) => `$${name.toLowerCase()}`,
  literal: (value) => (value < 0 ? `(${value})` : String(value)),
  rules,
  idiom,
};

export function writeQlib(expression: Expression): string | Refusal {
  const text = writeText(expression, tongue);
  // The outermost parentheses hold the whole and say nothing.
  return typeof text === 'string' && text.startsWith('(') && whole(text) ? text.slice(1, -1) : text;
}

function whole(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length - 1; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')' && --depth === 0) return false;
  }
  return true;
}
