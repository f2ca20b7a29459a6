/** Flags that hold several values in one text. */
import { EvolveError } from '../../core/failure.ts';
import { nearest } from '../../core/nearest.ts';

/** Nothing at all is no list; a list of nothing is a mistake. */
function parts(flag: string, text: string): string[] {
  const found = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (found.length > 0 || text === '') return found;
  throw new EvolveError('bad-argument', `--${flag} "${text}" names nothing; leave it out, or name what is meant.`);
}

/** `2,5,10`: whole numbers above 0, ascending, each once. */
export function windowList(flag: string, text: string): number[] {
  const numbers = parts(flag, text).map(Number);
  if (numbers.length === 0 || !numbers.every((n) => Number.isInteger(n) && n > 0)) {
    throw new EvolveError(
      'bad-argument',
      `--${flag} should be whole numbers above 0, such as 2,5,10,20, not "${text}".`,
    );
  }
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** `a=2,b=0`: numbers of at least 0 by name. */
export function weightList<N extends string>(
  flag: string,
  text: string,
  names: readonly N[],
): { readonly [name in N]?: number } {
  const weights: { [name in N]?: number } = {};
  for (const part of parts(flag, text)) {
    const [name = '', value = ''] = part.split('=').map((side) => side.trim());
    if (!names.includes(name as N)) throw unknown(flag, name, names);
    const weight = value === '' ? Number.NaN : Number(value);
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new EvolveError('bad-argument', `--${flag} should be weights such as ${name}=2, not "${part}".`);
    }
    weights[name as N] = weight;
  }
  return weights;
}

/** `a,b`: names, each once. */
export function nameList<N extends string>(flag: string, text: string, names: readonly N[]): N[] {
  const found = parts(flag, text);
  const stranger = found.find((name) => !names.includes(name as N));
  if (stranger !== undefined) throw unknown(flag, stranger, names);
  return [...new Set(found as N[])];
}

function unknown(flag: string, name: string, names: readonly string[]): EvolveError {
  const meant = nearest(name, names);
  const remedy = meant ? `did you mean ${meant}?` : `there are ${names.join(', ')}.`;
  return new EvolveError('bad-argument', `--${flag} does not know "${name}"; ${remedy}`);
}
