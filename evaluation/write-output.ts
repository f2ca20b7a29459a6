/**
 * A file that appears under its name only when it is whole: it is written beside its place and renamed at the end, and
 * whatever goes wrong before that, also Ctrl-C, nothing stays.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { EvolveError, fileProblem } from '../core/failure.ts';
import { unfinished } from '../core/unfinished.ts';

export class OutputFile {
  readonly #path: string;
  readonly #temporary: string;
  readonly #fd: number;
  readonly #settled: () => void;
  #open = true;
  #bytes = 0;

  /** Refuses at once what would only fail at the end: a name that is taken, a folder that is not there. */
  constructor(path: string, overwrite: boolean) {
    const target = resolve(path);
    this.#path = path;
    const there = this.#found(target);
    if (there?.isDirectory()) throw new EvolveError('unwritable', `Cannot write ${path}: it is a folder.`);
    if (there && !overwrite) {
      throw new EvolveError('exists', `${path} already exists. Add --overwrite to replace it, or name another file.`);
    }
    this.#temporary = join(dirname(target), `.${basename(target)}.${process.pid}-${Date.now().toString(36)}`);
    try {
      this.#fd = openSync(this.#temporary, 'wx');
    } catch (cause) {
      throw this.#unwritable(cause);
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
      throw this.#unwritable(cause);
    }
    this.#bytes += bytes.byteLength;
  }

  finish(): void {
    try {
      fsyncSync(this.#fd);
      this.#close();
      renameSync(this.#temporary, resolve(this.#path));
    } catch (cause) {
      throw this.#unwritable(cause);
    }
    this.#settled();
  }

  /** Takes what was written away. */
  abandon(): void {
    this.#close();
    rmSync(this.#temporary, { force: true, maxRetries: 3 });
    this.#settled();
  }

  #found(path: string): Stats | undefined {
    try {
      return statSync(path, { throwIfNoEntry: false });
    } catch (cause) {
      throw this.#unwritable(cause);
    }
  }

  #close(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }

  #unwritable(cause: unknown): EvolveError {
    const folder = dirname(this.#path);
    const reason =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' && !existsSync(folder)
        ? `the folder ${folder} does not exist; make it first`
        : fileProblem(cause);
    return new EvolveError('unwritable', `Cannot write ${this.#path}: ${reason}.`, { cause });
  }
}
