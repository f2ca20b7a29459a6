/**
 * The last rows of one or two series: a thread for each cell, which loops over its window.
 *
 * The same body serves days and bars; only where the window begins differs. Values are taken relative to the window's
 * first one: differences are as small as the window's own spread, so prices of 1e4 keep their digits and a constant
 * window has a spread of exactly zero. Squares are taken of differences divided by the largest of them, since float32
 * holds neither the square of 1e-25 nor the fourth power of a volume.
 */
import { addUp, dayOfBar, missing, type Stage, settle } from './stage.ts';

export interface RollingStages {
  readonly daily: readonly Stage[];
  /** A reduction of the `s` bars of each date from bar `start` on; rows are bars, `bars` of them a date. */
  readonly bars: readonly Stage[];
}

interface Opening {
  readonly prefix: string;
  readonly numbers: readonly string[];
  readonly every: string;
  readonly ends: string;
}
const none = `return ${missing};`;
const daily: Opening = {
  prefix: '',
  numbers: ['s'],
  every: `const from = this.thread.y - s + 1; if (from < 0) ${none}`,
  ends: `const last = this.thread.y; const from = last - s; if (from < 0) ${none}`,
};
const overBars: Opening = {
  prefix: 'bars_',
  numbers: ['s', 'bars', 'start'],
  every: `if (start < 0 || start + s > bars) ${none} const from = this.thread.y * bars + start;`,
  ends: `if (start < 0 || start + s > bars) ${none} const from = this.thread.y * bars + start; const last = from + s - 1;`,
};

function both(
  name: string,
  series: readonly string[],
  reads: 'every' | 'ends',
  body: string,
  extra: readonly string[] = [],
): RollingStages {
  const stage = (opening: Opening): readonly Stage[] => [
    {
      name: opening.prefix + name,
      takes: [...series, ...opening.numbers, ...extra],
      gives: 'cells',
      body: `${opening[reads]}\n${body}`,
    },
  ];
  return { daily: stage(daily), bars: stage(overBars) };
}

/** Every row of the window, oldest first, as `v`. WGSL has no two loop variables of one name in one body. */
const each = (body: string, series = 'x', i = 'i', v = 'v'): string => `
  for (let ${i} = 0; ${i} < s; ${i}++) {
    const ${v} = ${series}[from + ${i}][this.thread.x];
    ${body}
  }`;

/** From here a sum of a window's differences could pass float32's range. */
const tooFar = '1e35';
/** The smallest normal float32: a device may take what is below for zero, so everything here does. */
const tooNear = '1.1754944e-38';

/** `base`, the first value; `centre`, the mean relative to it; `reach`, the largest distance from it. */
const survey = (series: string, tag = ''): string => `
  const base${tag} = ${series}[from][this.thread.x];
  let total${tag} = 0.0;
  let lost${tag} = 0.0;
  let reach${tag} = 0.0;
  let gap${tag} = 0.0;
  for (let seen${tag} = 0; seen${tag} < s; seen${tag}++) {
    const v = ${series}[from + seen${tag}][this.thread.x];
    if (v < -3e38) gap${tag} = 1;
    const d = v - base${tag};
    reach${tag} = Math.max(reach${tag}, Math.abs(d));
    const due = d - lost${tag};
    const next = total${tag} + due;
    lost${tag} = (Math.max(next, -3.3e38) - total${tag}) - due;
    total${tag} = next;
  }
  if (gap${tag} > 0) ${none}
  if (reach${tag} > ${tooFar}) ${none}
  const centre${tag} = total${tag} / s;`;

/** What a window without spread has. */
const flat = (answer: string, tag = ''): string => `
  if (reach${tag} < ${tooNear}) return ${answer};
  const unit${tag} = 1 / reach${tag};`;

const moment = (name: string, onFlat: string, declare: string, step: string, answer: string): RollingStages =>
  both(
    name,
    ['x'],
    'every',
    `${survey('x')}${flat(onFlat)}
  let first = 0.0;
  let squares = 0.0;
  ${declare}${each(`const e = (v - base - centre) * unit; first += e; squares += e * e; ${step}`)}
  squares = squares - first * first / s;${settle(answer)}`,
  );

export const mean = both('mean', ['x'], 'every', `${survey('x')}${settle('base + centre')}`);
export const sum = both('sum', ['x'], 'every', `${survey('x')}${settle('base * s + total')}`);
export const variance = moment('variance', '0.0', '', '', 'reach * (squares / (s - 1)) * reach');
export const deviation = moment('deviation', '0.0', '', '', 'reach * Math.sqrt(squares / (s - 1))');
export const skewness = moment(
  'skewness',
  missing,
  'let cubes = 0.0;',
  'cubes += e * e * e;',
  'Math.sqrt(s * (s - 1)) / (s - 2) * (cubes / s) / ((squares / s) * Math.sqrt(squares / s))',
);
export const kurtosis = moment(
  'kurtosis',
  missing,
  'let fourths = 0.0;',
  'const e2 = e * e; fourths += e2 * e2;',
  '(s - 1) / ((s - 2) * (s - 3)) * ((s + 1) * (fourths / s / (squares / s) / (squares / s) - 3) + 6)',
);
export const zscore = moment('zscore', missing, '', '', '(base * unit + centre * unit) / Math.sqrt(squares / (s - 1))');
export const normalised = moment(
  'normalised',
  missing,
  'let today = 0.0;',
  'today = e;',
  'today / Math.sqrt(squares / (s - 1))',
);

/**
 * What cannot be beyond 1, and is rounded to it from nearby: where a series is a line, or another one's double, all
 * symbols have 1, and float32 sums would tell them apart.
 */
function nearlyOne(value: string): string {
  return `Math.abs(${value}) > 0.9999995 ? (${value} > 0 ? 1.0 : -1.0) : ${value}`;
}

/** Against the row's distance from the window's middle; `alongs` is Σ (i - middle)². */
const trend = (name: string, onFlat: string, answer: string): RollingStages =>
  both(
    name,
    ['x'],
    'every',
    `${survey('x')}${flat(onFlat)}
  const middle = (s - 1) * 0.5;
  const alongs = s * (s * s - 1) / 12;
  let first = 0.0;
  let squares = 0.0;
  let along = 0.0;
  let today = 0.0;${each('const e = (v - base - centre) * unit; first += e; squares += e * e; along += (i - middle) * e; today = e;')}
  squares = squares - first * first / s;${answer}`,
  );
export const slope = trend('slope', '0.0', settle('reach * (along / alongs)'));
export const rsquare = trend('rsquare', missing, settle(nearlyOne('along / alongs * along / squares')));

/** The line is taken away before the rest is summed: what is left of a long drift is small beside it. */
export const residual = trend(
  'residual',
  '0.0',
  `
  const tilt = along / alongs;
  let rest = 0.0;
  let bend = 0.0;${each('const e = (v - base - centre) * unit - tilt * (j - middle); rest += e; bend += (j - middle) * e; today = e;', 'x', 'j')}${settle(
    'reach * (today - rest / s - bend / alongs * middle)',
  )}`,
);

/** Weights 1..s, the newest row heaviest. */
export const decayLinear = both(
  'decay_linear',
  ['x'],
  'every',
  `${survey('x')}
  total = 0.0;
  lost = 0.0;${each(addUp('(i + 1) * (v - base)'))}${settle('base + total / (s * (s + 1) * 0.5)')}`,
);
/** Relative to today's value, which weighs most; an extreme first one would take the digits of all that follow. */
export const exponential = both(
  'exponential',
  ['x'],
  'every',
  `const keep = (s - 1) / (s + 1);
  const today = x[from + s - 1][this.thread.x];
  let held = 0.0;
  let weights = 0.0;
  let reach = 0.0;
  let gap = 0.0;${each(`if (v < -3e38) gap = 1;
    reach = Math.max(reach, Math.abs(v - today));
    held = held * keep + (v - today);
    weights = weights * keep + 1;`)}
  if (gap > 0 || reach > ${tooFar}) ${none}${settle('today + held / weights')}`,
);

/** Kept near 1 by whole powers of 2^64, counted apart: a product may leave float32's range and come back. */
export const product = both(
  'product',
  ['x'],
  'every',
  `let held = 1.0;
  let scale = 0.0;
  let gap = 0.0;${each(`if (v < -3e38) gap = 1;
    let factor = v;
    if (Math.abs(factor) > 4294967296) { factor = factor * 5.421010862427522e-20; scale += 1; }
    if (Math.abs(factor) < 2.3283064365386963e-10) { factor = factor * 18446744073709551616; scale -= 1; }
    held = held * factor;
    if (Math.abs(held) > 4294967296) { held = held * 5.421010862427522e-20; scale += 1; }
    if (Math.abs(held) < 2.3283064365386963e-10) { held = held * 18446744073709551616; scale -= 1; }`)}
  if (gap > 0) ${none}
  if (held == 0) return 0.0;
  if (scale > 3) ${none}
  if (scale < -4) return 0.0;
  for (let turn = 0; turn < 4; turn++) {
    if (scale > 0) { held = held * 18446744073709551616; scale -= 1; }
    if (scale < 0) { held = held * 5.421010862427522e-20; scale += 1; }
  }${settle('held')}`,
);

const extreme = (name: string, start: string, better: string, answer: string): RollingStages =>
  both(
    name,
    ['x'],
    'every',
    `let best = x[from][this.thread.x];
  let place = 0.0;
  let worst = best;
  let gap = 0.0;${each(`if (v < -3e38) gap = 1; ${better}`)}
  if (gap > 0) ${none}
  ${start}${settle(answer)}`,
  );
const larger = 'if (v > best) { best = v; place = i; }';
const smaller = 'if (v < best) { best = v; place = i; }';
export const largest = extreme('largest', '', larger, 'best');
export const smallest = extreme('smallest', '', smaller, 'best');
export const placeOfLargest = extreme('place_of_largest', '', larger, 'place');
export const placeOfSmallest = extreme('place_of_smallest', '', smaller, 'place');
export const range = extreme('range', '', `${larger} worst = Math.min(worst, v);`, 'best - worst');

/** Counts instead of sorting: how many of the window are less than, or equal to, today's. */
export const rank = both(
  'rank',
  ['x'],
  'every',
  `const today = x[from + s - 1][this.thread.x];
  let below = 0.0;
  let equal = 0.0;
  let gap = 0.0;${each('if (v < -3e38) gap = 1; if (v < today) below += 1; if (v == today) equal += 1;')}
  if (gap > 0) ${none}
  return (below + (equal + 1) * 0.5) / s;`,
);

/** The k-th smallest is the largest value that at most k others are less than: s² comparisons and no memory. */
const orderStatistic = (name: string, fraction: string, extra: readonly string[]): RollingStages =>
  both(
    name,
    ['x'],
    'every',
    `const place = ${fraction} * (s - 1);
  const lower = Math.floor(place);
  let low = ${missing};
  let high = ${missing};
  let gap = 0.0;${each(`if (v < -3e38) gap = 1;
    let below = 0.0;${each('if (w < v) below += 1;', 'x', 'j', 'w')}
    if (below <= lower) low = Math.max(low, v);
    if (below <= lower + 1) high = Math.max(high, v);`)}
  if (gap > 0) ${none}
  if (place == lower) return low;${settle('low + (high - low) * (place - lower)')}`,
    extra,
  );
export const median = orderStatistic('median', '0.5', []);
export const quantile = orderStatistic('quantile', 'q', ['q']);

const pair = (name: string, onFlatX: string, onFlatY: string, answer: string): RollingStages =>
  both(
    name,
    ['x', 'y'],
    'every',
    `${survey('x', 'X')}${survey('y', 'Y')}${flat(onFlatY, 'Y')}${flat(onFlatX, 'X')}
  let firstX = 0.0;
  let firstY = 0.0;
  let squaresX = 0.0;
  let squaresY = 0.0;
  let cross = 0.0;${each(`const w = y[from + i][this.thread.x];
    const e = (v - baseX - centreX) * unitX;
    const f = (w - baseY - centreY) * unitY;
    firstX += e;
    firstY += f;
    squaresX += e * e;
    squaresY += f * f;
    cross += e * f;`)}
  cross = cross - firstX * firstY / s;
  squaresX = squaresX - firstX * firstX / s;
  squaresY = squaresY - firstY * firstY / s;${settle(answer)}`,
  );
export const correlation = pair(
  'correlation',
  missing,
  missing,
  nearlyOne('cross / Math.sqrt(squaresX) / Math.sqrt(squaresY)'),
);
export const covariance = pair('covariance', '0.0', '0.0', 'reachX * (cross / (s - 1)) * reachY');
export const beta = pair('beta', '0.0', missing, 'reachX / reachY * (cross / squaresY)');

/** Those that read two rows only; the rows between may be missing. */
const present = `const now = x[last][this.thread.x];
  const then = x[from][this.thread.x];
  if (then < -3e38) ${none}`;
const ends = { difference: 'now - then', change: '(now - then) / then' } as const;
const changed = (answer: string): string => `if (now < -3e38) ${none}
  ${answer === ends.change ? `if (then == 0) ${none}` : ''}${settle(answer)}`;
export const oldest = both('oldest', ['x'], 'ends', `${present} return then;`);
export const difference = both('difference', ['x'], 'ends', `${present} ${changed(ends.difference)}`);
export const change = both('change', ['x'], 'ends', `${present} ${changed(ends.change)}`);

/** Bars in, bars out, within one date: the first s bars of a date are missing. */
const bar = (name: string, answer: string): readonly Stage[] => [
  {
    name: `bar_${name}`,
    takes: ['x', 's', 'bars'],
    gives: 'cells',
    body: `${dayOfBar}
  if (this.thread.y - day * bars < s) ${none}
  const last = this.thread.y;
  const from = last - s;
  ${present} ${answer}`,
  },
];
export const barOldest = bar('oldest', 'return then;');
export const barDifference = bar('difference', changed(ends.difference));
export const barChange = bar('change', changed(ends.change));
