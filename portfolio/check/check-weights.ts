/**
 * Every constraint of a date, looked at again from the market's cells: not from the problem an optimiser was given, nor
 * from its program. A weight that is no number breaks whatever it is part of.
 */
import type { PortfolioInputs } from '../inputs.ts';
import type { Relief, Slack } from '../optimise/problem.ts';
import type { PortfolioRule } from '../rule.ts';
import { indexRow, type WeightFigures, weightFigures } from './weight-figures.ts';

export type Constraint =
  | 'long-only'
  | 'invested'
  /** What cannot be bought is not more than before, what cannot be sold not less. */
  | 'tradable'
  /** Who has no score, or is outside the universe, is not bought beyond the index. */
  | 'unscored'
  | 'deviation'
  | 'members'
  | 'industry'
  | 'style'
  | 'turnover'
  | 'tracking-error';

/** Of constraints on single names, the worst. */
export interface Finding {
  readonly constraint: Constraint;
  /** The symbol, the industry, the style. */
  readonly name?: string;
  /** With what was let go. */
  readonly limit: number;
  readonly value: number;
  /** 0 where it is met. */
  readonly violation: number;
}

export interface CheckedWeights {
  readonly figures: WeightFigures;
  readonly findings: readonly Finding[];
}

/** `held` and `weights` have one for every symbol; `row` counts signal dates. */
export function checkWeights(
  inputs: PortfolioInputs,
  rule: PortfolioRule,
  row: number,
  held: Float64Array,
  weights: Float64Array,
  slacks: readonly Slack[],
): CheckedWeights {
  const figures = weightFigures(inputs, row, held, weights);
  const slack = (relief: Relief, kind?: Slack['kind'], name?: string): number => {
    const own = slacks.filter((one) => one.relief === relief && one.kind === kind && one.name === name);
    return own.reduce((sum, { amount }) => sum + amount, 0);
  };
  const findings: Finding[] = [...byName(inputs, rule, row, held, weights, slack('deviation'))];
  const atMost = (constraint: Constraint, value: number, limit: number, name?: string): void => {
    findings.push({ constraint, ...(name !== undefined && { name }), limit, value, violation: beyond(value, limit) });
  };
  const atLeast = (constraint: Constraint, value: number, limit: number): void => {
    findings.push({ constraint, limit, value, violation: beyond(limit, value) });
  };
  const short = beyond(1 - slack('invested'), figures.invested);
  findings.push({
    ...{ constraint: 'invested', limit: 1, value: figures.invested },
    violation: Math.max(short, beyond(figures.invested, 1)),
  });
  if (rule.memberFloor > 0) atLeast('members', figures.members, rule.memberFloor - slack('members'));
  if (rule.industry !== undefined) {
    for (const { label, active } of figures.industries) {
      atMost('industry', Math.abs(active), rule.industry + slack('style', 'industry', label), label);
    }
  }
  for (const { name, size, active } of figures.styles) {
    const limit = size ? rule.size : rule.style;
    if (limit !== undefined) atMost('style', Math.abs(active), limit + slack('style', 'style', name), name);
  }
  if (rule.turnover !== undefined && held.some((weight) => weight > 0)) {
    atMost('turnover', figures.turnover, rule.turnover + slack('turnover'));
  }
  if (rule.trackingError !== undefined) {
    atMost('tracking-error', figures.trackingError ?? Number.NaN, rule.trackingError + slack('tracking-error'));
  }
  return { figures, findings };
}

/** The constraints on single names. */
function byName(
  inputs: PortfolioInputs,
  rule: PortfolioRule,
  row: number,
  held: Float64Array,
  weights: Float64Array,
  relief: number,
): Finding[] {
  const date = inputs.signals[row] as number;
  const index = indexRow(inputs, date);
  const [longOnly, tradable] = [new Worst('long-only'), new Worst('tradable')];
  const [unscored, deviation] = [new Worst('unscored'), new Worst('deviation')];
  let outside = 0;
  for (const [n, symbol] of inputs.symbols.entries()) {
    const [weight, before, share] = [weights[n] as number, held[n] as number, index[n] as number];
    longOnly.see(symbol, weight, 0, beyond(0, weight));
    const can = canTrade(inputs, date, n);
    // Where it can be, as far as orders go; a cap on deviations asks no more than that.
    const low = can.sell ? Number.NEGATIVE_INFINITY : before;
    let high = can.buy ? Number.POSITIVE_INFINITY : before;
    tradable.see(symbol, weight, before, Math.max(beyond(low, weight), beyond(weight, high)));
    if (!hasScore(inputs, date, n)) {
      const cap = Math.max(before, share);
      unscored.see(symbol, weight, cap, beyond(weight, cap));
      high = Math.min(high, cap);
    }
    if (rule.deviation === undefined) continue;
    const least = Math.min(Math.max(share - rule.deviation, low), high);
    const most = Math.max(Math.min(share + rule.deviation, high), low);
    const excess = Math.max(beyond(least, weight), beyond(weight, most));
    outside += excess;
    deviation.see(symbol, Math.abs(weight - share), rule.deviation, excess);
  }
  const findings = [longOnly, tradable, unscored, deviation].flatMap((worst) => worst.finding ?? []);
  if (relief === 0) return findings;
  // What was let go is shared by all names.
  return findings.map((finding) =>
    finding.constraint === 'deviation' ? { ...finding, violation: beyond(outside, relief) } : finding,
  );
}

class Worst {
  finding: Finding | undefined;
  readonly #constraint: Constraint;

  constructor(constraint: Constraint) {
    this.#constraint = constraint;
  }

  see(name: string, value: number, limit: number, violation: number): void {
    if (this.finding && violation <= this.finding.violation) return;
    this.finding = { constraint: this.#constraint, name, limit, value, violation };
  }
}

/** Infinite where there is no number to compare. */
const beyond = (value: number, limit: number): number =>
  Number.isNaN(value - limit) ? Number.POSITIVE_INFINITY : Math.max(0, value - limit);

function canTrade(inputs: PortfolioInputs, date: number, n: number): { buy: boolean; sell: boolean } {
  const { trading, close, trade, canBuy, canSell, suspended, st } = inputs;
  const t = trading.tradability === 'trade' ? date + 1 : date;
  const prices = trading.tradability === 'trade' ? trade : close;
  const price = prices.cells[t * prices.stride + n] as number;
  const halted = suspended?.cells[t * suspended.stride + n] === 1;
  const treated = st !== undefined && (st.cells[date * st.stride + n] as number) > 0;
  const open = price > 0 && Number.isFinite(price) && !halted;
  return {
    buy: open && (trading.withSt || !treated) && (canBuy === undefined || canBuy.cells[t * canBuy.stride + n] === 1),
    sell: open && (canSell === undefined || canSell.cells[t * canSell.stride + n] === 1),
  };
}

function hasScore({ scores, universe }: PortfolioInputs, date: number, n: number): boolean {
  const inside = universe === undefined || (universe.cells[date * universe.stride + n] as number) > 0;
  return inside && Number.isFinite(scores.cells[date * scores.stride + n]);
}
