/** run.json: what was asked for. Written once, when the run is made; a run is what has one. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAtomically } from '../core/atomic-file.ts';
import { EvolveError, fileProblem } from '../core/failure.ts';
import { jsonText } from './json.ts';

export interface RunManifest {
  readonly schema: 1;
  readonly name: string;
  readonly engineVersion: string;
  /** ISO time, for people. */
  readonly created: string;
  readonly command: 'mine' | 'improve';
  readonly config: Readonly<Record<string, unknown>>;
  readonly market: { readonly name: string; readonly hash: string; readonly folder: string };
  readonly backend: string;
}

export const manifestName = 'run.json';

export function writeManifest(folder: string, manifest: RunManifest): void {
  const sha256 = digest(manifest);
  writeAtomically(join(folder, manifestName), `${JSON.stringify({ ...manifest, sha256 }, null, 2)}\n`);
}

/** The digest says that we wrote it and nobody else since, so its content need not be checked once more. */
export function readManifest(path: string): RunManifest {
  const shown = join(path, manifestName);
  const text = manifestText(path, shown);
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch (cause) {
    throw damaged(shown, cause);
  }
  if (typeof stored !== 'object' || stored === null) throw damaged(shown);
  const { sha256, ...manifest } = stored as RunManifest & { readonly sha256?: string };
  if (sha256 !== digest(manifest)) throw damaged(shown);
  if (manifest.schema !== 1) {
    throw new EvolveError(
      'bad-run',
      `${shown} was written by evolve ${manifest.engineVersion}; use that one to go on.`,
    );
  }
  return manifest;
}

function manifestText(path: string, shown: string): string {
  try {
    return readFileSync(join(path, manifestName), 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const absent = code === 'ENOENT' || code === 'ENOTDIR';
    const sentence = absent
      ? `There is no run in ${path}: a run is a folder with a ${manifestName}.`
      : `Cannot read ${shown}: ${fileProblem(cause)}.`;
    throw new EvolveError('missing-file', sentence, { cause });
  }
}

const digest = (manifest: RunManifest): string => createHash('sha256').update(jsonText(manifest)).digest('hex');

const damaged = (shown: string, cause?: unknown): EvolveError =>
  new EvolveError(
    'bad-run',
    `${shown} was changed or damaged since the run was made; restore it, or start a new run.`,
    {
      cause,
    },
  );
