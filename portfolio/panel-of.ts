import type { Arena, Matrix } from '../core/arena.ts';
import type { Panel } from './inputs.ts';

/** The cells of a matrix in the arena that all threads share. */
export const panelOf = (arena: Arena, { address, stride, rows, columns }: Matrix): Panel => ({
  cells: arena.floats(address, ((rows - 1) * stride) / 4 + columns),
  stride: stride / 4,
});
