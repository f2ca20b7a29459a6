import type { Scores } from '../data/scores.ts';

/** A sentence for each reason for which values of a file were left out. */
export const droppedNotes = (file: string, { dropped }: Pick<Scores, 'dropped'>): string[] =>
  dropped.map(({ reason, rows, example }) => `${file}: ${rows} left out, ${reason}, such as ${example}.`);
