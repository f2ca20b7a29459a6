/** Which part a branch of the GRU models reads, by the parts' names. */
import type { InputPart } from '../inputs.ts';
import type { BranchShape } from './branch.ts';

/** Mined factors are read beside the day's series, or beside the minute's where no branch reads days. */
export function branchesOf(
  parts: readonly InputPart[],
  names: readonly ('day' | 'minute')[],
): readonly [BranchShape, ...BranchShape[]] {
  const named = (name: string) => parts.find((part) => part.name === name);
  const factors = named('factors');
  return names.map((name, i) => {
    const part = named(name);
    if (!part) throw new Error(`There is no part ${name} among ${parts.map((one) => one.name).join(', ')}.`);
    return i === 0 ? { part, factors } : { part };
  }) as [BranchShape, ...BranchShape[]];
}
