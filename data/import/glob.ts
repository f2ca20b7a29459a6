/**
 * Files by pattern, the same on every system: the shell of Windows leaves `data/*.csv` to us. `*` and `?` stay within
 * a name, `**` crosses folders, `{a,b}` is either, `[a-c]` one of. A folder means the files in it.
 */
import { readdir, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { EvolveError, fileProblem } from '../../core/failure.ts';

/** The files the patterns name, each once, in the order of the patterns and by name within one. */
export async function expandFiles(patterns: readonly string[]): Promise<string[]> {
  const seen = new Map<string, string>();
  for (const pattern of patterns) {
    for (const file of await expand(pattern)) if (!seen.has(resolve(file))) seen.set(resolve(file), file);
  }
  return [...seen.values()];
}

async function expand(pattern: string): Promise<string[]> {
  // A file may be called "prices[1].csv": what is there is what is meant.
  const found = await stat(pattern).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return undefined;
    throw unreadable(pattern, cause);
  });
  if (found?.isDirectory()) return nonEmpty(pattern, (await entries(pattern)).files);
  // Files are read more than once, and a pipe would be waited for.
  if (found && !found.isFile())
    throw new EvolveError('bad-data', `${pattern} is a pipe or a device. Save what it gives to a file first.`);
  if (found) return [pattern];
  if (!/[*?[{]/.test(pattern)) throw new EvolveError('missing-file', `There is no file ${pattern}.`);
  const parts = (sep === '\\' ? pattern.replaceAll('\\', '/') : pattern).split('/');
  const fixed = parts.findIndex((part) => /[*?[{]/.test(part));
  const root = parts.slice(0, fixed).join('/');
  const start = root === '' && pattern.startsWith('/') ? '/' : root || '.';
  const files = await walk(start, parts.slice(fixed));
  return nonEmpty(pattern, start === '.' ? files.map((file) => file.replace(/^\.[\\/]/, '')) : files);
}

function nonEmpty(pattern: string, files: readonly string[]): string[] {
  if (files.length === 0) throw new EvolveError('missing-file', `${pattern} matches no file.`);
  return [...files].sort((a, b) => (a < b ? -1 : 1));
}

async function walk(folder: string, [part = '', ...rest]: readonly string[]): Promise<string[]> {
  const { files, folders } = await entries(folder, true);
  if (part === '**') {
    const deeper = await Promise.all(folders.map((child) => walk(child, ['**', ...rest])));
    return [...(await walk(folder, rest.length > 0 ? rest : ['*'])), ...deeper.flat()];
  }
  const matches = (path: string): boolean =>
    nameMatches(part, path.slice(Math.max(...['/', sep].map((s) => path.lastIndexOf(s))) + 1));
  if (rest.length === 0) return files.filter(matches);
  return (await Promise.all(folders.filter(matches).map((child) => walk(child, rest)))).flat();
}

/** The visible files and folders in a folder; one that is not there has none. */
async function entries(folder: string, mayBeAbsent = false): Promise<{ files: string[]; folders: string[] }> {
  const listed = await readdir(folder, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    if (mayBeAbsent && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')) return [];
    throw unreadable(folder, cause);
  });
  const visible = listed.filter((entry) => !entry.name.startsWith('.'));
  const paths = (keep: (typeof visible)[number][]): string[] => keep.map((entry) => join(folder, entry.name));
  return {
    files: paths(visible.filter((entry) => entry.isFile() || entry.isSymbolicLink())),
    folders: paths(visible.filter((entry) => entry.isDirectory())),
  };
}

/** Whether a file name or a symbol fits a pattern of `*`, `?`, `[a-c]` and `{a,b}`. */
export function nameMatches(pattern: string, name: string): boolean {
  let source = '';
  let depth = 0;
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string;
    const close = c === '[' ? pattern.indexOf(']', i + 2) : -1;
    if (c === '*') source += '[^/]*';
    else if (c === '?') source += '[^/]';
    else if (close > 0) {
      source += pattern
        .slice(i, close + 1)
        .replace(/^\[!/, '[^')
        .replaceAll('\\', '\\\\');
      i = close;
    } else if (c === '{') [source, depth] = [`${source}(?:`, depth + 1];
    else if (c === '}' && depth > 0) [source, depth] = [`${source})`, depth - 1];
    else if (c === ',' && depth > 0) source += '|';
    else source += c.replace(/[\\^$.|+()[\]{}]/, '\\$&');
  }
  try {
    return new RegExp(`^${source}${')'.repeat(depth)}$`, 's').test(name);
  } catch (cause) {
    throw new EvolveError('bad-argument', `${pattern} is no pattern: what stands in its [...] is no range.`, { cause });
  }
}

const unreadable = (path: string, cause: unknown): EvolveError =>
  new EvolveError('missing-file', `Cannot read ${path}: ${fileProblem(cause)}.`, { cause });
