import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { FactorFile, type FactorShape } from '../evaluation/factor-file.ts';
import { writeFloat32 } from '../evaluation/float32-text.ts';

const folder = mkdtempSync(join(tmpdir(), 'evolve-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a file holds: names of the columns, and per row the date, the symbol if there is one, and the numbers. */
interface Content {
  readonly names: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

const day = (days: number): string => new Date(days * 86_400_000).toISOString().slice(0, 10);

function readArrow(path: string): Content {
  const table = tableFromIPC(readFileSync(path));
  const names = table.schema.fields.map((field) => field.name);
  const columns = names.map((_, i) => table.getChildAt(i));
  const rows = Array.from({ length: table.numRows }, (_, row) =>
    columns.map((column, i) => (i === 0 ? day(Number(column?.get(row)) / 86_400_000) : (column?.get(row) ?? null))),
  );
  return { names, rows };
}

async function readDuckDB(path: string): Promise<Content> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const quoted = path.replaceAll("'", "''");
  const source = path.endsWith('.csv')
    ? `read_csv('${quoted}', header = true, all_varchar = true)`
    : `read_parquet('${quoted}')`;
  const result = await connection.runAndReadAll(`SELECT * FROM ${source}`);
  const numbers = result.columnNames().indexOf('symbol') === 1 ? 2 : 1;
  const rows = result.getRowsJS().map((row) =>
    row.map((cell, i) => {
      if (cell instanceof Date) return cell.toISOString().slice(0, 10);
      return i < numbers || cell === null ? (cell as string | null) : number(cell as string | number);
    }),
  );
  connection.closeSync();
  instance.closeSync();
  return { names: result.columnNames(), rows };
}

const number = (cell: string | number): number =>
  cell === 'inf' ? Infinity : cell === '-inf' ? -Infinity : Math.fround(Number(cell));

const endings = ['arrow', 'parquet', 'csv'] as const;
const read = (path: string): Content | Promise<Content> =>
  path.endsWith('.arrow') ? readArrow(path) : readDuckDB(path);

interface Panel {
  readonly symbols: readonly string[];
  readonly factors: readonly string[];
  /** Dates of each block. */
  readonly blocks: readonly number[];
  /** By factor, date by date. */
  readonly values: readonly Float32Array[];
}

const firstDay = 18_000;
let files = 0;

async function write(panel: Panel, ending: string, shape: FactorShape): Promise<string> {
  const path = join(folder, `${files++}.${ending}`);
  const file = await FactorFile.create({ path, shape, ...panel, overwrite: false, inputs: [] });
  let first = 0;
  for (const dates of panel.blocks) {
    const days = Int32Array.from({ length: dates }, (_, t) => firstDay + first + t);
    const [from, to] = [first * panel.symbols.length, (first + dates) * panel.symbols.length];
    file.write(
      days,
      panel.values.map((cells) => cells.slice(from, to)),
    );
    first += dates;
  }
  file.finish();
  return path;
}

function expected({ symbols, values, blocks }: Panel, shape: FactorShape): Content['rows'] {
  const dates = blocks.reduce((sum, count) => sum + count, 0);
  const cell = (cells: Float32Array, t: number, n: number) => {
    const value = cells[t * symbols.length + n] as number;
    // A text has no negative zero, and nobody needs one.
    return Number.isNaN(value) ? null : value + 0;
  };
  return Array.from({ length: dates }, (_, t) => t).flatMap((t) =>
    shape === 'wide'
      ? [[day(firstDay + t), ...symbols.map((_, n) => cell(values[0] as Float32Array, t, n))]]
      : symbols.map((symbol, n) => [day(firstDay + t), symbol, ...values.map((cells) => cell(cells, t, n))]),
  );
}

const names = fc.uniqueArray(
  fc.oneof(
    fc.constantFrom('A', 'a', 'x,y', 'say "hi"', '贵州茅台', '600000.SH', '-CLOSE / OPEN', "it's"),
    fc.stringMatching(/^[A-Z]{1,5}$/),
  ),
  { minLength: 1, maxLength: 20, selector: (name) => name },
);
const cell = fc.oneof(fc.constant(Number.NaN), fc.float(), fc.float({ min: -5, max: 5, noNaN: true }));

const panel: fc.Arbitrary<Panel> = fc
  .record({
    symbols: names,
    factors: names,
    blocks: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
  })
  .chain(({ symbols, factors, blocks }) => {
    const cells = symbols.length * blocks.reduce((sum, count) => sum + count, 0);
    const column = fc
      .array(cell, { minLength: cells, maxLength: cells, size: 'max' })
      .map((all) => Float32Array.from(all));
    const values = fc.tuple(...factors.slice(0, 3).map(() => column));
    return values.map((values) => ({ symbols, factors: factors.slice(0, 3), blocks, values }));
  });

describe.each(endings)('%s', (ending) => {
  test.each(['long', 'wide'] as const)('%s: what is read back is what was written', async (shape) => {
    await fc.assert(
      fc.asyncProperty(panel, async (many) => {
        const one = { ...many, factors: many.factors.slice(0, 1), values: many.values.slice(0, 1) };
        const written = shape === 'wide' ? one : many;
        const path = await write(written, ending, shape);
        const { names, rows } = await read(path);
        const columns = shape === 'wide' ? ['date', ...written.symbols] : ['date', 'symbol', ...written.factors];
        // A database sees case-only differences as one name; the file has both.
        if (ending === 'arrow') expect(names).toEqual(columns);
        else expect(names.map((name) => name.replace(/_\d+$/, ''))).toEqual(columns);
        expect(rows.map((row) => row.map((value) => (typeof value === 'number' ? value + 0 : value)))).toEqual(
          expected(written, shape),
        );
        rmSync(path);
      }),
      { numRuns: 25 },
    );
  });

  test('a file is not there before it is whole, and one that is given up was never there', async () => {
    const path = join(folder, `kept.${ending}`);
    writeFileSync(path, 'before');
    const options = { path, shape: 'long', factors: ['f'], symbols: ['A', 'B'], overwrite: true, inputs: [] } as const;
    const given = await FactorFile.create(options);
    given.write(Int32Array.of(firstDay), [Float32Array.of(1, 2)]);
    given.abandon();
    expect(readFileSync(path, 'utf8')).toBe('before');
    const whole = await FactorFile.create(options);
    whole.write(Int32Array.of(firstDay), [Float32Array.of(1, 2)]);
    expect(readFileSync(path, 'utf8')).toBe('before');
    whole.finish();
    expect((await read(path)).rows).toHaveLength(2);
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

test('Parquet keeps both of two names that differ in case alone', async () => {
  const factors = ['ts_mean(close, 16)', 'ts_mean(CLOSE, 16)'];
  const path = await write(
    { symbols: ['A'], factors, blocks: [1], values: [Float32Array.of(1), Float32Array.of(2)] },
    'parquet',
    'long',
  );
  const bytes = readFileSync(path, 'latin1');
  for (const name of factors) expect(bytes).toContain(name);
});

test('5,000 symbols for many dates: indices of 13 bits, across bytes and blocks', async () => {
  const symbols = Array.from({ length: 5000 }, (_, n) => `S${n}`);
  const values = [Float32Array.from({ length: 5 * 5000 }, (_, at) => at)];
  const path = await write({ symbols, factors: ['place'], blocks: [2, 3], values }, 'parquet', 'long');
  const { rows } = await readDuckDB(path);
  expect(
    rows.every(
      ([date, symbol, place], at) =>
        date === day(firstDay + Math.floor(at / 5000)) && symbol === symbols[at % 5000] && place === at,
    ),
  ).toBe(true);
});

describe('numbers as text', () => {
  const text = (value: number): string => {
    const bytes = Buffer.alloc(32);
    return bytes.toString('latin1', 0, writeFloat32(bytes, 0, value));
  };
  /** The fewest digits that read back as the same float32. */
  const fewest = (value: number): number => {
    for (let count = 1; count < 9; count++) if (Math.fround(Number(value.toPrecision(count))) === value) return count;
    return 9;
  };
  const digitsOf = (written: string): number =>
    written.replace(/e.*$/, '').replace(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '').length;

  test.each([
    [0, '0'],
    [1, '1'],
    [-0.5, '-0.5'],
    [0.1, '0.1'],
    [123456, '123456'],
    [16777216, '16777216'],
    [1e9, '1e9'],
    [999999.9, '999999.9'],
    [0.00001, '0.00001'],
    [1.5e-7, '1.5e-7'],
    [1e30, '1e30'],
    [1e-30, '1e-30'],
    [Number.NaN, ''],
    [Number.POSITIVE_INFINITY, 'inf'],
    [Number.NEGATIVE_INFINITY, '-inf'],
  ])('%d is %s', (value, expected) => expect(text(Math.fround(value))).toBe(expected));

  test('reads back as the same number, in as few digits as can be', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.float({ min: -1e6, max: 1e6, noNaN: true })),
        (value) => {
          const written = text(value);
          expect(Math.fround(Number(written)) + 0).toBe(value + 0);
          expect(written.length).toBeLessThanOrEqual(16);
          if (value !== 0) expect(digitsOf(written)).toBeLessThanOrEqual(fewest(value));
        },
      ),
      { numRuns: 20_000 },
    );
  });

  test('beside every power of ten and of two', () => {
    const bits = new Int32Array(1);
    const float = new Float32Array(bits.buffer);
    const powers = [...Array(77).keys()]
      .map((k) => 10 ** (k - 38))
      .concat([...Array(250).keys()].map((k) => 2 ** (k - 125)));
    for (const power of powers) {
      for (const step of [-1, 0, 1]) {
        float[0] = power;
        bits[0] = (bits[0] as number) + step;
        const value = float[0] as number;
        expect(Math.fround(Number(text(value)))).toBe(value);
        expect(digitsOf(text(value))).toBeLessThanOrEqual(fewest(value));
      }
    }
  });
});
