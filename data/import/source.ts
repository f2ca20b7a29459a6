/** Files with the same columns, as one relation DuckDB can read. */
import { EvolveError } from '../../core/failure.ts';
import { shortage } from './shortage.ts';

/** The column of a relation that holds the path a row came from: a name no file has for one of its own. */
export const fileColumn = '_file_of_evolve';

/**
 * Names of columns as the database can have them: it takes those that differ only in case for one. The first of two
 * with one name keeps it; the index pandas writes has no name.
 */
export function columnNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  const lower = new Set<string>();
  return names.map((name, i) => {
    let free = name === '' || taken.has(name) ? `${name || 'column'}#${i + 1}` : name;
    // To people still the same name.
    while (lower.has(free.toLowerCase())) free += '#';
    taken.add(free);
    lower.add(free.toLowerCase());
    return free;
  });
}

export interface SourceFile {
  /** As the user named it: what messages say. */
  readonly shown: string;
  /** What is read: the same, or a copy in UTF-8. */
  readonly path: string;
}

export interface Source {
  readonly files: readonly SourceFile[];
  /** Name to DuckDB type. */
  readonly columns: ReadonlyMap<string, string>;
  /** The columns in their order as the file spells them, where the database may have had to change them. */
  readonly names?: readonly string[];
  /** What stands after FROM. */
  readonly relation: string;
  /** Lines that cannot be split into the columns are listed in this table while the relation is read. */
  readonly rejects?: string;
}

export interface ReadOptions {
  readonly encoding?: string | undefined;
  /** What to do about texts in another encoding, where it is not to name it. */
  readonly encodingRemedy?: string;
  /** A folder for copies. */
  readonly scratch: string;
}

/** How DuckDB says that a line ends otherwise than those before it. */
const mixedEnds = 'state machine reached an invalid state';

export function unreadable(file: string, what: string, cause: unknown): EvolveError {
  const lacking = shortage(cause);
  if (lacking) return lacking;
  const reason = (cause instanceof Error ? cause.message : String(cause))
    .split('\n')[0]
    ?.replace(/^[\w ]+ Error: /, '');
  if (reason?.includes(mixedEnds)) {
    return new EvolveError(
      'bad-data',
      `${file} has lines that end in different ways, such as CR LF and LF alone. Write it again with one line end throughout.`,
      { cause },
    );
  }
  return new EvolveError(
    'bad-data',
    `${file} cannot be read as ${what}: ${reason?.replace(/\.$/, '')}. Write the file again.`,
    { cause },
  );
}
