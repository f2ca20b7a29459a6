/**
 * What is asked on a signal date: the names that may be held then, what they are worth by their scores, and how far their
 * weights may go.
 */
import { EvolveError } from '../../core/failure.ts';
import { standardise } from '../../evaluation/tear-sheet/prepare.ts';
import { isPrice } from '../../evaluation/tear-sheet/prices.ts';
import type { Panel, PortfolioInputs } from '../inputs.ts';
import type { IndustryBound, PortfolioProblem, StyleBound } from '../optimise/problem.ts';
import { riskSection } from '../risk/risk-section.ts';
import type { PortfolioRule } from '../rule.ts';

/** `row` counts signal dates; `held` has the weight of every symbol before the rebalance, all 0 before the first. */
export function dateProblem(
  inputs: PortfolioInputs,
  rule: PortfolioRule,
  row: number,
  held: Float64Array,
): PortfolioProblem {
  const date = new SignalDate(inputs, row);
  const symbols = date.names(held);
  const invested = held.some((weight) => weight > 0);
  const of = (row: (n: number) => number): Float64Array => Float64Array.from(symbols, row);
  const index = of((n) => Math.max(0, date.index(n)));
  const total = index.reduce((sum, weight) => sum + weight, 0);
  const weights = index.map((weight) => weight / total);
  const before = of((n) => held[n] as number);
  const risk = rule.trackingError !== undefined || rule.riskPenalty > 0 ? askedRisk(inputs, row, symbols) : undefined;
  const { costs } = inputs.trading;
  return {
    names: symbols.length,
    symbols,
    score: standardised(of((n) => date.score(n))),
    index: weights,
    member: Uint8Array.from(symbols, (n) => (date.isMember(n) ? 1 : 0)),
    held: before,
    ...bounds(date, rule, symbols, before, weights),
    memberFloor: rule.memberFloor,
    industries: rule.industry === undefined ? undefined : industryBound(inputs, row, symbols, rule.industry),
    styles: styleBounds(inputs, rule, row, symbols),
    turnover: invested ? rule.turnover : undefined,
    risk,
    trackingError: rule.trackingError,
    riskPenalty: rule.riskPenalty,
    costs: { buy: rule.costPenalty * costs.buy, sell: rule.costPenalty * costs.sell },
  };
}

/** Cells of one signal date. */
class SignalDate {
  readonly #inputs: PortfolioInputs;
  readonly #date: number;
  /** Whose state says who can be traded, and at which price. */
  readonly #traded: number;
  readonly #price: Panel;

  constructor(inputs: PortfolioInputs, row: number) {
    this.#inputs = inputs;
    this.#date = inputs.signals[row] as number;
    const atTrade = inputs.trading.tradability === 'trade';
    this.#traded = atTrade ? this.#date + 1 : this.#date;
    this.#price = atTrade ? inputs.trade : inputs.close;
  }

  names(held: Float64Array): Int32Array {
    const names: number[] = [];
    for (let n = 0; n < this.#inputs.symbols.length; n++) {
      const scored = !Number.isNaN(this.score(n)) && this.#hasHadPrice(n);
      if (scored || this.isMember(n) || (held[n] as number) > 0) names.push(n);
    }
    return Int32Array.from(names);
  }

  /** NaN for none, and outside the universe. */
  score(n: number): number {
    const { scores, universe } = this.#inputs;
    const score = cell(scores, this.#date, n);
    return Number.isFinite(score) && (!universe || cell(universe, this.#date, n) > 0) ? score : Number.NaN;
  }

  index(n: number): number {
    return cell(this.#inputs.index, this.#date, n);
  }

  isMember(n: number): boolean {
    const { member } = this.#inputs;
    return this.index(n) > 0 || (member !== undefined && cell(member, this.#date, n) > 0);
  }

  tradable(n: number): { buy: boolean; sell: boolean } {
    const { canBuy, canSell, suspended, st, trading } = this.#inputs;
    const barred = !trading.withSt && st !== undefined && cell(st, this.#date, n) > 0;
    const t = this.#traded;
    const traded = isPrice(cell(this.#price, t, n)) && !(suspended && cell(suspended, t, n) === 1);
    return {
      buy: traded && !barred && (!canBuy || cell(canBuy, t, n) === 1),
      sell: traded && (!canSell || cell(canSell, t, n) === 1),
    };
  }

  #hasHadPrice(n: number): boolean {
    let t = this.#date;
    while (t >= 0 && !isPrice(cell(this.#inputs.close, t, n))) t--;
    return t >= 0;
  }
}

/** Who has no score or is outside the universe is not bought beyond the index, whatever else gives way. */
function bounds(
  date: SignalDate,
  { deviation = 1 }: PortfolioRule,
  symbols: Int32Array,
  held: Float64Array,
  index: Float64Array,
): Pick<PortfolioProblem, 'least' | 'most' | 'reachable'> {
  const array = () => new Float64Array(symbols.length);
  const [least, most, lowest, highest] = [array(), array(), array(), array()];
  for (const [i, n] of symbols.entries()) {
    const [before, weight] = [held[i] as number, index[i] as number];
    const { buy, sell } = date.tradable(n);
    const low = sell ? 0 : before;
    const high = !buy ? before : Number.isNaN(date.score(n)) ? Math.max(before, weight) : 1;
    [lowest[i], highest[i]] = [low, high];
    least[i] = clamp(Math.max(0, weight - deviation), low, high);
    most[i] = clamp(Math.min(1, weight + deviation), low, high);
  }
  return { least, most, reachable: { least: lowest, most: highest } };
}

const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);

/** The mean, which is 0 then, for those that have none, and for all where nothing tells them apart. */
function standardised(scores: Float64Array): Float64Array {
  standardise(scores);
  return scores.map((x) => (Number.isNaN(x) ? 0 : x));
}

function industryBound(
  { exposures, symbols: all }: PortfolioInputs,
  row: number,
  symbols: Int32Array,
  limit: number,
): IndustryBound {
  if (!exposures?.industries) {
    throw new EvolveError(
      'missing-field',
      'Portfolios are to stay within the industries of their index, and the market has none. Import INDUSTRY, or leave industries free.',
    );
  }
  const { industries, industryLabels } = exposures;
  // Unknown ones are a group of their own, the last.
  const codes = Int32Array.from(symbols, (n) => {
    const code = industries[row * all.length + n] as number;
    return Number.isNaN(code) ? industryLabels.length : code;
  });
  return { codes, labels: [...industryLabels, 'unknown'], limit };
}

function styleBounds(
  { exposures, symbols: all }: PortfolioInputs,
  rule: PortfolioRule,
  row: number,
  symbols: Int32Array,
): StyleBound[] {
  const styles = exposures?.styles ?? [];
  const missing = (what: string) =>
    new EvolveError(
      'missing-field',
      `Portfolios are to stay within the ${what} of their index, and the market has no fields to tell it from. Import CAP, or leave it free.`,
    );
  if (rule.size !== undefined && !styles.some(({ size }) => size)) throw missing('size');
  if (rule.style !== undefined && !styles.some(({ size }) => !size)) throw missing('styles');
  return styles.flatMap(({ name, size, values }) => {
    const limit = size ? rule.size : rule.style;
    if (limit === undefined) return [];
    const known = Float64Array.from(symbols, (n) => {
      const value = values[row * all.length + n] as number;
      return Number.isNaN(value) ? 0 : value;
    });
    return [{ name, values: known, limit }];
  });
}

function askedRisk(inputs: PortfolioInputs, row: number, symbols: Int32Array): PortfolioProblem['risk'] {
  const risk = riskSection(inputs, row, symbols);
  if (risk) return risk;
  const date = inputs.dates[inputs.signals[row] as number];
  throw new EvolveError(
    'bad-data',
    `The risk of ${date} is unknown: the history before it is too short. Begin later with --from, or ask for no tracking error.`,
  );
}

const cell = ({ cells, stride }: Panel, t: number, n: number): number => cells[t * stride + n] as number;
