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

const twoFolds = { rule: smallRule('alphanet-v2', { history: 90, retrainMonths: 2 }) };

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

test('one thread in little memory gives what two give', async () => {
  await trained(world, 'alone', { ...twoFolds, workers: 1, memory: 64 * 1024 ** 2 });
  expectTheSame('alone');
});

/** In the order they come: what is there to go on from differs at each. */
const moments: readonly [string, (step: TrainingProgress) => boolean][] = [
  ['features are computed', ({ kind }) => kind === 'stage'],
  ['scalers are fitted', (step) => step.kind === 'stage' && step.label === 'Fitting scalers'],
  ['the first epoch is over', ({ kind }) => kind === 'epoch'],
  ['the third network is done', (step) => step.kind === 'network' && step.done === 3],
  ['ensembles are judged', (step) => step.kind === 'stage' && step.label === 'Judging ensembles' && step.done === 1],
];

describe('gone on with', () => {
  const stoppedWhen = async (comes: (step: TrainingProgress) => boolean) => {
    const controller = new AbortController();
    const { results } = await trained(world, 'stopped', {
      ...{ ...twoFolds, resume: true, workers: 1, signal: controller.signal },
      onProgress: (step) => {
        if (comes(step)) controller.abort();
      },
    });
    return results;
  };
  const checkpoints = () =>
    readdirSync(world.at('stopped'), { recursive: true, encoding: 'utf8' }).filter((name) => /checkpoint/.test(name));

  test('after being told to stop, at one moment after another', async () => {
    const done: number[] = [];
    for (const [moment, comes] of moments) {
      const { finished, folds } = await stoppedWhen(comes);
      expect(finished, moment).toBe(false);
      done.push(folds.reduce((sum, { networks }) => sum + networks.length, 0));
    }
    expect(done).toEqual([0, 0, 0, 3, 4]);
    expect((await stoppedWhen(() => false)).finished).toBe(true);
    expectTheSame('stopped');
    expect(checkpoints()).toEqual([]);
  });

  test('from its first epoch where a checkpoint is damaged, and deleted as it is asked to be', async () => {
    rmSync(world.at('stopped'), { recursive: true });
    await stoppedWhen(({ kind }) => kind === 'epoch');
    const checkpoint = join(world.at('stopped'), checkpoints()[0] as string);
    writeFileSync(checkpoint, 'EVOLVEWT and nothing else');
    await expect(stoppedWhen(() => false)).rejects.toMatchObject({
      code: 'bad-model',
      message: `A training cannot go on from ${checkpoint}, which is damaged or another network's. Delete it: the network then begins anew.`,
    });
    rmSync(checkpoint);
    await stoppedWhen(() => false);
    expectTheSame('stopped');
  });

  test('after the process was killed, again and again', async () => {
    const killed = moments.slice(2);
    for (const [moment, comes] of killed)
      expect(await killedWhen(comes, 'killed'), moment).toMatchObject({ signal: 'SIGKILL' });
    expect(await killedWhen(() => false, 'killed')).toEqual({ code: 0, signal: null, stderr: '' });
    expectTheSame('killed');
    const left = readdirSync(world.at('killed'), { recursive: true, encoding: 'utf8' });
    expect(left.filter((name) => /checkpoint|partial/.test(name))).toEqual([]);
  }, 60_000);

  test('with nothing left to train, and nothing changed', async () => {
    const again = await trained(world, 'model', { ...twoFolds, resume: true });
    expect(again.results).toMatchObject({ finished: true });
    expectTheSame('model');
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
    // The first network is the same one, however many there are.
    await trained(other, `other-${k}`, { rule: { ...twoFolds.rule, networks: 1 }, workers: 1 });
    for (const [name, hash] of Object.entries(weightsOf(world.at(`other-${k}`)))) {
      // The folds after it learn from what is another market by then.
      expect(hash === weights[name], `${fold} ${name}`).toBe(folds.findIndex((one) => name.startsWith(one)) <= k);
    }
  }
});
