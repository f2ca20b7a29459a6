/**
 * GRU and LSTM in plain float64, one element of the batch after another: what the kernels mean. The state before the first
 * step is zero.
 *
 *   gru              z r = sigmoid(x W + h U + b)    n = tanh(x W + (r h) U + b)          h' = z h + (1 - z) n
 *   gru-reset-after  z r = sigmoid(x W + h U + b)    n = tanh(x W + b + r (h U + b'))     h' = z h + (1 - z) n
 *   lstm             i f o = sigmoid(x W + h U + b)  g = tanh(...)  c' = f c + i g        h' = o tanh(c')
 */
import { type Layer, type Size, type Weights, weightCounts } from './layer.ts';

type Numbers = ArrayLike<number>;

/** A step as it went. Gates are after activation. */
interface Step {
  readonly x: readonly number[];
  /** The state the step found. */
  readonly h: readonly number[];
  readonly c: readonly number[];
  readonly gates: readonly (readonly number[])[];
  /** What the candidate's recurrent product gave, before reset: of gru-reset-after. */
  readonly m: readonly number[];
  readonly newH: readonly number[];
  readonly newC: readonly number[];
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const at = (numbers: Numbers, index: number): number => numbers[index] as number;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const zeros = (n: number): number[] => new Array<number>(n).fill(0);

/** The state after every step: [batch][steps][units]. */
export function referenceStates(layer: Layer, size: Size, x: Numbers, weights: Weights<Numbers>): Float64Array {
  const states = new Float64Array(size.batch * size.steps * layer.units);
  for (let b = 0; b < size.batch; b++) {
    run(layer, size, x, weights, b).forEach(({ newH }, t) => {
      states.set(newH, (b * size.steps + t) * layer.units);
    });
  }
  return states;
}

/** Gradients of a loss, given those with respect to the state after every step. */
export function referenceGradients(
  layer: Layer,
  size: Size,
  x: Numbers,
  weights: Weights<Numbers>,
  dStates: Numbers,
): Weights<Float64Array> & { readonly x: Float64Array } {
  const counts = weightCounts(layer);
  const gradients = {
    x: new Float64Array(size.batch * size.steps * layer.inputs),
    kernel: new Float64Array(counts.kernel),
    recurrentKernel: new Float64Array(counts.recurrentKernel),
    bias: new Float64Array(counts.bias),
  };
  for (let b = 0; b < size.batch; b++) {
    let dh = zeros(layer.units);
    let dc = zeros(layer.units);
    const steps = run(layer, size, x, weights, b);
    for (let t = size.steps - 1; t >= 0; t--) {
      dh = dh.map((d, i) => d + at(dStates, (b * size.steps + t) * layer.units + i));
      const { dx, dh: earlier, dc: earlierC } = back(layer, weights, steps[t] as Step, dh, dc, gradients);
      gradients.x.set(dx, (b * size.steps + t) * layer.inputs);
      dh = earlier;
      dc = earlierC;
    }
  }
  return gradients;
}

function run(layer: Layer, size: Size, numbers: Numbers, weights: Weights<Numbers>, element: number): Step[] {
  let h = zeros(layer.units);
  let c = zeros(layer.units);
  return range(size.steps).map((t) => {
    const x = range(layer.inputs).map((i) => at(numbers, (element * size.steps + t) * layer.inputs + i));
    const step = forward(layer, weights, x, h, c);
    h = [...step.newH];
    c = [...step.newC];
    return step;
  });
}

function forward(layer: Layer, weights: Weights<Numbers>, x: number[], h: number[], c: number[]): Step {
  const { cell, units } = layer;
  const columns = weights.recurrentKernel.length / units;
  const product = (v: readonly number[], matrix: Numbers, column: number): number => {
    let sum = 0;
    for (let i = 0; i < v.length; i++) sum += at(v, i) * at(matrix, i * columns + column);
    return sum;
  };
  const fromX = (gate: number) =>
    range(units).map((j) => product(x, weights.kernel, gate * units + j) + at(weights.bias, gate * units + j));
  const fromH = (gate: number, state = h) =>
    range(units).map((j) => product(state, weights.recurrentKernel, gate * units + j));
  const plus = (a: number[], b: number[]) => a.map((v, j) => v + at(b, j));
  const times = (a: number[], b: number[]) => a.map((v, j) => v * at(b, j));

  if (cell === 'lstm') {
    const [i, f, g, o] = range(4).map((gate) => plus(fromX(gate), fromH(gate)).map(gate === 2 ? Math.tanh : sigmoid));
    const [input, forget, fresh, output] = [i, f, g, o] as [number[], number[], number[], number[]];
    const newC = plus(times(forget, c), times(input, fresh));
    const newH = times(output, newC.map(Math.tanh));
    return { x, h, c, gates: [input, forget, fresh, output], m: [], newH, newC };
  }
  const stateBias = (gate: number) =>
    range(units).map((j) => (cell === 'gru' ? 0 : at(weights.bias, columns + gate * units + j)));
  const z = plus(plus(fromX(0), fromH(0)), stateBias(0)).map(sigmoid);
  const r = plus(plus(fromX(1), fromH(1)), stateBias(1)).map(sigmoid);
  const m = cell === 'gru' ? [] : plus(fromH(2), stateBias(2));
  const n = plus(fromX(2), cell === 'gru' ? fromH(2, times(r, h)) : times(r, m)).map(Math.tanh);
  const newH = range(units).map((j) => at(z, j) * at(h, j) + (1 - at(z, j)) * at(n, j));
  return { x, h, c, gates: [z, r, n], m, newH, newC: c };
}

/** One step back: adds to the weights' gradients and gives those of what the step was handed. */
function back(
  layer: Layer,
  weights: Weights<Numbers>,
  step: Step,
  dNewH: readonly number[],
  dNewC: readonly number[],
  gradients: Weights<Float64Array>,
): { dx: number[]; dh: number[]; dc: number[] } {
  const { cell, units } = layer;
  const columns = weights.recurrentKernel.length / units;
  const dx = zeros(layer.inputs);
  const dh = zeros(units);
  const dc = zeros(units);
  const bump = (numbers: number[] | Float64Array, index: number, by: number) => {
    numbers[index] = at(numbers, index) + by;
  };
  /** `delta`, the gradient before a gate's activation, to the inputs and their weights. */
  const toX = (column: number, delta: number) => {
    bump(gradients.bias, column, delta);
    for (let i = 0; i < layer.inputs; i++) {
      bump(gradients.kernel, i * columns + column, delta * at(step.x, i));
      bump(dx, i, delta * at(weights.kernel, i * columns + column));
    }
  };
  /** To the weights of the state, and to whatever stood in the state's place. */
  const toState = (column: number, delta: number, state: readonly number[], dState: number[]) => {
    if (cell === 'gru-reset-after') bump(gradients.bias, columns + column, delta);
    for (let i = 0; i < units; i++) {
      bump(gradients.recurrentKernel, i * columns + column, delta * at(state, i));
      bump(dState, i, delta * at(weights.recurrentKernel, i * columns + column));
    }
  };
  const gate = (g: number, j: number): number => at(step.gates[g] as number[], j);

  if (cell === 'lstm') {
    for (let j = 0; j < units; j++) {
      const [i, f, g, o] = [gate(0, j), gate(1, j), gate(2, j), gate(3, j)];
      const squashed = Math.tanh(at(step.newC, j));
      const dCell = at(dNewC, j) + at(dNewH, j) * o * (1 - squashed ** 2);
      dc[j] = dCell * f;
      const deltas = [
        dCell * g * i * (1 - i),
        dCell * at(step.c, j) * f * (1 - f),
        dCell * i * (1 - g ** 2),
        at(dNewH, j) * squashed * o * (1 - o),
      ];
      deltas.forEach((delta, which) => {
        toX(which * units + j, delta);
        toState(which * units + j, delta, step.h, dh);
      });
    }
    return { dx, dh, dc };
  }

  const resetH = step.h.map((value, j) => gate(1, j) * value);
  const dResetH = zeros(units);
  const dReset = zeros(units);
  for (let j = 0; j < units; j++) {
    const [z, r, n] = [gate(0, j), gate(1, j), gate(2, j)];
    bump(dh, j, at(dNewH, j) * z);
    const dz = at(dNewH, j) * (at(step.h, j) - n) * z * (1 - z);
    toX(j, dz);
    toState(j, dz, step.h, dh);
    const dn = at(dNewH, j) * (1 - z) * (1 - n ** 2);
    toX(2 * units + j, dn);
    if (cell === 'gru') {
      toState(2 * units + j, dn, resetH, dResetH);
    } else {
      toState(2 * units + j, dn * r, step.h, dh);
      dReset[j] = dn * at(step.m, j);
    }
  }
  for (let j = 0; j < units; j++) {
    const r = gate(1, j);
    if (cell === 'gru') {
      dReset[j] = at(dResetH, j) * at(step.h, j);
      bump(dh, j, at(dResetH, j) * r);
    }
    const dr = at(dReset, j) * r * (1 - r);
    toX(units + j, dr);
    toState(units + j, dr, step.h, dh);
  }
  return { dx, dh, dc };
}
