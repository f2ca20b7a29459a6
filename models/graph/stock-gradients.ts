/**
 * Gradients of the stock operations we use. The build of tfjs-core that Node loads has none: they come with the package
 * `@tensorflow/tfjs`, together with three hundred megabytes of which nothing else is wanted here. (It has no chained
 * operations either, whatever its types say: `tf.add(a, b)`, never `a.add(b)`.)
 */
import * as tf from '@tensorflow/tfjs-core';

type Tensors = readonly tf.Tensor[];
/** By input, computed only when asked for. */
type Back = Readonly<Record<string, () => tf.Tensor>>;

interface Gradient {
  /** Inputs, or all of them where they are a list, or the output, that gradients are computed from: `saved`. */
  readonly saves?: readonly string[] | 'all' | 'output';
  /** Gradients of operations with several outputs are all there; of others, `dy` is the first. */
  back(dy: tf.Tensor, saved: Tensors, attributes: Readonly<Record<string, unknown>>, all: Tensors): Back;
}

/** Of operations with one input, by what is saved. */
const ofX = (
  saves: 'x' | 'output',
  back: (dy: tf.Tensor, saved: tf.Tensor, attributes: Readonly<Record<string, unknown>>) => tf.Tensor,
): Gradient => ({
  saves: saves === 'x' ? ['x'] : saves,
  back: (dy, [saved], attributes) => ({ x: () => back(dy, saved as tf.Tensor, attributes) }),
});

/** Of operations with two inputs, each possibly stretched to the other. */
const ofPair = (
  a: (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  b: (dy: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
): Gradient => ({
  saves: ['a', 'b'],
  back: (dy, saved) => {
    const [left, right] = saved as [tf.Tensor, tf.Tensor];
    return { a: () => shrunk(a(dy, left, right), left), b: () => shrunk(b(dy, left, right), right) };
  },
});

/** Of operations that jump: nothing changes with their input, but tfjs asks all the same. */
const flat = (input: string): Gradient => ({
  saves: [input],
  back: (_, [saved]) => ({ [input]: () => tf.zeros((saved as tf.Tensor).shape) }),
});

const gradients: Readonly<Record<string, Gradient>> = {
  Add: ofPair(
    (dy) => dy,
    (dy) => dy,
  ),
  Sub: ofPair(
    (dy) => dy,
    (dy) => tf.neg(dy),
  ),
  Multiply: ofPair(
    (dy, _, b) => tf.mul(dy, b),
    (dy, a) => tf.mul(dy, a),
  ),
  RealDiv: ofPair(
    (dy, _, b) => tf.div(dy, b),
    (dy, a, b) => tf.neg(tf.div(tf.mul(dy, a), tf.square(b))),
  ),
  Neg: ofX('x', (dy) => tf.neg(dy)),
  Square: ofX('x', (dy, x) => tf.mul(dy, tf.mul(x, 2))),
  Sqrt: ofX('output', (dy, y) => tf.div(dy, tf.mul(y, 2))),
  Rsqrt: ofX('output', (dy, y) => tf.mul(dy, tf.mul(tf.mul(tf.square(y), y), -0.5))),
  Exp: ofX('output', (dy, y) => tf.mul(dy, y)),
  Log: ofX('x', (dy, x) => tf.div(dy, x)),
  Abs: ofX('x', (dy, x) => tf.mul(dy, tf.sign(x))),
  Relu: ofX('x', (dy, x) => tf.mul(dy, tf.step(x))),
  Sigmoid: ofX('output', (dy, y) => tf.mul(dy, tf.mul(y, tf.sub(1, y)))),
  Tanh: ofX('output', (dy, y) => tf.mul(dy, tf.sub(1, tf.square(y)))),
  Identity: ofX('x', (dy) => tf.clone(dy)),
  Cast: ofX('x', (dy) => tf.clone(dy)),
  Reshape: ofX('x', (dy, x) => tf.reshape(dy, x.shape)),
  ExpandDims: {
    saves: ['input'],
    back: (dy, [input]) => ({ input: () => tf.reshape(dy, (input as tf.Tensor).shape) }),
  },
  Transpose: ofX('x', (dy, _, { perm }) => tf.transpose(dy, inverse(perm as number[]))),
  Sum: ofX('x', (dy, x, { axis }) => spread(dy, x, axis)),
  Mean: ofX('x', (dy, x, { axis }) => tf.mul(spread(dy, x, axis), dy.size / x.size)),
  Slice: ofX('x', (dy, x, { begin, size }) => {
    const [from, count] = tf.slice_util.parseSliceParams(x, begin as number[], size as number[]) as [
      number[],
      number[],
    ];
    const before = (axis: number) => from[axis] as number;
    const after = (axis: number) => (x.shape[axis] as number) - before(axis) - (count[axis] as number);
    return tf.pad(
      dy,
      x.shape.map((_, axis) => [before(axis), after(axis)]),
    );
  }),
  SplitV: { saves: [], back: (_dy, _saved, { axis }, all) => ({ x: () => tf.concat([...all], axis as number) }) },
  Unpack: { saves: [], back: (_dy, _saved, { axis }, all) => ({ value: () => tf.stack([...all], axis as number) }) },
  Pack: { saves: 'all', back: (dy, _saved, { axis }) => listed(tf.unstack(dy, axis as number)) },
  Concat: {
    saves: 'all',
    back: (dy, saved, attributes) => {
      const axis = tf.util.parseAxisParam(attributes.axis as number, (saved[0] as tf.Tensor).shape)[0] as number;
      const sizes = saved.map(({ shape }) => shape[axis] as number);
      return listed(tf.split(dy, sizes, axis));
    },
  },
  Select: {
    saves: ['condition'],
    back: (dy, [saved]) => {
      const condition = tf.cast(saved as tf.Tensor, 'float32');
      return {
        condition: () => tf.zerosLike(condition),
        t: () => tf.mul(dy, condition),
        e: () => tf.mul(dy, tf.sub(1, condition)),
      };
    },
  },
  ClipByValue: ofX('x', (dy, x, attributes) => {
    const { clipValueMin, clipValueMax } = attributes as { clipValueMin: number; clipValueMax: number };
    const within = tf.logicalAnd(tf.greaterEqual(x, clipValueMin), tf.lessEqual(x, clipValueMax));
    return tf.mul(dy, tf.cast(within, 'float32'));
  }),
  ArgMax: flat('x'),
  ArgMin: flat('x'),
  OneHot: flat('indices'),
  ZerosLike: flat('x'),
  BatchMatMul: {
    saves: ['a', 'b'],
    back: (dy, saved, attributes) => {
      const [a, b] = saved as [tf.Tensor, tf.Tensor];
      const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean };
      return {
        a: () => (transposeA ? tf.matMul(b, dy, transposeB, true) : tf.matMul(dy, b, false, !transposeB)),
        b: () => (transposeB ? tf.matMul(dy, a, true, transposeA) : tf.matMul(a, dy, !transposeA, false)),
      };
    },
  },
};

/** Those that are there already, as after @tensorflow/tfjs was loaded, stay. */
export function registerStockGradients(): void {
  for (const [kernelName, { saves = [], back }] of Object.entries(gradients)) {
    if (tf.getGradient(kernelName)) continue;
    tf.registerGradient({
      kernelName,
      ...(saves === 'all' && { saveAllInputs: true }),
      ...(saves === 'output' && { outputsToSave: [true] }),
      ...(Array.isArray(saves) && { inputsToSave: saves }),
      gradFunc: (dy, saved, attributes) => {
        const all = [dy].flat();
        return back(all[0] as tf.Tensor, saved, attributes, all);
      },
    });
  }
}

/** Inputs of a list are named by their places. */
const listed = (tensors: Tensors): Back => Object.fromEntries(tensors.map((tensor, i) => [i, () => tf.clone(tensor)]));

/** Summed over the axes along which an input was stretched. */
function shrunk(d: tf.Tensor, { shape }: tf.Tensor): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, d.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(d, axes) : d, shape);
}

/** Of a reduction over `axis`, to every number that went into it. */
function spread(dy: tf.Tensor, { shape }: tf.Tensor, axis: unknown): tf.Tensor {
  const kept = [...shape];
  for (const a of tf.util.parseAxisParam(axis as number | number[], shape)) kept[a] = 1;
  return tf.mul(tf.reshape(dy, kept), tf.ones(shape));
}

function inverse(permutation: readonly number[]): number[] {
  const back: number[] = [];
  permutation.forEach((from, to) => {
    back[from] = to;
  });
  return back;
}
