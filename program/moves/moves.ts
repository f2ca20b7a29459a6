/** The mutations, one row each. */
import { component } from './component.ts';
import { degenerate } from './degenerate.ts';
import { insert } from './insert.ts';
import type { Move } from './move.ts';
import { node } from './node.ts';

export const moves = { insert, component, node, degenerate } as const satisfies Record<string, Move>;

export type MoveName = keyof typeof moves;
export const moveNames = Object.keys(moves) as MoveName[];
/** The row as a Move: for code that asks the row a question rather than knowing which row it has. */
export const moveOf = (name: MoveName): Move => moves[name];
