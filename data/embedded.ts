/** The market `evolve` uses when it is given none: synthetic, made on first use and kept in the user's cache folder. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { EvolveError } from '../core/failure.ts';
import { readManifest } from './store/manifest.ts';
import { generatorVersion, type SyntheticOptions, synthesise } from './synth/synthesise.ts';

/** Whole sessions of 240 minutes, because the seeds ask for them; 180 MB and a few seconds. */
const embeddedOptions: SyntheticOptions = { stocks: 120, days: 300, minutes: 240, seed: 1 };

/** Its folder; `onDay` is called while it is being made. */
export const embeddedMarket = (onDay?: (done: number) => void): Promise<string> => cachedMarket(embeddedOptions, onDay);

/** The folder named or the embedded market's; `onProgress` is told while that is being made. */
export const marketFolder = async (
  named: string | undefined,
  onProgress?: (stage: string, done: number, total: number) => void,
): Promise<string> =>
  named ?? embeddedMarket((done) => onProgress?.('Making the embedded market', done, embeddedOptions.days));

/** Any number of processes may ask at once: the first to finish wins and the others use its market. */
export async function cachedMarket(options: SyntheticOptions, onDay?: (done: number) => void): Promise<string> {
  const { stocks, days, minutes, seed } = options;
  const folder = join(cacheFolder(), `market-v${generatorVersion}-${stocks}x${days}x${minutes}-${seed}`);
  const state = await stateOf(folder);
  if (state === 'good') return folder;
  try {
    await synthesise(folder, options, { overwrite: state === 'broken', ...(onDay && { onDay }) });
  } catch (error) {
    if (!(error instanceof EvolveError && error.code === 'exists' && (await stateOf(folder)) === 'good')) throw error;
  }
  return folder;
}

async function stateOf(folder: string): Promise<'good' | 'broken' | 'absent'> {
  if (!existsSync(folder)) return 'absent';
  try {
    await readManifest(folder);
    return 'good';
  } catch (error) {
    if (!(error instanceof EvolveError)) throw error;
    return 'broken';
  }
}

/** Where this system keeps what can be made again; EVOLVE_CACHE says otherwise. */
export function cacheFolder(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (environment.EVOLVE_CACHE) return environment.EVOLVE_CACHE;
  switch (platform) {
    case 'win32':
      return join(environment.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'evolve', 'cache');
    case 'darwin':
      return join(homedir(), 'Library', 'Caches', 'evolve');
    default:
      return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'evolve');
  }
}
