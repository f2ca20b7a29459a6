/** Elementwise, cross-section and correlation kernels against their references, on ordinary and awkward rows. */
import { describe, expect, test } from 'vitest';
import { Arena, type Matrix } from '../core/arena.ts';
import { stream } from '../core/random.ts';
import type { CrossSection, Elementwise } from '../operators/define.ts';
import * as cross from '../operators/reference/cross-section.ts';
import * as rolling from '../operators/reference/rolling.ts';
import { operatorsOf } from '../operators/table.ts';
import { keeps } from '../operators/unit-rules.ts';
import { crossScratch, loadKernels } from '../operators/wasm/kernels.ts';
import { type Panel, panel, panelOf, panels, row as rowOf } from './arbitraries/panel.ts';

const arena = new Arena(256 * 1024 ** 2);
const kernels = loadKernels(arena.memory);
const stored = (value: number): number => (Number.isFinite(Math.fround(value)) ? Math.fround(value) : Number.NaN);
const same = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));

/** Padding is poisoned: a kernel that is told how many symbols there are must not count it. */
function load(p: Panel): Matrix {
  const matrix = arena.matrix(p.rows, p.columns);
  for (let t = 0; t < p.rows; t++) {
    const start = matrix.address + t * matrix.stride;
    arena.floats(start, matrix.stride / 4).fill(5.5);
    arena.floats(start, p.columns).set(p.cells.subarray(t * p.columns, (t + 1) * p.columns));
  }
  return matrix;
}

/** The kernel's answer, into a matrix of its own or, when told, over its first input. */
function compute(name: string, inputs: readonly Panel[], extra: number, scratched: boolean, inPlace = false): Panel {
  const { rows, columns } = inputs[0] as Panel;
  const matrices = inputs.map(load);
  const own = arena.matrix(rows, columns);
  const out = inPlace ? (matrices[0] as Matrix) : own;
  const scratch = arena.allocate(crossScratch(kernels, columns));
  const addresses = matrices.flatMap((m) => [m.address, m.stride]);
  kernels[name]?.(out.address, out.stride, ...addresses, rows, columns, ...(scratched ? [scratch] : []), extra);
  const lines = Array.from({ length: rows }, (_, t) => arena.row(out, t));
  const answer = panel(rows, columns, (t, i) => lines[t]?.[i] as number);
  if (scratched) {
    const padding = Math.ceil(columns / 16) * 16 - columns;
    for (let t = 0; t < rows; t++) {
      const after = arena.floats(out.address + t * out.stride + 4 * columns, padding);
      expect(after.every(Number.isNaN), `padding of row ${t}`).toBe(true);
    }
  }
  for (const m of [...matrices, own]) arena.release(m.address);
  arena.release(scratch);
  return answer;
}

const ulp = (value: number): number =>
  Math.max(2 ** -149, 2 ** (Math.floor(Math.log2(Math.abs(Math.fround(value)))) - 23));

/** Everything float32 does strangely, against everything else. */
const specials = [
  ...[0, -0, 1, -1, 2, -2, 0.5, -0.5, 3, 1e-45, -1e-45, 1e-40, -1e-40, 1.17549435e-38, 1e-20, 1e19, 1e20, -1e25],
  ...[3.4028234663852886e38, -3.4028234663852886e38, 1.9e19, 0.6, -0.6, 0.59999, 16, -16, 87.3, 88.72, 88.73, -87.3],
  ...[-103.9, -104.1, 1 + 2 ** -23, 1 - 2 ** -24, Math.SQRT1_2, Math.SQRT2, Number.NaN, Infinity, -Infinity],
].map(Math.fround);
const random = stream(5, 0, 0);
const bits = new DataView(new ArrayBuffer(4));
const anyFloat = (): number => {
  bits.setUint32(0, Math.floor(random.next() * 2 ** 32));
  return bits.getFloat32(0);
};
const cells: Record<string, (at: number) => number[]> = {
  specials: (at) => [0, 1, 2].map((k) => specials[Math.floor(at / specials.length ** k) % specials.length] as number),
  'any bits': () => [anyFloat(), anyFloat(), anyFloat()],
  ordinary: () => [random.normal(), 20 * random.normal(), Math.exp(random.normal())].map(Math.fround),
};
const exponents = [0, 1, 2, 3, 0.5, -1, -2, 4, 5, -3, 1.5, -0.5, 0.3333, 7.7, -2.5, 40];

describe.each(operatorsOf('elementwise'))('%s', (name, row: Elementwise) => {
  test.each(Object.keys(cells))('%s', (kind) => {
    const [rows, columns] = [17, 1100];
    const triples = Array.from({ length: rows * columns }, (_, at) => (cells[kind] as (at: number) => number[])(at));
    const inputs = Array.from({ length: row.arity }, (_, k) =>
      panel(rows, columns, (t, i) => triples[t * columns + i]?.[k] as number),
    );
    for (const k of row.parameters.length > 0 ? exponents : [Number.NaN]) {
      const actual = compute(name, inputs, k, false).cells;
      const inPlace = compute(name, inputs, k, false, true).cells;
      for (const [at, [a, b, c]] of (triples as [number, number, number][]).entries()) {
        const got = actual[at] as number;
        // Nothing stored is infinite; were it so, it would not come out.
        if ([a, b, c].slice(0, row.arity).some((value) => Math.abs(value) === Infinity)) {
          if (Math.abs(got) === Infinity) expect.fail(`${name}(${[a, b, c, k]}) is infinite`);
          continue;
        }
        const expected = stored(row.reference(a, row.parameters.length > 0 ? k : b, c));
        const near = Math.abs(got - expected) <= 2.5 * ulp(expected);
        if (!same(got, expected) && !near) expect.fail(`${name}(${[a, b, c, k]}) = ${got}, not ${expected}`);
        if (!same(got, inPlace[at] as number)) expect.fail(`${name}(${[a, b, c, k]}) differs in place`);
      }
    }
  });
});

/** Rows long enough to be ranked by spreading, and rows made to defeat it. */
const wide: Record<string, () => Panel> = {
  lognormal: () => panel(9, 613, () => Math.exp(14 + 1.5 * random.normal())),
  'fat-tailed': () => panel(9, 500, () => random.normal() / (Math.abs(random.normal()) + 1e-3)),
  'rounded to cents': () => panel(9, 700, () => Math.round(100 * Math.exp(2 + 0.3 * random.normal())) / 100),
  'few values': () => panel(6, 300, () => random.below(5) - 2),
  'mostly equal': () => panel(6, 300, () => (random.next() < 0.7 ? 3 : random.normal())),
  'two clumps': () => panel(6, 1024, () => 1e6 * random.below(2) + random.normal()),
  'one giant': () => panel(6, 257, (_t, i) => (i === 100 ? 3e38 : random.normal())),
  'mostly missing': () => panel(6, 800, () => (random.next() < 0.8 ? Number.NaN : random.normal())),
  'equal rows': () => panel(6, 120, (t) => (random.next() < 0.2 ? Number.NaN : Math.fround(7.3 + t * 1e4))),
  sorted: () => panel(3, 2100, (t, i) => (t === 1 ? -i : i)),
  long: () => panel(2, 4099, () => 0.02 * random.normal()),
};
const shapes: Record<string, () => Panel[]> = {
  ...Object.fromEntries(Object.keys(panels).map((name) => [name, () => [panelOf(name), panelOf(name, 1)]])),
  ...Object.fromEntries(Object.entries(wide).map(([name, make]) => [name, () => [make(), make()]])),
};
const codes = ({ rows, columns }: Panel): Panel =>
  panel(rows, columns, (t, i) => [Number.NaN, 65535, 0][(i + t) % 29] ?? (i * 7 + (t > 20 ? 1 : 0)) % 11);

describe.each(operatorsOf('cross-section'))('%s', (name, row: CrossSection) => {
  test.each(Object.keys(shapes))('%s', (shape) => {
    const [x, y] = (shapes[shape] as () => Panel[])() as [Panel, Panel];
    const other = row.grouped ? codes(x) : y;
    const inputs = row.arity === 2 ? [x, other] : [x];
    for (const k of row.parameters.length > 0 ? [3, 0.7] : [0]) {
      const actual = compute(name, inputs, k, true);
      expect(compute(name, inputs, k, true, true).cells).toEqual(actual.cells);
      for (let t = 0; t < x.rows; t++) {
        const expected = new Float64Array(x.columns);
        row.reference(rowOf(x, t), rowOf(other, t), k, expected);
        const wrong = differs(rowOf(actual, t), expected.map(stored), row.unit === keeps ? rowOf(x, t) : []);
        if (wrong) expect.fail(`row ${t} ${wrong}`);
      }
    }
  });
});

/** One part in 1e5 of the row's largest answer; `inputs` are those whose rounding in double precision counts too. */
function differs(actual: Float64Array, expected: Float64Array, inputs: Iterable<number>): string | undefined {
  const largest = (values: Iterable<number>): number =>
    Math.max(0, ...[...values].filter((value) => !Number.isNaN(value)).map(Math.abs));
  const tolerance = 1e-5 * largest(expected) + 1e-12 * largest(inputs) + 3e-45;
  const at = actual.findIndex((a, i) => {
    const e = expected[i] as number;
    return !same(a, e) && !(Math.abs(a - e) <= tolerance);
  });
  return at < 0 ? undefined : `cell ${at}: ${actual[at]}, not ${expected[at]}`;
}

test('ranks are exact', () => {
  for (const [shape, make] of Object.entries(wide)) {
    const x = make();
    const actual = compute('cs_rank', [x], 0, true);
    for (let t = 0; t < x.rows; t++) {
      const expected = new Float64Array(x.columns);
      cross.rank(rowOf(x, t), expected, 0, expected);
      expect(rowOf(actual, t), `${shape} row ${t}`).toEqual(expected.map(Math.fround));
    }
  }
});

describe('correlation of factor and label', () => {
  const withHoles = (p: Panel): Panel =>
    panel(p.rows, p.columns, (t, i) => (random.next() < 0.1 ? Number.NaN : (p.cells[t * p.columns + i] as number)));

  function correlate(kernel: string, factor: Panel, label: Panel, ranks?: Matrix): Float64Array {
    const [x, y] = [load(factor), load(label)];
    const out = arena.allocate(16 * factor.rows);
    const scratch = arena.allocate(crossScratch(kernels, factor.columns));
    const ranked = kernel === 'ic_spearman' ? [ranks?.address ?? 0, ranks?.stride ?? 0] : [];
    const places = [x.address, x.stride, y.address, y.stride, ...ranked];
    kernels[kernel]?.(out, ...places, factor.rows, factor.columns, scratch);
    const answer = new Float64Array(arena.memory.buffer, out, 2 * factor.rows).slice();
    for (const address of [x.address, y.address, out, scratch]) arena.release(address);
    return answer;
  }

  function both(factor: Panel, label: Panel, t: number): [Float64Array, Float64Array] {
    const [x, y] = [rowOf(factor, t), rowOf(label, t)];
    const common = [...x.keys()].filter((i) => !Number.isNaN(x[i]) && !Number.isNaN(y[i]));
    return [Float64Array.from(common, (i) => x[i] as number), Float64Array.from(common, (i) => y[i] as number)];
  }
  /** Whether values vary by no more than equal ones do when they are rounded to float32. */
  function roundingAlone(values: Float64Array): boolean {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return Math.sqrt(squares / values.length) <= 5e-7 * Math.abs(mean);
  }
  function ranks(values: Float64Array): Float64Array {
    const out = new Float64Array(values.length);
    cross.rank(values, values, 0, out);
    return out.map((rank) => Math.round(2 * rank * values.length)); // whole, so that equal ranks have no spread
  }

  /** x * power(x, -1), and beside it what varies by a little more. */
  const nearly = (by: number) => () => [
    panel(5, 60, (t) => (t + 1) * (1 + by * 2 ** -24 * random.below(4))),
    panel(5, 60, () => random.normal()),
  ];
  const factors = { ...shapes, 'rounding alone': nearly(1), 'more than rounding': nearly(20) };
  test.each(Object.keys(factors))('%s', (shape) => {
    const [x, noise] = (factors[shape as keyof typeof factors] as () => Panel[])() as [Panel, Panel];
    // A label with something in common with the factor, and holes of its own.
    const related = panel(x.rows, x.columns, (t, i) => {
      const at = t * x.columns + i;
      return ((x.cells[at] as number) + (noise.cells[at] as number)) / 2;
    });
    for (const label of [related, withHoles(related), noise]) {
      const pearson = correlate('ic_pearson', x, label);
      const plain = correlate('daily_correlation', x, label);
      const spearman = correlate('ic_spearman', x, label);
      for (let t = 0; t < x.rows; t++) {
        const [a, b] = both(x, label, t);
        const enough = a.length >= 3;
        expect(pearson[2 * t + 1]).toBe(a.length);
        expect(spearman[2 * t + 1]).toBe(a.length);
        const expected = enough ? rolling.correlation(a, b) : Number.NaN;
        close(plain[2 * t] as number, expected, 1e-5, `plain row ${t}`);
        close(pearson[2 * t] as number, roundingAlone(a) ? Number.NaN : expected, 1e-5, `pearson row ${t}`);
        const byRank = enough && !roundingAlone(a) ? rolling.correlation(ranks(a), ranks(b)) : Number.NaN;
        close(spearman[2 * t] as number, byRank, 1e-12, `spearman row ${t}`);
      }
      const labelRanks = arena.matrix(x.rows, x.columns);
      const place = load(label);
      const scratch = arena.allocate(crossScratch(kernels, x.columns));
      const [from, to] = [
        [place.address, place.stride],
        [labelRanks.address, labelRanks.stride],
      ];
      kernels.rank_labels?.(...to, ...from, x.rows, x.columns, scratch);
      expect(correlate('ic_spearman', x, label, labelRanks)).toEqual(spearman);
      for (const address of [place.address, labelRanks.address, scratch]) arena.release(address);
    }
  });

  function close(actual: number, expected: number, tolerance: number, where: string): void {
    if (!same(actual, expected) && !(Math.abs(actual - expected) <= tolerance)) {
      expect.fail(`${where}: ${actual}, not ${expected}`);
    }
  }
});

test('fill and copyRows leave what is past the columns missing', () => {
  const x = load(panel(5, 21, (t, i) => 100 * t + i));
  const out = arena.matrix(5, 21);
  const row = (t: number) => [...arena.floats(out.address + t * out.stride, 24)];
  const gone = [Number.NaN, Number.NaN, Number.NaN];
  kernels.fill?.(out.address, out.stride, 5, 21, 2.5);
  expect(row(4)).toEqual([...Array(21).fill(2.5), ...gone]);
  kernels.copyRows?.(out.address, out.stride, x.address, 0, 5, 21);
  expect(row(2).slice(0, 21)).toEqual([...arena.row(x, 0)]);
});
