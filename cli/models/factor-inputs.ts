/** Mined factors as inputs of a model: which they are, and what exactly was in the file they came from. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EvolveError } from '../../core/failure.ts';
import type { LabelRule, MarketManifest } from '../../data/market.ts';
import { embargoOf } from '../../data/splits.ts';
import { namedFactors } from '../../evaluation/named-factors.ts';
import type { Channel } from '../../models/inputs.ts';
import type { FactorLibraryName } from '../../models/training/model-manifest.ts';
import { print } from '../../program/print.ts';
import type { FactorLibrary } from '../../runs/library.ts';

export interface FactorInputs {
  readonly factors: readonly Channel[];
  readonly factorLibrary: FactorLibraryName;
}

/** `path` is a library or another .json file of formulas, or a run, whose library it then is. */
export async function factorInputs(path: string, market: MarketManifest): Promise<FactorInputs> {
  const file = libraryOf(path);
  const factors = await namedFactors([file], market);
  const content = readFileSync(file);
  const chosenBy = lastPriceOf(JSON.parse(content.toString()), market);
  return {
    factors: factors.map(({ name, expression }) => ({ name, expression: print(expression) })),
    factorLibrary: {
      file,
      sha256: createHash('sha256').update(content).digest('hex'),
      ...(chosenBy !== undefined && { chosenBy }),
    },
  };
}

/** What a library that was mined says of how; a list of formulas says nothing. */
type Mined = Partial<Pick<FactorLibrary, 'split'>> & { readonly label?: LabelRule };

/** Training dates breed factors and validation dates pick them; labels of the last ones end some dates later. */
function lastPriceOf({ split, label }: Mined, { calendar }: MarketManifest): string | undefined {
  const last = split?.valid?.[1];
  if (typeof last !== 'string' || !label) return undefined;
  const place = calendar.findLastIndex((date) => date <= last);
  const end = calendar[Math.min(place + embargoOf(label), calendar.length - 1)] as string;
  // On another market, which ends before: the dates between are not known here.
  return [end, last].sort().at(-1);
}

function libraryOf(path: string): string {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory()) {
    const file = join(path, 'library.json');
    if (statSync(file, { throwIfNoEntry: false })) return file;
    throw new EvolveError('missing-file', `${path} has no library.json: name a run that is finished, or a library.`);
  }
  if (/\.json$/i.test(path)) return path;
  throw new EvolveError(
    'bad-argument',
    `--factors ${path || '""'} should be a library, or another .json file of formulas.`,
  );
}
