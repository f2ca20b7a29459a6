/** Cuts a batch into tasks: programs that share subtrees together, and tasks small enough that no worker ends up waiting. */
import type { Expression } from '../program/expression.ts';

/** More than this and a group's blocks outgrow the cache; fewer shares less. */
const mostPrograms = 24;
/** Tasks a worker should get, so that a slow one is made up for. */
const tasksPerWorker = 2;

/** Groups of places into `programs`. What is computed does not depend on them, only how fast. */
export function groups(programs: readonly Expression[], places: readonly number[], workers: number): number[][] {
  const size = Math.max(1, Math.min(mostPrograms, Math.ceil(places.length / (workers * tasksPerWorker))));
  const shared = sharedSubtrees(places.map((place) => programs[place] as Expression));
  const order = places.map((place) => {
    const program = programs[place] as Expression;
    return { place, heart: heaviest(program, shared), key: program.key };
  });
  order.sort((a, b) => compare(a.heart, b.heart) || compare(a.key, b.key) || a.place - b.place);
  const all = order.map(({ place }) => place);
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Keys of the operator nodes that stand in at least two programs. */
function sharedSubtrees(programs: readonly Expression[]): Set<string> {
  const once = new Set<string>();
  const twice = new Set<string>();
  for (const program of programs) {
    for (const key of subtrees(program).keys()) (once.has(key) ? twice : once).add(key);
  }
  return twice;
}

function subtrees(program: Expression, found = new Map<string, number>()): Map<string, number> {
  if (program.node !== 'call' || found.has(program.key)) return found;
  found.set(program.key, program.size);
  for (const input of program.inputs) subtrees(input, found);
  return found;
}

/** The largest subtree a program has in common with another; its own key when there is none. */
function heaviest(program: Expression, shared: ReadonlySet<string>): string {
  let best = program.key;
  let most = 0;
  for (const [key, size] of subtrees(program)) {
    if (shared.has(key) && size > most) [best, most] = [key, size];
  }
  return best;
}
