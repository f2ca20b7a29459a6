/** `evolve import`: formulas of other tools, each translated exactly or refused with the reason. */
import { EvolveError } from '../../core/failure.ts';
import { nearest } from '../../core/nearest.ts';
import { readManifest } from '../../data/store/manifest.ts';
import { marketVocabulary } from '../../evaluation/evaluator.ts';
import { OutputFile } from '../../evaluation/write-output.ts';
import { asFactor } from '../../program/build.ts';
import { canonical } from '../../program/canonical.ts';
import { type DialectName, dialectOf, dialects } from '../../program/dialects/dialects.ts';
import { print } from '../../program/print.ts';
import { standardVocabulary, type Vocabulary } from '../../program/vocabulary.ts';
import { type NamedText, readFormulas } from './formula-file.ts';

export interface FactorImportOptions {
  /** A file: one formula a line, or JSON. */
  readonly file: string;
  /** The language they are in, such as qlib. */
  readonly from: string;
  /** The market they are meant for; without, the usual fields are known. */
  readonly data?: string | undefined;
  /** A file to write the list to. */
  readonly out?: string | undefined;
  readonly overwrite?: boolean | undefined;
  /** The file these were read from, which is not written over. */
  readonly config?: string | undefined;
}

export interface ImportedFactors {
  readonly factors: readonly ImportedFactor[];
  readonly refused: readonly RefusedText[];
}

export interface ImportedFactor {
  readonly name?: string;
  /** In our language. */
  readonly expression: string;
  /** In the language it came from. */
  readonly original: string;
  /** Where its values may differ from those it has there. */
  readonly notes: readonly string[];
}

export interface RefusedText {
  /** Its name, or its place in the file. */
  readonly name: string;
  readonly original: string;
  readonly reason: string;
}

export async function importFactors(options: FactorImportOptions): Promise<ImportedFactors> {
  const read = readerOf(options.from);
  const texts = readFormulas(options.file);
  const { out, overwrite = false } = options;
  const inputs = [options.file, options.data, options.config];
  const output = out === undefined ? undefined : new OutputFile(out, { overwrite, inputs });
  try {
    const words = options.data === undefined ? standardVocabulary : marketVocabulary(await readManifest(options.data));
    const imported = translated(texts, read, words);
    if (imported.factors.length === 0) {
      throw new EvolveError('bad-expression', `No formula of ${options.file} can be read as ${options.from}.`, {
        details: imported.refused.map(({ name, reason }) => `${name}: ${reason}`),
      });
    }
    output?.write(Buffer.from(importedText(imported)));
    output?.finish();
    return imported;
  } catch (error) {
    output?.abandon();
    throw error;
  }
}

/** A list that `evolve eval` and `--warm-start` read. */
export const importedText = ({ factors }: ImportedFactors): string =>
  `[\n${factors
    .map(({ name, expression }) => `  ${JSON.stringify({ ...(name !== undefined && { name }), expression })}`)
    .join(',\n')}\n]\n`;

type Reader = NonNullable<ReturnType<typeof dialectOf>['read']>;

function readerOf(from: string): Reader {
  const dialect = Object.hasOwn(dialects, from) ? dialectOf(from as DialectName) : undefined;
  if (dialect?.read) return dialect.read;
  const names = (Object.keys(dialects) as DialectName[]).filter((name) => dialectOf(name).read);
  const near = dialect ? undefined : nearest(from, names);
  const problem = dialect ? `${from} is written and not read.` : `--from does not know "${from}".`;
  throw new EvolveError(
    'bad-argument',
    near ? `${problem} Did you mean ${near}?` : `${problem} There are ${names.join(', ')}.`,
  );
}

function translated(texts: readonly NamedText[], read: Reader, words: Vocabulary): ImportedFactors {
  const factors: ImportedFactor[] = [];
  const refused: RefusedText[] = [];
  /** Names of those accepted, by key, to find the same one again. */
  const known = new Map<string, string>();
  const names = new Set<string>();
  for (const { name, text, where } of texts) {
    const shown = name ?? where;
    const refuse = (reason: string): void => {
      refused.push({ name: shown, original: text, reason });
    };
    try {
      const { expression, notes } = read(text, words);
      const factor = asFactor(expression);
      const { key } = canonical(expression);
      const twin = known.get(key);
      if (factor.kind === 'refused' && factor.rule === 'kind') refuse(`it is no factor: ${factor.reason}.`);
      else if (twin !== undefined) refuse(`it is the same factor as ${twin}.`);
      else if (name !== undefined && names.has(name)) refuse('another factor has this name; give it its own.');
      else {
        const unit = factor.kind === 'refused' ? [`A search begins with plain ratios only: ${factor.reason}.`] : [];
        factors.push({
          ...(name !== undefined && { name }),
          expression: print(expression),
          original: text,
          notes: [...notes, ...unit],
        });
        known.set(key, shown);
        if (name !== undefined) names.add(name);
      }
    } catch (error) {
      if (!(error instanceof EvolveError)) throw error;
      refuse(error.message);
    }
  }
  return { factors, refused };
}
