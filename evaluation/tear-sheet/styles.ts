/**
 * The styles of the Barra China equity model (CNE5), as far as a market's fields go: what a factor must beat to be more
 * than a known risk. A style is a weighted sum of descriptors. Each descriptor is drawn in to three deviations around
 * its mean and standardised: deviation 1 over the symbols, mean 0 weighted by capital (plain where CAP is unknown). The
 * sum is made orthogonal where the model says so, in a regression weighted by the root of capital, and standardised
 * again. A symbol that lacks some descriptors of a style is described by the others, their weights scaled to sum to 1.
 *
 * A date's values use fields up to that date. Fundamentals are fields an import may bring, as known on the date: BOOK
 * (equity), EARNINGS, CASH_EARNINGS and EARNINGS_FORECAST (12 months), LONG_DEBT, TOTAL_DEBT and TOTAL_ASSETS in the
 * money CAP is in; EARNINGS_GROWTH and SALES_GROWTH (slope over five years, per year, over their mean), and analysts'
 * GROWTH_FORECAST_LONG and GROWTH_FORECAST_SHORT. Preferred equity is taken to be nothing.
 */
import { Regression } from './regression.ts';
import type { Section } from './section.ts';
import { ReturnHistory, TurnoverHistory } from './style-history.ts';

export interface StylePanel {
  readonly dates: number;
  readonly symbols: number;
  /** Cells from one date's to the next's, of every field; as many as symbols unless told. */
  readonly stride?: number | undefined;
  /** Date-major cells, or one number a date of a market vector; undefined where the market lacks the field. */
  readonly field: (name: string) => Float32Array | undefined;
}

export interface StyleValues {
  readonly name: string;
  readonly doc: string;
  /** Date-major, a row for each date wanted, NaN where missing. */
  readonly values: Float32Array;
  /** Descriptors of the model that it had to do without. */
  readonly without: readonly string[];
}

export interface StylesOfMarket {
  readonly styles: readonly StyleValues[];
  /** With a clause: what is missing for it. */
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
}

interface Past {
  readonly returns: ReturnHistory | undefined;
  readonly turnover: TurnoverHistory | undefined;
}

interface Descriptor {
  readonly name: string;
  readonly weight: number;
  readonly needs: readonly string[];
  /** Of the date's cells of the fields it needs, or of the past. */
  readonly cell?: (a: number, b: number, c: number) => number;
  readonly past?: (past: Past) => Section | undefined;
}

interface Style {
  readonly name: string;
  readonly doc: string;
  readonly descriptors: readonly Descriptor[];
  /** Made of the cube of this style instead of descriptors. */
  readonly cubeOf?: string;
  readonly orthogonalTo?: readonly string[];
}

const over = (a: number, b: number): number => (b > 0 ? a / b : Number.NaN);

/** In the order they are made: a style may refer to those before it. */
const table: readonly Style[] = [
  {
    name: 'Size',
    doc: 'Logarithm of capital.',
    descriptors: [{ name: 'LNCAP', weight: 1, needs: ['CAP'], cell: (cap) => (cap > 0 ? Math.log(cap) : Number.NaN) }],
  },
  {
    name: 'Beta',
    doc: "Slope of returns on the market's over 252 dates, weights halving every 63.",
    descriptors: [{ name: 'BETA', weight: 1, needs: ['CLOSE', 'MKT_RETURN'], past: ({ returns }) => returns?.beta }],
  },
  {
    name: 'Momentum',
    doc: 'Mean logarithmic return of the 504 dates up to 21 dates ago, weights halving every 126 (RSTR).',
    descriptors: [{ name: 'RSTR', weight: 1, needs: ['CLOSE'], past: ({ returns }) => returns?.rstr }],
  },
  {
    name: 'ResVol',
    doc: "0.74 DASTD (deviation of returns over 252 dates, weights halving every 42) + 0.16 CMRA (range of the logarithmic returns over 1 to 12 months of 21 dates) + 0.10 HSIGMA (deviation of what Beta's regression leaves), orthogonal to Beta and Size.",
    descriptors: [
      { name: 'DASTD', weight: 0.74, needs: ['CLOSE'], past: ({ returns }) => returns?.dastd },
      { name: 'CMRA', weight: 0.16, needs: ['CLOSE'], past: ({ returns }) => returns?.cmra },
      { name: 'HSIGMA', weight: 0.1, needs: ['CLOSE', 'MKT_RETURN'], past: ({ returns }) => returns?.hsigma },
    ],
    orthogonalTo: ['Beta', 'Size'],
  },
  {
    name: 'NLSize',
    doc: 'Cube of Size, orthogonal to Size: what capital says beyond a straight line.',
    descriptors: [],
    cubeOf: 'Size',
    orthogonalTo: ['Size'],
  },
  {
    name: 'Liquidity',
    doc: '0.35 STOM + 0.35 STOQ + 0.30 STOA: logarithm of the turnover of a month of 21 dates, on average over 1, 3 and 12 of them.',
    descriptors: [
      { name: 'STOM', weight: 0.35, needs: ['TURN'], past: ({ turnover }) => turnover?.stom },
      { name: 'STOQ', weight: 0.35, needs: ['TURN'], past: ({ turnover }) => turnover?.stoq },
      { name: 'STOA', weight: 0.3, needs: ['TURN'], past: ({ turnover }) => turnover?.stoa },
    ],
  },
  {
    name: 'BTOP',
    doc: 'Book equity over capital.',
    descriptors: [{ name: 'BTOP', weight: 1, needs: ['BOOK', 'CAP'], cell: over }],
  },
  {
    name: 'EarningsYield',
    doc: '0.68 EPFWD (forecast earnings) + 0.21 CETOP (cash earnings) + 0.11 ETOP (earnings), each over capital.',
    descriptors: [
      { name: 'EPFWD', weight: 0.68, needs: ['EARNINGS_FORECAST', 'CAP'], cell: over },
      { name: 'CETOP', weight: 0.21, needs: ['CASH_EARNINGS', 'CAP'], cell: over },
      { name: 'ETOP', weight: 0.11, needs: ['EARNINGS', 'CAP'], cell: over },
    ],
  },
  {
    name: 'Growth',
    doc: '0.47 SGRO (growth of sales) + 0.24 EGRO (of earnings) + 0.18 EGRLF (forecast, long) + 0.11 EGRSF (forecast, short).',
    descriptors: [
      { name: 'SGRO', weight: 0.47, needs: ['SALES_GROWTH'], cell: (growth) => growth },
      { name: 'EGRO', weight: 0.24, needs: ['EARNINGS_GROWTH'], cell: (growth) => growth },
      { name: 'EGRLF', weight: 0.18, needs: ['GROWTH_FORECAST_LONG'], cell: (growth) => growth },
      { name: 'EGRSF', weight: 0.11, needs: ['GROWTH_FORECAST_SHORT'], cell: (growth) => growth },
    ],
  },
  {
    name: 'Leverage',
    doc: '0.38 MLEV (capital and long debt over capital) + 0.35 DTOA (debt over assets) + 0.27 BLEV (equity and long debt over equity).',
    descriptors: [
      { name: 'MLEV', weight: 0.38, needs: ['LONG_DEBT', 'CAP'], cell: (debt, cap) => over(cap + debt, cap) },
      { name: 'DTOA', weight: 0.35, needs: ['TOTAL_DEBT', 'TOTAL_ASSETS'], cell: over },
      { name: 'BLEV', weight: 0.27, needs: ['LONG_DEBT', 'BOOK'], cell: (debt, book) => over(book + debt, book) },
    ],
  },
];

/** Daily fields any style is made of. */
export const styleFields: readonly string[] = [
  ...new Set(table.flatMap(({ descriptors }) => descriptors.flatMap(({ needs }) => needs))),
];

/** On the dates wanted, ascending; on all of them without. */
export function styles(panel: StylePanel, wanted?: readonly number[]): StylesOfMarket {
  const { dates, symbols } = panel;
  const daily = new DailyStyles(panel);
  const rows = wanted?.length ?? dates;
  const made = daily.styles.map(({ section, ...style }) => ({
    section,
    style: { ...style, values: new Float32Array(rows * symbols) },
  }));
  let row = 0;
  for (let t = 0; t < dates; t++) {
    daily.step(t);
    if (wanted && wanted[row] !== t) continue;
    daily.describe();
    for (const { section, style } of made) style.values.set(section, row * symbols);
    row++;
  }
  return { styles: made.map(({ style }) => style), leftOut: daily.leftOut };
}

export type DailyStyle = Omit<StyleValues, 'values'> & {
  /** Of the date last described. */
  readonly section: Section;
};

/** The styles of one date after the other; nothing is kept of earlier ones but what windows sum up. */
export class DailyStyles {
  readonly styles: readonly DailyStyle[];
  readonly leftOut: StylesOfMarket['leftOut'];
  readonly #panel: StylePanel;
  readonly #past: Past;
  readonly #made: readonly Made[];
  readonly #day: Day;
  readonly #weights: { readonly cap: Section; readonly root: Section } | undefined;
  #date = -1;

  constructor(panel: StylePanel) {
    const has = (name: string): boolean => panel.field(name) !== undefined;
    const made: Made[] = [];
    const leftOut: { name: string; reason: string }[] = [];
    for (const style of table) {
      const reason = lack(style, made, has);
      if (reason) leftOut.push({ name: style.name, reason });
      else made.push(new Made(style, panel));
    }
    const section = (): Section => new Float64Array(panel.symbols);
    this.#panel = panel;
    this.#past = pastOf(panel);
    this.#weights = panel.field('CAP') && { cap: section(), root: section() };
    this.#made = made;
    this.#day = new Day(this.#past, panel.symbols, this.#weights, made);
    this.styles = made.map((one) => one.doc());
    this.leftOut = leftOut;
  }

  /** Called for each date in turn, from 0: takes it in. */
  step(date: number): void {
    this.#past.returns?.step(date);
    this.#past.turnover?.step(date);
    this.#date = date;
  }

  /** Makes the sections those of the last date taken in. */
  describe(): void {
    const { symbols, stride = symbols } = this.#panel;
    const cap = this.#panel.field('CAP');
    const start = this.#date * stride;
    this.#past.returns?.describe(this.#date);
    if (cap && this.#weights) {
      for (let n = 0; n < symbols; n++) {
        const value = cap[start + n] as number;
        this.#weights.cap[n] = value;
        this.#weights.root[n] = Math.sqrt(value);
      }
    }
    for (const style of this.#made) this.#day.make(style, start);
  }
}

function lack(style: Style, made: readonly Made[], has: (name: string) => boolean): string | undefined {
  const absent = [...(style.orthogonalTo ?? []), ...(style.cubeOf ? [style.cubeOf] : [])].find(
    (name) => !made.some((other) => other.style.name === name),
  );
  if (absent) return `it needs ${absent}, which is left out`;
  if (style.cubeOf || style.descriptors.some(({ needs }) => needs.every(has))) return undefined;
  const ways = new Set(style.descriptors.map(({ needs }) => needs.filter((name) => !has(name)).join(' and ')));
  return `the market has no ${[...ways].join(', nor ')}`;
}

function pastOf(panel: StylePanel): Past {
  const [close, market, turnover] = [panel.field('CLOSE'), panel.field('MKT_RETURN'), panel.field('TURN')];
  const { dates, symbols, stride = symbols } = panel;
  const step = market && market.length > dates ? stride : 1;
  const ofMarket = Float64Array.from({ length: dates }, (_, t) => market?.[t * step] ?? Number.NaN);
  return {
    returns: close && new ReturnHistory(close, ofMarket, symbols, stride),
    turnover: turnover && new TurnoverHistory(turnover, symbols, stride),
  };
}

/** A style under construction. */
class Made {
  readonly style: Style;
  readonly descriptors: readonly (Descriptor & { readonly fields: readonly Float32Array[] })[];
  /** Of the date last made. */
  readonly section: Section;

  constructor(style: Style, panel: StylePanel) {
    this.style = style;
    this.descriptors = style.descriptors.flatMap((descriptor) => {
      const fields = descriptor.needs.map(panel.field).filter((cells) => cells !== undefined);
      return fields.length === descriptor.needs.length ? [{ ...descriptor, fields }] : [];
    });
    this.section = new Float64Array(panel.symbols);
  }

  doc(): DailyStyle {
    const { name, doc, descriptors } = this.style;
    const without = descriptors.filter((all) => !this.descriptors.some((one) => one.name === all.name));
    return { name, doc, section: this.section, without: without.map((descriptor) => descriptor.name) };
  }
}

/** Makes the styles of one date after the other. */
class Day {
  readonly #past: Past;
  readonly #weights: { readonly cap: Section; readonly root: Section } | undefined;
  readonly #made: ReadonlyMap<string, Made>;
  readonly #regression = new Regression();
  readonly #descriptor: Section;
  /** Of the descriptors a symbol has. */
  readonly #weight: Section;

  constructor(
    past: Past,
    symbols: number,
    weights: { cap: Section; root: Section } | undefined,
    made: readonly Made[],
  ) {
    this.#past = past;
    this.#weights = weights;
    this.#made = new Map(made.map((one) => [one.style.name, one]));
    this.#descriptor = new Float64Array(symbols);
    this.#weight = new Float64Array(symbols);
  }

  /** `start` is where the date's cells begin. */
  make(made: Made, start: number): void {
    const { style, section } = made;
    if (style.cubeOf) {
      const base = this.#sectionOf(style.cubeOf);
      for (let n = 0; n < section.length; n++) {
        const value = base[n] as number;
        section[n] = value * value * value;
      }
    } else this.#combine(made, start);
    if (style.orthogonalTo) {
      const columns = style.orthogonalTo.map((name) => this.#sectionOf(name));
      const exposures = this.#weights ? { columns, weights: this.#weights.root } : { columns };
      this.#regression.residuals(section, exposures, section);
    }
    // Every number is drawn in once: descriptors one by one, the cube only here.
    if (style.cubeOf) drawIn(section, 3);
    standardise(section, this.#weights?.cap);
  }

  #sectionOf(name: string): Section {
    const made = this.#made.get(name);
    if (!made) throw new RangeError(`${name} is not among the styles made`);
    return made.section;
  }

  #combine({ descriptors, section }: Made, start: number): void {
    const [values, weight] = [this.#descriptor, this.#weight];
    section.fill(0);
    weight.fill(0);
    for (const descriptor of descriptors) {
      this.#describe(descriptor, start);
      drawIn(values, 3);
      standardise(values, this.#weights?.cap);
      for (let n = 0; n < values.length; n++) {
        const value = values[n] as number;
        if (Number.isNaN(value)) continue;
        section[n] = (section[n] as number) + descriptor.weight * value;
        weight[n] = (weight[n] as number) + descriptor.weight;
      }
    }
    for (let n = 0; n < section.length; n++) {
      section[n] = (weight[n] as number) > 0 ? (section[n] as number) / (weight[n] as number) : Number.NaN;
    }
  }

  #describe({ cell, past, fields }: Made['descriptors'][number], start: number): void {
    const values = this.#descriptor;
    const from = past?.(this.#past);
    if (from) values.set(from);
    if (!cell) return;
    const [a = none, b = none, c = none] = fields;
    for (let n = 0; n < values.length; n++) {
      const value = cell(a[start + n] as number, b[start + n] as number, c[start + n] as number);
      values[n] = Number.isFinite(value) ? value : Number.NaN;
    }
  }
}

const none = new Float32Array(0);

/** To so many deviations around the mean, all symbols alike. */
export function drawIn(section: Section, deviations: number): void {
  const mean = meanOf(section);
  const reach = deviations * deviationOf(section, mean);
  const low = mean - reach;
  const high = mean + reach;
  for (let n = 0; n < section.length; n++) {
    const value = section[n] as number;
    if (value < low) section[n] = low;
    else if (value > high) section[n] = high;
  }
}

/** Missing where all are alike: there is nothing to tell symbols apart by. */
function standardise(section: Section, cap: Section | undefined): void {
  const mean = meanOf(section);
  const deviation = deviationOf(section, mean);
  if (!(deviation > 1e-12 * Math.abs(mean))) {
    section.fill(Number.NaN);
    return;
  }
  const centre = cap ? weightedMean(section, cap, mean) : mean;
  for (let n = 0; n < section.length; n++) section[n] = ((section[n] as number) - centre) / deviation;
}

function meanOf(section: Section): number {
  let sum = 0;
  let count = 0;
  for (let n = 0; n < section.length; n++) {
    const value = section[n] as number;
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return sum / count;
}

function deviationOf(section: Section, mean: number): number {
  let squares = 0;
  let count = 0;
  for (let n = 0; n < section.length; n++) {
    const distance = (section[n] as number) - mean;
    if (Number.isNaN(distance)) continue;
    squares += distance * distance;
    count++;
  }
  return Math.sqrt(squares / count);
}

function weightedMean(section: Section, weights: Section, unweighted: number): number {
  let sum = 0;
  let total = 0;
  for (let n = 0; n < section.length; n++) {
    const value = section[n] as number;
    const weight = weights[n] as number;
    if (Number.isNaN(value) || !(weight > 0)) continue;
    sum += weight * value;
    total += weight;
  }
  return total > 0 ? sum / total : unweighted;
}
