import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Arena, type Matrix } from '../core/arena.ts';
import { stream } from '../core/random.ts';
import { ValueStore } from '../evaluation/value-store.ts';

const [rows, columns] = [600, 19];
const arena = new Arena(64 * 1024 ** 2);
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evolve-values-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function filled(salt: number): Matrix {
  const random = stream(3, 0, salt);
  const matrix = arena.matrix(rows, columns);
  for (let t = 0; t < rows; t++) {
    arena
      .row(matrix, t)
      .set(Array.from({ length: columns }, () => (random.next() < 0.1 ? Number.NaN : random.normal())));
  }
  return matrix;
}
const cells = (matrix: Matrix) => Array.from({ length: rows }, (_, t) => [...arena.row(matrix, t)]);
const store = (budget = 1e9, market = 'market') => new ValueStore(folder, budget, arena, market);

test('what was saved is loaded to the bit, by another process and for the same market alone', () => {
  const value = filled(1);
  store().save('ts_mean(close,240)', value);
  const again = arena.matrix(rows, columns);
  expect(store().load('ts_mean(close,240)', again)).toBe(true);
  expect(cells(again)).toEqual(cells(value));
  expect(store().load('ts_mean(close,120)', again)).toBe(false);
  expect(store(1e9, 'another').load('ts_mean(close,240)', again)).toBe(false);
});

test('a damaged or shortened file is not believed', async () => {
  store().save('x', filled(2));
  const [name = ''] = await readdir(folder);
  const bytes = await readFile(join(folder, name));
  for (const broken of [
    bytes.subarray(0, 1000),
    Buffer.concat([bytes.subarray(0, 500), Buffer.from([1]), bytes.subarray(501)]),
  ]) {
    await writeFile(join(folder, name), broken);
    expect(store().load('x', arena.matrix(rows, columns))).toBe(false);
  }
});

test('the least recently used values make room', () => {
  const size = rows * columns * 4 + 32;
  const small = store(2.5 * size);
  for (const key of ['a', 'b', 'c']) small.save(key, filled(3));
  const into = arena.matrix(rows, columns);
  expect(['a', 'b', 'c'].filter((key) => small.load(key, into)).length).toBe(2);
  expect(small.load('c', into)).toBe(true);
});

test('a store that goes on writing stays within its budget, with its latest values', () => {
  const size = 4 * rows * columns + 32;
  const busy = store(10.5 * size);
  const bytes = () => readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  for (let i = 0; i < 50; i++) {
    busy.save(`value ${i}`, filled(i));
    expect(bytes()).toBeLessThanOrEqual(10.5 * size);
    expect(busy.has(`value ${i}`)).toBe(true);
  }
  expect(readdirSync(folder).length).toBeGreaterThanOrEqual(8);
});

test('a folder that cannot be written costs nothing but the keeping', async () => {
  await writeFile(join(folder, 'file'), '');
  const blocked = new ValueStore(join(folder, 'file', 'values'), 1e9, arena, 'market');
  blocked.save('x', filled(4));
  expect(blocked.problem).toContain('is a file, not a folder');
});

test('a folder whose parent takes none is told of, and two are made where only their grandparent is', async ({
  skip,
}) => {
  const kept = new ValueStore(join(folder, 'a', 'b'), 1e9, arena, 'market');
  kept.save('x', filled(5));
  expect(kept.problem).toBeUndefined();
  expect(await readdir(join(folder, 'a', 'b'))).toHaveLength(1);
  skip(!existsSync('/proc/self'), 'needs a /proc');
  const nowhere = new ValueStore('/proc/evolve/values', 1e9, arena, 'market');
  nowhere.save('x', filled(6));
  expect(nowhere.problem).toMatch(/^Values are no longer kept in \/proc\/evolve\/values: /);
});
