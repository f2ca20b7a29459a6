import * as tf from '@tensorflow/tfjs-core';

const name = 'stock-wasm';

/**
 * The WebAssembly backend in use, under a name our own operations are not registered for: networks are composed of stock
 * ones then, over the same memory. What is told back ends that.
 */
export async function useStockWasm(): Promise<() => Promise<void>> {
  if (tf.getBackend() !== 'wasm') throw new Error(`the backend is ${tf.getBackend()}, not wasm`);
  const wasm = tf.backend();
  if (!tf.findBackendFactory(name)) {
    tf.registerBackend(name, () => wasm);
    tf.copyRegisteredKernels('wasm', name);
  }
  await tf.setBackend(name);
  return async () => {
    await tf.setBackend('wasm');
  };
}
