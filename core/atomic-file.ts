/** Files that are whole or not there, whatever ends the process or the machine while they are written. */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const partialEnd = '.partial';

interface Placing {
  /** The file that was there before stays under this name. */
  readonly keepAs?: string;
}

/** Puts a file in its place in one step. Whoever calls is alone in the folder, so the name it grows under is free. */
export function writeAtomically(path: string, content: string | Uint8Array, placing: Placing = {}): void {
  const folder = dirname(path);
  const partial = join(folder, `.${basename(path)}${partialEnd}`);
  try {
    writeDurably(partial, content);
    if (placing.keepAs) renameIfThere(path, join(folder, placing.keepAs));
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
  flushFolder(folder);
}

/** Whether it is the name of what a process killed in writeAtomically leaves behind. */
export const isPartial = (name: string): boolean => name.startsWith('.') && name.endsWith(partialEnd);

/** Takes these away. */
export function removePartials(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (isPartial(name)) rmSync(join(folder, name), { force: true });
  }
}

export function writeDurably(path: string, content: string | Uint8Array): void {
  const fd = openSync(path, 'w');
  try {
    writeFileSync(fd, content);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** A rename is only on the disk when its folder is. Windows has no such call, and does it by itself. */
function flushFolder(folder: string): void {
  if (process.platform === 'win32') return;
  let fd: number;
  try {
    fd = openSync(folder, 'r');
  } catch (error) {
    // One that may be written and not read takes files all the same.
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return;
    throw error;
  }
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * A folder and those above it. Not mkdir's own `recursive`: that never returns where the parent exists but takes no
 * folders and says "not found", as /proc does.
 */
export function makeFolder(folder: string): void {
  let made: boolean;
  try {
    made = makeOne(folder);
  } catch (error) {
    const above = dirname(folder);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === folder) throw error;
    makeFolder(above);
    made = makeOne(folder);
  }
  if (made) flushFolder(dirname(folder));
}

/** Whether it was not there; another process may make it at the same moment. */
function makeOne(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
