/** Names the user may give to further fields: none that a market has anyway, and none twice. */
import { EvolveError } from '../../core/failure.ts';
import { derive } from '../derive/derived.ts';
import { barColumns } from './columns.ts';
import { barNames } from './fields.ts';

/** File names are made of them. */
const longest = 64;

/** Names of daily fields every import makes where it can: asked of a market of one bar that has everything. */
function madeHere(): Set<string> {
  const one = Float32Array.of(1);
  const bar = { open: one, high: one, low: one, close: one, volume: one, vwap: one, turn: one, freeTurn: one };
  return new Set([...barNames.map((name) => name.toUpperCase()), ...derive(bar, 1, 1).keys()]);
}

/** `said` is what the user wrote, `name` the field it would make. */
export function refuseTakenNames(named: readonly { readonly said: string; readonly name: string }[]): void {
  const made = madeHere();
  const seen = new Map<string, string>();
  for (const { said, name } of named) {
    const before = seen.get(name);
    if (before !== undefined) refuse(`${before} and ${said} both make ${name}. Give one of them another name.`);
    seen.set(name, said);
    if (name.length > longest) refuse(`${said}: a name has at most ${longest} letters. Give it a shorter one.`);
    const bar = Object.keys(barColumns).find((column) => column.toLowerCase() === name.toLowerCase().replace('_', ''));
    // Lower-case names are minute fields, and a bar's value under such a name is one.
    if (bar && (made.has(name) || name === name.toLowerCase())) {
      refuse(`${said}: ${name} is made of the bars. Say which column it is with --map ${bar}=COLUMN.`);
    }
    if (made.has(name)) refuse(`${said}: ${name} is computed from the bars. Use another name.`);
  }
}

function refuse(sentence: string): never {
  throw new EvolveError('bad-argument', sentence);
}
