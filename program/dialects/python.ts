/**
 * The Python both exports are made of: every operator's definition over whole arrays, in the order of summation and
 * with the 32-bit intermediate values the reference has, because ranks and flags downstream of another rounding are
 * other ranks and flags. A text carries only the pieces it uses.
 */
import type { Reduction } from '../../operators/reference/interval.ts';
import { reductions } from '../../operators/reference/interval.ts';
import { type OperatorName, operatorOf } from '../../operators/table.ts';
import { type Refusal, refused } from '../build.ts';
import type { Call, Expression } from '../expression.ts';

/** Function definitions by name; a body that mentions another name needs it. */
const pieces: Readonly<Record<string, string>> = {
  _stored: `def _stored(x):
    """Values are kept as 32-bit floats; what does not fit is missing."""
    x = np.asarray(x, dtype=np.float64).astype(np.float32).astype(np.float64)
    return np.where(np.isfinite(x), x, np.nan)`,
  _divide: `def _divide(a, b):
    """Missing where b is zero, or so small that the quotient is too large to store."""
    q = a / b
    return np.where(np.abs(q) <= 3.4028234663852886e38, q, np.nan)`,
  _window: `def _window(f, every, *windows):
    """f of windows given as lists of arrays, oldest row first; missing where any row is, if every row counts."""
    values = f(*windows)
    for window in windows if every else ():
        for row in window:
            values = np.where(np.isnan(row), np.nan, values)
    return values`,
  _rolling: `def _rolling(f, span, *series, every=True):
    """f of the last rows of each series, along the first axis."""
    shape = np.broadcast_shapes(*(x.shape for x in series))
    out = np.full(shape, np.nan)
    rows = shape[0] - span + 1
    if rows > 0:
        out[span - 1 :] = _window(f, every, *([x[i : i + rows] for i in range(span)] for x in series))
    return _stored(out)`,
  _last_bars: `def _last_bars(f, s, *series, every=True):
    """f of the last s bars of each day; series are [date, bar, symbol]."""
    days, bars, symbols = series[0].shape
    if s > bars:
        return np.full((days, symbols), np.nan)
    return _stored(_window(f, every, *([x[:, bars - s + i] for i in range(s)] for x in series)))`,
  _interval: `def _interval(f, least, x, starts, start, end, every=True):
    """f of the bars that begin in [start, end), in minutes since midnight."""
    inside = [x[:, i] for i, minute in enumerate(starts) if start <= minute < end]
    if len(inside) < least:
        return np.full((x.shape[0], x.shape[2]), np.nan)
    return _stored(_window(f, every, inside))`,
  _bar: `def _bar(f, s, x):
    """f of a bar and the one s before it, within the day."""
    out = np.full(x.shape, np.nan)
    out[:, s:] = f([x[:, : x.shape[1] - s], x[:, s:]])
    return _stored(out)`,
  _oldest: `def _oldest(w):
    return w[0]`,
  _newest: `def _newest(w):
    return w[-1]`,
  _difference: `def _difference(w):
    return w[-1] - w[0]`,
  _change: `def _change(w):
    return _divide(w[-1], w[0]) - 1`,
  _sum: `def _sum(w):
    total = 0.0
    for x in w:
        total = total + x
    return total`,
  _mean: `def _mean(w):
    return _sum(w) / len(w)`,
  _product: `def _product(w):
    total = 1.0
    for x in w:
        total = total * x
    return total`,
  _central: `def _central(w, k):
    m = _mean(w)
    return _sum([(x - m) ** k for x in w])`,
  _cross: `def _cross(w, v):
    mw, mv = _mean(w), _mean(v)
    return _sum([(x - mw) * (y - mv) for x, y in zip(w, v)])`,
  _variance: `def _variance(w):
    return _central(w, 2) / (len(w) - 1)`,
  _deviation: `def _deviation(w):
    return np.sqrt(_variance(w))`,
  _covariance: `def _covariance(w, v):
    return _cross(w, v) / (len(w) - 1)`,
  _correlation: `def _correlation(w, v):
    vw, vv = _central(w, 2), _central(v, 2)
    r = np.clip(_cross(w, v) / np.sqrt(vw) / np.sqrt(vv), -1, 1)
    return np.where((vw > 0) & (vv > 0), r, np.nan)`,
  _beta: `def _beta(w, v):
    vv = _central(v, 2)
    return np.where(vv > 0, _divide(_cross(w, v), vv), np.nan)`,
  _skewness: `def _skewness(w):
    n = len(w)
    m2 = _central(w, 2) / n
    skew = np.sqrt(n * (n - 1)) / (n - 2) * (_central(w, 3) / n / m2**1.5)
    return np.where(m2 > 0, skew, np.nan)`,
  _kurtosis: `def _kurtosis(w):
    n = len(w)
    m2 = _central(w, 2) / n
    excess = _central(w, 4) / n / m2**2 - 3
    return np.where(m2 > 0, (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * excess + 6), np.nan)`,
  _largest: `def _largest(w):
    return functools.reduce(np.maximum, w)`,
  _smallest: `def _smallest(w):
    return functools.reduce(np.minimum, w)`,
  _range: `def _range(w):
    return _largest(w) - _smallest(w)`,
  _quantile: `def _quantile(w, q):
    ordered = np.sort(np.stack(w), axis=0)
    place = q * (len(w) - 1)
    below = int(place)
    low, high = ordered[below], ordered[min(below + 1, len(w) - 1)]
    return low + (high - low) * (place - below)`,
  _median: `def _median(w):
    return _quantile(w, 0.5)`,
  _rank: `def _rank(w):
    less = _sum([x < w[-1] for x in w])
    equal = _sum([x == w[-1] for x in w])
    return (less + (equal + 1) / 2) / len(w)`,
  _zscore: `def _zscore(w):
    d = _deviation(w)
    return np.where(d > 0, _divide(_mean(w), d), np.nan)`,
  _normalised: `def _normalised(w):
    d = _deviation(w)
    return np.where(d > 0, _divide(w[-1] - _mean(w), d), np.nan)`,
  _first_place: `def _first_place(w, better):
    best, place = w[0], np.zeros_like(w[0])
    for i, x in enumerate(w):
        place = np.where(better(x, best), i, place)
        best = np.where(better(x, best), x, best)
    return place`,
  _place_of_largest: `def _place_of_largest(w):
    return _first_place(w, np.greater)`,
  _place_of_smallest: `def _place_of_smallest(w):
    return _first_place(w, np.less)`,
  _weighted: `def _weighted(w, weights):
    return _sum([k * x for k, x in zip(weights, w)]) / _sum(weights)`,
  _decay_linear: `def _decay_linear(w):
    return _weighted(w, [i + 1.0 for i in range(len(w))])`,
  _exponential: `def _exponential(w):
    alpha = 2 / (len(w) + 1)
    return _weighted(w, [(1 - alpha) ** (len(w) - 1 - i) for i in range(len(w))])`,
  _slope: `def _slope(w):
    days = [float(i) for i in range(len(w))]
    return _cross(w, days) / _central(days, 2)`,
  _rsquare: `def _rsquare(w):
    return _correlation(w, [float(i) for i in range(len(w))]) ** 2`,
  _residual: `def _residual(w):
    return w[-1] - _mean(w) - _slope(w) * (len(w) - 1) / 2`,
  _row_sum: `def _row_sum(x):
    """Over the symbols of each date that have a value."""
    return np.nancumsum(x, axis=1)[:, -1:]`,
  _row_mean: `def _row_mean(x):
    return _row_sum(x) / (~np.isnan(x)).sum(axis=1, keepdims=True)`,
  _row_median: `def _row_median(x):
    ordered = np.sort(x, axis=1)
    place = np.maximum((~np.isnan(x)).sum(axis=1, keepdims=True) - 1, 0) * 0.5
    low = np.take_along_axis(ordered, np.floor(place).astype(int), axis=1)
    high = np.take_along_axis(ordered, np.ceil(place).astype(int), axis=1)
    return low + (high - low) * (place - np.floor(place))`,
  _cs_demean: `def _cs_demean(x):
    return x - _row_mean(x)`,
  _cs_norm: `def _cs_norm(x):
    m = _row_mean(x)
    d = np.sqrt(_row_sum((x - m) ** 2) / ((~np.isnan(x)).sum(axis=1, keepdims=True) - 1))
    return np.where(d > 0, (x - m) / d, np.nan)`,
  _cs_rank: `def _cs_rank(x):
    out = np.full(x.shape, np.nan)
    for row, day in zip(out, x):
        here = ~np.isnan(day)
        ordered = np.sort(day[here])
        less = np.searchsorted(ordered, day[here], "left")
        equal = np.searchsorted(ordered, day[here], "right") - less
        row[here] = (less + (equal + 1) / 2) / len(ordered)
    return out`,
  _cs_winsor: `def _cs_winsor(x, k):
    middle = _row_median(x)
    reach = k * _row_median(np.abs(x - middle))
    return np.maximum(middle - reach, np.minimum(middle + reach, x))`,
  _cs_scale: `def _cs_scale(x):
    return _divide(x, _row_sum(np.abs(x)))`,
  _cs_resid: `def _cs_resid(x, y):
    both = ~np.isnan(x) & ~np.isnan(y)
    x, y = np.where(both, x, np.nan), np.where(both, y, np.nan)
    x, y = x - _row_mean(x), y - _row_mean(y)
    vy = _row_sum(y * y)
    return np.where(vy > 0, x - _row_sum(x * y) / vy * y, np.nan)`,
  _grouped: `def _grouped(f, x, group):
    """f within each group; a symbol without one is missing."""
    out = np.full(x.shape, np.nan)
    for code in np.unique(group[~np.isnan(group)]):
        inside = group == code
        out = np.where(inside, f(np.where(inside, x, np.nan)), out)
    return out`,
};

/** The pieces a text mentions, and those they mention, each after what it needs. */
export function piecesFor(text: string, others: Readonly<Record<string, string>> = {}): string {
  const all = { ...pieces, ...others };
  const wanted = new Set<string>();
  const want = (body: string): void => {
    for (const [name] of body.matchAll(/\b_\w+/g)) {
      const piece = Object.hasOwn(all, name) ? all[name] : undefined;
      if (!piece || wanted.has(name) || piece === body) continue;
      want(piece);
      wanted.add(name);
    }
  };
  want(text);
  return [...wanted].map((name) => `${all[name]}\n\n\n`).join('');
}

type Rolling = Exclude<OperatorName, Extract<OperatorName, `cs_${string}` | `group_${string}` | `learn_${string}`>>;

const ofWindow: Partial<Readonly<Record<Rolling, string>>> = {
  ts_mean: '_mean',
  ts_sum: '_sum',
  ts_std: '_deviation',
  ts_var: '_variance',
  ts_skew: '_skewness',
  ts_kurt: '_kurtosis',
  ts_max: '_largest',
  ts_min: '_smallest',
  ts_range: '_range',
  ts_median: '_median',
  ts_quantile: '_quantile',
  ts_rank: '_rank',
  ts_zscore: '_zscore',
  ts_norm: '_normalised',
  ts_diff: '_difference',
  ts_delay: '_oldest',
  ts_return: '_change',
  ts_decaylinear: '_decay_linear',
  ts_ema: '_exponential',
  idx_max: '_place_of_largest',
  idx_min: '_place_of_smallest',
  ts_slope: '_slope',
  ts_rsquare: '_rsquare',
  ts_resid: '_residual',
  ts_prod: '_product',
  ts_corr: '_correlation',
  ts_cov: '_covariance',
  ts_beta: '_beta',
  bar_delay: '_oldest',
  bar_diff: '_difference',
  bar_return: '_change',
};

/** The function of a window a rolling or bar operator is; a quantile carries its q. */
export function windowFunction({ operator, parameters }: Call): string {
  const name = ofWindow[operator as Rolling];
  if (!name) throw new Error(`${operator} is not written in Python yet`);
  return operator === 'ts_quantile' ? `lambda w: _quantile(w, ${number(parameters[1] as number)})` : name;
}

/** `_interval(...)` up to its series: the reduction and the bars it needs. */
export function intervalFunction(reduction: Reduction): { name: string; least: number; every: boolean } {
  const { operator } = reductions[reduction];
  const row = operatorOf(operator);
  if (row.shape !== 'rolling') throw new Error(`${operator} does not reduce bars`);
  const name = reduction === 'last' ? '_newest' : (ofWindow[operator] as string);
  return { name, least: row.least, every: row.reads === 'every' };
}

/** Rows of a rolling operator's span on daily values, and whether all of them count. */
export function spanOf({ operator, parameters }: Call): { span: number; every: boolean } {
  const row = operatorOf(operator);
  if (row.shape !== 'rolling') throw new Error(`${operator} has no window`);
  return { span: row.span(parameters[0] as number), every: row.reads === 'every' };
}

/** The cross-section function of one argument `x` as Python, arguments named by the caller. */
export function crossSection({ operator, parameters }: Call, [x, other]: readonly string[]): string {
  switch (operator) {
    case 'cs_winsor':
      return `_cs_winsor(${x}, ${number(parameters[0] as number)})`;
    case 'cs_resid':
      return `_cs_resid(${x}, ${other})`;
    case 'group_norm':
    case 'group_rank':
    case 'group_demean':
      return `_grouped(_cs_${operator.slice('group_'.length)}, ${x}, ${other})`;
    default:
      return `_${operator}(${x})`;
  }
}

/** A literal, which is stored as a 32-bit float like every other value. */
export const storedNumber = (value: number): string =>
  Math.fround(value) === value ? number(value) : `float(np.float32(${number(value)}))`;

/** Python reads a number as JavaScript prints it; a negative one keeps to itself. */
export const number = (value: number): string => (value < 0 ? `(${value})` : String(value));

/** A name of its own for every field and call, none of them a word the text already uses. */
export function nameAll(expression: Expression, taken: readonly string[]): Map<string, string> {
  const used = new Set([...taken, 'data', 'dates', 'symbols', 'clock', 'times', 'starts', 'np', 'pd', 'pl', 'factor']);
  const names = new Map<string, string>();
  const name = (key: string, wanted: string): void => {
    let free = /^[A-Za-z]/.test(wanted) ? wanted : `x${wanted}`;
    while (used.has(free) || pythonWords.includes(free)) free += '_';
    used.add(free);
    names.set(key, free);
  };
  for (const { key } of fieldsOf(expression)) name(key, key.replace(/\W/g, '_'));
  for (const [i, { key }] of callsOf(expression).entries()) name(key, `f${i + 1}`);
  return names;
}

const pythonWords =
  'and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  );

/** Every call once, inputs before what is made of them. */
export function callsOf(expression: Expression, seen: Map<string, Call> = new Map()): Call[] {
  if (expression.node === 'call' && !seen.has(expression.key)) {
    for (const input of expression.inputs) callsOf(input, seen);
    seen.set(expression.key, expression);
  }
  return [...seen.values()];
}

export function fieldsOf(expression: Expression, found: Map<string, Expression> = new Map()): Expression[] {
  if (expression.node === 'field') found.set(expression.key, expression);
  else if (expression.node === 'call') for (const input of expression.inputs) fieldsOf(input, found);
  return [...found.values()];
}

/** Why a table of bars cannot give this expression. */
export function refuseTable(expression: Expression): Refusal | undefined {
  const learned = callsOf(expression).find(({ operator }) => operatorOf(operator).shape === 'learn');
  if (learned) {
    return refused('kind', `${learned.operator} learns from the labels of a run, which a table of bars does not hold`);
  }
  // A daily value of every symbol always has a field of dates by symbols below it, so the tables have both.
  return expression.kind === 'm' ? undefined : refused('kind', 'only a daily value of every symbol is a table');
}
