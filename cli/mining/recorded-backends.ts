import { readManifest } from '../../runs/manifest.ts';
import { readRun } from '../../runs/read-run.ts';

/** In words. */
export const backendsOf = (path: string): string => recordedBackends(path).join(', then ');

/** What computed a run's scores, one after another. */
export function recordedBackends(path: string): string[] {
  const all = [readManifest(path).backend];
  for (const { kind, backend } of readRun(path).events) {
    if (kind !== 'resume' && kind !== 'backend') continue;
    if (backend !== undefined && backend !== all.at(-1)) all.push(backend as string);
  }
  return all;
}
