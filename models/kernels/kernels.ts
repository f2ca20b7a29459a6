/** The compiled recurrent kernels. Every thread makes its own instance over the same memory. */
import { readFileSync } from 'node:fs';
import { builtFile } from '../../core/package-root.ts';

/** What models/kernels/assembly/recurrent.ts exports. A job and what it points to are byte addresses. */
export interface RecurrentKernels {
  pack(job: number): void;
  forward(job: number, block: number, scratch: number): void;
  backward(job: number, block: number, scratch: number): void;
  collect(job: number, totals: number): void;
  finish(job: number, totals: number): void;
  blocks(job: number): number;
  gradients(job: number): number;
  scratchBytes(job: number): number;
  packedBytes(job: number): number;
  tapeBytes(job: number): number;
  activate(numbers: number, count: number, hyperbolic: boolean): void;
}

let compiled: WebAssembly.Module | undefined;

export function loadRecurrentKernels(memory: WebAssembly.Memory): RecurrentKernels {
  compiled ??= new WebAssembly.Module(readFileSync(builtFile('models', 'kernels', 'recurrent.wasm')));
  const abort = () => {
    throw new Error('a recurrent kernel aborted');
  };
  return new WebAssembly.Instance(compiled, { env: { memory, abort } }).exports as unknown as RecurrentKernels;
}
