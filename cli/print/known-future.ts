/** Scores that are not judged: of dates that a model's mined factors were chosen by, and of dates whose return is not over. */
import { dateText, dayNumber } from '../../core/date.ts';
import type { LabelRule } from '../../data/market.ts';
import type { FactorLibraryName } from '../../models/training/model-manifest.ts';
import { countOf } from './number.ts';

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

/** Why scores from that date on cannot be judged yet; undefined where some can. */
export function notYetJudged(from: string, last: string | undefined, { horizon }: LabelRule): string | undefined {
  if (last !== undefined && from <= last) return undefined;
  return `No return of ${countOf(horizon, 'date')} from ${from} on is over by the market's last date: these scores cannot be judged yet.`;
}
