/** qlib's expressions, as qlib/data/ops.py and qlib/data/base.py define them. */
import type { OperatorName } from '../../operators/table.ts';
import { literal } from '../build.ts';
import type { Expression } from '../expression.ts';
import type { Vocabulary } from '../vocabulary.ts';
import type { Read } from './dialect.ts';
import { type Given, type Known, type Language, type Reading, type Row, readText } from './reading.ts';
import { recombined } from './recombine.ts';
import type { Grammar, Tree } from './tree.ts';

/** Python's, where | and & bind tighter than comparisons. */
const grammar: Grammar = {
  dialect: 'qlib',
  word: /\${0,2}[\p{L}_][\p{L}\p{N}_]*|\$\$?/u,
  infix: { '<': 2, '>': 2, '<=': 2, '>=': 2, '==': 2, '!=': 2, '|': 3, '&': 5, '+': 10, '-': 10, '*': 20, '/': 20 },
  unchained: ['<', '>', '<=', '>=', '==', '!='],
  power: '**',
  prefix: ['-', '+'],
};

const windowNote =
  'qlib starts each window at one row and skips missing rows; here a window is missing until it is full. Full windows agree.';
const flatNote =
  'qlib leaves out windows whose standard deviation is below 0.00002; here only constant windows are missing.';

const days = ({ d, at, tree, reading }: Given): number => {
  if (d === 0)
    reading.unsupported(at, `${tree.name}(x, 0)`, 'a window of 0 is all history, and depends on where it starts');
  if (d > 0 && d < 1) reading.unsupported(at, `${tree.name}(x, ${d})`, 'it weighs all history, and our windows end');
  return d;
};

const rolling = (operator: OperatorName): Known => ({
  takes: ['x', 'd'],
  read: (given) => {
    const d = days(given);
    given.reading.note(windowNote);
    return given.reading.apply(given.at, operator, [given.x], d);
  },
});

const paired = (operator: OperatorName): Known => ({
  takes: ['x', 'x', 'd'],
  read: (given) => {
    const d = days(given);
    given.reading.note(windowNote);
    if (operator === 'ts_corr') given.reading.note(flatNote);
    return given.reading.apply(given.at, operator, [given.x, given.y], d);
  },
});

/** Counted from 1 where ours is counted from 0. */
const place = (operator: OperatorName): Known => ({
  takes: ['x', 'd'],
  read: (given) => given.reading.apply(given.at, 'add', [rolling(operator).read(given), literal(1)]),
});

const spaced = (operator: 'ts_delay' | 'ts_diff'): Known => ({
  takes: ['x', 'd'],
  read: ({ x, d, at, tree, reading }) => {
    if (d < 0) reading.unsupported(at, `${tree.name}(x, ${d})`, 'it reads the future');
    if (d === 0)
      reading.unsupported(
        at,
        `${tree.name}(x, 0)`,
        'it reads the first row of history, which depends on where that starts',
      );
    return reading.apply(at, operator, [x], d);
  },
});

const cell = (operator: OperatorName): Known => ({
  takes: ['x'],
  read: ({ x, at, reading }) => reading.apply(at, operator, [x]),
});

const between = (symbol: string): Known => ({
  takes: ['x', 'x'],
  read: ({ x, y, at, reading }) => pair(at, symbol, x, y, reading),
});

const none = (unsupported: string): Row => ({ unsupported });

const functions: Readonly<Record<string, Row>> = {
  Abs: cell('abs'),
  Sign: cell('sign'),
  Log: cell('log'),
  Power: { takes: ['x', 'x'], read: ({ x, y, at, reading }) => raised(at, x, y, reading) },
  Not: {
    takes: ['x'],
    read: ({ x, at, reading }) => {
      if (!reading.isFlag(x)) reading.fail(at, 'Not() takes a comparison');
      return reading.flag(reading.apply(at, 'subtract', [literal(1), x]));
    },
  },
  Mask: none('it reads another instrument, and our expressions see each symbol by itself'),
  Add: between('+'),
  Sub: between('-'),
  Mul: between('*'),
  Div: between('/'),
  Greater: { takes: ['x', 'x'], read: ({ x, y, at, reading }) => reading.extreme(at, 'max2', x, y) },
  Less: { takes: ['x', 'x'], read: ({ x, y, at, reading }) => reading.extreme(at, 'min2', x, y) },
  Gt: between('>'),
  Ge: between('>='),
  Lt: between('<'),
  Le: between('<='),
  Eq: between('=='),
  Ne: between('!='),
  And: between('&'),
  Or: between('|'),
  If: { takes: ['x', 'x', 'x'], read: choice },
  Ref: spaced('ts_delay'),
  Delta: spaced('ts_diff'),
  Mean: rolling('ts_mean'),
  Sum: rolling('ts_sum'),
  Std: rolling('ts_std'),
  Var: rolling('ts_var'),
  Skew: rolling('ts_skew'),
  Kurt: rolling('ts_kurt'),
  Max: rolling('ts_max'),
  Min: rolling('ts_min'),
  Med: rolling('ts_median'),
  Rank: { takes: ['x', 'd'], read: (given) => corrected(given, rolling('ts_rank').read(given)) },
  Slope: rolling('ts_slope'),
  Resi: rolling('ts_resid'),
  Rsquare: {
    takes: ['x', 'd'],
    read: (given) => {
      given.reading.note(flatNote);
      return rolling('ts_rsquare').read(given);
    },
  },
  IdxMax: place('idx_max'),
  IdxMin: place('idx_min'),
  Quantile: {
    takes: ['x', 'd', 'k'],
    read: (given) => {
      const d = days(given);
      given.reading.note(windowNote);
      return given.reading.apply(given.at, 'ts_quantile', [given.x], d, given.k as number);
    },
  },
  WMA: {
    takes: ['x', 'd'],
    read: (given) => {
      given.reading.note('qlib takes the mean of weights that already sum to 1, so its WMA(x, n) is ours over n.');
      const mean = corrected(given, rolling('ts_decaylinear').read(given));
      return given.reading.apply(given.at, 'multiply', [literal(1 / given.d), mean]);
    },
  },
  Corr: paired('ts_corr'),
  Cov: paired('ts_cov'),
  EMA: none('it weighs all history from the first row on, and our windows end; ts_ema is the nearest operator'),
  Mad: none('no operator of ours is the mean absolute deviation of a window'),
  Count: none('it counts the rows that are not missing, and our windows are missing when any row is'),
  TResample: none('it changes the frequency; resample the market instead'),
};

/** qlib's pull request 1228 changed the scale of Rank and the weights of WMA. */
function corrected({ tree, reading }: Given, value: Expression): Expression {
  reading.note(`${tree.name} is read as qlib has defined it since July 2022; older releases scaled it differently.`);
  return value;
}

/** What two values give with a sign between them; of two flags, numpy's + is "or" and its * is "and". */
function pair(at: number, symbol: string, a: Expression, b: Expression, reading: Reading): Expression {
  const flags = reading.isFlag(a) && reading.isFlag(b);
  switch (symbol) {
    case '&':
    case '|':
      if (!flags) reading.fail(at, `"${symbol}" takes a comparison on each side; put each in parentheses`);
      return reading.flag(reading.apply(at, symbol === '&' ? 'multiply' : 'max2', [a, b]));
    case '+':
      return flags ? reading.flag(reading.apply(at, 'max2', [a, b])) : reading.arithmetic(at, symbol, a, b);
    case '-':
      if (flags) reading.fail(at, 'numpy cannot subtract one comparison from another');
      return recombined(reading.arithmetic(at, symbol, a, b));
    case '*': {
      const product = recombined(reading.arithmetic(at, symbol, a, b));
      return flags ? reading.flag(product) : product;
    }
    case '/':
      return recombined(reading.arithmetic(at, symbol, a, b));
    case '**':
      return raised(at, a, b, reading);
    default:
      return reading.compare(at, symbol, a, b);
  }
}

function raised(at: number, x: Expression, y: Expression, reading: Reading): Expression {
  if (y.node !== 'literal') reading.unsupported(at, 'Power', 'qlib itself takes only a constant exponent');
  return reading.power(at, x, y);
}

function choice({ x, y, z, at, tree, reading }: Given): Expression {
  // Every value but 0 chooses the first branch, so "!= 0" adds nothing to a condition.
  const bare = withoutUnequal(tree.inputs[0] as Tree);
  const condition = bare ? walk(bare, reading) : x;
  if (!reading.isFlag(x))
    reading.note('A missing condition chooses the first branch in qlib; here the result is missing.');
  if (reading.isFlag(x) && isNumber(y, 1) && isNumber(z, 0)) return x;
  return reading.choose(at, condition, y, z);
}

function withoutUnequal(tree: Tree): Tree | undefined {
  const unequal = (tree.node === 'infix' && tree.symbol === '!=') || (tree.node === 'call' && tree.name === 'Ne');
  const [left, right] = unequal ? (tree.inputs as readonly Tree[]) : [];
  return right?.node === 'number' && right.value === 0 ? left : undefined;
}

const isNumber = (expression: Expression, value: number): boolean =>
  expression.node === 'literal' && expression.value === value;

function walk(tree: Tree, reading: Reading): Expression {
  switch (tree.node) {
    case 'number':
      return literal(tree.value);
    case 'name':
      return named(tree.at, tree.name, reading);
    case 'call':
      return reading.call(tree, functions);
    case 'prefix': {
      const x = walk(tree.input, reading);
      if (tree.symbol === '+') return x;
      return x.node === 'literal' ? literal(-x.value) : reading.apply(tree.at, 'neg', [x]);
    }
    case 'infix': {
      const [a, b] = tree.inputs;
      return pair(tree.at, tree.symbol, walk(a, reading), walk(b, reading), reading);
    }
    case 'choice':
      return reading.fail(tree.at, 'qlib writes choices as If(condition, a, b)');
  }
}

function named(at: number, name: string, reading: Reading): Expression {
  if (name.startsWith('$$')) reading.unsupported(at, name, 'point-in-time fields are not kept here');
  if (!name.startsWith('$')) reading.fail(at, `qlib writes fields with a dollar sign, as in $${name}`);
  const ours = name.slice(1).toUpperCase();
  const field = reading.field(at, ours === 'MONEY' && !reading.vocabulary.has(ours) ? 'AMOUNT' : ours, name);
  return field.kind === 'g' ? reading.fail(at, `${name} is a grouping, and qlib's operators take numbers`) : field;
}

const language: Language = { grammar, walk };
export const readQlib = (text: string, vocabulary: Vocabulary): Read => readText(text, vocabulary, language);
