import { EvolveError } from './failure.ts';

/** For sentences: 1536 MiB. */
export const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 1024 ** 2)} MiB`;

const least = 64 * 1024 ** 2;

/** The bytes of a `--memory` such as 512MiB, 4GiB or 1.5G; units are powers of 1024. */
export function memorySize(text: string): number {
  const [, number = '', unit = ''] = /^\s*([\d.]+)\s*([KMGT]?)(?:i?B)?\s*$/i.exec(text) ?? [];
  const bytes = Number(number) * 1024 ** ('KMGT'.indexOf(unit.toUpperCase() || '-') + 1);
  if (!(bytes >= least))
    throw new EvolveError('bad-argument', `--memory ${text} is not a size of at least 64MiB, such as 1GiB.`);
  return Math.floor(bytes);
}
