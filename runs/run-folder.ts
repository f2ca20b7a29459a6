/**
 * A run on disk: run.json says what was asked for, record.ndjson what happened, snapshot.json how things stood at some
 * place of the record; further files are results. Whatever kills the process, what append() and snapshot() returned
 * from is there when the folder is opened again. What events and states mean is nobody's business here.
 */
import { readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { makeFolder, removePartials, writeAtomically } from '../core/atomic-file.ts';
import { EvolveError } from '../core/failure.ts';
import { lockName, takeLock } from '../core/lock.ts';
import { writing } from '../core/writing.ts';
import { EventLog, logName, logStart, type RunEvent } from './event-log.ts';
import { manifestName, type RunManifest, readManifest, writeManifest } from './manifest.ts';
import { beforeName, newestSnapshot, snapshotName, writeSnapshot } from './snapshots.ts';

export interface Recovered {
  /** Undefined when no snapshot can be used: the run begins with its first event. */
  readonly state: unknown;
  /** What happened after the state. */
  readonly events: readonly RunEvent[];
  /** What had to be left out, in sentences. */
  readonly problems: readonly string[];
}

export class RunFolder {
  readonly path: string;
  readonly manifest: RunManifest;
  readonly #folder: string;
  readonly #log: EventLog;
  readonly #giveBack: () => void;
  #open = true;

  private constructor(path: string, manifest: RunManifest, giveBack: () => void) {
    this.path = path;
    this.#folder = resolve(path);
    this.manifest = manifest;
    this.#giveBack = giveBack;
    this.#log = new EventLog(join(this.#folder, logName));
  }

  /** Makes the folder, those above it too, and a run in it. */
  static create(path: string, manifest: RunManifest): RunFolder {
    if (path === '') throw new EvolveError('bad-argument', 'The folder of the run has no name. Name one.');
    return writing(path, () => {
      const folder = resolve(path);
      makeFolder(folder);
      refuseOccupied(path);
      return holding(path, (giveBack) => {
        // Somebody else may have made one in this very moment.
        refuseOccupied(path);
        writeManifest(folder, manifest);
        const run = new RunFolder(path, manifest, giveBack);
        run.recover();
        return run;
      });
    });
  }

  /** For going on with a run; recover() comes next. */
  static open(path: string): RunFolder {
    readManifest(path);
    return writing(path, () => holding(path, (giveBack) => new RunFolder(path, readManifest(path), giveBack)));
  }

  /** One line of the record. A killed process cannot lose it any more; a power cut may, until the next snapshot. */
  append(event: RunEvent): void {
    this.#writing(() => this.#log.append(event));
  }

  /** Keeps a state that contains everything appended so far. */
  snapshot(state: unknown): void {
    this.#writing(() => {
      this.#log.flush();
      writeSnapshot(this.#folder, { log: this.#log.end, state });
    });
  }

  /** The newest state that can be used and what happened since. What cannot be trusted is moved aside for good. */
  recover(): Recovered {
    return this.#writing(() => {
      removePartials(this.#folder);
      const damage = this.#log.mend();
      const { snapshot, problems } = newestSnapshot(this.#folder, (place) => this.#log.reaches(place));
      const from = snapshot?.log ?? logStart;
      return {
        state: snapshot?.state,
        events: this.#log.events(from),
        problems: damage ? [damage, ...problems] : problems,
      };
    });
  }

  /** A file beside the record, whole or not there. */
  write(name: string, content: string | Uint8Array): void {
    if (name === '' || name !== basename(name) || ours.has(name.replace(/\.damaged$/, '')) || name.startsWith('.')) {
      throw new RangeError(`"${name}" is no name for a result of a run`);
    }
    this.#writing(() => writeAtomically(join(this.#folder, name), content));
  }

  /** Lets others use the folder. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      writing(this.path, () => this.#log.flush());
    } finally {
      this.#log.close();
      this.#giveBack();
    }
  }

  #writing<T>(step: () => T): T {
    if (!this.#open) throw new Error(`${this.path} has been closed`);
    return writing(this.path, step);
  }
}

const ours = new Set([manifestName, logName, snapshotName, beforeName, lockName]);

/** Gives the lock back when the folder cannot be used after all. */
function holding(path: string, use: (giveBack: () => void) => RunFolder): RunFolder {
  const giveBack = takeLock(resolve(path), path);
  try {
    return use(giveBack);
  } catch (error) {
    giveBack();
    throw error;
  }
}

/** A process killed while it made a run leaves a lock and hidden files, and those are in nobody's way. */
function refuseOccupied(path: string): void {
  const entries = readdirSync(path);
  if (entries.includes(manifestName)) {
    throw new EvolveError('exists', `${path} is a run already. Add --resume to go on with it, or name another folder.`);
  }
  if (entries.some((entry) => entry !== lockName && !entry.startsWith('.'))) {
    throw new EvolveError('exists', `${path} holds files that are not a run. Name a folder that is not there yet.`);
  }
}
