/** The fused kernels of this thread: operations of tensors go through them, so they are there before the first tensor. */
import type { PlainKernels } from '../kernels/plain-kernels.ts';
import type { Recurrent } from '../kernels/recurrent.ts';

interface Kernels {
  readonly recurrent: Recurrent;
  readonly plain: PlainKernels;
}

let current: Kernels | undefined;

/** Once per thread. Who made them closes them. */
export function useKernels(kernels: Kernels): void {
  current = kernels;
}

export function kernels(): Kernels {
  if (!current) throw new Error('useKernels has not been called in this thread');
  return current;
}
