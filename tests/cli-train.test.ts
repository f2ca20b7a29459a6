/** Models from the command line: trained, stopped, gone on with, predicting, judged. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { synthesise } from '../data/synth/synthesise.ts';
import { evolve, evolveEach, type Outcome, startEvolve } from './evolve.ts';

const place = mkdtempSync(join(tmpdir(), 'evolve-train-'));
const market = join(place, 'market');
const at = (name: string): string => join(place, name);
const around = { cwd: place, env: { EVOLVE_CACHE: at('cache') } };
const json = (path: string) => JSON.parse(readFileSync(at(path), 'utf8'));

/** Two trainings of two networks, in a second. */
const what = ['--data', market, '--fields', 'OPEN,CLOSE / VWAP', '--history=70', '--retrain=3', '--networks=2'];
const how = ['--epochs=3', '--learning-rate=0.01', '--batch=100', '--units=4'];
const train = (out: string, ...more: string[]): string[] => [
  ...['train', 'alphanet-v1', ...what, ...how, '--out', out],
  ...more,
];
const onMarket = (command: string, ...more: string[]): string[] => [command, ...more, '--data', market];
const weightsOf = (model: string): string[] =>
  json(`${model}/model.json`).folds.flatMap(({ name }: { name: string }) =>
    [1, 2].map((k) => digest(readFileSync(at(`${model}/folds/${name}/network-${k}/weights.bin`)))),
  );
const digest = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');

let trained: Outcome;
beforeAll(async () => {
  await synthesise(market, { stocks: 20, days: 210, minutes: 0, seed: 5 });
  trained = await evolve(train('model', '--workers=2'), around);
}, 60_000);
afterAll(() => rmSync(place, { recursive: true }));

test('a training says who computes, what came of every fold, and what comes next', () => {
  expect(trained).toMatchObject({ code: 0 });
  expect(trained.stderr).toMatch(
    /^alphanet-v1: 2 trainings of 2 networks\.\n[\d,]+ labels on the dates that teach.*\nBackend: \w+ \d/,
  );
  const [headline, , headings, ...rows] = trained.stdout.split('\n');
  expect(headline).toMatch(/^alphanet-v1 on synthetic-20x210x0-5: 4 networks trained/);
  expect(headings).toMatch(/^predicts from +learns from +rows +stops by/);
  const { folds } = json('model/model.json');
  expect(folds).toHaveLength(2);
  for (const [i, { name, train: taught }] of folds.entries()) {
    expect(rows[i]).toMatch(new RegExp(`^${name} +${taught.from} to ${taught.to} `));
  }
  expect(trained.stdout).toContain(`evolve predict model --data ${market} --out scores.parquet\n`);
  expect(json('model/results.json').finished).toBe(true);
});

test('losses are drawn, every network with its best epoch', () => {
  const svg = readFileSync(at('model/losses.svg'), 'utf8');
  for (const { name } of json('model/model.json').folds) expect(svg).toContain(`predicts from ${name}`);
  expect(svg).toContain('best epoch');
  expect(svg).not.toMatch(/<script|NaN/);
});

test.skipIf(process.platform === 'win32')(
  'Ctrl-C keeps what was learned, and --resume on any number of threads comes to the same weights',
  async () => {
    const { heard, kill, outcome } = startEvolve(train('stopped', '--workers=1'), around);
    while (!heard.stderr.includes('Backend: ')) await setTimeout(5);
    kill('SIGINT');
    const { code, stdout, stderr } = await outcome;
    expect(code).toBe(130);
    expect(stderr).toContain('Finishing this batch; press Ctrl-C again to stop at once.\n');
    expect(stdout).toContain('To go on: the same command with --resume.\n');
    expect(stdout).toMatch(/: [0-3] of 4 networks trained/);
    expect(await evolve(train('stopped', '--workers=2', '--resume'), around)).toMatchObject({ code: 0 });
    expect(weightsOf('stopped')).toEqual(weightsOf('model'));
  },
);

test('mined factors are inputs beside the fields, and the model says which file they came from', async () => {
  const library = JSON.stringify([{ name: 'reversal', expression: 'neg(ts_return(CLOSE, 5))' }, 'HIGH / LOW']);
  writeFileSync(at('mined.json'), library);
  const once = ['--history=70', '--retrain=0', '--networks=1', '--epochs=1', '--fields=OPEN,CLOSE / VWAP'];
  const line = onMarket('train', 'alphanet-v1', ...once, '--factors=mined.json', '--out=mined', '--json');
  const { code, stdout } = await evolve(line, around);
  expect(code).toBe(0);
  const { manifest, results } = JSON.parse(stdout);
  expect(results.finished).toBe(true);
  expect(manifest.factors).toEqual([
    { name: 'reversal', expression: '-ts_return(CLOSE, 5)' },
    { name: 'HIGH / LOW', expression: 'HIGH / LOW' },
  ]);
  expect(manifest.factorLibrary).toEqual({ file: 'mined.json', sha256: digest(library) });
  expect(manifest.parts.at(-1)).toMatchObject({ name: 'factors', lags: [0] });
});

test('scores of dates that mined factors were chosen by are said to know the future', async () => {
  const { calendar } = json('market/market.json');
  const { folds } = json('model/model.json');
  const begins = calendar.indexOf(folds[0].name);
  const mined = (valid: number) => ({
    ...{ split: { train: [calendar[0], calendar[30]], valid: [calendar[40], calendar[valid]] } },
    ...{ label: { price: 'CLOSE', lag: 1, horizon: 2 }, factors: ['HIGH / LOW'] },
  });
  writeFileSync(at('early.json'), JSON.stringify(mined(begins - 4)));
  writeFileSync(at('late.json'), JSON.stringify(mined(begins - 3)));
  const once = ['--from', folds[0].name, '--history=70', '--retrain=0', '--networks=1', '--epochs=1'];
  const fields = '--fields=OPEN,CLOSE / VWAP';
  const trainedOn = (name: string): Promise<Outcome> =>
    evolve(onMarket('train', 'alphanet-v1', ...once, fields, `--factors=${name}.json`, '--out', name), around);
  const [early, late] = [await trainedOn('early'), await trainedOn('late')];
  expect([early.code, late.code]).toEqual([0, 0]);
  expect(early.stderr).not.toContain('know the future');
  const warning = `Scores from ${folds[0].name} to ${calendar[begins]} know the future: the factors of late.json were mined on prices up to then.`;
  expect(late.stderr).toContain(warning);
  const predicted = await evolve(onMarket('predict', 'late', '--out=late.csv'), around);
  expect(predicted).toMatchObject({ code: 0, stdout: expect.stringContaining(warning) });
  for (const { stdout } of [late, predicted]) expect(stdout).not.toContain(`--from ${folds[0].name}`);
});

test('scores are to be judged once a return of theirs is over, and not before', async () => {
  const { calendar } = json('market/market.json');
  // A return of ten dates, entered one after.
  const [first, late] = [calendar.at(-12), calendar.at(-11)];
  const once = ['--history=70', '--retrain=0', '--networks=1', '--epochs=1', '--fields=OPEN,CLOSE / VWAP'];
  const [judged, not, trainedLate, first1, late1] = await evolveEach(
    [
      onMarket('predict', 'model', '--from', first, '--out=first.csv'),
      onMarket('predict', 'model', '--from', late, '--out=soon.csv'),
      onMarket('train', 'alphanet-v1', ...once, '--from', late, '--out=too-late'),
      ...[first, late].map((from) =>
        onMarket('evaluate', 'HIGH / LOW', '--from', from, '--shuffles=0', '--against=none'),
      ),
    ],
    around,
  );
  expect(judged).toMatchObject({ code: 0, stdout: expect.stringContaining(`Judge them: evolve evaluate first.csv`) });
  expect(first1?.code).toBe(0);
  const sentence = `No return of 10 dates from ${late} on is over by the market's last date: these scores cannot be judged yet.`;
  for (const { code, stdout } of [not, trainedLate] as Outcome[]) {
    expect(code).toBe(0);
    expect(stdout).toContain(sentence);
    expect(stdout).not.toContain('evolve evaluate');
  }
  expect(late1).toMatchObject({ code: 1, stderr: expect.stringMatching(/^No return entered/) });
});

describe('models of series', () => {
  const bars = at('bars');
  const small = ['--data', bars, '--history=30', '--retrain=0', '--networks=1', '--epochs=2', '--units=4', '--every=2'];
  let outcomes: readonly Pick<Outcome, 'code' | 'stdout' | 'stderr'>[];
  beforeAll(async () => {
    await synthesise(bars, { stocks: 20, days: 130, minutes: 8, seed: 6 });
    const gru = ['train', 'gru-incremental', ...small, '--valid-share=0.3', '--bar-minutes=60', '--out=gru'];
    const rnn = ['train', 'rnn-64', ...small, '--valid-share=0.3', '--dataset=ms', '--factor-units=3', '--out=rnn'];
    outcomes = [
      ...(await Promise.all([evolve(gru, around), evolve(rnn, around)])),
      ...(await evolveEach(
        [
          ['train', 'gru-incremental', '--data', bars, '--out=gru', '--resume'],
          ['train', 'rnn-64', '--data', bars, '--out=rnn', '--resume'],
          ['predict', 'gru', '--data', bars, '--out=none.csv', '--units'],
          ['predict', 'rnn', '--data', bars, '--out=units.csv', '--units'],
          ['explain', 'gru', '--data', bars, '--rows=4', '--background=3', '--pictures=bars-why'],
        ],
        around,
      )),
    ];
  }, 120_000);

  test('a GRU of two stages says so, and when the second began', () => {
    expect(outcomes[0]).toMatchObject({ code: 0, stdout: expect.stringContaining('Epochs are of 2 stages together.') });
    expect(json('gru/model.json')).toMatchObject({ series: { barMinutes: 60 }, rule: { loss: { kind: 'ic' } } });
    const { networks } = json('gru/results.json').folds[0];
    expect(networks[0]).toMatchObject({ epochs: 4, stages: 2 });
    // The second is kept where it is better.
    expect(networks[0].stage).toBe(networks[0].bestEpoch > 2 ? 2 : 1);
    expect(readFileSync(at('gru/losses.svg'), 'utf8')).toContain('next stage');
    expect(readFileSync(at('model/losses.svg'), 'utf8')).not.toContain('next stage');
    const [by] = ['by-time', 'by-date'].map((name) => readFileSync(at(`bars-why/${name}.svg`), 'utf8'));
    for (const text of ['close', '9:30', '14:00']) expect(by).toContain(`>${text}</text>`);
  });

  test('factor units say how alike they are, and are columns of the scores when asked for', () => {
    const { unitLikeness } = json('rnn/results.json').folds[0].networks[0];
    expect(unitLikeness).toBeGreaterThan(0);
    expect(outcomes[1]?.stdout).toMatch(/ alike /);
    expect(outcomes[1]?.stdout).toContain(` ${unitLikeness.toFixed(2)} `);
    expect(json('rnn/model.json')).toMatchObject({ series: { dataset: 'ms' }, rule: { factorUnits: 3, batch: 0 } });
    expect(outcomes[5]?.stdout).toContain('3 columns, n1-u1 to n1-u3: units of the networks');
    expect(readFileSync(at('units.csv'), 'utf8').split('\n')[0]).toBe('date,symbol,rnn-64,n1-u1,n1-u2,n1-u3');
    expect(outcomes[4]).toMatchObject({ code: 1, stderr: expect.stringContaining('Leave --units out.') });
    expect(existsSync(at('none.csv'))).toBe(false);
  });

  test('go on with what they were begun with', () => {
    for (const [begun, resumed] of [
      [outcomes[0], outcomes[2]],
      [outcomes[1], outcomes[3]],
    ]) {
      expect(resumed).toMatchObject({ code: 0, stdout: begun?.stdout });
      expect(resumed?.stderr).toContain('all of them done');
    }
  });
});

describe('a model that is there', () => {
  let outcomes: Awaited<ReturnType<typeof evolveEach>>;
  let before: string[];
  beforeAll(async () => {
    before = weightsOf('model');
    cpSync(at('model'), at('unfinished'), { recursive: true });
    rmSync(at('unfinished/results.json'));
    const { folds } = json('model/model.json');
    const [{ name: from }] = folds;
    const last = folds.at(-1).predict.to;
    outcomes = await evolveEach(
      [
        train('model'),
        onMarket('train', 'alphanet-v1', '--out', 'model', '--resume'),
        onMarket('train', 'alphanet-v1', '--out', 'model', '--resume', '--seed=9'),
        onMarket('predict', 'unfinished', '--out', 'none.csv'),
        onMarket('predict', 'model', '--out', 'scores.csv', '--json'),
        onMarket('predict', 'model', '--out', 'scores.arrow'),
        onMarket(
          'explain',
          'model',
          '--rows=6',
          '--background=5',
          '--report=why.html',
          '--pictures=why',
          '--out=why.csv',
        ),
        onMarket('explain', 'model', '--rows=6', '--background=5', '--json'),
        onMarket('evaluate', 'scores.csv', '--from', from, '--shuffles=0', '--against=none', '--json'),
        onMarket('explain', 'model', '--rows=50', '--background=5', '--from', last, '--to', last),
      ],
      around,
    );
  }, 60_000);

  test('is not trained twice', () => {
    const [again, resumed, other] = outcomes;
    expect(again).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/has a model already\. .*--resume/),
    });
    // Who names a model says all that was said about it.
    expect(resumed).toMatchObject({ code: 0, stdout: trained.stdout });
    expect(resumed?.stderr).toContain('all of them done');
    expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('begun with other settings (seed)') });
    expect(weightsOf('model')).toEqual(before);
  });

  test('predicts the dates after its first training, and evaluate judges its scores', () => {
    const { code, stdout } = outcomes[4] as (typeof outcomes)[number];
    expect(code).toBe(0);
    const { from, known, sameMarket, folds } = JSON.parse(stdout);
    const [first] = json('model/model.json').folds;
    expect({ from, sameMarket, folds: folds.length }).toEqual({ from: first.name, sameMarket: true, folds: 2 });
    const rows = readFileSync(at('scores.csv'), 'utf8').trim().split('\n').slice(1);
    expect(rows[0]?.slice(0, 10)).toBe(from);
    expect(rows.filter((row) => !row.endsWith(','))).toHaveLength(known);
    const judged = outcomes[8] as (typeof outcomes)[number];
    expect(judged.code).toBe(0);
    expect(JSON.parse(judged.stdout).factors).toHaveLength(1);
  });

  test('says the command that judges its scores', () => {
    const [first] = json('model/model.json').folds;
    expect(outcomes[5]?.stdout).toContain(`evolve evaluate scores.arrow --data ${market} --from ${first.name} --to `);
  });

  test('says how far it is when it is not trained to its end', () => {
    expect(outcomes[3]).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/it has 0 of 4 networks\. .*--resume; .* another --out\.\n$/),
    });
    expect(existsSync(at('none.csv'))).toBe(false);
  });

  test('says so when there are fewer rows than were to be explained', () => {
    expect(outcomes[9]).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/\n50 rows were to be explained, and there were \d+ on the dates drawn\.\n/),
    });
  });

  test('is explained: what features add up to is the prediction', () => {
    const [told, asJson] = [outcomes[6], outcomes[7]] as [Outcome, Outcome];
    expect(told.code).toBe(0);
    expect(told.stdout).toMatch(/^alphanet-v1: 6 rows of 1 date /);
    expect(told.stdout).toMatch(/SHAP values miss the predictions by 0\.\d+% on average/);
    const { features, additivity } = JSON.parse(asJson.stdout);
    expect(additivity.worst).toBeLessThan(0.01);
    const strongest = features[0] as { feature: string; mean: number };
    expect(told.stdout.split('\n')[4]).toContain(strongest.feature);
    expect(strongest.mean).toBeGreaterThan(0);
    const names = features.map(({ name }: { name: string }) => name);
    expect(new Set(names).size).toBe(names.length);

    const [headings, ...lines] = readFileSync(at('why.csv'), 'utf8').trim().split('\n');
    for (const name of names) expect(headings).toContain(name);
    expect(lines).toHaveLength(6);
    for (const line of lines) {
      const [prediction, ...added] = line.split(',').slice(2).map(Number) as [number, ...number[]];
      expect(added.reduce((sum, value) => sum + value, 0)).toBeCloseTo(prediction, 3);
    }
    for (const file of ['why.html', 'why/importance.svg', 'why/beeswarm.svg'])
      expect(existsSync(at(file)), file).toBe(true);
  });
});
