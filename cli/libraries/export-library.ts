/** `evolve export`: the factors of a run or a file, in the language of another tool. */
import { EvolveError } from '../../core/failure.ts';
import { nearest } from '../../core/nearest.ts';
import { OutputFile } from '../../evaluation/write-output.ts';
import type { Refusal } from '../../program/build.ts';
import { type DialectName, dialectOf, dialects } from '../../program/dialects/dialects.ts';
import type { Expression } from '../../program/expression.ts';
import { latex } from '../../program/latex.ts';
import { parse } from '../../program/parse.ts';
import { standardVocabulary } from '../../program/vocabulary.ts';
import { libraryText } from '../../runs/library.ts';
import { type FactorSource, factorSource, type SourceFactor } from './factor-source.ts';
import { namedAs } from './formula-file.ts';
import { pythonFile } from './python-file.ts';

export interface ExportOptions {
  /** A run, the library of one, or a file of formulas. */
  readonly source: string;
  /** json, latex, or a dialect that is written; json without. */
  readonly to?: string | undefined;
  /** The market whose fields the formulas use; without, the one they were found on, if it is there. */
  readonly data?: string | undefined;
  readonly out?: string | undefined;
  readonly overwrite?: boolean | undefined;
  /** The file these were read from, which is not written over. */
  readonly config?: string | undefined;
}

export interface ExportedLibrary {
  readonly to: string;
  readonly factors: readonly ExportedFactor[];
  /** What the language cannot say exactly, and why. */
  readonly refused: readonly { readonly name: string; readonly expression: string; readonly reason: string }[];
  /** What is true of every text in this language. */
  readonly caveat?: string;
  readonly file?: { readonly path: string; readonly bytes: number };
  /** All of it, as it is written. */
  readonly text: string;
}

export interface ExportedFactor {
  readonly name: string;
  readonly expression: string;
  readonly text: string;
}

/** A language as far as a file of it goes: how a formula is written, and how they are put together. */
interface Target {
  readonly caveat?: string;
  readonly write: (expression: Expression) => string | Refusal;
  readonly comment: string;
  readonly file: (factors: readonly Remarked[]) => string;
}

interface Remarked extends ExportedFactor {
  /** Comment lines. */
  readonly remark: string;
}

export async function exportLibrary(options: ExportOptions): Promise<ExportedLibrary> {
  const { to = 'json', out } = options;
  const target = to === 'json' ? undefined : targetOf(to);
  const source = await factorSource(options.source, options.data);
  if (source.factors.length === 0) {
    throw new EvolveError('bad-library', `${options.source} holds no factor, so there is nothing to export.`);
  }
  const inputs = [options.source, options.data, options.config];
  const output = out === undefined ? undefined : new OutputFile(out, { overwrite: options.overwrite ?? false, inputs });
  try {
    const exported = target ? inLanguage(source, to, target) : asJson(source);
    if (exported.factors.length === 0) {
      throw new EvolveError('unsupported-dialect', `No factor of ${options.source} can be written as ${to}.`, {
        details: exported.refused.map(({ name, reason }) => `${name}: ${reason}`),
      });
    }
    output?.write(Buffer.from(exported.text));
    output?.finish();
    return { ...exported, ...(output && out !== undefined && { file: { path: out, bytes: output.bytes } }) };
  } catch (error) {
    output?.abandon();
    throw error;
  }
}

function asJson({ library, factors }: FactorSource): ExportedLibrary {
  const list = factors.map(({ name, expression }) => ({ name, expression, text: expression }));
  const plain = list.map(({ name, expression }) => `  ${JSON.stringify({ name, expression })}`);
  const text = library ? libraryText(library) : `[\n${plain.join(',\n')}\n]\n`;
  return { to: 'json', factors: list, refused: [], text };
}

function inLanguage(source: FactorSource, to: string, target: Target): ExportedLibrary {
  const factors: ExportedFactor[] = [];
  const refused: { name: string; expression: string; reason: string }[] = [];
  for (const { name, expression } of source.factors) {
    const text = written(expression, source, target);
    if (typeof text === 'string') factors.push({ name, expression, text });
    else refused.push({ name, expression, reason: text.reason });
  }
  const { caveat } = target;
  const about = [source.about, ...(caveat ? [caveat] : [])].map((line) => `${target.comment} ${line}\n`).join('');
  const remarks = new Map(source.factors.map((factor) => [factor.name, figuresOf(factor)]));
  const remarked = factors.map((factor): Remarked => {
    const figures = remarks.get(factor.name);
    return { ...factor, remark: figures ? `${target.comment} ${figures}\n` : '' };
  });
  const text = factors.length > 0 ? `${about}\n${target.file(remarked)}` : '';
  return { to, factors, refused, ...(caveat && { caveat }), text };
}

function written(expression: string, { words }: FactorSource, { write }: Target): string | { readonly reason: string } {
  try {
    const text = write(parse(expression, words));
    return typeof text === 'string' ? text : { reason: `${text.reason}.` };
  } catch (error) {
    if (!(error instanceof EvolveError)) throw error;
    const usual = words === standardVocabulary ? ' (Fields of a market of your own are known with --data MARKET.)' : '';
    return { reason: `${error.message}${usual}` };
  }
}

function figuresOf({ sign, metrics }: SourceFactor): string | undefined {
  if (!metrics) return undefined;
  const parts = [
    ['training', metrics.train],
    ['validation', metrics.valid],
    ['test', metrics.test],
  ] as const;
  const ics = parts.flatMap(([name, part]) =>
    part && !Number.isNaN(part.ic) ? [`${part.ic.toFixed(4)} on ${name}`] : [],
  );
  const foretells = sign === -1 ? 'low values foretell high returns' : 'high values foretell high returns';
  return [`IC ${ics.join(', ')} dates`, foretells].join('; ');
}

const lineFile: Target['file'] = (factors) =>
  factors.map(({ name, text, remark }) => `${remark}${namedAs(name, text)}\n`).join('');

const latexTarget: Target = {
  write: latex,
  comment: '%',
  file: (factors) =>
    factors
      .map(({ name, expression, text, remark }) => {
        const title = name === expression ? name : `${name}: ${expression}`;
        return `% ${oneLine(title)}\n${remark}\\[\n  ${text}\n\\]\n`;
      })
      .join('\n'),
};

function targetOf(to: string): Target {
  if (to === 'latex') return latexTarget;
  const dialect = Object.hasOwn(dialects, to) ? dialectOf(to as DialectName) : undefined;
  if (dialect?.write) {
    const { write, caveat } = dialect;
    const file = to === 'pandas' || to === 'polars' ? pythonFile : lineFile;
    return { write, comment: '#', file, ...(caveat && { caveat }) };
  }
  if (dialect) throw unknown(`${to} is read and not written.`);
  const near = nearest(to, targets);
  throw unknown(`--to does not know "${to}".${near ? ` Did you mean ${near}?` : ''}`);
}

const unknown = (sentence: string): EvolveError =>
  new EvolveError('bad-argument', sentence.endsWith('?') ? sentence : `${sentence} There are ${targets.join(', ')}.`);

const targets = ['json', ...(Object.keys(dialects) as DialectName[]).filter((name) => dialectOf(name).write), 'latex'];

const oneLine = (text: string): string => text.replace(/\s+/g, ' ');
