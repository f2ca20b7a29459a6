/**
 * snapshot.json: a state, and the place in the log it belongs to. The one before stays as snapshot-before.json, for
 * when the newest cannot be used. Either ends with the SHA-256 of all that stands before it.
 */
import { createHash } from 'node:crypto';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../core/atomic-file.ts';
import { fileProblem } from '../core/failure.ts';
import { type LogPlace, logName } from './event-log.ts';
import { jsonText } from './json.ts';

export const snapshotName = 'snapshot.json';
export const beforeName = 'snapshot-before.json';

interface Snapshot {
  readonly log: LogPlace;
  readonly state: unknown;
}

/** The log must be on the disk as far as `log` by now: a snapshot is never ahead of it. */
export function writeSnapshot(folder: string, { log, state }: Snapshot): void {
  const head = `{"schema":1,"log":${JSON.stringify(log)},"state":${jsonText(state)}`;
  writeAtomically(join(folder, snapshotName), head + tailOf(sha256(head)), { keepAs: beforeName });
}

/**
 * The newest snapshot that is whole and belongs to this log, and what is wrong with newer ones. Those are moved aside:
 * the next snapshot must not push the good one out by keeping a bad one as the one before.
 */
export function newestSnapshot(
  folder: string,
  belongs: (log: LogPlace) => boolean,
): { snapshot: Snapshot | undefined; problems: string[] } {
  const problems: string[] = [];
  for (const name of [snapshotName, beforeName]) {
    const snapshot = read(join(folder, name));
    // A process killed between the two renames of writeAtomically leaves the older one alone there.
    if (snapshot === 'absent') continue;
    if (typeof snapshot !== 'string' && belongs(snapshot.log)) return { snapshot, problems };
    const reason = typeof snapshot === 'string' ? snapshot : `what it follows is not in ${logName}`;
    renameSync(join(folder, name), join(folder, `${name}.damaged`));
    problems.push(`${name} is left out and kept as ${name}.damaged: ${reason}.`);
  }
  return { snapshot: undefined, problems };
}

/** The newest state that is whole, for who only looks: what is not is left where it is. */
export function peekState(folder: string): unknown {
  for (const name of [snapshotName, beforeName]) {
    const snapshot = read(join(folder, name));
    if (typeof snapshot !== 'string') return snapshot.state;
  }
  return undefined;
}

const tailOf = (digest: string): string => `,"sha256":"${digest}"}\n`;
const tailBytes = tailOf('0'.repeat(64)).length;
const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');

function read(path: string): Snapshot | string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'absent' : fileProblem(error);
  }
  const body = bytes.length - tailBytes;
  if (body <= 0 || bytes.toString('latin1', body) !== tailOf(sha256(bytes.subarray(0, body)))) return 'it is damaged';
  return JSON.parse(bytes.toString());
}
