/** A file of formulas in whatever language: one a line, or JSON. What the formulas mean is somebody else's business. */
import { readFileSync } from 'node:fs';
import { EvolveError, fileProblem } from '../../core/failure.ts';

export interface NamedText {
  readonly name?: string;
  readonly text: string;
  /** `line 3`, `factor 3`. */
  readonly where: string;
}

export function readFormulas(path: string): NamedText[] {
  const formulas = /\.json$/i.test(path) ? listed(path, readJson(path)) : lines(readText(path));
  if (formulas.length === 0) throw new EvolveError('bad-library', `${path} holds no formula.`);
  return formulas;
}

function readText(path: string): string {
  try {
    // Editors on Windows begin a file with a mark that is no part of it.
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (cause) {
    const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const sentence = absent ? `There is no file ${path}.` : `Cannot read ${path}: ${fileProblem(cause)}.`;
    throw new EvolveError('missing-file', sentence, { cause });
  }
}

export function readJson(path: string): unknown {
  const content = readText(path);
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw new EvolveError('bad-library', `${path} is not valid JSON: ${fileProblem(cause)}.`, { cause });
  }
}

/** `momentum = Ref($close,5)/$close`, `Alpha#1: rank(...)`; no formula begins with a word and one of these signs. */
const namedLine = /^([\p{L}_][\p{L}\p{N}_.-]*(?: ?#\d+)?)\s*(?::|=(?!=))\s*(.+)$/u;

/** A formula as a line that is read back with its name, where the name can stand in front of one. */
export const namedAs = (name: string, text: string): string =>
  namedLine.exec(`${name} = ${text}`)?.[1] === name ? `${name} = ${text}` : text;

const lines = (content: string): NamedText[] =>
  content.split(/\r\n|\n|\r/).flatMap((line, i) => {
    const [, name, after] = namedLine.exec(line.trim()) ?? [];
    const text = (after ?? line).replace(/(^|\s)#.*$/, '').trim();
    if (text === '') return [];
    return [{ ...(name !== undefined && { name }), text, where: `line ${i + 1}` }];
  });

/** Formulas, or objects with `name` and `expression`; in a list, or in an object's `factors`. */
function listed(path: string, parsed: unknown): NamedText[] {
  const items = isObject(parsed) ? parsed.factors : parsed;
  if (!Array.isArray(items)) {
    const example = '[{"name": "base", "expression": "..."}]';
    throw new EvolveError(
      'bad-library',
      `${path} should hold a list such as ${example}, or an object with one as "factors".`,
    );
  }
  return items.map((item: unknown, i) => {
    const where = `factor ${i + 1}`;
    const { name, expression: text } = isObject(item) ? item : { name: undefined, expression: item };
    if (typeof text !== 'string' || (name !== undefined && typeof name !== 'string')) {
      throw new EvolveError(
        'bad-library',
        `${path}, ${where}, should be a formula, or an object with "name" and "expression" as texts.`,
      );
    }
    return { ...(name?.trim() && { name }), text, where };
  });
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
