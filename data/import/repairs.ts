import { EvolveError } from '../../core/failure.ts';
import { nearest } from '../../core/nearest.ts';
import { type RepairWord, repairWords } from './rules.ts';

/** What --repair allows, with the choice made for words that have one. */
export type Repairs = ReadonlyMap<RepairWord, string>;

/** Reads `nulls,duplicates=first` and `all`. */
export function parseRepairs(texts: readonly string[]): Repairs {
  const repairs = new Map<RepairWord, string>();
  const given = texts.flatMap((text) => text.split(',')).map((word) => word.trim());
  const names = Object.keys(repairWords) as RepairWord[];
  if (given.includes('all')) for (const word of names) if (repairWords[word].all) repairs.set(word, '');
  for (const text of given) {
    if (text === 'all' || text === '') continue;
    const [name = '', choice = ''] = text.split('=');
    const word = names.find((candidate) => candidate === name);
    if (!word) {
      const guess = nearest(name, [...names, 'all']);
      throw new EvolveError(
        'bad-argument',
        `--repair ${name} is not known. ${guess ? `Did you mean "${guess}"?` : `There are: ${[...names, 'all'].join(', ')}.`}`,
      );
    }
    const row: { readonly choices?: readonly string[]; readonly doc: string } = repairWords[word];
    if (choice !== '' && !row.choices?.includes(choice)) {
      throw new EvolveError(
        'bad-argument',
        `--repair ${text}: ${word} ${row.choices ? `can be ${row.choices.join(' or ')}` : 'takes no choice'}.`,
      );
    }
    repairs.set(word, choice);
  }
  return repairs;
}
