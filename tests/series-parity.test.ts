/** The series networks against the same written in stock tfjs, step by step, with tfjs's own gradients. */
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { chooseBackend } from '../models/graph/backend.ts';
import { gradients } from '../models/graph/gradients.ts';
import type { InputTensors, Network } from '../models/graph/network.ts';
import { incrementalNetwork } from '../models/gru/incremental-network.ts';
import { attentionNetwork, minuteNetwork, mixedNetwork } from '../models/gru/joined-network.ts';
import type { InputPart } from '../models/inputs.ts';
import { rnnNetwork } from '../models/rnn/rnn-network.ts';
import { startKernels, training } from './graph.ts';
import { day, disturb, expectNear, factorsOf, inputsOf, minute, rule } from './series-networks.ts';

let stopKernels: () => void;
beforeAll(async () => {
  stopKernels = startKernels();
  await chooseBackend('cpu');
});
afterAll(() => stopKernels());

type Weights = (name: string) => tf.Tensor;
type Stock = (w: Weights, inputs: InputTensors) => tf.Tensor;

/** States of every step of a GRU that resets after the product. */
function gru(w: Weights, name: string, x: tf.Tensor): tf.Tensor[] {
  const units = w(`${name}/recurrentKernel`).shape[0] as number;
  const [b, c] = tf.unstack(w(`${name}/bias`)) as [tf.Tensor, tf.Tensor];
  let h: tf.Tensor = tf.zeros([x.shape[0] as number, units]);
  return tf.unstack(x, 1).map((now) => {
    const [xz, xr, xn] = tf.split(now.matMul(w(`${name}/kernel`)).add(b), 3, 1) as tf.Tensor[];
    const [hz, hr, hn] = tf.split(h.matMul(w(`${name}/recurrentKernel`)).add(c), 3, 1) as tf.Tensor[];
    const z = tf.sigmoid((xz as tf.Tensor).add(hz as tf.Tensor));
    const r = tf.sigmoid((xr as tf.Tensor).add(hr as tf.Tensor));
    const n = tf.tanh((xn as tf.Tensor).add(r.mul(hn as tf.Tensor)));
    h = z.mul(h).add(tf.sub(1, z).mul(n));
    return h;
  });
}
function norm(x: tf.Tensor, gamma?: tf.Tensor, beta?: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, 0);
  // Stock tfjs cannot go back through a normalisation without a scale.
  const [scale, shift] = [gamma ?? tf.onesLike(mean), beta ?? tf.zerosLike(mean)] as [tf.Tensor1D, tf.Tensor1D];
  return tf.batchNorm(
    x as tf.Tensor2D,
    mean as tf.Tensor1D,
    variance as tf.Tensor1D,
    shift,
    scale,
    gamma ? 1e-3 : 1e-5,
  );
}
const stateNorm = (w: Weights, name: string, state: tf.Tensor) =>
  norm(state, w(`${name}/stateNorm/gamma`), w(`${name}/stateNorm/beta`));
const last = (states: tf.Tensor[]) => states.at(-1) as tf.Tensor;
const at = (inputs: InputTensors, name: string) => inputs.get(name) as tf.Tensor;
const dense = (w: Weights, name: string, x: tf.Tensor) => x.matMul(w(`${name}/kernel`)).add(w(`${name}/bias`));
const branch = (w: Weights, name: string, x: tf.Tensor) => stateNorm(w, name, last(gru(w, name, x)));
/** Factors of a date at each of its two bars. */
const held = (x: tf.Tensor) => {
  const [rows, dates, channels] = x.shape as [number, number, number];
  return tf.reshape(tf.tile(tf.expandDims(x, 2), [1, 1, 2, 1]), [rows, 2 * dates, channels]);
};

const gru15m: Stock = (w, inputs) => dense(w, 'output', branch(w, 'minute', at(inputs, 'minute')));
const gru15mFactors: Stock = (w, inputs) => {
  const x = tf.concat([at(inputs, 'minute'), held(at(inputs, 'factors'))], 2);
  return dense(w, 'output', branch(w, 'minute', x));
};
const attention: Stock = (w, inputs) => {
  const states = gru(w, 'minute', at(inputs, 'minute'));
  const score = (z: tf.Tensor) => {
    const layer = tf.tanh(z.matMul(w('minute/attention/kernel')).add(w('minute/attention/bias')));
    return layer.matMul(tf.expandDims(w('minute/attention/score'), 1));
  };
  const shares = tf.softmax(tf.concat(states.map(score), 1), 1);
  const context = states.map((z, t) => z.mul(tf.slice(shares, [0, t], [-1, 1]))).reduce((sum, z) => sum.add(z));
  return dense(w, 'output', stateNorm(w, 'minute', tf.concat([last(states), context], 1)));
};
const mixed: Stock = (w, inputs) =>
  dense(
    w,
    'output',
    tf.concat(
      ['day', 'minute'].map((name) => branch(w, name, at(inputs, name))),
      1,
    ),
  );
const incremental: Stock = (w, inputs) =>
  ['day', 'minute']
    .map((name) => dense(w, `${name}/output`, branch(w, name, at(inputs, name))))
    .reduce((sum, y) => sum.add(y));
const rnn =
  (several: boolean): Stock =>
  (w, inputs) => {
    const z = norm(last(gru(w, 'day', at(inputs, 'day'))).matMul(w('units/kernel')));
    return several ? tf.concat([norm(tf.mean(z, 1, true)), z], 1) : z;
  };

type Make = (parts: readonly InputPart[]) => Network;
const fresh = () => stream(1, 0, 0);
const table: readonly [name: string, make: Make, parts: readonly InputPart[], stock: Stock][] = [
  ['gru-15m', (parts) => minuteNetwork(parts, rule, fresh()), [minute], gru15m],
  ['gru-15m with factors', (parts) => minuteNetwork(parts, rule, fresh()), [minute, factorsOf(minute)], gru15mFactors],
  ['gru-15m-attention', (parts) => attentionNetwork(parts, rule, fresh()), [minute], attention],
  ['gru-mixed', (parts) => mixedNetwork(parts, rule, fresh()), [day, minute], mixed],
  ['gru-incremental', (parts) => incrementalNetwork(parts, rule, fresh()), [day, minute], incremental],
  ['rnn-1', (parts) => rnnNetwork(parts, 1, rule, fresh()), [day], rnn(false)],
  ['rnn-64', (parts) => rnnNetwork(parts, 8, rule, fresh()), [day], rnn(true)],
];

test.each(table)('%s', (_name, make, parts, stock) => {
  const net = make(parts);
  disturb(net, stream(2, 0, 0));
  tf.tidy(() => {
    const inputs = inputsOf(parts, 14);
    const variable = (name: string) => net.variables.get(name) as tf.Variable;
    const wanted = stock(variable, inputs);
    expectNear(net.run(inputs, training()).dataSync(), wanted.dataSync());
    const say = tf.tensor(
      Float32Array.from({ length: wanted.size }, (_, i) => Math.sin(i + 1)),
      wanted.shape,
    );
    const ours = gradients(() => tf.sum(tf.mul(net.run(inputs, training()), say)), net.variables).gradients;
    const theirs = gradients(() => tf.sum(tf.mul(stock(variable, inputs), say)), net.variables).gradients;
    expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
    for (const [name, slopes] of Object.entries(theirs)) {
      expectNear(ours[name]?.dataSync(), slopes.dataSync(), { least: 0.1, what: name });
    }
  });
  net.dispose();
});
