/** The market a run is on, for those who go on with one. */
import { existsSync } from 'node:fs';
import { EvolveError } from '../../core/failure.ts';
import { cacheFolder } from '../../data/embedded.ts';
import type { MarketManifest } from '../../data/market.ts';
import { readManifest } from '../../data/store/manifest.ts';
import { type RunManifest, readManifest as readRunManifest } from '../../runs/manifest.ts';
import { isRun } from './kept-run.ts';
import type { MineOptions } from './mine-options.ts';

/** Who goes on with a run they name need not say again on which market, and what else it was begun with. */
export const manifestOf = ({ resume, out }: MineOptions): RunManifest | undefined =>
  resume && out !== undefined && isRun(out) ? readRunManifest(out) : undefined;

/** Not when it is one that can be made again. */
export function marketOf(run: RunManifest | undefined): string | undefined {
  const folder = run?.market.folder;
  return folder !== undefined && (existsSync(folder) || !folder.startsWith(cacheFolder())) ? folder : undefined;
}

/** Its folder is as it was given then, perhaps from elsewhere. */
export async function marketOfRun(
  { market }: RunManifest,
  data: string,
  { out }: MineOptions,
): Promise<MarketManifest> {
  try {
    return await readManifest(data);
  } catch (cause) {
    if (!(cause instanceof EvolveError) || data !== market.folder) throw cause;
    const sentence = `${out} was begun on the market ${market.name} in ${data}, which cannot be opened: say where it is now with --data.`;
    throw new EvolveError(cause.code, sentence, { cause, details: existsSync(data) ? [cause.message] : [] });
  }
}
