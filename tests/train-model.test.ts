/** Trained again, on other threads, stopped or killed and gone on with, or before another future: the same weights. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtFile } from '../core/package-root.ts';
import { readModel } from '../models/training/model-manifest.ts';
import type { TrainingProgress } from '../models/training/training-progress.ts';
import { otherFuture, plainDaily } from './market-copies.ts';
import {
  learnedIn,
  smallRule,
  smallTraining,
  type Trainings,
  timeless,
  trained,
  trainings,
  weightsOf,
} from './trainings.ts';

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

/** What a step says when it is one of these, in the order they come: what is there to go on from differs at each. */
type Moment = Readonly<Record<string, string | number>>;
const moments: readonly Moment[] = [
  { kind: 'begun' },
  { kind: 'stage', label: 'Fitting scalers' },
  { kind: 'epoch' },
  { kind: 'network', done: 3 },
  { kind: 'stage', label: 'Judging ensembles', done: 1 },
];
const labelOf = (step: TrainingProgress): string => (step.kind === 'stage' ? step.label : step.kind);
const never: Moment = { kind: 'never' };
const comes = (step: object, moment: Moment): boolean =>
  Object.entries(moment).every(([name, value]) => Reflect.get(step, name) === value);

describe('gone on with', () => {
  const stoppedAt = async (moment: Moment) => {
    const controller = new AbortController();
    const { results } = await trained(world, 'stopped', {
      ...{ ...twoFolds, resume: true, workers: 1, signal: controller.signal },
      onProgress: (step) => {
        if (comes(step, moment)) controller.abort();
      },
    });
    return results;
  };
  const checkpoints = () =>
    readdirSync(world.at('stopped'), { recursive: true, encoding: 'utf8' }).filter((name) => /checkpoint/.test(name));

  test('after being told to stop, at one moment after another', async () => {
    const done: number[] = [];
    for (const moment of moments) {
      const { finished, folds } = await stoppedAt(moment);
      expect(finished, JSON.stringify(moment)).toBe(false);
      done.push(folds.reduce((sum, { networks }) => sum + networks.length, 0));
    }
    expect(done).toEqual([0, 0, 0, 3, 4]);
    expect((await stoppedAt(never)).finished).toBe(true);
    expectTheSame('stopped');
    expect(checkpoints()).toEqual([]);
  });

  test('from its first epoch where a checkpoint is damaged, and deleted as it is asked to be', async () => {
    rmSync(world.at('stopped'), { recursive: true });
    await stoppedAt({ kind: 'epoch' });
    const checkpoint = join(world.at('stopped'), checkpoints()[0] as string);
    writeFileSync(checkpoint, 'EVOLVEWT and nothing else');
    await expect(stoppedAt(never)).rejects.toMatchObject({
      code: 'bad-model',
      message: `A training cannot go on from ${checkpoint}, which is damaged or another network's. Delete it: the network then begins anew.`,
    });
    rmSync(checkpoint);
    await stoppedAt(never);
    expectTheSame('stopped');
  });

  test('after the process was killed, again and again', async () => {
    for (const moment of moments.slice(2))
      expect(await killedAt(moment, 'killed')).toMatchObject({ signal: 'SIGKILL' });
    expect(await killedAt(never, 'killed')).toEqual({ code: 0, signal: null, stderr: '' });
    expectTheSame('killed');
    const left = readdirSync(world.at('killed'), { recursive: true, encoding: 'utf8' });
    expect(left.filter((name) => /checkpoint|partial/.test(name))).toEqual([]);
  }, 60_000);

  test('with nothing left to train, and nothing changed', async () => {
    const told: string[] = [];
    const on = { ...twoFolds, resume: true, onProgress: (step: TrainingProgress) => void told.push(labelOf(step)) };
    // Nor a lock taken, which a disk that can only be read would refuse: its number goes up each time.
    const locks = () => readdirSync(world.at('model/lock'));
    const before = locks();
    expect(before).toHaveLength(1);
    const { results } = await trained(world, 'model', on);
    expect(locks()).toEqual(before);
    const { sha256: _, ...written } = JSON.parse(readFileSync(world.at('model/results.json'), 'utf8'));
    expect(results).toEqual(written);
    expectTheSame('model');
    expect(told).toContain('begun');
    expect(told).not.toContain('Judging ensembles');
    // Results that cannot be read, or lack something, are made again.
    const whole = readFileSync(world.at('model/results.json'), 'utf8');
    const edited = whole.replace('"bestEpoch": ', '"bestEpoch": 1');
    for (const broken of [whole.slice(0, 90), JSON.stringify({ ...JSON.parse(whole), folds: [] }), edited]) {
      writeFileSync(world.at('model/results.json'), broken);
      await trained(world, 'model', on);
      expect(told).toContain('Judging ensembles');
      expectTheSame('model');
      expect(readFileSync(world.at('model/results.json'), 'utf8')).toBe(whole);
    }
  });
});

describe('gone on with after a file', () => {
  const fold = () => readModel(world.at('model')).folds[0]?.name as string;
  const fileOf = (...path: string[]) => join(world.at('hurt'), 'folds', fold(), ...path);
  const go = () => trained(world, 'hurt', { ...twoFolds, resume: true });
  const theSame = () => expect(weightsOf(world.at('hurt'))).toEqual(weights);
  beforeAll(() => cpSync(world.at('model'), world.at('hurt'), { recursive: true }));

  test.each(['weights.bin', 'history.json'])('%s was damaged, and is deleted as it is asked to be', async (name) => {
    const file = fileOf('network-2', name);
    truncateSync(file, 60);
    await expect(go()).rejects.toMatchObject({
      code: 'bad-model',
      message: `${file} is damaged. Delete it and go on with --resume: the network is then trained again.`,
    });
    rmSync(file);
    expect((await go()).results.finished).toBe(true);
    theSame();
  });

  test('of scalers was damaged or lost, and is made again', async () => {
    const file = fileOf('scalers.bin');
    const whole = readFileSync(file);
    for (const hurt of [() => truncateSync(file, 60), () => rmSync(file)]) {
      hurt();
      expect((await go()).results.finished).toBe(true);
      expect(readFileSync(file)).toEqual(whole);
    }
    theSame();
  });

  test('of weights was exchanged for those of a neighbour, which are not taken', async () => {
    copyFileSync(fileOf('network-1', 'weights.bin'), fileOf('network-2', 'weights.bin'));
    await expect(go()).rejects.toThrow(/holds the weights of another network\. Delete it and go on with --resume/);
  });
});

/** As a process of its own, which is killed in the middle of the moment, if that comes. */
async function killedAt(moment: Moment, out: string) {
  const options = smallTraining(world, out, { ...twoFolds, resume: true });
  const file = world.at('train.mjs');
  writeFileSync(
    file,
    `import { trainModel } from ${JSON.stringify(pathToFileURL(builtFile('models', 'training', 'train-model.js')))};
    const comes = ${comes};
    const onProgress = (step) => comes(step, ${JSON.stringify(moment)}) && process.kill(process.pid, 'SIGKILL');
    await trainModel({ ...${JSON.stringify(options)}, onProgress });`,
  );
  const child = spawn(process.execPath, [file]);
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, stderr };
}

test('what comes later than a fold may know changes none of its weights', async () => {
  const folds = readModel(world.at('model')).folds.map(({ name }) => name);
  const learned = learnedIn(world.at('model'));
  const market = await plainDaily(world.market);
  for (const [k, fold] of folds.entries()) {
    const other = { ...world, market: world.at(`market-${k}`) };
    await otherFuture(market, other.market, market.manifest.calendar.indexOf(fold) - 1);
    // The first network is the same one, however many there are, and whoever helps its thread.
    await trained(other, `other-${k}`, { rule: { ...twoFolds.rule, networks: 1 }, workers: k === 0 ? 4 : 1 });
    for (const [name, hash] of Object.entries(learnedIn(world.at(`other-${k}`)))) {
      // The folds after it learn from what is another market by then.
      expect(hash === learned[name], `${fold} ${name}`).toBe(folds.findIndex((one) => name.startsWith(one)) <= k);
    }
  }
});
