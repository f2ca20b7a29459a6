/** One operator on a stretch of rows: from an expression node to a kernel call. */

import { padTo } from '../core/arena.ts';
import { operatorOf } from '../operators/table.ts';
import type { Kernels } from '../operators/wasm/kernels.ts';
import type { Call } from '../program/expression.ts';

/** Where rows stand in memory: the first one's byte address, and the bytes to the next. */
export interface Rows {
  readonly address: number;
  readonly stride: number;
}

export interface Stretch {
  readonly rows: number;
  /** Real columns; kernels work on whole vectors up to the next multiple of 16. */
  readonly columns: number;
  /** The absolute number of the first row: how much history stands before it. */
  readonly first: number;
  /** Address of the kernels' scratch. */
  readonly scratch: number;
}

/** Elementwise, rolling and cross-section operators on daily rows. */
export function apply(kernels: Kernels, call: Call, out: Rows, inputs: readonly Rows[], stretch: Stretch): void {
  const row = operatorOf(call.operator);
  const { rows, columns, first, scratch } = stretch;
  const kernel = kernels[call.operator];
  if (!kernel) throw new Error(`there is no kernel for ${call.operator}`);
  // Called for every block of every node: one array, and nothing made on the way to it.
  const operands = [out.address, out.stride];
  for (const { address, stride } of inputs) operands.push(address, stride);
  operands.push(rows);
  switch (row.shape) {
    case 'elementwise':
      operands.push(padTo(columns));
      for (const parameter of call.parameters) operands.push(parameter);
      break;
    case 'rolling': {
      const [window = 1] = call.parameters;
      operands.push(padTo(columns), first, row.reads === 'ends' ? row.span(window) - 1 : window, scratch);
      for (let i = 1; i < call.parameters.length; i++) operands.push(call.parameters[i] as number);
      break;
    }
    case 'cross-section':
      operands.push(columns, scratch);
      for (const parameter of call.parameters) operands.push(parameter);
      break;
    default:
      throw new Error(`${call.operator} is not computed by one kernel`);
  }
  kernel(...operands);
}
