/** A search on a market in its folder: from its seeds, away from what is had already, round by round. */
import type { Matrix } from '../../core/arena.ts';
import type { Evaluator } from '../../evaluation/evaluator.ts';
import type { Expression } from '../../program/expression.ts';
import type { Formula, Identity } from './identity.ts';
import type { KeptRun } from './kept-run.ts';
import { type MarketSearch, marketProblem } from './market-search.ts';
import type { MineOptions, MineProgress } from './mine-options.ts';
import { type RoundReport, runSearch, type SearchOutcome } from './run-search.ts';
import { type SearchConfig, stopRule } from './search-options.ts';
import { factorOf, formulas, storedFormulas } from './stored-formulas.ts';

export async function searchKept(
  search: MarketSearch,
  evaluator: Evaluator,
  run: KeptRun,
  options: MineOptions,
  name: 'factors' | 'placebo',
  tell: (progress: MineProgress) => void,
): Promise<SearchOutcome<Expression>> {
  const { folder, recovered, config } = run;
  const stored = storedFormulas(run);
  const against = config.novelty > 0 ? await knownValues(stored.beside, search, evaluator) : [];
  return await runSearch({
    folder,
    recovered,
    problem: marketProblem(search, evaluator, against),
    rule: search.rule,
    stop: stopRule(config),
    seeds: seedsOf(stored, search, evaluator),
    reuse: options.cache ?? true,
    signal: options.signal,
    onRound: (round) => tell({ kind: 'round', search: name, round, rounds: lastRound(config, round) }),
  });
}

/** Beside fresh programs, a factor to be improved is a fifth of the first ones: one of five hundred would be gone soon. */
const improvedShare = 0.2;

function seedsOf(
  { warmStart, improve }: Pick<Identity, 'warmStart' | 'improve'>,
  { config }: MarketSearch,
  evaluator: Evaluator,
): Expression[] {
  const seeds = formulas(warmStart, evaluator);
  if (improve === undefined) return seeds;
  const factor = factorOf(improve, evaluator);
  const share = config.origin === 'fresh' ? improvedShare : 0;
  const copies = Math.max(1, Math.round(share * config.population) - seeds.length);
  return [...new Array<Expression>(copies).fill(factor), ...seeds];
}

/** Values on every date, of the factors that the search is to keep away from. They live as long as the evaluator. */
const knownValues = (beside: readonly Formula[], { judged }: MarketSearch, evaluator: Evaluator): Promise<Matrix[]> =>
  evaluator.values(formulas(beside, evaluator).map(judged));

/** By the limit that is reached first at the pace so far. The first population is as many rounds' worth of programs. */
function lastRound(
  { rounds, evaluations, minutes, population, children }: SearchConfig,
  { record, total }: RoundReport,
): number | null {
  const gone = record.round + population / children;
  const limits = [
    ...(rounds === null ? [] : [rounds]),
    ...(evaluations === null ? [] : [record.round + (gone * (evaluations - record.tried)) / Math.max(1, record.tried)]),
    ...(minutes === null ? [] : [record.round + (gone * (60 * minutes - total)) / Math.max(1e-3, total)]),
  ];
  return limits.length > 0 ? Math.max(record.round, Math.ceil(Math.min(...limits))) : null;
}
