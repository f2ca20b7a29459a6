/** Extraction in the graph gives what the operators mean, has gradients, and nests. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Matrix } from '../core/arena.ts';
import { stream } from '../core/random.ts';
import { Evaluator } from '../evaluation/evaluator.ts';
import { type ExtractionName, extractions, operandsOf } from '../models/alphanet/channels.ts';
import { extractInGraph, type Windows } from '../models/alphanet/extract-in-graph.ts';
import { isKnown } from '../models/alphanet/mark.ts';
import type { AlphaNet } from '../models/alphanet/versions.ts';
import { chooseBackend } from '../models/graph/backend.ts';
import type { InputPart } from '../models/inputs.ts';
import { modelNamed } from '../models/models.ts';
import type { Series } from '../operators/define.ts';
import { type OperatorName, operatorOf } from '../operators/table.ts';
import { parse } from '../program/parse.ts';
import { troubledMarket } from './markets.ts';

const names = Object.keys(extractions) as ExtractionName[];
const [rows, dates, fields] = [5, 30, 4];
const none = Number.NaN;

/** Prices, volumes, small ratios and a row with holes, constant windows, zeros. */
function picture(seed: number): Float32Array {
  const random = stream(seed, 0, 0);
  const x = new Float32Array(rows * dates * fields);
  for (let row = 0; row < rows; row++) {
    let price = 5 + 20 * random.next();
    for (let date = 0; date < dates; date++) {
      price *= 1 + 0.02 * random.normal();
      x.set(
        [price, 1e6 * Math.exp(random.normal()), 0.02 * random.normal(), price * 1.01],
        (row * dates + date) * fields,
      );
    }
  }
  const at = (row: number, date: number, field: number) => (row * dates + date) * fields + field;
  x[at(1, 4, 0)] = none;
  x[at(1, 29, 1)] = none;
  for (let date = 10; date < 20; date++) x[at(2, date, 2)] = 0.1;
  for (let date = 0; date < dates; date++) x[at(3, date, 3)] = 7.3;
  x[at(4, 20, 2)] = 0;
  return x;
}

/** By the operators' own definitions: the formula's operator and its last argument, on a window at a time. */
function expected(operator: ExtractionName, x: Float32Array, { window, stride }: Windows): number[] {
  const formula = extractions[operator].expression('x', window);
  const [, name, argument] = formula.match(/^(\w+)\(x,(\d+)\)$/) as string[];
  const row = operatorOf(name as OperatorName) as unknown as { reference: (x: Series, y: Series) => number };
  const spaced = Number(argument) < window;
  const steps = Math.floor((dates - window) / stride) + 1;
  const out: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (let step = 0; step < steps; step++) {
      const last = dates - 1 - (steps - 1 - step) * stride;
      for (const places of operandsOf(operator, fields)) {
        const windows = places.map((field) => {
          const all = Float64Array.from(
            { length: window },
            (_, i) => x[(r * dates + last - window + 1 + i) * fields + field] as number,
          );
          return spaced ? Float64Array.of(all[0] as number, all.at(-1) as number) : all;
        });
        const known = windows.every((values) => values.every((value) => !Number.isNaN(value)));
        out.push(known ? row.reference(windows[0] as Series, (windows[1] ?? windows[0]) as Series) : none);
      }
    }
  }
  return out;
}

function expectNear(actual: ArrayLike<number>, wanted: readonly number[]): void {
  expect(actual.length).toBe(wanted.length);
  for (const [i, value] of wanted.entries()) {
    const got = actual[i] as number;
    if (Number.isNaN(value)) expect(got).toBeNaN();
    else expect(Math.abs(got - value)).toBeLessThanOrEqual(1e-4 * Math.max(1e-3, Math.abs(value)));
  }
}

describe.each(['cpu', 'wasm'] as const)('extraction in the graph on %s', (backend) => {
  beforeAll(async () => {
    await chooseBackend(backend);
  });

  test.each(names)('%s is what the operator means, window by window', (operator) => {
    for (const windows of [
      { window: 10, stride: 10 },
      { window: 5, stride: 5 },
      { window: 10, stride: 7 },
      { window: 3, stride: 1 },
    ]) {
      const x = picture(1);
      const wanted = expected(operator, x, windows);
      expect(wanted.some((value) => !Number.isNaN(value))).toBe(true);
      const actual = tf.tidy(() =>
        extractInGraph(tf.tensor3d(x, [rows, dates, fields]), windows, [operator]).dataSync(),
      );
      expectNear(actual, wanted);
    }
  });

  test.each(names)('the gradient of %s is that of small differences, and nothing for what is missing', (operator) => {
    const windows = { window: 5, stride: 5 };
    const random = stream(7, 0, 0);
    const shape: [number, number, number] = [1, 10, 3];
    const x = Float32Array.from({ length: 30 }, () => 1 + random.next());
    x[4] = none;
    const weigh = tf.randomNormal([1, 2, operandsOf(operator, 3).length], 0, 1, 'float32', 3);
    const sum = (of: tf.Tensor) =>
      tf.tidy(() => {
        const y = extractInGraph(of as tf.Tensor3D, windows, [operator]);
        return tf.sum(tf.mul(tf.where(isKnown(y), y, tf.zeros(y.shape)), weigh)) as tf.Scalar;
      });
    const gradient = tf.grad(sum)(tf.tensor3d(x, shape)).dataSync();
    expect(gradient.some((of) => Math.abs(of) > 0.01)).toBe(true);
    const value = (changed: Float32Array) => sum(tf.tensor3d(changed, shape)).dataSync()[0] as number;
    for (const [i, at] of x.entries()) {
      if (Number.isNaN(at)) {
        expect(gradient[i]).toBe(0);
        continue;
      }
      const step = 2 ** -8;
      const [up, down] = [1, -1].map((sign) => value(x.map((v, j) => (j === i ? v + sign * step : v)))) as [
        number,
        number,
      ];
      expect(gradient[i]).toBeCloseTo((up - down) / (2 * step), 2);
    }
    tf.dispose(weigh);
  });

  test('what is extracted is a picture again: ts_corr of ts_corr', () => {
    const [inner, outer] = [
      { window: 5, stride: 1 },
      { window: 10, stride: 8 },
    ] as const;
    const random = stream(11, 0, 0);
    const x = Float32Array.from({ length: 2 * 30 * 3 }, () => random.normal());
    const nested = (of: tf.Tensor3D) => extractInGraph(extractInGraph(of, inner, ['ts_corr']), outer, ['ts_corr']);
    const [y, known, gradient] = tf.tidy(() => {
      const picture = tf.tensor3d(x, [2, 30, 3]);
      const gradients = tf.grad((of) => tf.sum(nested(of as tf.Tensor3D)))(picture);
      return [nested(picture), extractInGraph(picture, inner, ['ts_corr']), gradients] as const;
    });
    // Three fields make three correlations, and these three correlations of correlations, over 26 dates: 3 windows.
    expect(y.shape).toEqual([2, 3, 3]);
    const { reference: correlation } = operatorOf('ts_corr') as unknown as {
      reference: (x: Series, y: Series) => number;
    };
    const cells = known.dataSync();
    const column = (pair: number) => Float64Array.from({ length: 10 }, (_, i) => cells[(16 + i) * 3 + pair] as number);
    expect(y.dataSync()[6]).toBeCloseTo(correlation(column(0), column(1)), 4);
    expect(gradient.dataSync().some((value) => Math.abs(value) > 1e-3)).toBe(true);
    expect(gradient.dataSync().every(Number.isFinite)).toBe(true);
    tf.dispose([y, known, gradient]);
  });
});

test('the channels that are kept are those of the graph', async () => {
  await chooseBackend('wasm');
  const [rows, columns] = [60, 6];
  const { folder } = await troubledMarket({ rows, columns, bars: 2, seed: 3 });
  const own = ['CLOSE', 'OPEN', 'VOLUME', 'TURN'];
  const evaluator = await Evaluator.open(folder, { workers: 1, fields: own });
  try {
    const { manifest } = evaluator.market;
    const { windows, operators } = modelNamed('alphanet-v3') as AlphaNet;
    const parts = modelNamed('alphanet-v3').parts({ manifest, fields: own, factors: [] });
    const programs = (texts: readonly string[]) => texts.map((text) => parse(text, evaluator.vocabulary));
    const raw = await evaluator.values(programs(own));
    const cell = (matrix: Matrix, date: number, symbol: number) => evaluator.arena.row(matrix, date)[symbol] as number;
    const dates = [29, 44, 59];
    const samples = dates.flatMap((date) => Array.from({ length: columns }, (_, symbol) => ({ date, symbol })));
    const pictures = samples.flatMap(({ date, symbol }) =>
      Array.from({ length: 30 }, (_, i) => raw.map((field) => cell(field, date - 29 + i, symbol))).flat(),
    );
    for (const [i, window] of windows.entries()) {
      const { channels, lags } = parts[i] as InputPart;
      const kept = await evaluator.values(programs(channels.map(({ expression }) => expression)));
      const wanted = samples.flatMap(({ date, symbol }) =>
        lags.flatMap((lag) => kept.map((channel) => cell(channel, date - lag, symbol))),
      );
      const found = wanted.filter((value) => !Number.isNaN(value)).length;
      expect(found).toBeGreaterThan(wanted.length / 2);
      expect(found).toBeLessThan(wanted.length);
      const picture = tf.tensor3d(pictures, [samples.length, 30, own.length]);
      expectNear(extractInGraph(picture, { window, stride: window }, operators).dataSync(), wanted);
    }
  } finally {
    await evaluator.close();
  }
});
