/** Why programs got no fitness, and what may help: all that can be said where a search found nothing to choose from. */
import type { RoundRecord } from '../../engine/record.ts';
import { countOf } from '../print/number.ts';

/** New programs by the reason they were rejected for, the most frequent first. */
export function rejections(rounds: Iterable<RoundRecord>): [reason: string, programs: number][] {
  const reasons = new Map<string, number>();
  for (const { judged } of rounds) {
    for (const [reason, n] of Object.entries(judged.rejected)) reasons.set(reason, (reasons.get(reason) ?? 0) + n);
  }
  return [...reasons].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

/** A sentence when not one program got a fitness. */
export function barren(rounds: readonly RoundRecord[]): string | undefined {
  const last = rounds.at(-1);
  if (!last || last.bestEver !== null || last.tried === 0) return undefined;
  const reasons = rejections(rounds);
  const stopped = rounds.reduce((sum, { judged }) => sum + judged.stopped.reduce((a, b) => a + b, 0), 0);
  const counts = [...reasons, ...(stopped > 0 ? [['stopped at a hurdle', stopped] as const] : [])];
  const [most = ''] = reasons[0] ?? [];
  const told = counts.map(([reason, n]) => `${countOf(n, 'was', 'were')} ${reason}`).join(', ');
  return `None of ${countOf(last.tried, 'program')} got a fitness: ${told}${remedyOf(most)}.`;
}

/** As the end of a sentence about a rejection. */
export const remedyOf = (reason: string): string => {
  const remedy = remedies.get(reason);
  return remedy === undefined ? '' : `; ${remedy}`;
};

const remedies: ReadonlyMap<string, string> = new Map([
  ['missing too often', 'lower --coverage, or use shorter windows and fields with fewer gaps'],
  ['alike for all symbols', 'use fields that tell symbols apart'],
  ['no deviation', 'train on more dates with --split'],
  ['takes too long', 'lower --cost'],
  ["exhausts its worker's memory", 'lower --size'],
  ["does not fit its worker's scratch", 'use shorter windows, or lower --size'],
]);
