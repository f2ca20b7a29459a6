/** What goes to training threads and comes back. */
import type { FailureCode } from '../../core/failure.ts';
import type { FeaturePlace } from '../features/feature-store.ts';
import type { BackendChoice } from '../graph/backend.ts';
import type { InputPart } from '../inputs.ts';
import type { Scaler } from '../samples/scaler.ts';
import type { StyleCells } from '../samples/style-basis.ts';
import type { TrainingRule } from '../training-rule.ts';
import type { NetworkName } from './streams.ts';
import type { KeptNetwork } from './trained-network.ts';
import type { EpochRecord } from './training-progress.ts';

/** The same for all jobs. Large arrays are shared, not copied. */
export interface TrainingSetting {
  readonly model: string;
  /** Of trainingKey. */
  readonly training: string;
  readonly rule: TrainingRule;
  readonly parts: readonly InputPart[];
  /** Of each part. */
  readonly places: readonly FeaturePlace[];
  readonly symbols: number;
  /** [dates][symbols]. */
  readonly labels: Float32Array;
  /** Of labels that are freed from something. */
  readonly returns?: Float32Array;
  /** [count][dates][symbols], of a neutral loss. */
  readonly styles?: StyleCells;
  readonly backend: BackendChoice['name'];
  /** Of the recurrent kernels, this thread included. */
  readonly threads: number;
  /** Bytes that the readers of all threads hold. */
  readonly memory: number | undefined;
  /** Threads that train. */
  readonly crew: number;
  /** Not 0 when threads are to leave. */
  readonly leave: Int32Array;
}

export interface TrainingJob {
  readonly name: NetworkName;
  readonly train: readonly number[];
  readonly valid: readonly number[];
  /** Of each part. */
  readonly scalers: readonly Scaler[];
  readonly folder: string;
}

export type TrainingMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'epoch'; readonly record: EpochRecord; readonly bestEpoch: number }
  | { readonly kind: 'trained'; readonly kept: KeptNetwork }
  | { readonly kind: 'left' }
  | {
      readonly kind: 'failed';
      readonly code: FailureCode;
      readonly sentence: string;
      readonly details: readonly string[];
    };
