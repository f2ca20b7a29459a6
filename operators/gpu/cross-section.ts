/**
 * One date, all symbols. Sums over a row are made in two steps, 64 parts of each row and then their total, so that a
 * device with more cores than dates is busy and neighbouring threads read neighbouring symbols. Values are taken
 * relative to the row's first present one and divided by the largest such distance, as in windows.
 */
import { addUp, missing, partsOfRow, type Stage, settle } from './stage.ts';

const none = `return ${missing};`;
const tooNear = '1.1754944e-38';
const tooFar = '1e35';
const of = (series: string): string => `${series}[this.thread.y][0]`;

/** A number for each date, from `value` of every symbol that takes part; `takes` are series and numbers of the date. */
function over(
  name: string,
  kind: 'sum' | 'max',
  takes: readonly string[],
  value: { readonly needs: readonly string[]; readonly term: string },
): readonly Stage[] {
  const start = kind === 'sum' ? '0.0' : missing;
  const take = (term: string): string => (kind === 'sum' ? addUp(term) : `total = Math.max(total, ${term});`);
  const open = value.needs.map((series) => `const of_${series} = ${series}[this.thread.y][n];`).join(' ');
  const present = value.needs.map((series) => `of_${series} > -3e38`).join(' && ');
  return [
    {
      name: `${name}_parts`,
      takes: [...takes, 'columns', 'steps'],
      gives: 'parts',
      body: `
  let total = ${start};
  let lost = 0.0;
  for (let i = 0; i < steps; i++) {
    const place = i * ${partsOfRow} + this.thread.x;
    const n = Math.min(place, columns - 1);
    ${open}
    if (place < columns && ${present}) {${take(value.term)}}
  }
  return total;`,
    },
    {
      name,
      takes: [`${name}_parts`],
      gives: 'dates',
      body: `
  let total = ${start};
  let lost = 0.0;
  for (let i = 0; i < ${partsOfRow}; i++) {${take(`${name}_parts[this.thread.y][i]`)}}
  return total;`,
    },
  ];
}

/** The value of `series` at the row's first symbol that has all of `needs`. */
const firstOf = (name: string, series: string, needs: readonly string[]): Stage => ({
  name,
  takes: [...new Set([series, ...needs]), 'columns'],
  gives: 'dates',
  body: `
  for (let n = 0; n < columns; n++) {
    if (${needs.map((need) => `${need}[this.thread.y][n] > -3e38`).join(' && ')}) return ${series}[this.thread.y][n];
  }
  ${none}`,
});

/** The mean of `series` relative to `base`, and the largest distance from it, over symbols that have all of `needs`. */
const survey = (series: string, needs: readonly string[], tag = ''): readonly Stage[] => {
  const base = `base${tag}`;
  const away = `of_${series} - ${of(base)}`;
  const takes = [...new Set([series, ...needs]), base];
  return [
    firstOf(base, series, needs),
    ...over(`sum${tag}`, 'sum', takes, { needs, term: `(${away})` }),
    ...over(`reach${tag}`, 'max', takes, { needs, term: `Math.abs(${away})` }),
  ];
};
const counted = (needs: readonly string[]): readonly Stage[] => over('count', 'sum', needs, { needs, term: '1.0' });

const cell = (name: string, takes: readonly string[], body: string, series = 'x'): Stage => ({
  name,
  takes: [series, ...takes],
  gives: 'cells',
  body: `
  const v = ${series}[this.thread.y][this.thread.x];
  if (v < -3e38) ${none}
  ${body}`,
});
const tooWide = (tag = ''): string => `if (${of(`reach${tag}`)} > ${tooFar}) ${none}`;
const noSpread = (answer: string, tag = ''): string => `if (${of(`reach${tag}`)} < ${tooNear}) return ${answer};`;

/** Distances from the mean in units of the reach, of symbols that have all of `needs`. */
const scaled = (name: string, series: string, needs: readonly string[], tag = ''): Stage =>
  cell(
    name,
    [...needs.filter((need) => need !== series), `base${tag}`, `sum${tag}`, `reach${tag}`, 'count'],
    `${needs.map((need) => `if (${need}[this.thread.y][this.thread.x] < -3e38) ${none}`).join('\n')}
  ${tooWide(tag)} ${noSpread('0.0', tag)}
  return (v - ${of(`base${tag}`)} - ${of(`sum${tag}`)} / ${of('count')}) / ${of(`reach${tag}`)};`,
    series,
  );
/** The sum of products of two scaled series. */
const products = (name: string, a: string, b: string): readonly Stage[] =>
  over(name, 'sum', [...new Set([a, b])], { needs: [...new Set([a, b])], term: `of_${a} * of_${b}` });

const whole = [...survey('x', ['x']), ...counted(['x'])];
export const demean: readonly Stage[] = [
  ...whole,
  cell(
    'demean',
    ['base', 'sum', 'reach', 'count'],
    `${tooWide()}${settle(`v - ${of('base')} - ${of('sum')} / ${of('count')}`)}`,
  ),
];
export const norm: readonly Stage[] = [
  ...whole,
  scaled('scaled', 'x', ['x']),
  ...products('squares', 'scaled', 'scaled'),
  cell(
    'norm',
    ['reach', 'count', 'squares'],
    `${noSpread(missing)}${settle(`v / Math.sqrt(${of('squares')} / (${of('count')} - 1))`)}`,
    'scaled',
  ),
];
export const scale: readonly Stage[] = [
  ...over('largest', 'max', ['x'], { needs: ['x'], term: 'Math.abs(of_x)' }),
  ...over('sizes', 'sum', ['x', 'largest'], { needs: ['x'], term: `Math.abs(of_x) / ${of('largest')}` }),
  cell(
    'scale',
    ['largest', 'sizes'],
    `if (${of('largest')} < ${tooNear}) ${none}${settle(`v / ${of('largest')} / ${of('sizes')}`)}`,
  ),
];

const pair = [
  ...survey('x', ['x', 'y'], 'X'),
  ...survey('y', ['x', 'y'], 'Y'),
  ...counted(['x', 'y']),
  scaled('scaledX', 'x', ['x', 'y'], 'X'),
  scaled('scaledY', 'y', ['x', 'y'], 'Y'),
  ...products('cross', 'scaledX', 'scaledY'),
];
const squaresX = products('squaresX', 'scaledX', 'scaledX');
const squaresY = products('squaresY', 'scaledY', 'scaledY');
export const residual: readonly Stage[] = [
  ...pair,
  ...squaresY,
  cell(
    'residual',
    ['scaledY', 'reachX', 'reachY', 'cross', 'squaresY'],
    `const w = scaledY[this.thread.y][this.thread.x];
  if (w < -3e38) ${none}
  ${noSpread(missing, 'Y')}${settle(`${of('reachX')} * (v - ${of('cross')} / ${of('squaresY')} * w)`)}`,
    'scaledX',
  ),
];

/** Fewer symbols than this say nothing about a date. */
const leastSymbols = 3;
const daily = (name: string, takes: readonly string[], flat: string, answer: string): Stage => ({
  name,
  takes: [...takes, 'reachX', 'reachY', 'count'],
  gives: 'dates',
  body: `
  if (${of('count')} < ${leastSymbols}) ${none}
  ${tooWide('X')} ${tooWide('Y')} ${flat}${settle(answer)}`,
});
/** A date's correlation of x with y; with the label for y, its information coefficient. */
export const dailyCorrelation: readonly Stage[] = [
  ...pair,
  ...squaresX,
  ...squaresY,
  daily(
    'daily_correlation',
    ['cross', 'squaresX', 'squaresY'],
    `${noSpread(missing, 'X')} ${noSpread(missing, 'Y')}`,
    `Math.max(-1, Math.min(1, ${of('cross')} / Math.sqrt(${of('squaresX')}) / Math.sqrt(${of('squaresY')})))`,
  ),
];
/** A date's slope of y on x. */
export const dailySlope: readonly Stage[] = [
  ...pair,
  ...squaresX,
  daily(
    'daily_slope',
    ['cross', 'squaresX'],
    `${noSpread(missing, 'X')} ${noSpread('0.0', 'Y')}`,
    `${of('reachY')} * (${of('cross')} / ${of('squaresX')} / ${of('reachX')})`,
  ),
];

/** Ranks are counted, each symbol against all others: no order is kept, and the counts are exact. */
export const rank: readonly Stage[] = [
  {
    name: 'rank',
    takes: ['x', 'columns'],
    gives: 'cells',
    body: `
  const v = x[this.thread.y][this.thread.x];
  if (v < -3e38) ${none}
  let below = 0.0;
  let equal = 0.0;
  let all = 0.0;
  for (let n = 0; n < columns; n++) {
    const w = x[this.thread.y][n];
    if (w > -3e38) all += 1;
    if (w > -3e38 && w < v) below += 1;
    if (w == v) equal += 1;
  }
  return (below + (equal + 1) * 0.5) / all;`,
  },
];

/**
 * Twice how many symbols are less, less how many others there are: at most 0 up to the lower median and at most 1 up to
 * the upper one, which are therefore the largest such values.
 */
const places = (name: string, series: string): Stage => ({
  name,
  takes: [series, 'columns'],
  gives: 'cells',
  body: `
  const v = ${series}[this.thread.y][this.thread.x];
  if (v < -3e38) ${none}
  let below = 0.0;
  let all = 0.0;
  for (let n = 0; n < columns; n++) {
    const w = ${series}[this.thread.y][n];
    if (w > -3e38) all += 1;
    if (w > -3e38 && w < v) below += 1;
  }
  return 2 * below - (all - 1);`,
});
const median = (name: string, series: string): readonly Stage[] => {
  const place = `${name}_places`;
  const within = (side: string, most: string): readonly Stage[] =>
    over(`${name}_${side}`, 'max', [series, place], {
      needs: [series, place],
      term: `(of_${place} <= ${most} ? of_${series} : ${missing})`,
    });
  return [
    places(place, series),
    ...within('low', '0'),
    ...within('high', '1'),
    {
      name,
      takes: [`${name}_low`, `${name}_high`],
      gives: 'dates',
      body: `
  const low = ${of(`${name}_low`)};
  if (low < -3e38) ${none}
  const high = ${of(`${name}_high`)};${settle('low + (high - low) * 0.5')}`,
    },
  ];
};
export const winsor: readonly Stage[] = [
  ...median('middle', 'x'),
  cell(
    'away',
    ['middle'],
    `if (${of('middle')} < -3e38) ${none}${settle(`Math.min(Math.abs(v - ${of('middle')}), 2.9e38)`)}`,
  ),
  ...median('spread', 'away'),
  cell(
    'winsor',
    ['middle', 'spread', 'k'],
    `if (${of('middle')} < -3e38 || ${of('spread')} < -3e38) ${none}
  // In quarters: a bound may lie within float32's range where the distance to it does not.
  const quarter = 0.25 * ${of('middle')};
  const far = k * (0.25 * ${of('spread')});
  return 4 * Math.max(quarter - far, Math.min(quarter + far, 0.25 * v));`,
  ),
];
