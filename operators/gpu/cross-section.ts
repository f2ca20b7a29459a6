/**
 * One date, all symbols. Sums over a row are made in two steps, 64 parts of each row and then their total, so that a
 * device with more cores than dates is busy and neighbouring threads read neighbouring symbols. Values are taken
 * relative to the row's first present one and divided by the largest such distance, as in windows.
 */
import { addUp, missing, partsOfRow, type Stage, settle } from './stage.ts';

const none = `return ${missing};`;
const tooNear = '1.1754944e-38';
const tooFar = '1e35';
/** A date's number: the column `at` of a stage that gives some to each date. */
const of = (series: string, at = 0): string => `${series}[this.thread.y][${at}]`;

interface Term {
  readonly kind: 'sum' | 'max';
  /** Of a symbol `n` that takes part. */
  readonly term: string;
}
const sum = (term: string): Term => ({ kind: 'sum', term });
const largest = (term: string): Term => ({ kind: 'max', term });

/**
 * A number for each term and date, over the symbols that have all of `needs`, as `of_x`; `takes` are series and numbers
 * of the date, and `local` is computed of them for each symbol. All terms are made at once: a thread for each part of
 * each of them.
 */
function over(
  name: string,
  needs: readonly string[],
  terms: readonly Term[],
  { takes = [], local = '' }: { readonly takes?: readonly string[]; readonly local?: string } = {},
): readonly Stage[] {
  const start = ({ kind }: Term): string => (kind === 'sum' ? '0.0' : missing);
  const take = ({ kind, term }: Term): string => (kind === 'sum' ? addUp(term) : `total = Math.max(total, ${term});`);
  const each = (body: (term: Term, k: number) => string): string =>
    terms.map((term, k) => `if (which == ${k}) {${body(term, k)}}`).join('\n');
  const begin = `
  let total = 0.0;
  let lost = 0.0;
  ${each((term) => ` total = ${start(term)}; `)}`;
  return [
    {
      name: `${name}_parts`,
      takes: [...new Set([...needs, ...takes]), 'columns', 'steps'],
      gives: partsOfRow * terms.length,
      body: `
  const which = Math.floor((this.thread.x + 0.5) / ${partsOfRow});
  const part = this.thread.x - which * ${partsOfRow};${begin}
  for (let i = 0; i < steps; i++) {
    const place = i * ${partsOfRow} + part;
    const n = Math.min(place, columns - 1);
    ${needs.map((series) => `const of_${series} = ${series}[this.thread.y][n];`).join(' ')}
    if (place < columns && ${needs.map((series) => `of_${series} > -3e38`).join(' && ')}) {
      ${local}
      ${each(take)}
    }
  }
  return total;`,
    },
    {
      name,
      takes: [`${name}_parts`],
      gives: terms.length,
      body: `
  const which = this.thread.x;${begin}
  for (let i = 0; i < ${partsOfRow}; i++) {
    const one = ${name}_parts[this.thread.y][which * ${partsOfRow} + i];
    ${each(({ kind }) => take({ kind, term: 'one' }))}
  }
  return total;`,
    },
  ];
}

/** The values of `series` at the row's first symbol that has all of them. */
const firstOf = (name: string, series: readonly string[]): Stage => ({
  name,
  takes: [...series, 'columns'],
  gives: series.length,
  body: `
  for (let n = 0; n < columns; n++) {
    if (${series.map((need) => `${need}[this.thread.y][n] > -3e38`).join(' && ')}) {
      ${series.map((need, k) => `if (this.thread.x == ${k}) return ${need}[this.thread.y][n];`).join('\n')}
    }
  }
  ${none}`,
});

/**
 * Over the symbols that have all of `series`: `base` has the first values, `firsts` how many there are, and then of each
 * series the sum of the distances from its base and the largest one.
 */
const survey = (...series: readonly string[]): readonly Stage[] => [
  firstOf('base', series),
  ...over(
    'firsts',
    series,
    [
      sum('1.0'),
      ...series.flatMap((one, k) => [
        sum(`(of_${one} - ${of('base', k)})`),
        largest(`Math.abs(of_${one} - ${of('base', k)})`),
      ]),
    ],
    { takes: ['base'] },
  ),
];
const count = of('firsts', 0);
const mean = (k = 0): string => `${of('firsts', 1 + 2 * k)} / ${count}`;
const reach = (k = 0): string => of('firsts', 2 + 2 * k);
/** The distance of a value from the mean, in units of the reach; of no use where the reach is too near or too far. */
const scaled = (value: string, k = 0): string => `((${value} - ${of('base', k)} - ${mean(k)}) / ${reach(k)})`;

const cell = (name: string, takes: readonly string[], body: string, series = 'x'): Stage => ({
  name,
  takes: [series, ...takes],
  gives: 'cells',
  body: `
  const v = ${series}[this.thread.y][this.thread.x];
  if (v < -3e38) ${none}
  ${body}`,
});
const tooWide = (k = 0): string => `if (${reach(k)} > ${tooFar}) ${none}`;
const noSpread = (answer: string, k = 0): string => `if (${reach(k)} < ${tooNear}) return ${answer};`;

export const demean: readonly Stage[] = [
  ...survey('x'),
  cell('demean', ['base', 'firsts'], `${tooWide()}${settle(`v - ${of('base')} - ${mean()}`)}`),
];
export const norm: readonly Stage[] = [
  ...survey('x'),
  ...over('squares', ['x'], [sum('e * e')], { takes: ['base', 'firsts'], local: `const e = ${scaled('of_x')};` }),
  cell(
    'norm',
    ['base', 'firsts', 'squares'],
    `${tooWide()} ${noSpread(missing)}${settle(`${scaled('v')} / Math.sqrt(${of('squares')} / (${count} - 1))`)}`,
  ),
];
export const scale: readonly Stage[] = [
  ...over('largest', ['x'], [largest('Math.abs(of_x)')]),
  ...over('sizes', ['x'], [sum(`Math.abs(of_x) / ${of('largest')}`)], { takes: ['largest'] }),
  cell(
    'scale',
    ['largest', 'sizes'],
    `if (${of('largest')} < ${tooNear}) ${none}${settle(`v / ${of('largest')} / ${of('sizes')}`)}`,
  ),
];

/** Of two series: besides the survey, `seconds` has the sums of their scaled products and of each one's squares. */
const pair = (x: string, y: string): readonly Stage[] => [
  ...survey(x, y),
  ...over('seconds', [x, y], [sum('e * f'), sum('e * e'), sum('f * f')], {
    takes: ['base', 'firsts'],
    // A series without spread has no units; what is made of it is not looked at.
    local: `let e = 0.0; if (${reach(0)} >= ${tooNear}) e = ${scaled(`of_${x}`, 0)};
      let f = 0.0; if (${reach(1)} >= ${tooNear}) f = ${scaled(`of_${y}`, 1)};`,
  }),
];
const [cross, squaresX, squaresY] = [0, 1, 2].map((k) => of('seconds', k)) as [string, string, string];
export const residual: readonly Stage[] = [
  ...pair('x', 'y'),
  cell(
    'residual',
    ['y', 'base', 'firsts', 'seconds'],
    `const w = y[this.thread.y][this.thread.x];
  if (w < -3e38) ${none}
  ${tooWide(0)} ${tooWide(1)} ${noSpread(missing, 1)} ${noSpread('0.0', 0)}${settle(
    `${reach(0)} * (${scaled('v', 0)} - ${cross} / ${squaresY} * ${scaled('w', 1)})`,
  )}`,
  ),
];

/** Fewer symbols than this say nothing about a date. */
const leastSymbols = 3;
const daily = (name: string, flat: string, answer: string): Stage => ({
  name,
  takes: ['firsts', 'seconds'],
  gives: 1,
  body: `
  if (${count} < ${leastSymbols}) ${none}
  ${tooWide(0)} ${tooWide(1)} ${flat}${settle(answer)}`,
});
/** A date's correlation of two series; with the label for one, the information coefficient of the other. */
const correlationOf = (x: string, y: string): readonly Stage[] => [
  ...pair(x, y),
  daily(
    'daily_correlation',
    `${noSpread(missing, 0)} ${noSpread(missing, 1)}`,
    `Math.max(-1, Math.min(1, ${cross} / Math.sqrt(${squaresX}) / Math.sqrt(${squaresY})))`,
  ),
];
export const dailyCorrelation = correlationOf('x', 'y');
/** A date's slope of y on x. */
export const dailySlope: readonly Stage[] = [
  ...pair('x', 'y'),
  daily(
    'daily_slope',
    `${noSpread(missing, 0)} ${noSpread('0.0', 1)}`,
    `${reach(1)} * (${cross} / ${squaresX} / ${reach(0)})`,
  ),
];

/** Whether a deviation is more than that of equal values rounded to float32: as operators/wasm/assembly/correlation.ts has it. */
const byRounding = (deviation: string, mean: string): string => `${deviation} <= 5e-7 * Math.abs(${mean})`;

/** Two columns: a date's correlation, unless the factor `varies` by rounding alone, and how many symbols it is of. */
const scored = (takes: readonly string[], alike: string): Stage => ({
  name: 'scored',
  takes: ['daily_correlation', 'firsts', ...takes],
  gives: 2,
  body: `
  if (this.thread.x > 0) return ${count};
  if (${alike}) ${none}
  return ${of('daily_correlation')};`,
});
/** How a factor is scored, x beside the label y. Ranks are those among the symbols that have both. */
export const score: Readonly<Record<'pearson' | 'rank', readonly Stage[]>> = {
  pearson: [
    ...dailyCorrelation,
    scored(
      ['base', 'seconds'],
      byRounding(`${reach(0)} * Math.sqrt(${squaresX} / ${count})`, `${of('base', 0)} + ${mean(0)}`),
    ),
  ],
  rank: [
    ...placesAmong('x', 'y'),
    ...placesAmong('y', 'x'),
    ...correlationOf('place_x', 'place_y'),
    varies('x_of_both'),
    scored(['varies'], `${of('varies')} == 0`),
  ],
};

/** 1 where a date's values vary by more than rounding, or there are none. */
function varies(series: string): Stage {
  const each = (n: string, body: string): string => `
  for (let ${n} = 0; ${n} < columns; ${n}++) {
    const v = ${series}[this.thread.y][${n}];
    if (v > -3e38) {${body}}
  }`;
  return {
    name: 'varies',
    takes: [series, 'columns'],
    gives: 1,
    body: `
  let first = 0.0;
  let m = 0.0;
  let reach = 0.0;
  ${each('n', ' if (m == 0) first = v; m += 1; reach = Math.max(reach, Math.abs(v - first)); ')}
  if (m == 0) return 1;
  if (reach < ${tooNear}) return 0;
  let total = 0.0;
  let squares = 0.0;
  ${each('again', ' const e = (v - first) / reach; total += e; squares += e * e; ')}
  if (${byRounding('reach * Math.sqrt(Math.max(0, squares - total * total / m) / m)', 'first + reach * (total / m)')}) return 0;
  return 1;`,
  };
}

/**
 * Made of a date's counts: how many symbols are `below` the cell, `equal` to it, and there at `all`. Each symbol is compared
 * with all others: no order is kept, and the counts are exact.
 */
function counts(name: string, series: string, answer: string): Stage {
  return cell(
    name,
    ['columns'],
    `
  let below = 0.0;
  let equal = 0.0;
  let all = 0.0;
  for (let n = 0; n < columns; n++) {
    const w = ${series}[this.thread.y][n];
    if (w > -3e38) all += 1;
    if (w > -3e38 && w < v) below += 1;
    if (w == v) equal += 1;
  }
  return ${answer};`,
    series,
  );
}

/** Twice the mean rank, a whole number, of the symbols that have both. */
function placesAmong(series: string, other: string): readonly Stage[] {
  const both = `${series}_of_both`;
  return [
    cell(both, [other], `if (${other}[this.thread.y][this.thread.x] < -3e38) ${none} return v;`, series),
    counts(`place_${series}`, both, '2 * below + equal + 1'),
  ];
}

export const rank: readonly Stage[] = [counts('rank', 'x', '(below + (equal + 1) * 0.5) / all')];

/**
 * Twice how many symbols are less, less how many others there are: at most 0 up to the lower median and at most 1 up to
 * the upper one, which are therefore the largest such values.
 */
const places = (name: string, series: string): Stage => counts(name, series, '2 * below - (all - 1)');
const median = (name: string, series: string): readonly Stage[] => {
  const place = `${name}_places`;
  const sides = `${name}_sides`;
  const within = (most: number): Term => largest(`(of_${place} <= ${most} ? of_${series} : ${missing})`);
  return [
    places(place, series),
    ...over(sides, [series, place], [within(0), within(1)]),
    {
      name,
      takes: [sides],
      gives: 1,
      body: `
  const low = ${of(sides, 0)};
  if (low < -3e38) ${none}
  const high = ${of(sides, 1)};${settle('low + (high - low) * 0.5')}`,
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
