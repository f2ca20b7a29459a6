/**
 * The formulas of Kakushadze's "101 Formulaic Alphas" and of WorldQuant BRAIN, which grew out of them. They share a
 * grammar and most words; where one word has two meanings (rank, ts_rank, scale, min, max) each reader has its own,
 * and a word only one of them has means the same in both.
 */
import type { OperatorName } from '../../operators/table.ts';
import { literal } from '../build.ts';
import type { Expression } from '../expression.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { onePlace } from './alphagen.ts';
import type { Read } from './dialect.ts';
import { type Given, type Known, type Language, type Reading, type Row, readText } from './reading.ts';
import type { Grammar, Tree } from './tree.ts';

const grammar = (dialect: string): Grammar => ({
  dialect,
  word: /[\p{L}_][\p{L}\p{N}_]*(?:\.[\p{L}_][\p{L}\p{N}_]*)*/u,
  infix: {
    '||': 2,
    '&&': 3,
    '==': 4,
    '!=': 4,
    '<': 5,
    '>': 5,
    '<=': 5,
    '>=': 5,
    '+': 10,
    '-': 10,
    '*': 20,
    '/': 20,
  },
  power: '^',
  prefix: ['-', '+', '!'],
  choice: true,
});

type Rows = Readonly<Record<string, Row>>;

const windowNote =
  'Neither source says what a window with missing rows gives; here it is missing, as it is until it is full.';
const tieNote = 'Neither source says which of equal values counts; here it is the oldest.';

const cell = (operator: OperatorName): Known => ({
  takes: ['x'],
  read: ({ x, at, reading }) => reading.apply(at, operator, [x]),
});

/** "Non-integer number of days d is converted to floor(d)", says the paper. */
function days({ d, reading }: Given): number {
  if (!Number.isInteger(d))
    reading.note('A window that is not a whole number of days is rounded down, as the paper says.');
  return Math.floor(d);
}

function windowed(operator: OperatorName, given: Given, inputs: readonly Expression[] = [given.x]): Expression {
  given.reading.note(windowNote);
  return given.reading.apply(given.at, operator, inputs, days(given));
}

const rolling = (operator: OperatorName): Known => ({ takes: ['x', 'd'], read: (given) => windowed(operator, given) });
const paired = (operator: OperatorName): Known => ({
  takes: ['x', 'x', 'd'],
  read: (given) => windowed(operator, given, [given.x, given.y]),
});

const spaced = (operator: 'ts_delay' | 'ts_diff' | 'ts_return'): Known => ({
  takes: ['x', 'd'],
  read: (given) => {
    const { d, at, tree, reading, x } = given;
    if (d < 0) reading.unsupported(at, `${tree.name}(x, ${d})`, 'it reads the future');
    if (days(given) > 0) return reading.apply(at, operator, [x], days(given));
    return operator === 'ts_delay' ? x : reading.fail(at, `${tree.name} needs at least one day`);
  },
});

/** Population statistics from our sample ones. */
const toPopulation = (d: number): Expression => literal(Math.sqrt((d - 1) / d));

/** `filter` would put numbers where values are missing. */
const between = (symbol: string): Known => ({
  takes: ['x', 'x'],
  named: { filter: /^false$/i },
  read: ({ x, y, at, reading }) => reading.arithmetic(at, symbol, x, y),
});

const logical = (symbol: string): Known => ({
  takes: ['x', 'x'],
  read: ({ x, y, at, reading }) => joined(at, symbol, x, y, reading),
});

const none = (unsupported: string): Row => ({ unsupported });

/** Cross-sections within the groups named last: `industry`, `IndClass.industry`. */
const grouped = (operator: OperatorName, note?: string): Known => ({
  takes: ['x', 'g'],
  read: ({ x, y, at, reading }) => {
    if (note) reading.note(note);
    return reading.apply(at, operator, [x, y]);
  },
});

const argument = (operator: 'idx_max' | 'idx_min', fromNewest: boolean): Known => ({
  takes: ['x', 'd'],
  read: (given) => {
    const { at, reading } = given;
    reading.note(tieNote);
    const place = windowed(operator, given);
    if (fromNewest) return reading.apply(at, 'subtract', [literal(days(given) - 1), place]);
    reading.note(
      'The paper says "which day"; it is read as 1 for the oldest day of the window, as published code does.',
    );
    return reading.apply(at, 'add', [place, literal(1)]);
  },
});

const signedPower: Known = {
  takes: ['x', 'x'],
  read: ({ x, y, at, reading }) => {
    const size = reading.power(at, reading.apply(at, 'abs', [x]), y);
    return reading.apply(at, 'multiply', [reading.apply(at, 'sign', [x]), size]);
  },
};

/** What both have, and what only one of them has. */
const shared: Rows = {
  abs: cell('abs'),
  log: cell('log'),
  sign: cell('sign'),
  sqrt: cell('sqrt'),
  sigmoid: cell('sigmoid'),
  tanh: cell('tanh'),
  exp: { takes: ['x'], read: ({ x, at, reading }) => reading.exponential(at, x) },
  reverse: cell('neg'),
  inverse: { takes: ['x'], read: ({ x, at, reading }) => reading.arithmetic(at, '/', literal(1), x) },
  add: between('+'),
  subtract: between('-'),
  multiply: between('*'),
  divide: between('/'),
  power: { takes: ['x', 'x'], read: ({ x, y, at, reading }) => reading.power(at, x, y) },
  signed_power: signedPower,
  and: logical('&&'),
  or: logical('||'),
  not: { takes: ['x'], read: ({ x, at, reading }) => negated(at, x, reading) },
  if_else: { takes: ['x', 'x', 'x'], read: ({ x, y, z, at, reading }) => reading.choose(at, x, y, z) },
  normalize: { takes: ['x'], named: { usestd: /^false$/i, limit: /^0(\.0*)?$/ }, read: cell('cs_demean').read },
  zscore: { takes: ['x'], read: ({ x, at, reading }) => populationScore(at, x, reading) },
  delay: spaced('ts_delay'),
  delta: spaced('ts_diff'),
  correlation: paired('ts_corr'),
  covariance: {
    takes: ['x', 'x', 'd'],
    read: (given) => {
      given.reading.note('The paper does not say which covariance; the sample one is taken (divided by d - 1).');
      return windowed('ts_cov', given, [given.x, given.y]);
    },
  },
  stddev: {
    takes: ['x', 'd'],
    read: (given) => {
      given.reading.note(
        'The paper does not say which standard deviation; the sample one is taken (divided by d - 1).',
      );
      return windowed('ts_std', given);
    },
  },
  sum: rolling('ts_sum'),
  product: rolling('ts_prod'),
  decay_linear: rolling('ts_decaylinear'),
  ts_min: rolling('ts_min'),
  ts_max: rolling('ts_max'),
  ts_argmax: argument('idx_max', false),
  ts_argmin: argument('idx_min', false),
  indneutralize: grouped('group_demean'),
  ts_mean: rolling('ts_mean'),
  ts_sum: rolling('ts_sum'),
  ts_median: rolling('ts_median'),
  ts_product: rolling('ts_prod'),
  ts_delay: spaced('ts_delay'),
  ts_delta: spaced('ts_diff'),
  ts_returns: spaced('ts_return'),
  ts_corr: paired('ts_corr'),
  ts_covariance: {
    takes: ['x', 'x', 'd'],
    read: (given) => {
      given.reading.note('BRAIN does not say which covariance; the sample one is taken (divided by d - 1).');
      return windowed('ts_cov', given, [given.x, given.y]);
    },
  },
  ts_decay_linear: {
    takes: ['x', 'd'],
    named: { dense: /^(true|false)$/i },
    read: (given) => {
      given.reading.note('BRAIN counts missing rows of ts_decay_linear as 0; here a window with one is missing.');
      return windowed('ts_decaylinear', given);
    },
  },
  ts_arg_max: argument('idx_max', true),
  ts_arg_min: argument('idx_min', true),
  ts_std_dev: {
    takes: ['x', 'd'],
    read: (given) => given.reading.apply(given.at, 'multiply', [toPopulation(days(given)), windowed('ts_std', given)]),
  },
  ts_zscore: {
    takes: ['x', 'd'],
    read: (given) =>
      given.reading.apply(given.at, 'protecteddiv', [windowed('ts_norm', given), toPopulation(days(given))]),
  },
  ts_ir: {
    takes: ['x', 'd'],
    read: (given) =>
      given.reading.apply(given.at, 'protecteddiv', [windowed('ts_zscore', given), toPopulation(days(given))]),
  },
  ts_av_diff: {
    takes: ['x', 'd'],
    read: (given) => given.reading.apply(given.at, 'subtract', [given.x, windowed('ts_mean', given)]),
  },
  ts_max_diff: {
    takes: ['x', 'd'],
    read: (given) => given.reading.apply(given.at, 'subtract', [given.x, windowed('ts_max', given)]),
  },
  ts_min_diff: {
    takes: ['x', 'd'],
    read: (given) => given.reading.apply(given.at, 'subtract', [given.x, windowed('ts_min', given)]),
  },
  ts_scale: {
    takes: ['x', 'd'],
    read: (given) => {
      const { x, at, reading } = given;
      const above = reading.apply(at, 'subtract', [x, windowed('ts_min', given)]);
      return reading.apply(at, 'protecteddiv', [above, windowed('ts_range', given)]);
    },
  },
  group_neutralize: grouped('group_demean'),
  group_rank: grouped(
    'group_rank',
    'BRAIN scales group_rank to [0, 1]; ours is in (0, 1], so groups of different sizes compare a little differently.',
  ),
  ts_backfill: none('it fills missing values, and we never invent one'),
  kth_element: none('it fills missing values, and we never invent one'),
  is_nan: none('our operators keep missing values missing and cannot ask for them'),
  ts_count_nans: none('our operators keep missing values missing and cannot ask for them'),
  trade_when: none('it holds the value of an earlier day for as long as its condition asks, and our windows end'),
  hump: none('it depends on its own value of the day before'),
  ts_quantile: none('it passes a rank through an inverse distribution, which no operator of ours does'),
  quantile: none('it passes a rank through an inverse distribution, which no operator of ours does'),
  winsorize: none('it cuts at standard deviations, and cs_winsor at median absolute deviations'),
  ts_regression: none('it gives many statistics by number; write ts_beta, ts_corr or ts_rsquare instead'),
  vector_neut: none('it projects without a mean, and cs_resid fits a line with one'),
  group_mean: none('it spreads a mean over its group; group_demean(x, g) takes that mean off'),
  bucket: none('it makes groupings, and a grouping must be a field here'),
};

/** An argument both may leave out or give as a number: how far `scale` scales. */
const scale: Known = {
  takes: ['x', 'K'],
  named: { scale: /^[\d.]+$/ },
  read: ({ x, k = 1, at, tree, reading }) => {
    const size = Number(tree.named.get('scale') ?? k);
    const scaled = reading.apply(at, 'cs_scale', [x]);
    return size === 1 ? scaled : reading.apply(at, 'multiply', [literal(size), scaled]);
  },
};

/** The paper's min(x, d) is ts_min(x, d), yet its formulas also write it between two values. */
const minOrWindow = (operator: 'min2' | 'max2', window: 'ts_min' | 'ts_max'): Known => ({
  takes: ['x', 'x'],
  read: (given) => {
    const { x, y, at, tree, reading } = given;
    if (y.node !== 'literal' || y.value < 1) return reading.extreme(at, operator, x, y);
    reading.note(
      `${tree.name}(x, ${y.value}) is read as ${window}(x, ${Math.floor(y.value)}), as the paper defines it.`,
    );
    return windowed(window, { ...given, d: y.value });
  },
});

const paper: Rows = {
  ...shared,
  rank: {
    takes: ['x'],
    read: ({ x, at, reading }) => {
      reading.note(
        'The paper does not give the scale of rank and ts_rank; here it is (0, 1], equal values sharing their mean rank.',
      );
      return reading.apply(at, 'cs_rank', [x]);
    },
  },
  ts_rank: {
    takes: ['x', 'd'],
    read: (given) => {
      given.reading.note(
        'The paper does not give the scale of rank and ts_rank; here it is (0, 1], equal values sharing their mean rank.',
      );
      return windowed('ts_rank', given);
    },
  },
  scale,
  min: minOrWindow('min2', 'ts_min'),
  max: minOrWindow('max2', 'ts_max'),
  signedpower: {
    takes: ['x', 'x'],
    read: ({ x, y, at, reading }) => {
      reading.note('The paper defines signedpower(x, a) as x^a and so it is read; signed_power keeps the sign.');
      return reading.power(at, x, y);
    },
  },
};

const brain: Rows = {
  ...shared,
  rank: {
    takes: ['x'],
    named: { rate: /^\d+$/ },
    read: ({ x, at, tree, reading }) => {
      if (tree.named.get('rate') !== '0') {
        reading.note('BRAIN sorts only roughly unless rate=0 is given; here the order is exact.');
      }
      reading.note('BRAIN does not say how equal values rank; here they share their mean rank.');
      const place = onePlace(at, x, reading);
      const above = reading.apply(at, 'subtract', [reading.apply(at, 'cs_rank', [x]), place]);
      return reading.apply(at, 'protecteddiv', [above, reading.apply(at, 'subtract', [literal(1), place])]);
    },
  },
  ts_rank: {
    takes: ['x', 'd'],
    named: { constant: /^0$/ },
    read: (given) => {
      const { at, reading } = given;
      const d = days(given);
      if (d < 2) reading.fail(at, `ts_rank needs a window of at least 2 days, not ${d}`);
      reading.note('BRAIN does not say how equal values rank; here they share their mean rank.');
      const places = reading.apply(at, 'multiply', [literal(d / (d - 1)), windowed('ts_rank', given)]);
      return reading.apply(at, 'subtract', [places, literal(1 / (d - 1))]);
    },
  },
  scale,
  min: { takes: ['x', 'x'], read: ({ x, y, at, reading }) => reading.extreme(at, 'min2', x, y) },
  max: { takes: ['x', 'x'], read: ({ x, y, at, reading }) => reading.extreme(at, 'max2', x, y) },
  signedpower: signedPower,
};

/** BRAIN divides by the population standard deviation: our score over √(1 - 1/n). */
function populationScore(at: number, x: Expression, reading: Reading): Expression {
  const rest = reading.apply(at, 'subtract', [literal(1), onePlace(at, x, reading)]);
  return reading.apply(at, 'protecteddiv', [reading.apply(at, 'cs_norm', [x]), reading.apply(at, 'sqrt', [rest])]);
}

function joined(at: number, symbol: string, a: Expression, b: Expression, reading: Reading): Expression {
  if (!reading.isFlag(a) || !reading.isFlag(b)) reading.fail(at, `"${symbol}" takes a comparison on each side`);
  return reading.flag(reading.apply(at, symbol === '&&' ? 'multiply' : 'max2', [a, b]));
}

function negated(at: number, x: Expression, reading: Reading): Expression {
  if (!reading.isFlag(x)) reading.fail(at, '"not" takes a comparison');
  return reading.flag(reading.apply(at, 'subtract', [literal(1), x]));
}

/** `adv`: what the tool's adv20 is the mean of. */
function language(dialect: string, functions: Rows, adv: 'AMOUNT' | 'VOLUME'): Language {
  function walk(tree: Tree, reading: Reading): Expression {
    switch (tree.node) {
      case 'number':
        return literal(tree.value);
      case 'name':
        return named(tree.at, tree.name, adv, reading);
      case 'call':
        return reading.call(tree, functions, tree.name.toLowerCase());
      case 'prefix': {
        const x = walk(tree.input, reading);
        if (tree.symbol === '!') return negated(tree.at, x, reading);
        if (tree.symbol === '+') return x;
        return x.node === 'literal' ? literal(-x.value) : reading.apply(tree.at, 'neg', [x]);
      }
      case 'choice': {
        const [condition, yes, no] = tree.inputs;
        return reading.choose(tree.at, walk(condition, reading), walk(yes, reading), walk(no, reading));
      }
      case 'infix': {
        const [left, right] = tree.inputs;
        const [a, b] = [walk(left, reading), walk(right, reading)];
        if (tree.symbol === '^') return reading.power(tree.at, a, b);
        if (tree.symbol === '&&' || tree.symbol === '||') return joined(tree.at, tree.symbol, a, b, reading);
        const sum = '+-*/'.includes(tree.symbol);
        return sum ? reading.arithmetic(tree.at, tree.symbol, a, b) : reading.compare(tree.at, tree.symbol, a, b);
      }
    }
  }
  return { grammar: grammar(dialect), walk };
}

function named(at: number, name: string, adv: string, reading: Reading): Expression {
  const lower = name.toLowerCase();
  if (lower === 'returns') {
    const known = reading.vocabulary.has('RETURNS');
    return known
      ? reading.field(at, 'RETURNS', name)
      : reading.apply(at, 'ts_return', [reading.field(at, 'CLOSE', name)], 1);
  }
  const average = /^adv(\d+)$/.exec(lower);
  if (average) {
    return reading.apply(at, 'ts_mean', [reading.field(at, adv, name)], Number(average[1]));
  }
  return reading.field(
    at,
    (lower.startsWith('indclass.') ? lower.slice('indclass.'.length) : lower).toUpperCase(),
    name,
  );
}

/** "Average daily dollar volume for the past d days" in the paper, of shares in BRAIN. */
const paperLanguage = language('alpha101', paper, 'AMOUNT');
const brainLanguage = language('brain', brain, 'VOLUME');
export const readAlpha101 = (text: string, vocabulary: Vocabulary): Read => readText(text, vocabulary, paperLanguage);
export const readBrain = (text: string, vocabulary: Vocabulary): Read => readText(text, vocabulary, brainLanguage);
