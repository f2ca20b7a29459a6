import type { RoundRecord } from '../../engine/record.ts';
import { readRun } from '../../runs/read-run.ts';

/** Of every round, from the log. */
export function recordedRounds(path: string): RoundRecord[] {
  const records: RoundRecord[] = [];
  for (const event of readRun(path).events) if (event.kind === 'round') records.push(event.record as RoundRecord);
  return records;
}
