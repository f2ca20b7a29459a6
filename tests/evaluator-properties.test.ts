/** What must hold for every program on every backend there is: never the future, units, shuffled symbols. */
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Matrix } from '../core/arena.ts';
import { stream } from '../core/random.ts';
import { Evaluator } from '../evaluation/evaluator.ts';
import { operatorNames, operatorOf, operatorsOf } from '../operators/table.ts';
import { canonical } from '../program/canonical.ts';
import type { Expression } from '../program/expression.ts';
import { parse } from '../program/parse.ts';
import { randomProgram, standardWindows } from '../program/random-program.ts';
import { type Change, type TestMarket, troubledMarket } from './markets.ts';

const size = { rows: 90, columns: 37, bars: 16, seed: 5 };
const today = 60;
// Powers of four are exact in float32, so ties and comparisons cannot tip over.
const currency = 256;
const order = Array.from({ length: size.columns }, (_, i) => (i * 10 + 3) % size.columns);

const opened: { market: TestMarket; evaluator: Evaluator }[] = [];
let plain: Evaluator;
let otherFuture: Evaluator;
let otherCurrency: Evaluator;
let otherOrder: Evaluator;

async function open(change: Change): Promise<Evaluator> {
  const market = await troubledMarket(size, change);
  const evaluator = await Evaluator.open(market.folder, { workers: 1 });
  opened.push({ market, evaluator });
  return evaluator;
}

beforeAll(async () => {
  plain = await open({});
  otherFuture = await open({ after: today });
  otherCurrency = await open({ currency });
  otherOrder = await open({ order });
});
afterAll(async () => {
  for (const { market, evaluator } of opened) {
    await evaluator.close();
    await rm(dirname(market.folder), { recursive: true });
  }
});

async function values(evaluator: Evaluator, programs: readonly Expression[]): Promise<Float32Array[]> {
  const matrices = await evaluator.values(programs);
  return matrices.map((matrix) => {
    const out = new Float32Array(matrix.rows * matrix.columns);
    for (let t = 0; t < matrix.rows; t++) out.set(evaluator.arena.row(matrix as Matrix, t), t * matrix.columns);
    evaluator.arena.release(matrix.address);
    return out;
  });
}

/** Every operator's own example, as far as this market has its fields and bars. */
function examples(): Expression[] {
  return operatorNames.map((name) => {
    const text = operatorOf(name).example.replace('235)', '15)').replace('240)', '16)').replace('9:31', '9:45');
    return parse(text, plain.vocabulary);
  });
}

function random(count: number, operators: Record<string, number> = {}): Expression[] {
  const options = {
    vocabulary: plain.vocabulary,
    windows: standardWindows,
    minuteWindows: [5, 16],
    minuteGrid: { starts: Array.from({ length: size.bars }, (_, m) => 570 + 15 * m), barMinutes: 15 },
    maxSize: 12,
    maxDepth: 6,
    operators,
  };
  return Array.from({ length: count }, (_, slot) => canonical(randomProgram(stream(21, count, slot), options)));
}

test('no operator and none of 2,000 random programs reads the future', async () => {
  const programs = [...examples(), ...random(2000)];
  const [before, after] = [await values(plain, programs), await values(otherFuture, programs)];
  const cells = (today + 1) * size.columns;
  let changed = 0;
  for (const [i, program] of programs.entries()) {
    const [a, b] = [before[i] as Float32Array, after[i] as Float32Array];
    const first = a.findIndex((value, at) => !Object.is(value, b[at]));
    expect(first === -1 || first >= cells, `${program.key} at cell ${first}`).toBe(true);
    if (first >= cells) changed++;
  }
  // The other future is another one: a test that could not fail would say nothing.
  expect(changed).toBeGreaterThan(programs.length / 2);
});

test('the value of a plain ratio does not depend on the currency', async () => {
  // Slopes of returns on prices are so small that what is divided by them can pass the largest quotient in one
  // currency alone.
  const programs = random(500, { learn_beta: 0 });
  const [yuan, other] = [await values(plain, programs), await values(otherCurrency, programs)];
  for (const [i, program] of programs.entries()) {
    expect(farthest(yuan[i] as Float32Array, other[i] as Float32Array), program.key).toBeLessThan(1e-6);
  }
});

test('values follow the symbols when these are shuffled', async () => {
  // Where a sum over symbols is rounded differently, an operator that jumps may land elsewhere: those are left out
  // here, and follow exactly where no cross-section stands below them.
  const jumps = [
    'sign',
    'gt',
    'lt',
    'idx_max',
    'idx_min',
    'ts_rank',
    'cs_rank',
    'group_rank',
    'learn_ic',
    'learn_beta',
  ];
  const smooth = random(400, Object.fromEntries(jumps.map((name) => [name, 0])));
  const sums = [
    ...operatorsOf('cross-section')
      .map(([name]) => name)
      .filter((name) => !name.endsWith('rank')),
    'learn_ic',
    'learn_beta',
  ];
  const exact = random(401, Object.fromEntries(sums.map((name) => [name, 0])));
  for (const [programs, tolerance] of [
    [smooth, 1e-3],
    [exact, 0],
  ] as const) {
    const [straight, shuffled] = [await values(plain, programs), await values(otherOrder, programs)];
    for (const [i, program] of programs.entries()) {
      const expected = (straight[i] as Float32Array).map((_, at, all) => {
        return all[at - (at % size.columns) + (order[at % size.columns] as number)] as number;
      });
      expect(farthest(expected, shuffled[i] as Float32Array), program.key).toBeLessThanOrEqual(tolerance);
    }
  }
});

/** The largest difference, in parts of the largest size; infinite where one is missing and the other is not. */
function farthest(a: Float32Array, b: Float32Array): number {
  let [most, scale] = [0, 0];
  a.forEach((value, at) => {
    const other = b[at] as number;
    if (Number.isNaN(value) && Number.isNaN(other)) return;
    const apart = Math.abs(value - other);
    most = Math.max(most, Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart);
    scale = Math.max(scale, Math.abs(value));
  });
  return most === 0 ? 0 : most / scale;
}
