/** The record of a call as models/kernels/assembly/job.ts reads it: numbers of 32 bits in the order of its fields. */
import type { Cell } from './layer.ts';

const fields = [
  ...(['cell', 'batch', 'steps', 'inputs', 'units', 'segment', 'sequences'] as const),
  ...(['x', 'kernel', 'recurrentKernel', 'bias', 'packed', 'tape', 'out'] as const),
  ...(['dOut', 'dX', 'blockGradients', 'dKernel', 'dRecurrentKernel', 'dBias'] as const),
  ...(['hidden', 'attentionKernel', 'attentionBias', 'attentionScore'] as const),
  ...(['dAttentionKernel', 'dAttentionBias', 'dAttentionScore'] as const),
] as const;

export type Job = Record<(typeof fields)[number], number>;

export const jobBytes = 4 * fields.length;
export const noJob = Object.fromEntries(fields.map((field) => [field, 0])) as Job;
export const cellNumber: Record<Cell, number> = { gru: 0, 'gru-reset-after': 1, lstm: 2 };

export function writeJob(memory: WebAssembly.Memory, address: number, job: Job): void {
  const record = new Uint32Array(memory.buffer, address, fields.length);
  fields.forEach((field, i) => {
    record[i] = job[field];
  });
}
