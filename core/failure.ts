import { printable } from './printable.ts';

/**
 * What the user can see and fix: one clear sentence that names the thing and the remedy, and exit code 1.
 *
 * A candidate that fails is everyday and travels as a value, never as this. Anything else that is thrown is our
 * bug: exit code 2, and it keeps its stack trace.
 */
export class EvolveError extends Error {
  override readonly name = 'EvolveError';
  /** Stable word for programs (`--json` prints it); the sentence may be reworded, the code may not. */
  readonly code: FailureCode;
  /** Further lines shown below the sentence: examples of bad rows, a caret under an expression. */
  readonly details: readonly string[];

  constructor(code: FailureCode, sentence: string, options: ErrorOptions & { details?: readonly string[] } = {}) {
    super(printable(sentence), options);
    this.code = code;
    this.details = (options.details ?? []).map(printable);
  }
}

export type FailureCode =
  | 'bad-argument' // a flag or parameter with a value it cannot have
  | 'bad-config' // a --config file that cannot be read
  | 'bad-data' // bars that break a rule
  | 'bad-expression' // syntax, unknown names, types, units
  | 'bad-library' // a factor library that breaks its schema
  | 'bad-market' // a market folder that cannot be used
  | 'bad-model' // a model folder that cannot be used
  | 'bad-run' // a run folder that cannot be used
  | 'busy' // a run folder another process is using
  | 'changed-market' // a market whose hash is not the one expected
  | 'exists' // an output that is already there
  | 'missing-file'
  | 'missing-field' // a field the market does not have
  | 'no-backend' // a backend this machine does not offer
  | 'out-of-memory' // the budget or the address space is too small
  | 'quarantined' // a program that ends the workers that try it
  | 'unsupported-dialect' // an expression another tool can say and we (or it) cannot
  | 'unwritable';

/** The system's reason for a failed file operation, in words. */
export function fileProblem(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  switch (code) {
    case 'ENOENT':
      return 'it does not exist';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EROFS':
      return 'the file system is read-only';
    case 'ENOSPC':
      return 'the disk is full';
    case 'EISDIR':
      return 'it is a folder';
    case 'ENOTDIR':
      return 'a part of its path is a file, not a folder';
    case 'EEXIST':
      return 'it already exists';
    case 'ENAMETOOLONG':
      return 'its name is too long';
    case 'ELOOP':
      return 'it is a link that leads back to itself';
    case 'EMFILE':
      return 'too many open files';
    default:
      // What a parser quotes may have lines of its own.
      return (error instanceof Error ? error.message : String(error)).replace(/\s*[\r\n]+\s*/g, ' ');
  }
}

/** What comes after it is a stack, or advice. Without the full stop, to stand inside a sentence. */
export const firstLine = (text: string): string => (text.split('\n')[0] as string).replace(/[.\s]+$/, '');
