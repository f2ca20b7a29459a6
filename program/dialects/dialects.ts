/** The languages expressions are read from and written to, by the word `--from` and `--to` take. */
import { readAlpha101, readBrain } from './alpha101.ts';
import { readAlphagen } from './alphagen.ts';
import { writeAlphagen } from './alphagen-write.ts';
import type { Dialect } from './dialect.ts';
import { writePandas } from './pandas.ts';
import { writePolars } from './polars.ts';
import { readQlib } from './qlib.ts';
import { writeQlib } from './qlib-write.ts';

export const dialects = {
  qlib: {
    doc: 'qlib expressions, as in Mean($close,5)/$close.',
    read: readQlib,
    write: writeQlib,
    caveat:
      'qlib starts each window at one row and skips missing rows; full windows agree. Where a side of a comparison is missing, qlib answers false.',
  },
  alpha101: {
    doc: 'The formulas of "101 Formulaic Alphas", as in rank(delta(close, 5)).',
    read: readAlpha101,
  },
  brain: {
    doc: 'WorldQuant BRAIN expressions, as in rank(ts_delta(close, 5)); its rank and ts_rank run from 0 to 1.',
    read: readBrain,
  },
  alphagen: {
    doc: 'alphagen expressions, as in Sub($close,Ref($close,5d)).',
    read: readAlphagen,
    write: writeAlphagen,
    caveat: 'alphagen keeps infinities, which are missing here; its WMA needs one more row than ts_decaylinear.',
  },
  pandas: {
    doc: 'A self-contained Python function over a dict of wide pandas frames.',
    write: writePandas,
  },
  polars: {
    doc: 'A self-contained Python function over long polars frames.',
    write: writePolars,
  },
} as const satisfies Record<string, Dialect>;

export type DialectName = keyof typeof dialects;
/** The row as a Dialect: for code that asks whether it reads or writes. */
export const dialectOf = (name: DialectName): Dialect => dialects[name];
