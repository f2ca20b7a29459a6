import { existsSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { type ImportOptions, importOptions, type OptionRow } from './options.ts';
import { splitSuffix } from './side-table.ts';

/** How the market was made: files by name and size, and the options given. Folders of this machine are left out. */
export function provenanceOf(options: ImportOptions, files: readonly string[]): Record<string, unknown> {
  const given = Object.entries<OptionRow>(importOptions).flatMap(([name, { value: form = '' }]) => {
    const value = options[name as keyof typeof importOptions];
    if (value === undefined || ['out', 'daily', 'minute', 'overwrite'].includes(name)) return [];
    // A pattern or a format keeps its slashes.
    const kept = (text: unknown) => (form.includes('FILE') && typeof text === 'string' ? withoutFolders(text) : text);
    return [[name, Array.isArray(value) ? value.map(kept) : kept(value)]];
  });
  return {
    command: 'evolve data import',
    // A market of one file per symbol has thousands: the first tell which they were.
    files: files.slice(0, 100).map((file) => ({ name: basename(file), bytes: statSync(file).size })),
    fileCount: files.length,
    options: Object.fromEntries(given),
  };
}

/** `CAP=/home/me/cap.csv:symbol,cap:money` -> `CAP=cap.csv:symbol,cap:money`. */
function withoutFolders(text: string): string {
  const name = /^[A-Z][A-Z0-9_]*=/.exec(text)?.[0] ?? '';
  return name + fileName(text.slice(name.length));
}

function fileName(text: string): string {
  if (existsSync(text)) return basename(text);
  const { head, suffix } = splitSuffix(text);
  return suffix === undefined ? text : `${fileName(head)}:${suffix}`;
}
