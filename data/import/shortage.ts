import { EvolveError } from '../../core/failure.ts';

/** What the machine lacks for an import, if that is why something failed: the database says it among much else. */
export function shortage(cause: unknown): EvolveError | undefined {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/ENOSPC|EDQUOT|no space left|disk full|max_temp_directory_size/i.test(message)) {
    return new EvolveError(
      'unwritable',
      'The disk of the output folder is full: files are staged there before the market is written. Make room, or name another --out.',
      { cause },
    );
  }
  if (/^Out of Memory Error/.test(message)) {
    return new EvolveError(
      'bad-argument',
      'The import does not fit in --memory. Give it more, such as --memory 4GiB.',
      {
        cause,
      },
    );
  }
  return undefined;
}
