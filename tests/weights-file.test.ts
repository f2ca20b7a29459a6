/** Files of weights: what is written is read, by us and by tfjs, and what is broken is said in a sentence. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import * as tf from '@tensorflow/tfjs';
import type { Variable } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { EvolveError } from '../core/failure.ts';
import {
  loadWeights,
  readWeights,
  restoreWeights,
  saveWeights,
  type Weight,
  writeWeights,
} from '../models/graph/weights-file.ts';
import { weightsHandler } from '../models/graph/weights-handler.ts';

const folder = mkdtempSync(join(tmpdir(), 'evolve-weights-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'weights.bin');

const makeVariables = (weights: ReadonlyMap<string, Weight>): Map<string, Variable> =>
  new Map(
    [...weights].map(([name, { shape, values }]) => [
      name,
      tf.tidy(() => tf.variable(tf.tensor(values.slice(), [...shape]))),
    ]),
  );
const dispose = (variables: ReadonlyMap<string, Variable>) => tf.dispose([...variables.values()]);
const some = new Map<string, Weight>([
  ['gru/kernel', { shape: [2, 3], values: Float32Array.of(1, -2, 3.5, 1e-40, -0, 6) }],
  ['gru/norm/batches', { shape: [], values: Float32Array.of(7) }],
  ['nothing', { shape: [0, 3], values: new Float32Array() }],
]);

function failure(step: () => unknown): EvolveError {
  try {
    step();
  } catch (error) {
    if (error instanceof EvolveError) return error;
    throw error;
  }
  throw new Error('nothing failed');
}
/** One sentence: the file, and what to do. */
function expectSentence({ message }: EvolveError): void {
  expect(message).toContain(path);
  expect(message).toMatch(/^[^\n]+; [^\n;]+\.$/);
}

describe('what is written', () => {
  test('is read as it was, whatever the names, shapes and bits', () => {
    const shape = fc.array(fc.nat(4), { maxLength: 3 });
    const weight = fc.tuple(shape, fc.infiniteStream(fc.float())).map(
      ([sides, values]): Weight => ({
        shape: sides,
        values: Float32Array.from(
          { length: sides.reduce((size, side) => size * side, 1) },
          () => values.next().value as number,
        ),
      }),
    );
    const json = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue());
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.string({ unit: 'binary' }), weight), { selector: ([name]) => name, maxLength: 4 }),
        json,
        (list, extra) => {
          const weights = new Map(list);
          const plain = JSON.parse(JSON.stringify(extra));
          writeWeights(weights, path, extra);
          expect(readWeights(path)).toEqual({ weights, extra: plain });
          expect([...loadWeights(path).keys()]).toEqual([...weights.keys()]);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('goes back to a network, and nothing leaks', () => {
    const trained = makeVariables(some);
    const fresh = makeVariables(
      new Map([...some].map(([name, { shape, values }]) => [name, { shape, values: values.map(() => 9) }])),
    );
    const before = tf.memory().numTensors;
    saveWeights(trained, path, { epoch: 3 });
    restoreWeights(fresh, loadWeights(path), path);
    for (const [name, variable] of fresh) expect(variable.dataSync()).toEqual(some.get(name)?.values);
    expect(readWeights(path).extra).toEqual({ epoch: 3 });
    expect(tf.memory().numTensors).toBe(before);
    expect(readdirSync(folder)).toEqual(['weights.bin']);
    dispose(trained);
    dispose(fresh);
  });

  test('is the same bytes for the same weights', () => {
    writeWeights(some, path, { a: 1 });
    const first = readFileSync(path);
    writeWeights(some, path, { a: 1 });
    expect(readFileSync(path)).toEqual(first);
  });

  test('is what a model of tfjs saves and loads', async () => {
    const model = tf.sequential({
      layers: [tf.layers.dense({ units: 3, inputShape: [4], useBias: true }), tf.layers.dense({ units: 1 })],
    });
    const { modelArtifactsInfo } = await model.save(weightsHandler(path));
    expect(modelArtifactsInfo.weightDataBytes).toBe(4 * (12 + 3 + 3 + 1));
    expect([...loadWeights(path).values()].map(({ shape }) => shape)).toEqual([[4, 3], [3], [3, 1], [1]]);
    const again = await tf.loadLayersModel(weightsHandler(path));
    const x = tf.randomNormal([5, 4], 0, 1, 'float32', 1);
    const [a, b] = [model.predict(x), again.predict(x)] as [tf.Tensor, tf.Tensor];
    expect(b.dataSync()).toEqual(a.dataSync());
    tf.dispose([x, a, b, ...model.getWeights(), ...again.getWeights()]);
  });

  test('is what tfjs decodes', async () => {
    writeWeights(some, path);
    const { weightData, weightSpecs = [] } = await (weightsHandler(path).load as tf.io.LoadHandler)();
    const tensors = tf.io.decodeWeights(weightData as ArrayBuffer, weightSpecs);
    expect(Object.keys(tensors)).toEqual([...some.keys()]);
    for (const [name, { shape, values }] of some) {
      expect(tensors[name]?.shape).toEqual(shape);
      expect(tensors[name]?.dataSync()).toEqual(values);
    }
    tf.dispose(tensors);
  });
});

describe('what is broken is said', () => {
  writeWeights(some, path, { note: 'whole' });
  const whole = readFileSync(path);
  const spoilt = (bytes: Uint8Array) => {
    writeFileSync(path, bytes);
    return failure(() => loadWeights(path));
  };
  const sealed = (content: Buffer) => {
    const check = Buffer.alloc(4);
    check.writeUInt32LE(crc32(content));
    return Buffer.concat([content, check]);
  };

  test('a byte that has flipped, any', () => {
    for (let at = 0; at < whole.length; at++) {
      const bytes = Buffer.from(whole);
      bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
      const error = spoilt(bytes);
      expect(error.code).toBe('bad-model');
      expectSentence(error);
    }
  });

  test('a file cut anywhere, or with something behind it', () => {
    for (let length = 0; length < whole.length; length++) {
      const error = spoilt(whole.subarray(0, length));
      expectSentence(error);
      expect(error.message).toContain('cut short');
    }
    expectSentence(spoilt(Buffer.concat([whole, Buffer.from('x')])));
  });

  test('a file of something else', () => {
    const error = spoilt(Buffer.from('{"schema":1}'));
    expectSentence(error);
    expect(error.message).toContain('no file of weights');
    const named = (header: string) => {
      const start = Buffer.from(whole.subarray(0, 16));
      start.writeUInt32LE(header.length, 12);
      return sealed(Buffer.concat([start, Buffer.from(header)]));
    };
    for (const header of [
      '',
      '[]',
      '{}',
      'null',
      '{"weights":[null],"extra":{}}',
      '{"weights":[{"name":"a","shape":[2]}],"extra":{}}',
    ]) {
      expectSentence(spoilt(named(header)));
    }
  });

  test('a file of a later version', () => {
    const content = Buffer.from(whole.subarray(0, -4));
    content.writeUInt32LE(2, 8);
    const error = spoilt(sealed(content));
    expectSentence(error);
    expect(error.message).toContain('update evolve');
  });

  test('a file that is not there, or a folder, or one that cannot be written', () => {
    rmSync(path);
    const missing = failure(() => loadWeights(path));
    expect(missing.code).toBe('missing-file');
    expectSentence(missing);
    mkdirSync(path);
    expectSentence(failure(() => loadWeights(path)));
    const refused = failure(() => writeWeights(some, path));
    expect(refused.code).toBe('unwritable');
    expect(refused.message).toContain(path);
    rmSync(path, { recursive: true });
  });

  test('weights of another network, of which nothing is taken', () => {
    const variables = makeVariables(some);
    const other = (change: (weights: Map<string, Weight>) => void) => {
      const weights = new Map(
        [...some].map(([name, { shape, values }]) => [name, { shape, values: values.map(() => 5) }]),
      );
      change(weights);
      const error = failure(() => restoreWeights(variables, weights, path));
      expect(error.code).toBe('bad-model');
      expectSentence(error);
      return error.message;
    };
    expect(other((weights) => weights.delete('gru/norm/batches'))).toContain('"gru/norm/batches"');
    expect(other((weights) => weights.set('stranger', { shape: [1], values: Float32Array.of(1) }))).toContain(
      '"stranger"',
    );
    expect(other((weights) => weights.set('gru/kernel', { shape: [3, 2], values: new Float32Array(6) }))).toContain(
      '[3,2] and not [2,3]',
    );
    for (const [name, variable] of variables) expect(variable.dataSync()).toEqual(some.get(name)?.values);
    dispose(variables);
  });

  test('weights that are not of their shape are our mistake', () => {
    const wrong = new Map<string, Weight>([['a', { shape: [3], values: new Float32Array(2) }]]);
    expect(() => writeWeights(wrong, path)).toThrow('a is not of shape [3]');
  });
});
