/**
 * A file that appears under its name only when it is whole: it is written beside its place and moved there at the end,
 * and whatever goes wrong before that, also Ctrl-C, nothing stays.
 */
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EvolveError } from '../core/failure.ts';
import { unfinished } from '../core/unfinished.ts';
import { expectFree, outputPlace, taken, unwritable } from './output-place.ts';

export interface OutputOptions {
  readonly overwrite: boolean;
  /** What the command reads, files and folders: nothing is written over these. */
  readonly inputs: readonly (string | undefined)[];
}

/** So that no two of a process are written under one name. */
let files = 0;

export class OutputFile {
  readonly #path: string;
  readonly #place: string;
  readonly #overwrite: boolean;
  readonly #temporary: string;
  readonly #fd: number;
  readonly #settled: () => void;
  #open = true;
  #bytes = 0;

  /** Refuses at once what would only fail at the end: a name that is taken, a folder that is not there. */
  constructor(path: string, { overwrite, inputs }: OutputOptions) {
    if (path === '') throw new EvolveError('bad-argument', 'The file to write has no name. Give it one.');
    this.#path = path;
    this.#overwrite = overwrite;
    this.#place = outputPlace(
      path,
      inputs.filter((input) => input !== undefined),
    );
    expectFree(path, path, overwrite);
    files += 1;
    const name = `.${basename(this.#place)}.${process.pid}-${Date.now().toString(36)}-${files}`;
    this.#temporary = join(dirname(this.#place), name);
    try {
      this.#fd = openSync(this.#temporary, 'wx');
    } catch (cause) {
      throw unwritable(path, cause);
    }
    this.#settled = unfinished(this.#temporary);
  }

  get bytes(): number {
    return this.#bytes;
  }

  write(bytes: Uint8Array): void {
    try {
      for (let done = 0; done < bytes.byteLength; ) done += writeSync(this.#fd, bytes, done);
    } catch (cause) {
      throw unwritable(this.#path, cause);
    }
    this.#bytes += bytes.byteLength;
  }

  finish(): void {
    // Hours may have passed, and somebody else may have come.
    expectFree(this.#path, this.#place, this.#overwrite);
    try {
      fsyncSync(this.#fd);
      this.#close();
      if (this.#overwrite) renameSync(this.#temporary, this.#place);
      else this.#claim();
    } catch (cause) {
      throw cause instanceof EvolveError ? cause : unwritable(this.#path, cause);
    }
    this.#settled();
  }

  /** Takes what was written away. */
  abandon(): void {
    this.#close();
    rmSync(this.#temporary, { force: true, maxRetries: 3 });
    this.#settled();
  }

  /** Of several that write the same new file, one gets it: a rename alone would let each think it did. */
  #claim(): void {
    try {
      linkSync(this.#temporary, this.#place);
      rmSync(this.#temporary, { force: true, maxRetries: 3 });
      return;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') throw taken(this.#path);
    }
    // A file system without links: an empty file takes the place until the rename.
    try {
      closeSync(openSync(this.#place, 'wx'));
    } catch (cause) {
      throw (cause as NodeJS.ErrnoException).code === 'EEXIST' ? taken(this.#path) : cause;
    }
    try {
      renameSync(this.#temporary, this.#place);
    } catch (cause) {
      rmSync(this.#place, { force: true });
      throw cause;
    }
  }

  #close(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }
}
