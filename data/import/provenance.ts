import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { type ImportOptions, importOptions } from './options.ts';

/** How the market was made: files by name and size, and the options given. Folders of this machine are left out. */
export function provenanceOf(options: ImportOptions, files: readonly string[]): Record<string, unknown> {
  const given = Object.keys(importOptions).flatMap((name) => {
    const value = options[name as keyof typeof importOptions];
    if (value === undefined || ['out', 'daily', 'minute', 'overwrite'].includes(name)) return [];
    return [[name, Array.isArray(value) ? value.map(withoutFolders) : withoutFolders(value)]];
  });
  return {
    command: 'evolve data import',
    // A market of one file per symbol has thousands: the first tell which they were.
    files: files.slice(0, 100).map((file) => ({ name: basename(file), bytes: statSync(file).size })),
    fileCount: files.length,
    options: Object.fromEntries(given),
  };
}

const withoutFolders = (value: unknown): unknown =>
  typeof value === 'string' ? value.replace(/[^=,:]*[\\/](?=[^\\/]*\.\w)/g, '') : value;
