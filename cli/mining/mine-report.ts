/** What a search came to: printed, given to callers, and kept as the last event of its record. */
import type { FactorLibrary } from '../../runs/library.ts';
import type { Choice } from './choose.ts';
import type { Step } from './lineage.ts';

export interface MineReport {
  readonly run: string;
  readonly market: { readonly folder: string; readonly name: string; readonly hash: string };
  readonly rounds: number;
  /** Distinct programs given a verdict. */
  readonly tried: number;
  readonly evaluations: number;
  /** Of computing, in this process and those before. */
  readonly seconds: number;
  readonly stopped: string;
  readonly best: { readonly expression: string; readonly fitness: number } | null;
  /** What computed its scores, one after another. */
  readonly backend: string;
  /** Warm-start entries that were refused, and why. */
  readonly refused: readonly string[];
  /** Absent while there is more to search. */
  readonly library?: FactorLibrary;
  readonly choice?: Pick<Choice, 'candidates' | 'failed' | 'thresholds'> & {
    /** New programs by the reason they were rejected for. */
    readonly rejected: Readonly<Record<string, number>>;
    /** Stopped candidates judged in full nevertheless, and those of them as fit as an elite. */
    readonly audit: { readonly audited: number; readonly missed: number };
  };
  /** From the formula to be improved to its best descendant. */
  readonly lineage?: readonly Step[];
  /** Why the formula to be improved has no fitness itself, when it has none. */
  readonly unfit?: string;
  /** Why not one program got a fitness, when none did. */
  readonly barren?: string;
}
