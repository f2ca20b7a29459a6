/**
 * Training on a graphics device beside this processor's kernels: skipped where the packages or an adapter are absent. One of
 * software will do, such as Mesa's or SwiftShader: npm i --no-save webgpu @tensorflow/tfjs-backend-webgpu.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { EvolveError } from '../core/failure.ts';
import { stream } from '../core/random.ts';
import type { Batch, Section } from '../models/batch.ts';
import { type BackendChoice, chooseBackend } from '../models/graph/backend.ts';
import { loss } from '../models/graph/loss.ts';
import { lossGradient } from '../models/graph/loss-gradient.ts';
import { refuseAfterFaults } from '../models/graph/refuse-after-faults.ts';
import { loadWeights } from '../models/graph/weights-file.ts';
import { evolve } from './evolve.ts';
import { watched } from './network-training.ts';
import { expectNear } from './series-networks.ts';

async function chosen(): Promise<BackendChoice | string> {
  try {
    return await chooseBackend('webgpu');
  } catch (error) {
    if (!(error instanceof EvolveError)) throw error;
    return error.message;
  }
}

/** Of software it may be slow. */
const timeout = 180_000;
const choice = await chosen();
if (typeof choice === 'string') test('webgpu', ({ skip }) => skip(choice));
else describe(`webgpu on ${choice.device}`, onDevice);

function onDevice(): void {
  const place = mkdtempSync(join(tmpdir(), 'evolve-webgpu-'));
  afterAll(() => rmSync(place, { recursive: true }));
  beforeEach(async () => {
    await chooseBackend('webgpu');
  });

  /** Four steps, and what is learned by them. */
  async function trained(backend: 'webgpu' | 'wasm', model: string, folder: string) {
    await chooseBackend(backend);
    const before = tf.memory().numTensors;
    const { records, tensors } = await watched([place, folder], model, { epochs: 2 });
    expect(new Set(tensors).size, 'tensors from one epoch to the next').toBe(1);
    expect(tf.memory().numTensors).toBe(before);
    const losses = records.flatMap(({ trainLoss, validLoss }) => [trainLoss, validLoss]);
    const weights = [...loadWeights(join(place, folder, 'weights.bin'))];
    return { losses, weights: new Map(weights.map(([name, { values }]) => [name, values])) };
  }

  test.each(['alphanet-v1', 'alphanet-v2', 'alphanet-v3', 'gru-15m-attention', 'gru-incremental', 'rnn-64'])(
    '%s learns what it learns on wasm, and the same again',
    async (model) => {
      const device = await trained('webgpu', model, `${model}-1`);
      expect(await trained('webgpu', model, `${model}-2`)).toEqual(device);
      const wasm = await trained('wasm', model, `${model}-wasm`);
      expectNear(device.losses, wasm.losses, { tolerance: 2e-6 });
      expect([...device.weights.keys()]).toEqual([...wasm.weights.keys()]);
      for (const [what, values] of wasm.weights) {
        // A correlation does not see what adds a constant: its gradient is rounding, and Adam makes steps of that.
        if (model.startsWith('gru') && /(stateNorm\/beta|output\/bias)$/.test(what)) continue;
        expectNear(device.weights.get(what), values, { tolerance: 1e-5, what });
      }
    },
    timeout,
  );

  test(
    'a training that was stopped goes on to the same weights',
    async () => {
      const weights = (folder: string) => loadWeights(join(place, folder, 'weights.bin'));
      await watched([place, 'whole'], 'alphanet-v2', { epochs: 2 });
      const { kept } = await watched([place, 'parts'], 'alphanet-v2', { epochs: 2 }, { due: (epochs) => epochs === 1 });
      expect(kept).toBeUndefined();
      const { records } = await watched([place, 'parts'], 'alphanet-v2', { epochs: 2 });
      expect(records.map(({ epoch }) => epoch)).toEqual([2]);
      expect(weights('parts')).toEqual(weights('whole'));
    },
    timeout,
  );

  const rules = (['mse', 'ic'] as const).flatMap((kind) =>
    [false, true].flatMap((neutral) => [1, 2].map((topWeight) => ({ kind, neutral, topWeight, orthogonality: 1 }))),
  );
  test.each(rules)('the loss of $kind, neutral $neutral, top weight $topWeight, and its gradient', async (rule) => {
    const random = stream(7, 0, 0);
    const [sizes, columns] = [[40, 60], 4];
    let from = 0;
    const sections = sizes.map((size, date): Section => {
      const to = from + size;
      const basis = [1, -1].flatMap((odd) => Array.from({ length: size }, (_, i) => (i % 2 ? odd : 1) / size ** 0.5));
      const section = { date, from, to, basis: Float64Array.from(basis) };
      from = to;
      return section;
    });
    const draw = (length: number) => Float32Array.from({ length }, () => random.normal());
    const batch: Batch = {
      ...{ rows: from, sections, inputs: new Map(), labels: draw(from) },
      symbols: Int32Array.from({ length: from }, (_, i) => i),
    };
    const predictions = draw(from * columns);
    const wanted = lossGradient(rule, predictions, batch);
    const before = tf.memory().numTensors;
    const { value, grad } = tf.tidy(() =>
      tf.valueAndGrad((p) => loss(rule, p as tf.Tensor2D, batch))(tf.tensor2d(predictions, [from, columns])),
    );
    expectNear(await value.data(), [wanted.value], { tolerance: 2e-6 });
    expectNear(await grad.data(), wanted.gradient, { tolerance: 1e-5 });
    tf.dispose([value, grad]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('is named, and passed over by "auto" where it is software', async () => {
    expect(choice).toMatchObject({ name: 'webgpu', passedOver: [] });
    const { name, passedOver } = await chooseBackend('auto');
    if (/software/.test((choice as BackendChoice).device as string)) {
      expect(passedOver).toContainEqual({
        name: 'webgpu',
        reason: 'the only graphics adapter is software, slower than wasm',
      });
    } else expect(['tensorflow', 'webgpu']).toContain(name);
  });

  test.runIf(process.platform === 'linux')(
    'without a driver: one sentence with its remedy, and exit code 1',
    async () => {
      const out = join(place, 'none');
      const ended = await evolve(['train', 'alphanet-v2', '--backend', 'webgpu', '--out', out], {
        env: { VK_ICD_FILENAMES: join(place, 'none.json') },
      });
      expect(ended.code).toBe(1);
      expect(ended.stderr).toMatch(
        /^The backend webgpu cannot be used here \(WebGPU loads, and no graphics adapter answers\)\. Install the driver/m,
      );
      expect(existsSync(out)).toBe(false);
    },
  );

  describe('a device that is not to be believed any more gives no numbers', () => {
    type Webgpu = tf.KernelBackend & { device: { createShaderModule(of: object): object; destroy(): void } };
    /** Another one than the tests before have. */
    const fresh = async (): Promise<Webgpu> => {
      const make = tf.findBackendFactory('webgpu') as () => Promise<Webgpu>;
      const backend = await make();
      refuseAfterFaults(backend);
      return backend;
    };
    const numbers = (backend: Webgpu) => backend.write(Float32Array.of(1, 2), [2], 'float32');

    test('as it refused something', async () => {
      const backend = await fresh();
      const data = numbers(backend);
      expect([...(await backend.read(data))]).toEqual([1, 2]);
      backend.device.createShaderModule({ code: 'no program' });
      await expect.poll(() => backend.read(data).then(String, String)).toContain('webgpu refuses: ');
      backend.device.destroy();
    });

    test('as it is lost', async () => {
      const backend = await fresh();
      const data = numbers(backend);
      backend.device.destroy();
      await expect.poll(() => backend.read(data).then(String, String)).toMatch(/webgpu is lost .+ another backend\.$/);
    });
  });
}
