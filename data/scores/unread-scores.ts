import { tmpdir } from 'node:os';
import { EvolveError } from '../../core/failure.ts';
import { unreadable } from '../import/source.ts';

/** Where a command has no --encoding. */
export const encodingRemedy = 'Convert it to UTF-8 first.';

/** Why a file of scores cannot be read. What the machine lacks has other remedies than it has for an import. */
export function unreadScores(path: string, cause: unknown): EvolveError {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/^Out of Memory Error/.test(message)) {
    return new EvolveError(
      'out-of-memory',
      `${path} takes more memory than there is for reading it. Write it as Parquet, or its columns into several files.`,
      { cause },
    );
  }
  if (/ENOSPC|EDQUOT|no space left|disk full|max_temp_directory_size/i.test(message)) {
    return new EvolveError(
      'unwritable',
      `The disk of ${tmpdir()} is full, and ${path} needs room there while it is read. Make room, or set TMPDIR to another folder.`,
      { cause },
    );
  }
  if ((cause as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
    return new EvolveError('bad-data', `${path} is not in UTF-8. ${encodingRemedy}`, { cause });
  }
  return unreadable(path, 'scores', cause);
}
