/** Trained again, on other threads, stopped or killed and gone on with, or before another future: the same weights. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtFile } from '../core/package-root.ts';
import { readModel } from '../models/training/model-manifest.ts';
import type { TrainOptions } from '../models/training/train-model.ts';
import type { TrainingProgress } from '../models/training/training-progress.ts';
import { otherFuture, plainDaily } from './market-copies.ts';
import { smallRule, smallTraining, type Trainings, timeless, trained, trainings, weightsOf } from './trainings.ts';

let world: Trainings;
let weights: Record<string, string>;
beforeAll(async () => {
  world = await trainings();
  await trained(world, 'model', twoFolds);
  weights = weightsOf(world.at('model'));
}, 60_000);
afterAll(() => world.remove());

const twoFolds: Partial<TrainOptions> = { rule: smallRule('alphanet-v2', { history: 90, retrainMonths: 2 }) };

function expectTheSame(name: string): void {
  expect(weightsOf(world.at(name))).toEqual(weights);
  expect(timeless(world.at(name))).toEqual(timeless(world.at('model')));
}

test('a network for each fold and seed, each other than the others', () => {
  expect(new Set(Object.values(weights)).size).toBe(4);
  const { folds } = readModel(world.at('model'));
  expect(folds).toHaveLength(2);
  for (const { train, valid, predict } of folds) {
    expect([train.from, train.to, valid.from, valid.to, predict.from, predict.to]).toEqual(
      [train.from, train.to, valid.from, valid.to, predict.from, predict.to].sort(),
    );
    for (const { dates, rows } of [train, valid]) expect(rows).toBeGreaterThan(20 * dates);
  }
});

test('one thread gives what two give', async () => {
  await trained(world, 'alone', { ...twoFolds, workers: 1 });
  expectTheSame('alone');
});

test('little memory gives the same', async () => {
  await trained(world, 'small-memory', { ...twoFolds, memory: 64 * 1024 ** 2 });
  expectTheSame('small-memory');
});

/** In the order they come: what is there to go on from differs at each. */
const moments: readonly [string, (step: TrainingProgress) => boolean][] = [
  ['features are computed', ({ kind }) => kind === 'stage'],
  ['scalers are fitted', (step) => step.kind === 'stage' && step.label === 'Fitting scalers'],
  ['the first epoch is over', ({ kind }) => kind === 'epoch'],
  ['the first network is done', ({ kind }) => kind === 'network'],
  ['the third network is done', (step) => step.kind === 'network' && step.done === 3],
  ['ensembles are judged', (step) => step.kind === 'stage' && step.label === 'Judging ensembles' && step.done === 1],
];

describe('gone on with', () => {
  test('after being told to stop, at one moment after another', async () => {
    const seen: number[] = [];
    for (const [, comes] of moments) {
      const controller = new AbortController();
      const { results } = await trained(world, 'stopped', {
        ...twoFolds,
        resume: true,
        signal: controller.signal,
        onProgress: (step) => {
          if (comes(step)) controller.abort();
        },
      });
      expect(results.finished).toBe(false);
      seen.push(results.folds.reduce((sum, { networks }) => sum + networks.length, 0));
    }
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(4);
    await trained(world, 'stopped', { ...twoFolds, resume: true });
    expectTheSame('stopped');
  });

  test('after the process was killed, again and again', async () => {
    const exits: (NodeJS.Signals | null)[] = [];
    for (const [, comes] of moments.slice(2)) exits.push((await killedWhen(comes, 'killed')).signal);
    expect(exits).toEqual(moments.slice(2).map(() => 'SIGKILL'));
    const last = await killedWhen(() => false, 'killed');
    expect(last).toEqual({ code: 0, signal: null, stderr: '' });
    expectTheSame('killed');
    const left = readdirSync(world.at('killed'), { recursive: true, encoding: 'utf8' });
    expect(left.filter((name) => /checkpoint|partial/.test(name))).toEqual([]);
  }, 60_000);

  test('with nothing left to train, and nothing changed', async () => {
    const again = await trained(world, 'model', { ...twoFolds, resume: true });
    expect(again.results).toMatchObject({ finished: true });
    expectTheSame('model');
  });

  test('from the first epoch when its checkpoint is deleted, which a damaged one asks for', async () => {
    const controller = new AbortController();
    const options = { ...twoFolds, resume: true, workers: 1 };
    await trained(world, 'damaged', {
      ...options,
      signal: controller.signal,
      onProgress: ({ kind }) => kind === 'epoch' && controller.abort(),
    });
    const folder = world.at('damaged');
    const name = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((file) => file.endsWith('point.bin'));
    const checkpoint = join(folder, name as string);
    writeFileSync(checkpoint, 'EVOLVEWT and nothing else');
    await expect(trained(world, 'damaged', options)).rejects.toMatchObject({
      code: 'bad-model',
      message: `A training cannot go on from ${checkpoint}, which is damaged or another network's. Delete it: the network then begins anew.`,
    });
    rmSync(checkpoint);
    await trained(world, 'damaged', options);
    expectTheSame('damaged');
  });
});

/** As a process of its own, which is killed at the moment, if that comes. */
async function killedWhen(comes: (step: TrainingProgress) => boolean, out: string) {
  const options = smallTraining(world, out, { ...twoFolds, resume: true });
  const module = pathToFileURL(builtFile('models', 'training', 'train-model.js'));
  const script = `
    import { trainModel } from ${JSON.stringify(module)};
    const onProgress = (step) => console.log(JSON.stringify(step));
    await trainModel({ ...${JSON.stringify(options)}, onProgress });`;
  const file = world.at('train.mjs');
  writeFileSync(file, script);
  const child = spawn(process.execPath, [file]);
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const ended = once(child, 'close');
  for await (const line of createInterface(child.stdout)) if (comes(JSON.parse(line))) child.kill('SIGKILL');
  const [code, signal] = (await ended) as [number | null, NodeJS.Signals | null];
  return { code, signal, stderr };
}

test('what comes later than a fold may know changes none of its weights', async () => {
  const folds = readModel(world.at('model')).folds.map(({ name }) => name);
  const market = await plainDaily(world.market);
  for (const [k, fold] of folds.entries()) {
    const other = { ...world, market: world.at(`market-${k}`) };
    await otherFuture(market, other.market, market.manifest.calendar.indexOf(fold) - 1);
    await trained(other, `other-${k}`, twoFolds);
    for (const [name, hash] of Object.entries(weightsOf(world.at(`other-${k}`)))) {
      // The folds after it learn from what is another market by then.
      expect(hash === weights[name], `${fold} ${name}`).toBe(folds.findIndex((one) => name.startsWith(one)) <= k);
    }
  }
});
