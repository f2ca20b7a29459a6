import type { DuckDBConnection } from '@duckdb/node-api';
import type { InputFiles } from './inputs.ts';
import type { Ledger } from './ledger.ts';
import type { ImportOptions } from './options.ts';
import type { Settings } from './settings.ts';

/** One import under way. */
export interface Job {
  readonly options: ImportOptions;
  readonly settings: Settings;
  readonly inputs: InputFiles;
  /** Everything is made in here. */
  readonly folder: string;
  readonly db: DuckDBConnection;
  readonly ledger: Ledger;
  /** What was decided, and what the user should know. */
  readonly notes: string[];
}
