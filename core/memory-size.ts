import { EvolveError } from './failure.ts';

/** For sentences: 1536 MiB. */
export const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 1024 ** 2)} MiB`;

const least = 64 * 1024 ** 2;

/** What threads can share at most. */
const mostShared = 4 * 1024 ** 3;

/** The bytes of a `--memory` such as 512MiB, 4GiB or 1.5G; units are powers of 1024. */
export function sharedMemorySize(text: string): number {
  const bytes = memorySize(text);
  if (bytes > mostShared) throw new EvolveError('bad-argument', `--memory ${text} is too much: 4GiB at most.`);
  return bytes;
}

/** The same of memory that may be any size. */
export function memorySize(text: string): number {
  const [, number = '', unit = ''] = /^\s*([\d.]+)\s*([KMGT]?)(?:i?B)?\s*$/i.exec(text) ?? [];
  const bytes = Number(number) * 1024 ** ('KMGT'.indexOf(unit.toUpperCase() || '-') + 1);
  if (!(bytes >= least))
    throw new EvolveError('bad-argument', `--memory ${text} is not a size of at least 64MiB, such as 1GiB.`);
  return Math.floor(bytes);
}
