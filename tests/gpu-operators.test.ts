/** Every operator's gpu.js kernels against its reference: on this processor always, on a graphics device where one answers. */
import { describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import type { Rolling } from '../operators/define.ts';
import { Device, type DeviceValue } from '../operators/gpu/device.ts';
import { spread } from '../operators/gpu/elementwise.ts';
import { type GpuRow, gpuKernels } from '../operators/gpu/kernels.ts';
import { rowNumbers, type Stage, typeOf } from '../operators/gpu/stage.ts';
import { reductions } from '../operators/reference/interval.ts';
import { operatorNames, operatorOf, operatorsOf } from '../operators/table.ts';
import { absentDevice } from './absent-device.ts';
import { column, type Panel, panel, panelOf, panels, row as rowOf } from './arbitraries/panel.ts';

type Answers = Map<string, { readonly row: GpuRow; readonly expected: Float64Array; readonly columns: number }>;
const giant = 'near the largest float';

/** Infinite, or too large to tell from the mark of a missing value: missing. A device may have no denormals: zero. */
const seen = (value: number): number =>
  Math.abs(value) < 3e38 ? (Math.abs(value) < 2 ** -126 ? 0 : value) : Number.NaN;
const asSeen = (p: Panel): Panel => ({ ...p, cells: p.cells.map(seen) });
const stored = (value: number): number => (Math.abs(value) < 3e38 ? value : Number.NaN);

/** The first cell that is too far off, in words. */
function wrong(
  actual: Float32Array,
  { row, expected, columns }: { row: GpuRow; expected: Float64Array; columns: number },
  inputs: Panel,
  mayGiveUp: boolean,
): string | undefined {
  const place = (at: number): number => ({ cell: at, symbol: at % columns, date: Math.floor(at / columns) })[row.of];
  const scale = new Map<number, number>();
  for (const [at, value] of expected.entries()) {
    if (!Number.isNaN(value)) scale.set(place(at), Math.max(scale.get(place(at)) ?? 0, Math.abs(value)));
  }
  // What rounding leaves in double precision where the exact answer is 0.
  const noise = (at: number): number => {
    if (row.of !== 'date') return 0;
    const date = rowOf(inputs, Math.floor(at / columns));
    return 1e-12 * date.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0);
  };
  if (actual.length !== expected.length) return `${actual.length} cells, not ${expected.length}`;
  for (const [at, e] of expected.entries()) {
    const a = actual[at] as number;
    if (Number.isNaN(a) && (Number.isNaN(e) || mayGiveUp || Math.abs(e) > 2.99e38)) continue;
    const allowed = row.tolerance * Math.max(row.least ?? 0, scale.get(place(at)) ?? 0) + 2.4e-38;
    if (Math.abs(a - e) <= allowed || Math.abs(a - e) <= allowed + noise(at)) continue;
    return `row ${Math.floor(at / columns)} column ${at % columns}: ${a} where the reference has ${e}`;
  }
  return undefined;
}

/** One plan for all that is asked of a panel, and whatever of it is not as expected. */
async function differences(
  device: Device,
  inputs: readonly Panel[],
  ask: (series: Record<string, DeviceValue>, answers: Answers) => Record<string, DeviceValue>,
  mayGiveUp = false,
): Promise<string[]> {
  const answers: Answers = new Map();
  const plan = device.plan(inputs, (...values) =>
    ask(Object.fromEntries(values.map((value, i) => ['xyz'[i] as string, value])), answers),
  );
  const given = await plan.run();
  expect(plan.executor).toMatch(/^fused-/);
  await plan.release();
  expect(Object.keys(given)).toEqual([...answers.keys()]);
  return [...answers].flatMap(([name, answer]) => {
    const what = wrong(given[name] as Float32Array, answer, inputs[0] as Panel, mayGiveUp);
    return what ? [`${name}, ${what}`] : [];
  });
}

const rowOfOperator = (name: string): GpuRow => gpuKernels[name as keyof typeof gpuKernels];

function ofWindows(
  row: Rolling,
  x: Panel,
  y: Panel,
  count: number,
  from: (t: number) => number,
  size: number,
): Float64Array {
  const out = new Float64Array(count * x.columns).fill(Number.NaN);
  for (let i = 0; i < x.columns; i++) {
    const [cx, cy] = [column(x, i), column(y, i)];
    for (let t = 0; t < count; t++) {
      if (from(t) < 0) continue;
      const [wx, wy] = [cx.slice(from(t), from(t) + size), cy.slice(from(t), from(t) + size)];
      const gap = row.reads === 'every' && [...wx, ...(row.arity === 2 ? wy : [])].some(Number.isNaN);
      if (!gap) out[t * x.columns + i] = stored(row.reference(wx, wy, 0.3));
    }
  }
  return out;
}

const random = stream(5, 1, 0);
const bits = new DataView(new ArrayBuffer(4));
function anyFloat(): number {
  bits.setUint32(0, Math.floor(random.next() * 2 ** 32));
  return bits.getFloat32(0);
}
const specials = [
  ...[0, -0, 1, -1, 2, -2, 0.5, -0.5, 3, 1e-45, 1e-40, -1e-40, 1.2e-38, 1e-20, 1e19, 1e20, -1e25, 3.4e38, -3.4e38],
  ...[1.9e19, 0.6, -0.6, 16, -16, 87.3, 88.72, 88.73, -87.3, -103.9, 1 + 2 ** -23, 1 - 2 ** -24, Math.SQRT1_2],
  ...[Number.NaN, Infinity, -Infinity, 0.7, 1.4, 0.49999, 0.50001, 1.01],
];
const cells: Record<string, (salt: number) => Panel> = {
  specials: (salt) =>
    panel(40, 40, (t, i) => [specials[t], specials[i], specials[(t + i) % specials.length]][salt] ?? 0.25),
  'any bits': () => panel(30, 41, anyFloat),
  ordinary: (salt) => panel(30, 41, () => ([0.02, 20, 1][salt] as number) * random.normal()),
  'ratios near 1': () => panel(20, 33, () => Math.exp(0.02 * random.normal())),
  'one cell': () => panel(1, 1, () => random.normal()),
};
const exponents = [0, 1, 2, 3, 0.5, -1, -2, 4, -3, 1.5, -0.5, 0.3333, 7.7, 40];
const wide: Record<string, () => Panel> = {
  lognormal: () => panel(5, 613, () => Math.exp(14 + 1.5 * random.normal())),
  'few values': () => panel(4, 300, () => random.below(5) - 2),
  'one giant': () => panel(4, 257, (_t, i) => (i === 100 ? 1e34 : random.normal())),
  'mostly missing': () => panel(4, 300, () => (random.next() < 0.8 ? Number.NaN : random.normal())),
  'equal rows': () => panel(4, 120, (t) => (random.next() < 0.2 ? Number.NaN : 7.3 + t * 1e4)),
};
const names = Object.keys(panels);
/** Symbols do not know of each other in windows, so panels side by side are one plan; what is short ends missing. */
const beside = (these: readonly string[], salt: number, rows: number): Panel => {
  const each = these.flatMap((name) => {
    const one = panelOf(name, salt);
    return Array.from(
      { length: one.columns },
      (_, i) => (t: number) => (t < one.rows ? one.cells[t * one.columns + i] : Number.NaN),
    );
  });
  return panel(rows, each.length, (t, i) => (each[i] as (t: number) => number)(t));
};
/** Nor do dates, so panels are stacked, their first dates each. */
const stacked = (these: readonly string[], salt: number, columns: number): Panel => {
  const each = these.flatMap((name) => {
    const one = wide[name]?.() ?? panelOf(name, salt);
    return Array.from({ length: Math.min(one.rows, 12) }, (_, t) => rowOf(one, t));
  });
  return panel(each.length, columns, (t, i) => each[t]?.[i] ?? Number.NaN);
};
const ordinary = names.filter((name) => name !== giant);
const ofWindowTests: Record<string, { these: readonly string[]; rows: number; windows: readonly number[] }> = {
  'short windows': { these: ordinary, rows: 60, windows: [1, 3, 20] },
  'a window longer than the history': { these: ['ordinary prices', 'holes'], rows: 80, windows: [2, 4, 60, 81] },
  'long windows': { these: ['a long drift', 'a session of bars'], rows: 300, windows: [270] },
  [giant]: { these: [giant], rows: 60, windows: [1, 3, 20] },
};
const ofDateTests: Record<string, { these: readonly string[]; columns: number }> = {
  'few symbols': { these: ordinary, columns: 40 },
  'many symbols': { these: Object.keys(wide), columns: 613 },
  [giant]: { these: [giant], columns: 11 },
  'one symbol': { these: ['one symbol'], columns: 1 },
};
const codes = ({ rows, columns }: Panel): Panel =>
  panel(rows, columns, (t, i) => [Number.NaN, 65535, 0][(i + t) % 29] ?? (i * 7 + (t > 20 ? 1 : 0)) % 11);

test('every operator has kernels', () => {
  expect(Object.keys(gpuKernels).sort()).toEqual(operatorNames.filter((name) => name !== 'interval').sort());
  for (const { operator } of Object.values(reductions)) expect(gpuKernels[operator].bars).toBeDefined();
});

test('no kernel reads more matrices than every WebGPU device can bind beside the answer', () => {
  const stages = Object.values(gpuKernels).flatMap((row) => [...row.stages, ...(row.bars ?? [])]);
  const reads = stages.map(({ name, takes }) => [name, takes.filter((taken) => typeOf(taken) === 'Input').length]);
  expect(reads.filter(([, count]) => (count as number) > 7)).toEqual([]);
});

for (const mode of ['webasm', 'webgpu'] as const) {
  const reason = await absentDevice(mode);
  if (reason !== undefined) {
    test(mode, ({ skip }) => skip(reason));
    continue;
  }
  const device = await Device.open(mode);
  describe(mode, () => {
    test.each(Object.keys(cells))('cells, %s', async (kind) => {
      const inputs = [0, 1, 2].map((salt) => (cells[kind] as (salt: number) => Panel)(salt));
      const [x, y, z] = inputs.map(asSeen) as [Panel, Panel, Panel];
      const wrongs = await differences(device, inputs, (series, answers) => {
        const all: Record<string, DeviceValue> = {};
        for (const [name, row] of operatorsOf('elementwise')) {
          for (const k of row.parameters.length > 0 ? exponents : [Number.NaN]) {
            const key = `${name} ${k}`;
            const expected = Float64Array.from(x.cells, (a, at) =>
              stored(row.reference(a, row.parameters.length > 0 ? k : (y.cells[at] as number), z.cells[at] as number)),
            );
            answers.set(key, { row: rowOfOperator(name), expected, columns: x.columns });
            all[key] = device.run(rowOfOperator(name).stages, { series, numbers: { k } }, x.rows, x.columns);
          }
        }
        return all;
      });
      expect(wrongs).toEqual([]);
    });

    test.each(Object.entries(ofWindowTests))('windows, %s', async (kind, { these, rows, windows }) => {
      const inputs = [beside(these, 0, rows), beside(these, 1, rows)];
      const [x, y] = inputs.map(asSeen) as [Panel, Panel];
      const wrongs = await differences(
        device,
        inputs,
        (series, answers) => {
          const all: Record<string, DeviceValue> = {};
          for (const [name, row] of operatorsOf('rolling')) {
            for (const s of windows.filter((s) => s >= row.least)) {
              const size = row.span(s);
              const expected = ofWindows(row, x, y, x.rows, (t) => t - size + 1, size);
              answers.set(`${name} ${s}`, { row: rowOfOperator(name), expected, columns: x.columns });
              all[`${name} ${s}`] = device.run(
                rowOfOperator(name).stages,
                { series, numbers: { s, q: 0.3 } },
                x.rows,
                x.columns,
              );
            }
          }
          return all;
        },
        kind === giant,
      );
      expect(wrongs).toEqual([]);
    });

    test.each(Object.entries(ofDateTests))('dates, %s', async (kind, { these, columns }) => {
      const x = stacked(these, 0, columns);
      const groups = codes(x);
      const inputs = [x, stacked(these, 1, columns), groups];
      const [seenX, seenY] = inputs.map(asSeen) as [Panel, Panel];
      const wrongs = await differences(
        device,
        inputs,
        ({ x: first, y: second, z: grouping }, answers) => {
          const all: Record<string, DeviceValue> = {};
          for (const [name, row] of operatorsOf('cross-section')) {
            const other = row.grouped ? groups : seenY;
            const series = { x: first, y: row.grouped ? grouping : second } as Record<string, DeviceValue>;
            for (const k of row.parameters.length > 0 ? [3, 0.7] : [0]) {
              const expected = new Float64Array(x.rows * x.columns);
              for (let t = 0; t < x.rows; t++) {
                const out = expected.subarray(t * x.columns, (t + 1) * x.columns);
                row.reference(rowOf(seenX, t), rowOf(other, t), k, out);
              }
              answers.set(`${name} ${k}`, {
                row: rowOfOperator(name),
                expected: expected.map(stored),
                columns: x.columns,
              });
              const numbers = { ...rowNumbers(x.columns), k };
              all[`${name} ${k}`] = device.run(rowOfOperator(name).stages, { series, numbers }, x.rows, x.columns);
            }
          }
          return all;
        },
        kind === giant,
      );
      expect(wrongs).toEqual([]);
    });

    test.each(['a session of bars', 'holes', 'prices with a 1e4 offset'])('bars, %s', async (kind) => {
      const bars = panelOf(kind).rows % 24 === 0 ? 24 : 30;
      const inputs = [panelOf(kind), panelOf(kind, 1)];
      const [x, y] = inputs.map(asSeen) as [Panel, Panel];
      const days = x.rows / bars;
      const wrongs = await differences(device, inputs, (series, answers) => {
        const all: Record<string, DeviceValue> = {};
        for (const [name, row] of operatorsOf('rolling')) {
          for (const [s, start] of [
            [bars, 0],
            [7, bars - 7],
            [5, 3],
            [bars + 1, -1],
          ] as const) {
            const key = `${name} ${s} from ${start}`;
            const from = (t: number): number => (start < 0 ? start : t * bars + start);
            const stages = rowOfOperator(name).bars as readonly Stage[];
            const expected = ofWindows(row, x, y, days, from, s);
            answers.set(key, { row: rowOfOperator(name), expected, columns: x.columns });
            all[key] = device.run(stages, { series, numbers: { s, start, bars, q: 0.3 } }, days, x.columns);
          }
        }
        const repeated = Float64Array.from(x.cells, (_, at) => {
          return x.cells[Math.floor(at / x.columns / bars) * x.columns + (at % x.columns)] as number;
        });
        answers.set('daily', { row: gpuKernels.abs, expected: repeated, columns: x.columns });
        all.daily = device.run([spread.m], { series, numbers: { bars } }, x.rows, x.columns);
        for (const [name, row] of operatorsOf('bar')) {
          for (const s of [1, 5]) {
            const expected = Float64Array.from(x.cells, (_, at) => {
              if (Math.floor(at / x.columns) % bars < s) return Number.NaN;
              const past = Array.from({ length: s + 1 }, (_, j) => x.cells[at - (s - j) * x.columns] as number);
              return stored(row.reference(Float64Array.from(past)));
            });
            answers.set(`${name} ${s}`, { row: rowOfOperator(name), expected, columns: x.columns });
            const numbers = { s, bars };
            all[`${name} ${s}`] = device.run(rowOfOperator(name).stages, { series, numbers }, x.rows, x.columns);
          }
        }
        return all;
      });
      expect(wrongs).toEqual([]);
    });

    test.each(['ordinary prices', 'holes', 'volumes near 1e9', 'two symbols', 'all missing'])(
      'learned, %s',
      async (kind) => {
        const [x, label] = [panelOf(kind), panelOf(kind, 1)];
        const wrongs = await differences(device, [x, label], (series, answers) => {
          const all: Record<string, DeviceValue> = {};
          for (const [name, row] of operatorsOf('learn')) {
            const statistics = Float64Array.from({ length: x.rows }, (_, t) => {
              const [factor, known] = [rowOf(x, t), rowOf(label, t)];
              const both = [...factor.keys()].filter((i) => !Number.isNaN(factor[i]) && !Number.isNaN(known[i]));
              const of = (values: Float64Array) => Float64Array.from(both, (i) => values[i] as number);
              return both.length < 3 ? Number.NaN : row.reference(of(factor), of(known));
            });
            for (const [s, delay] of [
              [1, 0],
              [10, 2],
            ] as const) {
              const expected = statistics.map((_, t) => {
                const window = statistics.slice(Math.max(0, t - delay - s + 1), Math.max(0, t - delay + 1));
                return window.length < s ? Number.NaN : window.reduce((total, value) => total + value, 0) / s;
              });
              answers.set(`${name} ${s}`, { row: rowOfOperator(name), expected, columns: 1 });
              const numbers = { ...rowNumbers(x.columns), s, delay };
              all[`${name} ${s}`] = device.run(rowOfOperator(name).stages, { series, numbers }, x.rows, x.columns);
            }
          }
          return all;
        });
        expect(wrongs).toEqual([]);
      },
    );

    test('four operators, a vector and a constant are one plan', async () => {
      const [close, volume] = [panelOf('ordinary prices'), panelOf('ordinary prices', 1)];
      const market = panel(close.rows, 1, (t) => 1 + t);
      const { rows, columns } = close;
      // cs_rank(where(lt(ts_corr(close, volume, 5), 0.5), close * market, volume))
      const plan = device.plan([close, volume, market], (x, y, v) => {
        const run = (name: string, series: Record<string, unknown>, numbers: Record<string, number> = {}) =>
          device.run(
            rowOfOperator(name).stages,
            { series: series as Record<string, DeviceValue>, numbers: { ...rowNumbers(close.columns), ...numbers } },
            rows,
            columns,
          );
        const half = device.run([spread.s], { series: {}, numbers: { k: 0.5 } }, rows, columns);
        const trend = device.run([spread.v], { series: { x: v as DeviceValue }, numbers: {} }, rows, columns);
        const low = run('lt', { x: run('ts_corr', { x, y }, { s: 5 }), y: half });
        return { rank: run('cs_rank', { x: run('where', { x: low, y: run('multiply', { x, y: trend }), z: y }) }) };
      });
      const { rank } = await plan.run();
      expect(plan.executor).toMatch(/^fused-/);
      await plan.release();

      const [corr, ranks] = [operatorOf('ts_corr') as Rolling, operatorOf('cs_rank')];
      if (ranks.shape !== 'cross-section') throw new Error('cs_rank is of another shape');
      const low = ofWindows(corr, close, volume, rows, (t) => t - 4, 5);
      const mixed = Float64Array.from(low, (r, at) => {
        const product = Math.fround((close.cells[at] as number) * (1 + Math.floor(at / columns)));
        return Number.isNaN(r) ? r : r < 0.5 ? product : (volume.cells[at] as number);
      });
      const expected = new Float64Array(rows * columns);
      for (let t = 0; t < rows; t++) {
        const [from, to] = [t * columns, (t + 1) * columns];
        ranks.reference(mixed.subarray(from, to), mixed, 0, expected.subarray(from, to));
      }
      expect(wrong(rank, { row: gpuKernels.cs_rank, expected, columns }, close, false)).toBeUndefined();
      expect(expected.filter((value) => !Number.isNaN(value)).length).toBeGreaterThan(1000);
    });
  });
}
