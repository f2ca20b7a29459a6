/**
 * Whose a file of numbers is. The files of another fold or training fit as well, and what predicts with them knows what
 * came later: each says what it is of, and is read as nothing else.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Extra } from '../graph/weights-file.ts';
import type { ModelManifest } from './model-manifest.ts';

export interface Origin {
  /** Of trainingKey. */
  readonly training: string;
  readonly fold: number;
  /** From 0; of scalers, which all networks of a fold share, there is none. */
  readonly network?: number;
}

/** The same for the same training, whenever, wherever and by however many threads: not of times, paths and machines. */
export function trainingKey(manifest: ModelManifest): string {
  const { version, model, rule, market, fields, series, factors, parts, folds, styles, backend } = manifest;
  const asked = { version, model, rule, fields, series, factors, parts, folds, styles: styles?.names };
  return createHash('sha256')
    .update(JSON.stringify({ ...asked, market: market.hash, backend: backend.name }, inOrder))
    .digest('hex');
}

/** The order of names is nobody's. */
const inOrder = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** For the header of a file. */
export const stamp = (origin: Origin): Extra => ({ of: origin });

/** What a file is of, where that is not what it was taken for. */
export function strangerIn({ of: found }: Extra, origin: Origin): string | undefined {
  if (isDeepStrictEqual(found, { ...origin })) return undefined;
  const { training, fold } = Object(found) as Partial<Origin>;
  if (training !== origin.training) return 'another training';
  return fold === origin.fold ? 'another network' : 'another fold';
}
