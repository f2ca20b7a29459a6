import { EvolveError } from '../../core/failure.ts';

/** Commas inside brackets are a formula's own. */
export function commaList(flag: string, list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const letter of list) {
    if (letter === ',' && depth === 0) {
      parts.push(part);
      part = '';
      continue;
    }
    if (letter === '(') depth++;
    if (letter === ')') depth--;
    part += letter;
  }
  const named = [...parts, part].map((one) => one.trim()).filter((one) => one !== '');
  if (named.length > 0) return named;
  throw new EvolveError('bad-argument', `--${flag} "${list}" names nothing. Name something, or leave it out.`);
}
