import type { ModelManifest, NetworkResult } from './model-manifest.ts';

/** For what was written as JSON, which has no NaN: a correlation that is missing comes back as null. */
export const nullIsMissing = (_: string, value: unknown): unknown => (value === null ? Number.NaN : value);

/** How well a network does after an epoch: losses as its rule has them, correlations with the returns, mean of the dates. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  readonly trainLoss: number;
  readonly validLoss: number;
  readonly validIc: number;
  readonly validRankIc: number;
  /** From 1, of a network that is trained in several. */
  readonly stage?: number;
  /** All of them. */
  readonly stages?: number;
  /** Mean absolute correlation between its units on the validation dates, of a network that has some. */
  readonly unitLikeness?: number;
}

export type TrainingProgress =
  | { readonly kind: 'stage'; readonly label: string; readonly done: number; readonly total: number }
  /** Everything is known but the weights. */
  | { readonly kind: 'begun'; readonly manifest: ModelManifest; readonly networks: number; readonly done: number }
  | {
      readonly kind: 'epoch';
      readonly fold: string;
      readonly network: number;
      readonly record: EpochRecord;
      readonly bestEpoch: number;
    }
  | {
      readonly kind: 'network';
      readonly fold: string;
      readonly result: NetworkResult;
      readonly done: number;
      readonly networks: number;
    };
