/**
 * Tensors beside the backend in use: the CPU backend holds arrays as they are, and operations of ours read them there. Any
 * other one copies them into its memory, and out again for each operation that reads them.
 */
import * as tf from '@tensorflow/tfjs-core';
import { fuses, isFused } from './ops/fused.ts';

/** Where no operation of ours would read it, of the backend in use. */
export function heldTensor(values: Float32Array, shape: readonly number[]): tf.Tensor {
  const holder = fuses() ? tf.findBackend('cpu') : undefined;
  return tf.engine().makeTensor(values, [...shape], 'float32', holder);
}

const guarded = new Set<string>();

/**
 * A stock operation has what it reads moved into the backend's memory, but some of them look where that memory lies before
 * they ask: where the move lets it grow, they stand before a detached buffer. From here on moves come first.
 */
export function moveHeldFirst(backendName: string): void {
  if (guarded.has(backendName)) return;
  guarded.add(backendName);
  for (const kernel of tf.getKernelsForBackend(backendName)) {
    if (isFused(kernel.kernelName)) continue;
    tf.unregisterKernel(kernel.kernelName, backendName);
    tf.registerKernel({
      ...kernel,
      kernelFunc: (call) => {
        const backend = call.backend as tf.KernelBackend;
        for (const input of Object.values(call.inputs) as (tf.Tensor | undefined)[]) {
          // Of what is disposed of an operation may still ask the shape.
          if (!input || input.isDisposed || backend.refCount(input.dataId) > 0) continue;
          tf.engine().moveData(backend, input.dataId);
        }
        return kernel.kernelFunc(call);
      },
    });
  }
}
