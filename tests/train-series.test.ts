/** Models of series in training: what stages freeze, what decides when they end, and that nothing depends on who trains them when. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { trainedReport } from '../cli/print/trained.ts';
import { TrainingProgressLines } from '../cli/print/training-progress.ts';
import type { MinuteGrid } from '../data/market.ts';
import { readScores } from '../data/scores.ts';
import { readManifest } from '../data/store/manifest.ts';
import { synthesise } from '../data/synth/synthesise.ts';
import { explainModel } from '../models/explain/explain-model.ts';
import { chooseBackend } from '../models/graph/backend.ts';
import { loadWeights, readWeights } from '../models/graph/weights-file.ts';
import { networkFolder, readModel } from '../models/training/model-manifest.ts';
import { predictModel } from '../models/training/predict-model.ts';
import { refuseOtherBars } from '../models/training/refuse-other-bars.ts';
import type { TrainOptions } from '../models/training/train-model.ts';
import type { TrainingProgress } from '../models/training/training-progress.ts';
import type { TrainingRule } from '../models/training-rule.ts';
import { plainDaily, rewritten } from './market-copies.ts';
import { type Changes, given, symbols, trainDates, validDates, watched } from './network-training.ts';
import { expectNear } from './series-networks.ts';
import { smallRule, type Trainings, timeless, trained, trainings, weightsOf } from './trainings.ts';

const place = mkdtempSync(join(tmpdir(), 'evolve-series-'));
let world: Trainings;
beforeAll(async () => {
  await chooseBackend('wasm');
  world = await trainings({ stocks: 20, days: 170, minutes: 8, seed: 11 });
}, 60_000);
afterAll(() => {
  world.remove();
  rmSync(place, { recursive: true });
});

const train = (folder: string, model: string, rule: Partial<TrainingRule>, changes?: Changes) =>
  watched([place, folder], model, rule, changes);

test.each(['gru-mixed', 'rnn-64'])('%s holds, after 50 epochs, no more tensors than after one', async (model) => {
  const before = tf.memory().numTensors;
  const { tensors, bytes } = await train(`${model}-long`, model, { epochs: 50, patience: 50, factorUnits: 3 });
  expect(tensors).toHaveLength(50);
  expect(new Set(tensors.slice(1)).size).toBe(1);
  expect(new Set(bytes.slice(1)).size).toBe(1);
  expect(tf.memory().numTensors).toBe(before);
});

describe('gru-incremental', () => {
  const rule = { epochs: 3, networks: 1 };
  type Values = Map<string, Float32Array>;
  /** By name, of what the checkpoint in the folder has. */
  function checkpointed(folder: string, which: 'now' | 'best'): Map<string, Float32Array> {
    const { weights } = readWeights(join(place, folder, 'checkpoint.bin'));
    return new Map(
      [...weights].flatMap(([name, { values }]) =>
        name.startsWith(`${which}/`) ? [[name.slice(which.length + 1), values] as const] : [],
      ),
    );
  }
  const weightsIn = (folder: string) => loadWeights(join(place, folder, 'weights.bin'));

  test('leaves the branch of the days, statistics and all, bit for bit as the first stage left it', async () => {
    let [fresh, first, learned] = [1, 2, 3].map(() => new Map<string, Float32Array>()) as [Values, Values, Values];
    const { records } = await train('stages', 'gru-incremental', rule, {
      onEpoch: ({ epoch }) => {
        if (epoch === 1) fresh = checkpointed('stages', 'best');
        if (epoch === 3) first = checkpointed('stages', 'best');
        if (epoch === 6) learned = checkpointed('stages', 'now');
      },
    });
    expect(records.map(({ stage }) => stage)).toEqual([1, 1, 1, 2, 2, 2]);
    const last = weightsIn('stages');
    expect([...last.keys()].sort()).toEqual([...first.keys()].sort());
    const ofDays = [...last.keys()].filter((name) => name.startsWith('day/'));
    for (const part of ['movingMean', 'movingVariance', 'batches', 'output/kernel', 'output/bias']) {
      expect(
        ofDays.some((name) => name.endsWith(part)),
        part,
      ).toBe(true);
    }
    const moved = (from: ReadonlyMap<string, Float32Array>, to: ReadonlyMap<string, Float32Array>) =>
      [...to].flatMap(([name, values]) =>
        Buffer.from(values.buffer, values.byteOffset, values.byteLength).equals(
          Buffer.from(new Float32Array(from.get(name) as Float32Array).buffer),
        )
          ? []
          : [name],
      );
    const kept = new Map([...last].map(([name, { values }]) => [name, values]));
    expect(moved(first, kept).filter((name) => name.startsWith('day/'))).toEqual([]);
    expect(moved(first, learned).filter((name) => name.startsWith('day/'))).toEqual([]);
    // All of the minutes' branch learned then, and nothing of it before.
    const ofMinutes = [...last.keys()].filter((name) => name.startsWith('minute/'));
    expect(moved(first, learned).sort()).toEqual(ofMinutes.sort());
    expect(moved(fresh, first).filter((name) => name.startsWith('minute/'))).toEqual([]);
  });

  test('is what the first stage came to where the second gets no better, however often it was stopped', async () => {
    /** Once minutes join, it says the contrary to whoever asks. */
    const contrary: Changes['network'] = (own) => {
      let stage = 0;
      return {
        ...own,
        enter: (next) => {
          stage = next;
          own.enter?.(next);
        },
        run: (inputs, pass) => {
          const out = own.run(inputs, pass);
          return pass.kind === 'inference' && stage > 0 ? tf.neg(out) : out;
        },
      };
    };
    const long = { ...rule, epochs: 5, patience: 2 };
    const whole = await train('worse', 'gru-incremental', long, { network: contrary });
    const days = whole.records.filter(({ stage }) => stage === 1);
    const losses = days.map(({ validLoss }) => validLoss);
    expect(Math.min(...losses)).toBeLessThan(0);
    const best = 1 + losses.indexOf(Math.min(...losses));
    // The second has all its patience.
    expect(whole.records.slice(days.length).map(({ stage }) => stage)).toEqual([2, 2]);
    expect(whole.kept?.result).toMatchObject({ bestEpoch: best, stage: 1, validLoss: losses[best - 1] });
    expect([...(weightsIn('worse').get('minute/output/kernel')?.values ?? [1])]).toEqual([0, 0]);
    for (const stop of [days.length, days.length + 1]) {
      const folder = `worse-${stop}`;
      await train(folder, 'gru-incremental', long, { network: contrary, due: (epochs) => epochs === stop });
      const again = await train(folder, 'gru-incremental', long, { network: contrary });
      expect(again.records).toEqual(whole.records.slice(stop));
      expect(weightsIn(folder)).toEqual(weightsIn('worse'));
    }
  });

  test('left after any epoch of either stage and gone on with, has the same weights', async () => {
    const whole = await train('whole', 'gru-incremental', rule);
    for (const stop of [1, 3, 4, 5]) {
      const folder = `left-${stop}`;
      const { kept } = await train(folder, 'gru-incremental', rule, { due: (epochs) => epochs === stop });
      expect(kept).toBeUndefined();
      const again = await train(folder, 'gru-incremental', rule);
      expect(again.records).toEqual(whole.records.slice(stop));
      expect(weightsIn(folder)).toEqual(weightsIn('whole'));
    }
  });

  test('has the same weights on one thread and on two, and when it was stopped in either stage', async () => {
    const options: Partial<TrainOptions> = {
      ...{ model: 'gru-incremental', fields: undefined, series: { barMinutes: 60 } },
      rule: smallRule('gru-incremental', { history: 60, retrainMonths: 0, epochs: 2, every: 2, validShare: 0.3 }),
    };
    await trained(world, 'one', { ...options, workers: 1 });
    await trained(world, 'two', { ...options, workers: 2 });
    const weights = weightsOf(world.at('one'));
    expect(new Set(Object.values(weights)).size).toBe(2);
    expect(weightsOf(world.at('two'))).toEqual(weights);
    const stoppedIn = async (stage: number): Promise<boolean> => {
      const controller = new AbortController();
      const { results } = await trained(world, 'stopped', {
        ...{ ...options, workers: 1, resume: true, signal: controller.signal },
        onProgress: (step) => {
          if (step.kind === 'epoch' && step.record.stage === stage) controller.abort();
        },
      });
      return results.finished;
    };
    // The first network may have ended before it hears of it; the second has not begun.
    expect(await stoppedIn(1)).toBe(false);
    await stoppedIn(2);
    expect(await stoppedIn(Number.NaN)).toBe(true);
    expect(weightsOf(world.at('stopped'))).toEqual(weights);
    expect(timeless(world.at('stopped'))).toEqual(timeless(world.at('one')));
  }, 60_000);
});

describe.each([1, 3])('a network of %i factor units', (factorUnits) => {
  const rule = { epochs: 2, factorUnits, batch: 0 };

  test('has a validation loss of standardised predictions, as in training, whatever scale they are of', async () => {
    const { records, kept } = await train(`scale-${factorUnits}`, 'rnn-64', rule);
    const larger: Changes['network'] = (own) => ({
      ...own,
      run: (inputs, pass) => {
        const out = own.run(inputs, pass);
        return pass.kind === 'inference' ? tf.add(tf.mul(out, 5), 3) : out;
      },
    });
    const scaled = await train(`scaled-${factorUnits}`, 'rnn-64', rule, { network: larger });
    expectNear(
      scaled.records.map(({ validLoss }) => validLoss),
      records.map(({ validLoss }) => validLoss),
      { tolerance: 1e-6 },
    );
    // Of a prediction of variance 1 that knows nothing, beside what labels have.
    const { labels } = given(3);
    const valid = labels.subarray((validDates[0] as number) * symbols);
    const squares = valid.reduce((sum, label) => sum + label * label, 0) / valid.length;
    expect(kept?.result.nothingLoss).toBeCloseTo(1 + squares, 6);
  });
});

describe('labels freed from something', () => {
  test('teach, and returns decide when training ends', async () => {
    const rule = { epochs: 12, patience: 3, factorUnits: 1, batch: 0 };
    const plain = await train('plain', 'rnn-1', rule);
    const other = await train('returns', 'rnn-1', rule, { returns: (labels) => labels.map((label) => -label) });
    const both = Math.min(plain.records.length, other.records.length);
    for (const [i, record] of other.records.slice(0, both).entries()) {
      const { validLoss, validIc, validRankIc } = plain.records[i] as (typeof plain.records)[number];
      expect(record.validLoss).toBe(validLoss);
      expect(record.validIc).toBeCloseTo(-validIc, 12);
      expect(record.validRankIc).toBeCloseTo(-validRankIc, 12);
    }
    const ranks = other.records.map(({ validRankIc }) => validRankIc);
    expect(other.kept?.result.bestEpoch).toBe(1 + ranks.indexOf(Math.max(...ranks)));
  });

  test('leave an ensemble of one to be judged as its network is', async () => {
    const rule = smallRule('rnn-1', {
      history: 60,
      retrainMonths: 0,
      networks: 1,
      epochs: 2,
      validShare: 0.3,
      batch: 0,
    });
    const judged = async (name: string, neutraliseLabels: string[]) => {
      const { results } = await trained(world, name, {
        model: 'rnn-1',
        fields: undefined,
        rule: { ...rule, neutraliseLabels },
      });
      const { networks, ensemble } = results.folds[0] as (typeof results.folds)[number];
      const [network] = networks;
      expect(ensemble?.validRankIc).toBeCloseTo(network?.validRankIc as number, 9);
      expect(ensemble?.validIc).toBeCloseTo(network?.validIc as number, 9);
      return ensemble?.validRankIc;
    };
    expect(await judged('freed', ['industry', 'size'])).not.toBe(await judged('not-freed', []));
  });
});

describe('rnn-64', () => {
  test('takes a date a step, and is that of its best rank correlation', async () => {
    const steps: number[] = [];
    const { kept, records } = await train(
      'rnn',
      'rnn-64',
      { epochs: 40, patience: 3, factorUnits: 3, batch: 0 },
      {
        onEpoch: () => {
          const { weights } = readWeights(join(place, 'rnn', 'checkpoint.bin'));
          steps.push(weights.get('optimiser/steps')?.values[0] as number);
        },
      },
    );
    expect(steps).toEqual(records.map((_, epoch) => trainDates.length * (epoch + 1)));
    const ranks = records.map(({ validRankIc }) => validRankIc);
    const best = 1 + ranks.indexOf(Math.max(...ranks));
    expect(kept?.result).toMatchObject({ bestEpoch: best, validRankIc: ranks[best - 1] });
    expect(records.length).toBe(Math.min(40, best + 3));
    for (const { unitLikeness } of records) expect(unitLikeness).toSatisfy(Number.isFinite);
  });

  test('has units as columns, whose mean, standardised as in training, is the score', async () => {
    const rule = smallRule('rnn-64', {
      history: 60,
      retrainMonths: 0,
      epochs: 1,
      every: 2,
      validShare: 0.3,
      factorUnits: 3,
    });
    const series = { dataset: 'ms' };
    await trained(world, 'units', { model: 'rnn-64', fields: undefined, series, rule: { ...rule, batch: 0 } });
    const [model, out] = [world.at('units'), world.at('units.arrow')];
    await predictModel({ model, data: world.market, out, workers: 1, units: true });
    const { calendar, symbols } = await readManifest(world.market);
    const { names, values } = await readScores(out, { calendar, symbols });
    expect(names).toEqual(['rnn-64', ...[1, 2].flatMap((n) => [1, 2, 3].map((u) => `n${n}-u${u}`))]);
    const [scores, ...units] = values as [Float32Array, ...Float32Array[]];
    const fold = readModel(model).folds[0]?.name as string;
    const means = [1, 2].map((network) => {
      const weights = loadWeights(join(networkFolder(model, fold, network), 'weights.bin'));
      const [mean, variance] = ['movingMean', 'movingVariance'].map(
        (name) => weights.get(`output/norm/${name}`)?.values[0] as number,
      ) as [number, number];
      const own = units.slice(3 * (network - 1), 3 * network);
      return scores.map((_, at) => {
        const ofUnits = own.reduce((sum, column) => sum + (column[at] as number), 0) / 3;
        return (ofUnits - mean) / Math.sqrt(variance + 1e-5);
      });
    }) as [Float32Array, Float32Array];
    const known = [...scores.keys()].filter((at) => !Number.isNaN(scores[at]));
    expect(known.length).toBeGreaterThan(symbols.length);
    expectNear(
      known.map((at) => ((means[0][at] as number) + (means[1][at] as number)) / 2),
      known.map((at) => scores[at] as number),
    );
    for (const [at, score] of scores.entries()) expect(Number.isNaN(units[0]?.[at])).toBe(Number.isNaN(score));
  });
});

describe('a training that cannot be', () => {
  const refused = (model: string, more: Partial<TrainOptions>) =>
    trained(world, 'refused', {
      model,
      fields: undefined,
      rule: smallRule(model, { history: 60 }),
      workers: 1,
      ...more,
    });

  test('of minutes on a market without', async () => {
    const data = world.at('daily');
    await rewritten(await plainDaily(world.market), data, (_, cells) => cells);
    for (const model of ['gru-15m', 'gru-mixed', 'gru-incremental']) {
      await expect(refused(model, { data }), model).rejects.toMatchObject({
        code: 'missing-field',
        message: expect.stringMatching(/ has no minute bars, which this model reads: .*--minute FILE/),
      });
    }
    await expect(refused('rnn-1', { data, series: { dataset: 'ms' } })).rejects.toMatchObject({
      code: 'missing-field',
      message: expect.stringMatching(/ has no minute bars/),
    });
  });

  test('of a data set nobody knows', async () => {
    await expect(refused('rnn-1', { series: { dataset: 'dya' } })).rejects.toMatchObject({
      code: 'bad-argument',
      message: 'There is no data set "dya"; did you mean "day"?',
    });
  });

  test('of labels the model frees by itself from what the market does not know', async () => {
    const without = async (name: string, gone: readonly string[]) => {
      const data = world.at(name);
      const market = await plainDaily(world.market);
      const fields = market.manifest.fields.filter((field) => !gone.includes(field.name));
      expect(fields.length).toBe(market.manifest.fields.length - gone.length);
      await rewritten({ ...market, manifest: { ...market.manifest, fields } }, data, (_, cells) => cells);
      return data;
    };
    await expect(refused('rnn-1', { data: await without('no-industry', ['INDUSTRY']) })).rejects.toMatchObject({
      code: 'missing-field',
      message: expect.stringMatching(
        /^The market \S+ has no INDUSTRY, and rnn-1 takes industry and size off its labels where nothing else is said\. .*add --neutralise-labels size\.$/,
      ),
    });
    const bare = await without('no-exposures', ['INDUSTRY', 'CAP']);
    await expect(refused('rnn-64', { data: bare })).rejects.toThrow(
      / has no INDUSTRY and no CAP, and rnn-64 .*add --neutralise-labels none\.$/,
    );
    const rule = { ...smallRule('rnn-1', { history: 60 }), neutraliseLabels: ['industry'] };
    await expect(refused('rnn-1', { data: bare, rule })).rejects.toThrow(
      /leave industry out of --neutralise-labels\.$/,
    );
  });
});

describe('a model of minutes', () => {
  const usedOn = async (model: string, data: string) =>
    predictModel({ model: world.at(model), data, out: world.at('elsewhere.csv'), overwrite: true, workers: 1 });
  const made = async (name: string, minutes: number) => {
    const folder = world.at(name);
    await synthesise(folder, { stocks: 20, days: 170, minutes, seed: 11 });
    return folder;
  };
  const taught = (name: string, more: Partial<TrainOptions>) =>
    trained(world, name, {
      ...{ model: name, fields: undefined, workers: 1, ...more },
      rule: smallRule(name, { history: 60, networks: 1, epochs: 1 }),
    });

  test('is used where its bars can be made, and refused elsewhere as a training is', async () => {
    await taught('gru-15m', { series: { barMinutes: 30 } });
    const daily = world.at('days-alone');
    await rewritten(await plainDaily(world.market), daily, (_, cells) => cells);
    await expect(usedOn('gru-15m', daily)).rejects.toMatchObject({
      code: 'missing-field',
      message: expect.stringMatching(/ has no minute bars, which this model reads: .*--minute FILE/),
    });
    await expect(explainModel({ model: world.at('gru-15m'), data: daily, workers: 1 })).rejects.toThrow(
      / has no minute bars/,
    );
    await expect(usedOn('gru-15m', await made('hours', 4))).rejects.toThrow(
      / has bars of 60 minutes, of which bars of 30 cannot be made; /,
    );
    expect((await usedOn('gru-15m', await made('quarters', 16))).known).toBeGreaterThan(0);
    const own = { model: world.at('gru-15m'), data: world.market, workers: 1 };
    expect((await explainModel({ ...own, rows: 2 })).background).toBe(30);
    expect((await explainModel({ ...own, background: 2 })).asked).toBe(100);
    const manifest = readModel(world.at('gru-15m'));
    const market = await readManifest(world.market);
    const later = { ...market.minute, starts: market.minute?.starts.map((start) => start + 60) as number[] };
    const elsewhere = { ...market, hash: 'another', name: 'late', minute: later as MinuteGrid };
    expect(() => refuseOtherBars(elsewhere, manifest)).toThrow(
      /^The market late has other bars a day than \S+, on which the model was trained \(8 from 10:30 on, not 8 from 9:30 on\)\. /,
    );
    expect(() => refuseOtherBars({ ...elsewhere, minute: market.minute as MinuteGrid }, manifest)).not.toThrow();
  }, 30_000);

  test('is refused where series of a day would count other bars', async () => {
    await taught('rnn-1', { series: { dataset: 'ms' } });
    await expect(usedOn('rnn-1', world.at('quarters'))).rejects.toMatchObject({
      code: 'bad-market',
      message: expect.stringMatching(/ has other bars a day than /),
    });
  }, 30_000);
});

describe('a training that learns nothing', () => {
  /** What is said of it before it begins and after. */
  async function saidOf(name: string, options: Partial<TrainOptions>): Promise<{ before: string; after: string }> {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {});
    try {
      const lines = new TrainingProgressLines();
      const onProgress = (step: TrainingProgress) => (step.kind === 'begun' ? lines.show(step) : undefined);
      const done = await trained(world, name, { fields: undefined, workers: 1, onProgress, ...options });
      const data = options.data ?? world.market;
      return { before: String(said.mock.calls), after: trainedReport({ ...done, data }, undefined) };
    } finally {
      said.mockRestore();
    }
  }
  const few = { history: 60, networks: 1, epochs: 1 };

  test('since a step is one row is refused, unless dates are whole', async () => {
    const by = (rule: TrainingRule) => saidOf('one-row', { model: 'rnn-64', rule });
    await expect(by(smallRule('rnn-64', { ...few, batch: 1 }))).rejects.toMatchObject({
      code: 'bad-argument',
      message: expect.stringMatching(
        /^Steps of one row teach nothing: .*--batch of more, or 0 for one date at a time\.$/,
      ),
    });
    const gru = smallRule('gru-mixed', { ...few, batch: 1 });
    const { after } = await saidOf('one-date', { model: 'gru-mixed', rule: gru, series: { barMinutes: 30 } });
    expect(after).not.toContain('nothing was learned');
  });

  test('since all inputs are drawn in to one number says so', async () => {
    const { after } = await saidOf('drawn-in', {
      ...{ model: 'gru-mixed', series: { barMinutes: 30 } },
      rule: smallRule('gru-mixed', { ...few, limit: 1e-9 }),
    });
    expect(after).toContain('Each network predicts the same for all symbols: nothing was learned.');
  });

  test('of an input that never changes names it', async () => {
    const fields = ['CLOSE / CLOSE', 'ts_return(CLOSE, 1)'];
    const rule = smallRule('rnn-1', few);
    const { before } = await saidOf('same', { model: 'rnn-1', rule, fields });
    expect(before).toContain(
      '1 input of one value on the training dates, such as CLOSE / CLOSE: nothing is learned of it.',
    );
    expect(readModel(world.at('same')).folds[0]?.constantChannels).toEqual(['CLOSE / CLOSE']);
  });

  test('from correlations of two symbols says so', async () => {
    const data = world.at('two-symbols');
    const market = await plainDaily(world.market);
    const two = market.manifest.symbols.slice(0, 2);
    await rewritten(
      { ...market, columns: 2, manifest: { ...market.manifest, symbols: two } },
      data,
      ({ kind }, cells) => (kind === 'v' ? cells : cells.filter((_, at) => at % market.columns < 2)),
    );
    const rule = smallRule('rnn-1', { ...few, neutraliseLabels: [] });
    const loss = { ...rule.loss, kind: 'ic' } as const;
    const [ic, mse] = [
      await saidOf('two-ic', { model: 'rnn-1', data, rule: { ...rule, loss } }),
      await saidOf('two-mse', { model: 'rnn-1', data, rule }),
    ];
    expect(ic.before).toContain('Of two symbols every correlation is 1 or -1');
    expect(mse.before).not.toContain('Of two symbols');
  });
});
