/** What a synthetic stock is, and how it stands from one date to the next. */
import { bell, chance, growth } from './noise.ts';

export const industries = [
  'Banks',
  'Insurance and Brokers',
  'Real Estate',
  'Construction',
  'Steel and Metals',
  'Coal and Oil',
  'Chemicals',
  'Utilities',
  'Machinery',
  'Power Equipment',
  'Automobiles',
  'Home Appliances',
  'Food and Beverages',
  'Retail',
  'Pharmaceuticals',
  'Medical Services',
  'Electronics',
  'Computers',
  'Media',
  'Telecommunications',
  'Transport',
  'Agriculture',
  'Textiles',
  'Defence',
] as const;

export interface Stock {
  readonly n: number;
  readonly industry: number;
  /** How much of the market's return it takes. */
  readonly beta: number;
  /** Exposures to the style factors. */
  readonly styles: readonly number[];
  /** Daily volatility of its own that its variance returns to. */
  readonly volatility: number;
  /** Fraction of its free-float shares traded on a usual date. */
  readonly turnover: number;
  /** Of all shares, those that trade. */
  readonly freeFloat: number;
  /** First and last date with a bar. */
  readonly listed: number;
  readonly last: number;
  /** First date under special treatment, which comes before a delisting. */
  readonly special: number;

  /** Price in whole cents, as quoted. */
  cents: number;
  /** Quoted price times this is the price a split never moved. */
  adjustment: number;
  /** Shares outstanding, as they were counted at the start: their number follows splits through `adjustment`. */
  readonly shares: number;
  /** Variance of its own return today. */
  variance: number;
  /** Log of how much busier it is than usual. */
  excitement: number;
  /** Dates of suspension still to come. */
  suspended: number;
}

export const styleCount = 3;

export function makeStock(seed: number, n: number, dates: number): Stock {
  const random = chance(seed, 'stock', 0, n);
  const size = bell(random);
  const volatility = 0.016 * growth(0.25 * bell(random));
  const life = lifetime(seed, n, dates);
  return {
    n,
    industry: random.below(industries.length),
    beta: 1 + 0.25 * bell(random),
    styles: [size, ...Array.from({ length: styleCount - 1 }, () => bell(random))],
    volatility,
    turnover: 0.012 * growth(0.5 * bell(random) - 0.3 * size),
    freeFloat: 0.3 + 0.6 * random.next(),
    ...life,
    cents: Math.round(1200 * growth(0.6 * bell(random))),
    adjustment: 1,
    shares: Math.round(4e6 * growth(0.9 * size)) * 100,
    variance: volatility ** 2,
    excitement: 0.5 * bell(random),
    suspended: 0,
  };
}

/** One stock in eight is listed on the way, one in twenty-five is delisted. */
function lifetime(seed: number, n: number, dates: number): Pick<Stock, 'listed' | 'last' | 'special'> {
  const random = chance(seed, 'list', 0, n);
  const late = random.next() < 1 / 8;
  const listed = late ? random.below(Math.ceil(dates * 0.8)) : 0;
  const leaves = random.next() < 1 / 25;
  const last = leaves ? listed + 40 + random.below(dates) : Number.POSITIVE_INFINITY;
  return last < dates ? { listed, last, special: last - 30 } : { listed, last: dates - 1, special: dates };
}
