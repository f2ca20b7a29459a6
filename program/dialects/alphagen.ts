/** alphagen's expressions, as alphagen/data/expression.py and alphagen/data/parser.py define them. */
import type { OperatorName } from '../../operators/table.ts';
import { literal } from '../build.ts';
import type { Expression } from '../expression.ts';
import type { Vocabulary } from '../vocabulary.ts';
import type { Read } from './dialect.ts';
import { type Given, type Known, type Language, type Reading, type Row, readText } from './reading.ts';
import { recombined } from './recombine.ts';
import type { Grammar, Tree } from './tree.ts';

const grammar: Grammar = {
  dialect: 'alphagen',
  word: /\$?[\p{L}_][\p{L}\p{N}_]*/u,
  infix: {},
  prefix: ['-', '+'],
  days: true,
};

const cell = (operator: OperatorName): Known => ({
  takes: ['x'],
  read: ({ x, at, reading }) => reading.apply(at, operator, [x]),
});

const between = (symbol: string): Known => ({
  takes: ['x', 'x'],
  read: ({ x, y, at, reading }) => recombined(reading.arithmetic(at, symbol, x, y)),
});

const rolling = (operator: OperatorName): Known => ({
  takes: ['x', 'd'],
  read: ({ x, d, at, reading }) => reading.apply(at, operator, [x], d),
});

/** a times ours plus b, for statistics that differ from ours by constants of the window alone. */
const scaled = (operator: OperatorName, least: number, of: (n: number) => { a: number; b: number }): Known => ({
  takes: ['x', 'd'],
  read: ({ x, d, at, tree, reading }) => {
    if (!(d >= least)) reading.fail(at, `${tree.name} needs a window of at least ${least} days, not ${d}`);
    const { a, b } = of(d);
    const times = reading.apply(at, 'multiply', [literal(a), reading.apply(at, operator, [x], d)]);
    return b === 0 ? times : reading.apply(at, 'add', [times, literal(b)]);
  },
});

/** m3 / m2^1.5, of which ours is the bias-corrected form. */
export const skewScale = (n: number): number => (n - 2) / Math.sqrt(n * (n - 1));
/** m4 / var² - 3 with the sample variance, from our bias-corrected excess kurtosis. */
export function kurtScale(n: number): { a: number; b: number } {
  const shrink = ((n - 1) / n) ** 2;
  return {
    a: (((n - 2) * (n - 3)) / ((n - 1) * (n + 1))) * shrink,
    b: (3 - 6 / (n + 1)) * shrink - 3,
  };
}

function spaced({ x, d, at, tree, reading }: Given, operator: 'ts_delay' | 'ts_diff'): Expression {
  if (d < 0) reading.unsupported(at, `${tree.name}(x, ${d}d)`, 'it reads the future');
  return reading.apply(at, operator, [x], d);
}

const functions: Readonly<Record<string, Row>> = {
  Constant: { takes: ['k'], read: ({ k }) => literal(k as number) },
  Abs: cell('abs'),
  Sign: cell('sign'),
  Log: cell('log'),
  CSRank: { takes: ['x'], read: ({ x, at, reading }) => rankFromZero(at, x, reading) },
  Add: between('+'),
  Sub: between('-'),
  Mul: between('*'),
  Div: between('/'),
  Pow: { takes: ['x', 'x'], read: ({ x, y, at, reading }) => reading.power(at, x, y) },
  Greater: { takes: ['x', 'x'], read: ({ x, y, at, reading }) => reading.extreme(at, 'max2', x, y) },
  Less: { takes: ['x', 'x'], read: ({ x, y, at, reading }) => reading.extreme(at, 'min2', x, y) },
  Ref: { takes: ['x', 'd'], read: (given) => (given.d === 0 ? given.x : spaced(given, 'ts_delay')) },
  Delta: { takes: ['x', 'd'], read: (given) => spaced(given, 'ts_diff') },
  Mean: rolling('ts_mean'),
  Sum: rolling('ts_sum'),
  Std: rolling('ts_std'),
  Var: rolling('ts_var'),
  Max: rolling('ts_max'),
  Min: rolling('ts_min'),
  EMA: rolling('ts_ema'),
  Skew: scaled('ts_skew', 3, (n) => ({ a: skewScale(n), b: 0 })),
  Kurt: scaled('ts_kurt', 4, kurtScale),
  Med: {
    takes: ['x', 'd'],
    read: ({ x, d, at, reading }) =>
      // torch.median is the lower of the two middle values.
      d % 2 === 0
        ? reading.apply(at, 'ts_quantile', [x], d, (d / 2 - 1) / (d - 1))
        : reading.apply(at, 'ts_median', [x], d),
  },
  Rank: {
    takes: ['x', 'd'],
    read: ({ x, d, at, reading }) => {
      reading.note("alphagen's Rank counts from the largest value of the window, so it is 1 + 1/n less ours.");
      return recombined(reading.apply(at, 'subtract', [literal(1 + 1 / d), reading.apply(at, 'ts_rank', [x], d)]));
    },
  },
  WMA: {
    takes: ['x', 'd'],
    read: ({ x, d, at, reading }) => {
      if (!(d >= 2)) reading.fail(at, `WMA needs a window of at least 2 days, not ${d}`);
      reading.note(
        'alphagen gives the oldest row of a WMA no weight, so it is ours over one day less; that row may be missing here.',
      );
      return reading.apply(at, 'ts_decaylinear', [x], d - 1);
    },
  },
  Cov: {
    takes: ['x', 'x', 'd'],
    read: ({ x, y, d, at, reading }) => reading.apply(at, 'ts_cov', [x, y], d),
  },
  Corr: {
    takes: ['x', 'x', 'd'],
    read: ({ x, y, d, at, reading }) => {
      reading.note(
        'Where the squared deviations of a window sum to less than 0.000001 alphagen gives about 0; here only constant windows are missing.',
      );
      return reading.apply(at, 'ts_corr', [x, y], d);
    },
  },
  Mad: { unsupported: 'no operator of ours is the mean absolute deviation of a window' },
};

/** Places from 0 over the count: our rank less one place, which is 1 over the number of symbols that have a value. */
function rankFromZero(at: number, x: Expression, reading: Reading): Expression {
  reading.note('alphagen orders equal values of a CSRank arbitrarily; here they share their mean rank.');
  return reading.apply(at, 'subtract', [reading.apply(at, 'cs_rank', [x]), onePlace(at, x, reading)]);
}

/** 1 / n on each date, n being the symbols that have a value: a row of ones, scaled to sum to 1. */
export function onePlace(at: number, x: Expression, reading: Reading): Expression {
  const one = reading.apply(at, 'add', [reading.apply(at, 'lt', [x, x]), literal(1)]);
  return reading.apply(at, 'cs_scale', [one]);
}

function walk(tree: Tree, reading: Reading): Expression {
  switch (tree.node) {
    case 'number':
      return literal(tree.value);
    case 'name': {
      const shown = tree.name;
      const field = reading.field(tree.at, shown.replace('$', '').toUpperCase(), shown);
      return field.kind === 'g'
        ? reading.fail(tree.at, `${shown} is a grouping, and alphagen's operators take numbers`)
        : field;
    }
    case 'call':
      return reading.call(tree, functions);
    case 'prefix': {
      const x = walk(tree.input, reading);
      if (x.node !== 'literal') reading.fail(tree.at, 'alphagen writes a negative as Sub(0,x)');
      return x.node === 'literal' && tree.symbol === '-' ? literal(-x.value) : x;
    }
    default:
      return reading.fail(tree.at, 'alphagen writes functions, as in Add(x,y), and no signs');
  }
}

const language: Language = { grammar, walk };
export const readAlphagen = (text: string, vocabulary: Vocabulary): Read => readText(text, vocabulary, language);
