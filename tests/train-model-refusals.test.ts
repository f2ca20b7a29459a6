/** What a training, a prediction or an explanation cannot be made of is said in one sentence, and nothing is harmed. */
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EvolveError } from '../core/failure.ts';
import { takeLock } from '../core/lock.ts';
import { synthesise } from '../data/synth/synthesise.ts';
import { explainModel } from '../models/explain/explain-model.ts';
import { readModel } from '../models/training/model-manifest.ts';
import { predictModel } from '../models/training/predict-model.ts';
import type { TrainOptions } from '../models/training/train-model.ts';
import type { TrainingProgress } from '../models/training/training-progress.ts';
import { plainDaily, rewritten } from './market-copies.ts';
import { smallRule, type Trainings, trained, trainings, weightsOf } from './trainings.ts';

let world: Trainings;
beforeAll(async () => {
  world = await trainings();
  await trained(world, 'model', { rule: rule({ networks: 1 }), workers: 1 });
}, 60_000);
afterAll(() => world.remove());

const rule = (changes: Parameters<typeof smallRule>[1] = {}) => smallRule('alphanet-v2', { epochs: 1, ...changes });

/** Of an error that is the user's. */
async function sentence(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error('it was not refused'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof EvolveError)) throw error;
  expect(error.message).toMatch(/^[A-Z/-].*[.?]$/s);
  expect(error.message).not.toMatch(/undefined|NaN|\[object|\n/);
  return error.message;
}

const training = (out: string, more: Partial<TrainOptions> = {}) =>
  sentence(trained(world, out, { rule: rule(), workers: 1, ...more }));

/** A market without numbers where the change takes them. */
async function marketWithout(name: string, gone: (field: string, date: number, symbol: number) => boolean) {
  const folder = world.at(name);
  await rewritten(await plainDaily(world.market), folder, (field, cells, width) =>
    cells.map((value, at) => (gone(field.name, Math.floor(at / width), at % width) ? Number.NaN : value)),
  );
  return folder;
}

describe('a training', () => {
  test('on a market that lacks the fields', async () => {
    const data = world.at('few-fields');
    const { manifest } = await plainDaily(world.market);
    const market = await plainDaily(world.market);
    await rewritten(
      { ...market, manifest: { ...manifest, fields: manifest.fields.filter(({ name }) => name !== 'VWAP') } },
      data,
      (_, cells) => cells,
    );
    const of = (fields?: string[]) => training('refused', { data, fields });
    expect(await of()).toMatch(/^The market \S+ has no VWAP.*with --fields/);
    expect(await of(['OPEN', 'VWAP'])).toMatch(/VWAP/);
  });

  test('of a model, a backend or a market nobody knows', async () => {
    expect(await training('refused', { model: 'alphanet-v9' })).toContain(
      'There is no model "alphanet-v9". Did you mean',
    );
    expect(await training('refused', { data: world.at('nowhere') })).toContain('nowhere');
    expect(await training('refused', { workers: 0 })).toContain('--workers');
  });

  test('with a label that is longer than the market', async () => {
    const held = (horizon: number) => ({ label: { price: 'CLOSE', lag: 1, horizon } as const });
    expect(await training('refused', { rule: rule(held(400)) })).toBe(
      'A label is known 401 dates after its own, lag and horizon together, and the market has 240 dates. Use a shorter --horizon or --lag, or a longer market.',
    );
    const { label } = held(200);
    expect(await training('refused', { rule: rule({ label }) })).toMatch(/--history 25\d or more/);
    expect(await training('refused', { rule: rule({ label, history: 900 }) })).toMatch(
      /there are \d+ before .*longer market/,
    );
  });

  test('by a rule with numbers that cannot be', async () => {
    const wrong = (changes: Parameters<typeof smallRule>[1]) => training('refused', { rule: rule(changes) });
    expect(await wrong({ networks: 1e9 })).toBe("The rule's networks should be at most 1000, not 1000000000.");
    expect(await wrong({ units: 0.5 })).toBe("The rule's units should be a whole number of at least 1, not 0.5.");
    expect(await wrong({ learningRate: '1' as never })).toBe("The rule's learningRate should be a number, not 1.");
    expect(await wrong({ label: { price: 'CLOSE', lag: 1, horizon: 1e15 } })).toContain("rule's horizon");
    expect(await wrong({ loss: { kind: 'mse', neutral: false, topWeight: 0 } })).toContain("rule's topWeight");
    expect(existsSync(world.at('refused'))).toBe(false);
  });

  test('on a market without two symbols that differ', async () => {
    const flat = world.at('flat');
    await rewritten(await plainDaily(world.market), flat, (field, cells) =>
      field.name === 'CLOSE' ? cells.map(() => 7) : cells,
    );
    expect(await training('refused', { data: flat })).toMatch(
      /^No symbol has a label .* with the return all others have\. Take a market whose returns differ between symbols\.$/,
    );
    const one = world.at('one');
    const market = await plainDaily(world.market);
    const symbols = market.manifest.symbols.slice(0, 1);
    await rewritten({ ...market, columns: 1, manifest: { ...market.manifest, symbols } }, one, ({ kind }, cells) =>
      kind === 'v' ? cells : cells.filter((_, at) => at % market.columns === 0),
    );
    expect(await training('refused', { data: one })).toMatch(/ has one symbol, \S+: .* Take a market of more\.$/);
  });

  test('with inputs that nobody knows, which are counted and named', async () => {
    const data = await marketWithout('no-vwap', (field) => field === 'VWAP');
    expect(await training('refused', { data, fields: ['VWAP', 'VWAP / CLOSE'] })).toMatch(
      /^No symbol has half of its inputs on the dates from 2018-\S+ to 2018-\S+, which the networks that predict from 2018-\S+ on learn from: \d{3,} labels have too few numbers, and 10 of the 10 have none, such as ts_corr\(.*\)\. Leave fields that are missing out with --fields/,
    );
    // One of three rows is missing: enough is known of every symbol, and what is not is written down.
    const { manifest: kept } = await trained(world, 'one-missing', {
      data,
      fields: ['OPEN', 'CLOSE', 'VWAP'],
      rule: rule(),
    });
    expect(kept.folds[0]?.unknownChannels).toHaveLength(8);
    for (const name of kept.folds[0]?.unknownChannels ?? []) expect(name).toContain('vwap');
    expect(readModel(world.at('model')).folds[0]).not.toHaveProperty('unknownChannels');
  });

  test('with dates that validate on which nothing is known', async () => {
    const { folds } = readModel(world.at('model'));
    const { calendar } = (await plainDaily(world.market)).manifest;
    const { valid } = folds[0] as (typeof folds)[number];
    const from = calendar.indexOf(valid.from) - 25;
    const data = await marketWithout('gap', (field, date) => field === 'OPEN' && date >= from);
    expect(await training('refused', { data, fields: ['OPEN', 'OPEN / 2'] })).toMatch(
      new RegExp(
        `^No symbol has half .* from ${valid.from} to ${valid.to}, which decide when the networks that predict from \\S+ on stop`,
      ),
    );
  });

  test('without a label, of which the reasons are counted', async () => {
    const universe = { rule: rule({ universe: 'MEMBER' }) };
    expect(await training('refused', universe)).toMatch(/has no MEMBER/);
    for (const [name, words] of [
      ['INDUSTRY', 'is a grouping'],
      ['MKT_RETURN', 'is one number of a date for all symbols'],
    ] as const) {
      expect(await training('refused', { rule: rule({ universe: name }) })).toContain(
        `${name} ${words}, and --universe takes a daily field with a number for each symbol. The market`,
      );
    }
    expect(await training('refused', { rule: rule({ universe: 'VOLUM' }) })).toContain('Did you mean VOLUME?');
    const late = world.at('late');
    const market = await plainDaily(world.market);
    await rewritten(market, late, (field, cells) =>
      field.name === 'CLOSE' ? cells.map((v, at) => (at < 145 * market.columns ? Number.NaN : v)) : cells,
    );
    expect(await training('refused', { data: late, fields: ['OPEN', 'HIGH'] })).toMatch(
      /^No symbol has a label on the dates from .* learn from: of its \d+ cells, dates times symbols, there are \d+ without a return.* Predict from a later --from/,
    );
  });

  test('that goes beyond all numbers', async () => {
    expect(await training('far', { rule: rule({ learningRate: 1e6 }) })).toMatch(
      /network-\d diverged: .* Use a smaller --learning-rate.* another --out or delete the model first: it goes on as it began\.$/,
    );
  });

  test('into a folder with something else, a model, or another process', async () => {
    mkdirSync(world.at('other'));
    writeFileSync(join(world.at('other'), 'thesis.txt'), 'ten years');
    expect(await training('other')).toMatch(/other is a folder with something else in it\. Give another --out/);
    expect(await training('other', { resume: true })).toContain('something else');
    expect(readdirSync(world.at('other'))).toEqual(['thesis.txt']);
    writeFileSync(world.at('file'), '');
    expect(await training('file')).toMatch(/file is a file/);
    expect(await training('file/in')).toMatch(/file is a file/);
    const weights = weightsOf(world.at('model'));
    expect(await training('model')).toMatch(/has a model already\. Go on with it by --resume, or give another --out/);
    // One that lacks something: of a whole one nothing would be written.
    cpSync(world.at('model'), world.at('used'), { recursive: true });
    rmSync(join(world.at('used'), 'results.json'));
    const release = takeLock(world.at('used'), 'used');
    try {
      expect(await training('used', { resume: true })).toMatch(
        new RegExp(`used is being used by process ${process.pid}`),
      );
    } finally {
      release();
    }
    for (const name of ['model', 'used']) expect(weightsOf(world.at(name))).toEqual(weights);
  });

  test('into what takes no folders', async () => {
    expect(await training('n'.repeat(300))).toMatch(/^Cannot read .*: its name is too long\.$/);
    if (process.platform !== 'linux') return;
    expect(await training('refused', { out: '/proc/evolve' })).toMatch(/^\/proc\/evolve cannot be written: /);
  });

  test('that is gone on with otherwise', async () => {
    const go = (more: Partial<TrainOptions> = {}) =>
      training('model', { resume: true, rule: rule({ networks: 1 }), ...more });
    expect(await go({ rule: rule({ networks: 1, seed: 9, units: 5 }) })).toContain('other settings (seed, units)');
    expect(await go({ fields: ['OPEN', 'CLOSE'] })).toContain('other settings (fields, parts)');
    expect(await go({ model: 'alphanet-v2.1' })).toContain('other settings (model)');
    expect(await go({ backend: 'cpu' })).toContain('other settings (backend)');
    const { folds } = readModel(world.at('model'));
    const later = folds[0]?.predict.from as string;
    expect(await go({ from: later.replace(/..$/, '20') })).toContain('other settings (dates to predict)');
    expect(
      await go({ data: await marketWithout('changed', (field, date) => field === 'LOW' && date === 3) }),
    ).toContain('another market');
    await synthesise(world.at('elsewhere'), { stocks: 8, days: 60, minutes: 0, seed: 3 });
    expect(await go({ data: world.at('elsewhere') })).toMatch(/was begun on .*another market/);
  });

  test('gone on with in other words is the same', async () => {
    const same = rule({ networks: 1 });
    const label = Object.fromEntries(Object.entries(same.label).reverse()) as unknown as typeof same.label;
    const { results } = await trained(world, 'model', { resume: true, rule: { ...same, label } });
    expect(results.finished).toBe(true);
  });
});

/** The model, but for one file. */
function modelWith(name: string, path: string, change: (file: string) => void): string {
  const folder = world.at(name);
  cpSync(world.at('model'), folder, { recursive: true });
  change(join(folder, path));
  return folder;
}

const predicting = (model: string, more: object = {}) =>
  sentence(predictModel({ model, data: world.market, out: world.at('scores.csv'), workers: 1, ...more }));

describe('what goes wrong on the way', () => {
  const atStage = (label: string, act: () => void) => {
    let acted = false;
    return (step: TrainingProgress): void => {
      if (acted || step.kind !== 'stage' || step.label !== label) return;
      acted = true;
      act();
    };
  };

  test('features that are damaged meanwhile are said to be by the thread that reads them, and made again', async () => {
    const cache = join(world.place, 'cache', 'features');
    const damage = () => {
      for (const name of readdirSync(cache)) {
        const file = join(cache, name, 'features.json');
        if (existsSync(file)) truncateSync(file, 20);
      }
    };
    expect(await training('on-the-way', { onProgress: atStage('Fitting scalers', damage) })).toMatch(/features/i);
    const { results } = await trained(world, 'on-the-way', { rule: rule(), resume: true });
    expect(results.finished).toBe(true);
  });

  test.each(['epoch', 'network'])('an error of whoever is told of the first %s ends the training', async (kind) => {
    const telling = trained(world, `told-${kind}`, {
      rule: rule(),
      onProgress: (step) => {
        if (step.kind === kind) throw new RangeError('no paper left');
      },
    });
    await expect(telling).rejects.toThrow('no paper left');
  });
});

describe('a prediction', () => {
  const fold = () => join('folds', readModel(world.at('model')).folds[0]?.name as string);
  const edited = (file: string) => writeFileSync(file, readFileSync(file, 'utf8').replace('"units": 4', '"units": 6'));

  test('with a model that is not whole', async () => {
    const weights = join(fold(), 'network-1', 'weights.bin');
    const cut = modelWith('cut', weights, (file) => truncateSync(file, 500));
    expect(await predicting(cut)).toMatch(/network-1.weights\.bin is cut short or damaged/);
    const flipped = modelWith('flipped', weights, (file) => {
      const bytes = readFileSync(file);
      bytes[bytes.length - 20] = (bytes[bytes.length - 20] as number) ^ 1;
      writeFileSync(file, bytes);
    });
    expect(await predicting(flipped)).toMatch(/weights\.bin is cut short or damaged: its checksum does not fit/);
    const scalers = modelWith('scalers', join(fold(), 'scalers.bin'), (file) =>
      copyFileSync(world.at('model/model.json'), file),
    );
    expect(await predicting(scalers)).toMatch(
      /^The numbers in \S+scalers\.bin, which inputs are scaled by, are damaged\. Go on with evolve train and --resume/,
    );
    expect(await predicting(modelWith('edited', 'model.json', edited))).toMatch(
      /model\.json is damaged: its content is not what was written/,
    );
    expect(await predicting(modelWith('empty', 'results.json', (file) => writeFileSync(file, '{}')))).toContain(
      'results.json',
    );
    expect(await predicting(modelWith('no-json', 'model.json', (file) => truncateSync(file, 100)))).toContain(
      'model.json is damaged',
    );
    expect(await predicting(world.at('nothing'))).toMatch(/^There is no model in .*nothing/);
  });

  test('with results that were edited', async () => {
    const edit = (file: string) =>
      writeFileSync(file, readFileSync(file, 'utf8').replace(/"validIc": /, '"validIc": 1'));
    expect(await predicting(modelWith('better', 'results.json', edit))).toMatch(
      /results\.json is damaged: its content is not what was written\. Go on with evolve train and --resume/,
    );
  });

  test('with files of another training, fold or network', async () => {
    await trained(world, 'two', { rule: rule({ history: 90, retrainMonths: 2 }), workers: 1 });
    const names = readModel(world.at('two')).folds.map(({ name }) => name);
    expect(names).toHaveLength(2);
    const [early, late] = names as [string, string];
    const having = (name: string, from: string, to: string): Promise<string> => {
      cpSync(world.at('two'), world.at(name), { recursive: true });
      copyFileSync(from, join(world.at(name), 'folds', to));
      return predicting(world.at(name));
    };
    const own = (...path: string[]): string => join(world.at('two'), 'folds', ...path);
    const weights = join('network-1', 'weights.bin');
    // The later fold has learned from what the earlier one predicts.
    expect(await having('leak', own(late, weights), join(early, weights))).toMatch(
      /weights\.bin holds the weights of another fold\. Copy its own again, or delete it/,
    );
    expect(await having('swap', own(early, 'network-2', 'weights.bin'), join(early, weights))).toMatch(
      /another network\./,
    );
    expect(await having('scaled', own(late, 'scalers.bin'), join(early, 'scalers.bin'))).toMatch(
      /scalers\.bin, .* are those of another fold\. Go on with/,
    );
    const other = join(world.at('model'), fold(), weights);
    expect(await having('strange', other, join(early, weights))).toMatch(/another training\./);
  });

  test('with a model that is not trained to its end', async () => {
    const controller = new AbortController();
    await trained(world, 'unfinished', {
      rule: rule(),
      workers: 1,
      signal: controller.signal,
      onProgress: ({ kind }) => kind === 'network' && controller.abort(),
    });
    const said =
      /unfinished is not trained to its end: it has 1 of 2 networks\. Go on with evolve train and --resume; where it diverged, train with other settings and another --out\./;
    expect(await predicting(world.at('unfinished'))).toMatch(said);
    expect(await sentence(explainModel({ model: world.at('unfinished'), data: world.market }))).toMatch(said);
  });

  test('on a market it is not for', async () => {
    const { manifest, ...market } = await plainDaily(world.market);
    const fields = manifest.fields.filter(({ name }) => name !== 'VOLUME');
    await rewritten({ ...market, manifest: { ...manifest, fields } }, world.at('no-volume'), (_, cells) => cells);
    expect(await predicting(world.at('model'), { data: world.at('no-volume') })).toMatch(/VOLUME/);
    const model = world.at('model');
    expect(await predicting(model, { to: '2018-03-01' })).toMatch(/has no such date among those asked for/);
    expect(await predicting(model, { from: 'soon' })).toMatch(/--from soon is not a date/);
    expect(existsSync(world.at('scores.csv'))).toBe(false);
  });

  test('into a file that is there, or of no known kind', async () => {
    writeFileSync(world.at('there.csv'), 'mine');
    expect(await predicting(world.at('model'), { out: world.at('there.csv') })).toContain('there.csv');
    expect(readFileSync(world.at('there.csv'), 'utf8')).toBe('mine');
    expect(await predicting(world.at('model'), { out: world.at('scores.xls') })).toContain('must end in');
  });
});
