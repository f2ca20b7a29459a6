import type { RoundRecord } from '../../engine/record.ts';
import type { FactorLibrary } from '../../runs/library.ts';
import type { RunManifest } from '../../runs/manifest.ts';
import type { Lineage } from '../mining/lineage.ts';

export interface ReportedRun {
  readonly manifest: RunManifest;
  readonly rounds: readonly RoundRecord[];
  /** Those of the same search on shuffled labels. */
  readonly placebo?: readonly RoundRecord[];
  readonly library?: FactorLibrary;
  /** From the formula to be improved to its best descendant. */
  readonly lineage?: Lineage;
  /** Why the search ended. */
  readonly stopped?: string;
  /** Warm-start entries that could not be used, and why. */
  readonly refused?: readonly string[];
}
