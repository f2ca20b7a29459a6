/**
 * Operations of our own among those of tfjs: a kernel on arrays, with its gradient, registered for the backends whose
 * tensors are this thread's own memory. Elsewhere an operation is composed of stock ones, so that it stays on the device.
 */
import * as tf from '@tensorflow/tfjs-core';

const backends = ['wasm', 'cpu'];
const names = new Set<string>();

export interface Numbers {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

type Named<T> = Readonly<Record<string, T>>;

/** What a call is told beside its tensors, and what backward needs of its forward call. */
interface Operation<Settings, Kept> {
  readonly name: string;
  forward(inputs: Named<Numbers>, settings: Settings): { readonly outputs: readonly Numbers[]; readonly kept: Kept };
  /** By input. That of `x` costs as much as the rest, and is left out when nothing asks for it. */
  backward?(kept: Kept, dOutputs: readonly Float32Array[], wantsX: boolean): Named<Float32Array | undefined>;
  /** How an output becomes a tensor: of the backend in use without. */
  readonly write?: (values: Float32Array, shape: readonly number[]) => tf.Tensor;
}

/** tfjs hands the same attributes to forward and to its gradient: what is kept travels in them, and goes with the tape. */
interface Attributes<Settings, Kept> {
  readonly settings: Settings;
  kept?: { readonly forBackward: Kept; readonly shapes: Named<readonly number[]> };
}

/**
 * Registers the operation; what it gives back runs it. Inputs are named, and `x` comes first where its gradient is
 * optional: tfjs asks for gradients in the order of the inputs, and only for those that lead to what is learned.
 */
export function fusedOperation<Settings, Kept>(operation: Operation<Settings, Kept>) {
  type Mine = Attributes<Settings, Kept>;
  const { backward, write = onBackend } = operation;
  names.add(operation.name);
  for (const backendName of backends) {
    tf.registerKernel({
      kernelName: operation.name,
      backendName,
      kernelFunc: ({ inputs, attrs }) => {
        const mine = attrs as unknown as Mine;
        const arrays = mapValues(inputs as Named<tf.TensorInfo>, read);
        const { outputs, kept } = operation.forward(arrays, mine.settings);
        mine.kept = { forBackward: kept, shapes: mapValues(arrays, ({ shape }) => shape) };
        return outputs.map(({ shape, values }) => write(values, shape));
      },
    });
  }
  if (backward) {
    tf.registerGradient({
      kernelName: operation.name,
      gradFunc: (dy, _saved, attrs) => {
        const { kept } = attrs as unknown as Mine;
        if (!kept) throw new Error(`${operation.name} has no forward call to go back through`);
        const dOutputs = [dy].flat().map((d) => read(d).values);
        let gradients: Named<Float32Array | undefined> | undefined;
        return Object.fromEntries(
          Object.entries(kept.shapes).map(([name, shape]) => [
            name,
            () => {
              gradients ??= backward(kept.forBackward, dOutputs, name === 'x');
              const values = gradients[name];
              if (!values) throw new Error(`${operation.name} gave no gradient of ${name}`);
              return onBackend(values, shape);
            },
          ]),
        );
      },
    });
  }
  return (inputs: tf.NamedTensorMap, settings: Settings): tf.Tensor[] =>
    tf.engine().runKernel<tf.Tensor[]>(operation.name, inputs, { settings } as unknown as tf.NamedAttrMap);
}

/** Whether operations of our own run on the backend in use. */
export const fuses = (): boolean => backends.includes(tf.getBackend());

/** Whether it is one of them. */
export const isFused = (kernelName: string): boolean => names.has(kernelName);

const read = ({ dataId, shape }: tf.TensorInfo): Numbers => ({
  shape,
  values: tf.engine().readSync(dataId) as Float32Array,
});

const onBackend = (values: Float32Array, shape: readonly number[]): tf.Tensor =>
  tf.tensor(values, [...shape], 'float32');

const mapValues = <T, U>(record: Named<T>, f: (value: T) => U): Named<U> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value)]));
