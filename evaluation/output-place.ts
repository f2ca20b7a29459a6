/** Where a file that is written ends up: never in the place of something that is no file, nor of what it is made from. */
import { existsSync, lstatSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { EvolveError, fileProblem } from '../core/failure.ts';

/**
 * The path behind all links, which stay as they are. Refused are `inputs`, the files and folders the command reads, and
 * whatever lies in such a folder; words among them that name nothing on the disk are no inputs.
 */
export function outputPlace(path: string, inputs: readonly string[]): string {
  const place = behindLinks(path);
  for (const input of inputs) {
    const read = realOf(input);
    if (read === undefined || !isWithin(place, read)) continue;
    const what = place === read ? 'it is read by this command' : `it lies in ${input}, which this command reads`;
    throw new EvolveError('bad-argument', `Cannot write ${path}: ${what}. Name another place.`);
  }
  return place;
}

/** Refuses what is there when it is no file, such as a device, and a file that should stay. */
export function expectFree(path: string, place: string, overwrite: boolean): void {
  const there = found(path, place);
  if (!there) return;
  if (there.isDirectory()) throw new EvolveError('unwritable', `Cannot write ${path}: it is a folder.`);
  if (!there.isFile()) {
    throw new EvolveError('unwritable', `Cannot write ${path}: it is not a regular file. Name another.`);
  }
  if (!overwrite) throw taken(path);
}

export const taken = (path: string): EvolveError =>
  new EvolveError('exists', `${path} already exists. Add --overwrite to replace it, or name another file.`);

export function unwritable(path: string, cause: unknown): EvolveError {
  const folder = dirname(path);
  const reason =
    (cause as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync(folder)
      ? `the folder ${folder} does not exist; make it first`
      : fileProblem(cause);
  return new EvolveError('unwritable', `Cannot write ${path}: ${reason}.`, { cause });
}

/** Whether it is that place or lies in that folder. */
export function isWithin(place: string, folder: string): boolean {
  const way = relative(folder, place);
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way));
}

/** As many links follow each other on any system. */
const mostLinks = 40;

/** What is not there yet has the real path of its folder, also when a link leads to it. */
function behindLinks(path: string): string {
  let place = resolve(path);
  for (let links = 0; links < mostLinks; links++) {
    const there = realOf(place);
    if (there !== undefined) return there;
    const folder = realOf(dirname(place)) ?? dirname(place);
    place = join(folder, basename(place));
    if (!lstat(place)?.isSymbolicLink()) return place;
    place = resolve(folder, readlinkSync(place));
  }
  throw new EvolveError('unwritable', `Cannot write ${path}: it is a link that leads back to itself.`);
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    // Not there, or out of reach: then it cannot be read either, and is said so where it is.
    return undefined;
  }
}

function lstat(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function found(path: string, place: string): Stats | undefined {
  try {
    return statSync(place, { throwIfNoEntry: false });
  } catch (cause) {
    throw unwritable(path, cause);
  }
}
