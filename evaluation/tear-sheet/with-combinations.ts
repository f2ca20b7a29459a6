/** What tables have a line for: every factor, and behind them what they are worth together. */
import type { CombinationSheet, FactorSheet, TearSheet } from './sheet.ts';

/** What a combination is called beside factors. */
export const combinationTitle = (name: CombinationSheet['name']): string => titles[name];

const titles = { equal: 'combined equally', ic: 'combined by IC', ridge: 'combined by ridge regression' } as const;

export const withCombinations = ({
  factors,
  combinations = [],
}: Pick<TearSheet, 'factors' | 'combinations'>): FactorSheet[] => [
  ...factors,
  ...combinations.map((one) => ({ ...one, name: combinationTitle(one.name) })),
];

/** Which of it was decided on which dates; undefined where no date has a say in it. */
export function fittedOn({ combinations = [] }: Pick<TearSheet, 'combinations'>): string | undefined {
  const fitted = combinations.at(-1)?.fitted;
  if (!fitted) return undefined;
  const what = combinations[0]?.fitted ? 'Signs and weights of' : 'Weights by IC and by ridge regression of';
  return `${what} what is combined come from ${fitted.from} to ${fitted.to}.`;
}
