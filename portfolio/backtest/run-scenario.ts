/**
 * One portfolio through the market: decided at the close of each signal date, traded on the date after, and held as
 * shares and cash in between.
 *
 * Nothing later moves what is held or earned, with the exception of delistings: a symbol without any price for 20 dates or
 * more to the end of the data is cash at its last one, which the exchange announces and prices alone cannot tell from a
 * suspension.
 */
import { EvolveError } from '../../core/failure.ts';
import type { Tradable } from '../../evaluation/tear-sheet/portfolio.ts';
import { Prices } from '../../evaluation/tear-sheet/prices.ts';
import { type CheckedWeights, checkWeights, type Finding } from '../check/check-weights.ts';
import { pricedMarket } from '../index/priced-market.ts';
import type { PortfolioInputs } from '../inputs.ts';
import type { PortfolioProblem, PortfolioSolution } from '../optimise/problem.ts';
import type { PortfolioRule, Scenario } from '../rule.ts';
import type { Rebalance, ScenarioReport } from './backtest-report.ts';
import { dateProblem } from './date-problem.ts';
import { returnFigures, riskCheck } from './figures.ts';
import { Ledger } from './ledger.ts';

export interface ScenarioResult {
  readonly report: ScenarioReport;
  readonly targets: readonly TargetWeights[];
}

/** What the optimiser asked for at a signal date, of those above 0. */
export interface TargetWeights {
  readonly signal: string;
  /** Positions in the market. */
  readonly symbols: Int32Array;
  readonly weights: Float64Array;
}

export type Optimise = (problem: PortfolioProblem) => PortfolioSolution;

/** `index` are the index's returns from the first signal on; `onDate` hears of each rebalance. */
export function runScenario(
  inputs: PortfolioInputs,
  { name, rule }: Scenario,
  optimise: Optimise,
  index: Float64Array,
  onDate: (done: number) => void = () => {},
): ScenarioResult {
  const { dates, symbols, trading, signals } = inputs;
  const start = signals[0] as number;
  const prices = new Prices(pricedMarket(inputs));
  for (let t = 0; t <= start; t++) prices.close(t);
  const ledger = new Ledger(symbols.length, 1, trading.costs);
  const returns = new Float64Array(dates.length - start - 1);
  const rebalances: Rebalance[] = [];
  const targets: TargetWeights[] = [];
  let [value, worst, delisted] = [1, 0, 0];
  for (let t = start + 1; t < dates.length; t++) {
    const row = rebalances.length;
    const plan = signals[row] === t - 1 ? planned(inputs, { name, rule }, row, ledger, prices, optimise) : undefined;
    const gone = prices.leave(t);
    if (gone) delisted += ledger.writeOff(prices.gone, prices.last);
    if (plan) {
      prices.trade(t);
      // Nobody gives an order for what is delisted by then.
      const wanted = gone ? plan.weights.map((weight, n) => (prices.gone[n] === 1 ? 0 : weight)) : plan.weights;
      const trade = ledger.trade(wanted, prices, plan.ordered);
      const [signal, traded] = [dates[t - 1] as string, dates[t] as string];
      rebalances.push({ signal, traded, names: ledger.count, planned: plan.figures, ...trade });
      targets.push({ signal, ...sparse(plan.weights) });
      worst = Math.max(worst, plan.figures.violation);
      onDate(rebalances.length);
    }
    prices.close(t);
    const now = ledger.value(prices.last);
    returns[t - start - 1] = now / value - 1;
    value = now;
  }
  const calendar = { dates: dates.slice(start + 1), perYear: trading.datesPerYear };
  const later = rebalances.slice(1);
  const report: ScenarioReport = {
    ...{ name, rule },
    ...returnFigures(returns, index, calendar),
    turnover: later.reduce((sum, { bought, sold }) => sum + bought + sold, 0) / later.length,
    costs: rebalances.reduce((sum, { cost }) => sum + cost, 0),
    rebalances,
    worstViolation: worst,
    risk: riskCheck(rebalances, returns, index, calendar),
    delisted,
  };
  return { report, targets };
}

interface Plan {
  /** One for every symbol. */
  readonly weights: Float64Array;
  /** Whom orders are given for. */
  readonly ordered: Tradable;
  readonly figures: Rebalance['planned'];
}

function planned(
  inputs: PortfolioInputs,
  { name, rule }: Scenario,
  row: number,
  ledger: Ledger,
  prices: Prices,
  optimise: Optimise,
): Plan {
  const where = `${name}, ${inputs.dates[inputs.signals[row] as number]}`;
  const held = ledger.weights(prices.last, new Float64Array(inputs.symbols.length));
  const { problem, solution } = solved(inputs, rule, row, held, optimise, where);
  const weights = new Float64Array(held.length);
  let score = 0;
  for (const [i, n] of problem.symbols.entries()) {
    const weight = solution.weights[i] as number;
    weights[n] = weight;
    score += weight * (problem.score[i] as number);
  }
  const checked = checkWeights(inputs, rule, row, held, weights, solution.slacks);
  const violation = believe(checked, where);
  const { figures } = checked;
  return {
    weights,
    ordered: orders(problem, solution, held.length),
    figures: {
      turnover: figures.turnover,
      memberShare: figures.members,
      deviation: figures.deviation,
      industry: inputs.exposures?.industries
        ? figures.industries.reduce((most, { active }) => Math.max(most, Math.abs(active)), 0)
        : undefined,
      styles: Object.fromEntries(figures.styles.map(({ name, active }) => [name, active])),
      trackingError: figures.trackingError,
      ...{ score, solver: solution.solver, slacks: solution.slacks, violation },
    },
  };
}

/**
 * Who could not be bought at the signal is not bought, whatever prices do until the trade, and the same of sold. When it is
 * to keep its weight it keeps its shares: what its weight has become by then is no reason for an order.
 */
function orders({ symbols, held, reachable }: PortfolioProblem, { weights }: PortfolioSolution, all: number): Tradable {
  const [buy, sell] = [new Uint8Array(all).fill(1), new Uint8Array(all).fill(1)];
  for (const [i, n] of symbols.entries()) {
    const before = held[i] as number;
    if (before === 0) continue;
    const barred = { buy: (reachable.most[i] as number) <= before, sell: (reachable.least[i] as number) >= before };
    const kept = (barred.buy || barred.sell) && Math.abs((weights[i] as number) - before) <= aSolversRounding;
    if (kept || barred.buy) buy[n] = 0;
    if (kept || barred.sell) sell[n] = 0;
  }
  return { buy, sell };
}

/** A user's mistake says which portfolio and date it is about. */
function solved(
  inputs: PortfolioInputs,
  rule: PortfolioRule,
  row: number,
  held: Float64Array,
  optimise: Optimise,
  where: string,
): { problem: PortfolioProblem; solution: PortfolioSolution } {
  try {
    const problem = dateProblem(inputs, rule, row, held);
    return { problem, solution: optimise(problem) };
  } catch (cause) {
    if (!(cause instanceof EvolveError)) throw new Error(`${where}: ${String(cause)}`, { cause });
    throw new EvolveError(cause.code, `${where}: ${cause.message}`, { cause, details: cause.details });
  }
}

/** The most that weights violate; they are not traded on when that is more than a solver's rounding. */
function believe({ findings }: CheckedWeights, where: string): number {
  let worst: Finding | undefined;
  for (const finding of findings) {
    if (finding.violation > rounding(finding)) {
      const { constraint, name = '', limit, value } = finding;
      throw new Error(`${where}: weights break ${constraint} ${name}: ${value} where ${limit} is the limit`);
    }
    if (finding.violation > (worst?.violation ?? -1)) worst = finding;
  }
  return worst?.violation ?? 0;
}

const aSolversRounding = 1e-6;
/** Cones are met less closely than rows. */
const rounding = ({ constraint, limit }: Finding): number =>
  constraint === 'tracking-error' ? Math.max(aSolversRounding, 1e-3 * limit) : aSolversRounding;

function sparse(weights: Float64Array): Pick<TargetWeights, 'symbols' | 'weights'> {
  const symbols = Int32Array.from(weights.keys()).filter((n) => (weights[n] as number) > 0);
  return { symbols, weights: Float64Array.from(symbols, (n) => weights[n] as number) };
}
