/** The compiled SIMD kernels, bound to an arena's memory. Every thread makes its own instance over the same memory. */
import { readFileSync } from 'node:fs';
import { builtFile } from '../../core/package-root.ts';

/** Addresses, strides, counts in; nothing out. The order of arguments is the operator's shape's: see docs/notes/kernels.md. */
export type Kernel = (...numbers: number[]) => void;

/** Kernels by export name, which is the operator's name. */
export type Kernels = Readonly<Record<string, Kernel>>;

let compiled: WebAssembly.Module | undefined;

export function loadKernels(memory: WebAssembly.Memory): Kernels {
  compiled ??= new WebAssembly.Module(readFileSync(builtFile('operators', 'wasm', 'kernels.wasm')));
  const abort = () => {
    throw new Error('a kernel aborted');
  };
  return new WebAssembly.Instance(compiled, { env: { memory, abort } }).exports as Kernels;
}

/** Bytes of scratch the cross-section and correlation kernels want for rows of `columns` symbols. */
export function crossScratch(kernels: Kernels, columns: number): number {
  const bytes: unknown = kernels.crossScratch?.(columns);
  if (typeof bytes !== 'number') throw new Error('the kernels do not say how much scratch they need');
  return bytes;
}
