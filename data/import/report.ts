import type { Finding } from './ledger.ts';

export interface RowCounts {
  readonly read: number;
  readonly kept: number;
  readonly dropped: number;
}

/** What an import did, ready for JSON. */
export interface ImportReport {
  readonly name: string;
  readonly folder: string;
  readonly hash: string;
  readonly dates: { readonly count: number; readonly first: string; readonly last: string };
  readonly symbols: { readonly count: number; readonly first: string; readonly last: string };
  readonly rows: { readonly daily?: RowCounts; readonly minute?: RowCounts };
  /** Every rule that met something, with what was done and examples. */
  readonly findings: readonly Finding[];
  readonly grid?: {
    readonly barMinutes: number;
    readonly bars: number;
    readonly session: string;
    readonly stamp: 'start' | 'end';
  };
  readonly fields: readonly { readonly name: string; readonly kind: string; readonly coverage: number }[];
  /** What was decided, and what the user should know. */
  readonly notes: readonly string[];
  readonly seconds: number;
}
