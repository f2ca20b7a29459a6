/** Scores of dates that a model's mined factors were chosen by: they are said, and not judged. */
import { dateText, dayNumber } from '../../core/date.ts';
import type { FactorLibraryName } from '../../models/training/model-manifest.ts';

type Library = FactorLibraryName | undefined;

/** A warning where there are such; scores begin on `from`. */
export function knownFuture(library: Library, from: string): string[] {
  const { chosenBy, file } = library ?? {};
  if (chosenBy === undefined || from > chosenBy) return [];
  return [
    `Scores from ${from} to ${chosenBy} know the future: the factors of ${file} were mined on prices up to then. Judge later scores only.`,
  ];
}

/** The first date whose scores are worth judging. */
export function judgedFrom(library: Library, from: string): string {
  const { chosenBy } = library ?? {};
  return chosenBy === undefined || from > chosenBy ? from : dateText(dayNumber(chosenBy) + 1);
}
