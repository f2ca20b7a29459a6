/** What a search is asked for, and what it tells while it goes on. */

import type { SearchBackendWish } from './backend-wishes.ts';
import type { RoundReport } from './run-search.ts';
import type { GivenOptions } from './search-options.ts';

export interface MineOptions extends GivenOptions {
  /** A market folder; the embedded market without. */
  readonly data?: string | undefined;
  /** A formula to improve: its descendants are bred, and, with origin `fresh`, others beside them. */
  readonly improve?: string | undefined;
  /** A .json file of factors to begin with. */
  readonly warmStart?: string | undefined;
  /** A .json file of factors that are had already: the library is unlike them, and --novelty keeps the search away. */
  readonly beside?: string | undefined;
  /** Folder of the run; runs/ and a name made of the config without. */
  readonly out?: string | undefined;
  /** Go on with the run where it stopped; begin it when there is none. */
  readonly resume?: boolean | undefined;
  readonly workers?: number | undefined;
  /** Bytes beside those of the fields. */
  readonly memory?: number | undefined;
  /** Remember verdicts by program; without, every one is judged again, to the same end. */
  readonly cache?: boolean | undefined;
  /** What computes the search's scores; `wasm` without. A library's figures are always of the SIMD kernels. */
  readonly backend?: SearchBackendWish | undefined;
  /** Finishes the round, keeps everything, and stops. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: MineProgress) => void) | undefined;
}

export type MineProgress =
  | { readonly kind: 'stage'; readonly label: string; readonly done: number; readonly total: number }
  /** From here on what happens is kept in a folder, and whatever ends the process leaves a run to go on with. */
  | { readonly kind: 'kept'; readonly run: string }
  /** Something to be told once. */
  | { readonly kind: 'note'; readonly sentence: string }
  | {
      readonly kind: 'round';
      readonly search: 'factors' | 'placebo';
      readonly round: RoundReport;
      /** The last one, as far as can be told by now; null when nothing tells. */
      readonly rounds: number | null;
    };
