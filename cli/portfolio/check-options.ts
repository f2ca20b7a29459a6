import { EvolveError } from '../../core/failure.ts';
import { type BacktestOptions, choices } from './backtest-options.ts';

const texts = ['data', 'column', 'index', 'universe', 'from', 'to', 'weights', 'report', 'pictures'] as const;
const lists = [
  ['deviation', 'deviation'],
  ['turnover', 'turnover'],
  ['memberFloor', 'member-floor'],
] as const;

/** What a program may give that a command line cannot: of the wrong type, or no value at all. */
export function checkOptions(options: BacktestOptions): void {
  const given = options as { readonly [name in keyof BacktestOptions]: unknown };
  const refuse = (sentence: string) => new EvolveError('bad-argument', sentence);
  if (typeof given.scores !== 'string' || given.scores.trim() === '') {
    throw refuse(
      `A backtest needs scores: a file of scores, a formula, a library or a run, not ${shown(given.scores)}.`,
    );
  }
  for (const name of texts) {
    if (given[name] === undefined || typeof given[name] === 'string') continue;
    throw refuse(`--${name} should be a text, not ${shown(given[name])}.`);
  }
  for (const [name, flag] of lists) {
    const list = given[name];
    if (list === undefined || (Array.isArray(list) && list.length > 0)) continue;
    throw refuse(`--${flag} should be a list of one value or more, not ${shown(list)}. Leave it out for the preset's.`);
  }
  for (const [name, known] of Object.entries(choices)) {
    const value = given[name as keyof typeof choices];
    if (value === undefined || (known as readonly unknown[]).includes(value)) continue;
    throw refuse(`--${name} should be one of ${known.join(', ')}, not ${shown(value)}.`);
  }
}

const shown = (value: unknown): string =>
  Array.isArray(value) && value.length === 0
    ? 'an empty one'
    : typeof value === 'string'
      ? `"${value}"`
      : String(value);
