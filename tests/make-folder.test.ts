/** Folders that several threads make at the same moment. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, expect, test } from 'vitest';

const place = mkdtempSync(join(tmpdir(), 'evolve-folders-'));
afterAll(() => rmSync(place, { recursive: true }));

const folders = Array.from({ length: 60 }, (_, i) => join(place, `${i}`, 'a', 'b', 'c', 'd'));

/** Whoever is ahead makes folders and is slower: the others catch up, and meet it half-way. */
function thread(): Promise<void> {
  const code = `
    const { workerData } = require('node:worker_threads');
    import(workerData.module).then(({ makeFolder }) => workerData.folders.forEach((folder) => makeFolder(folder)));
  `;
  const module = new URL('../dist/core/atomic-file.js', import.meta.url).href;
  return new Promise((done, fail) => {
    new Worker(code, { eval: true, workerData: { module, folders } }).on('exit', () => done()).on('error', fail);
  });
}

test('whoever is second finds them there', async () => {
  await Promise.all([thread(), thread(), thread(), thread()]);
  expect(folders.filter((folder) => !existsSync(folder))).toEqual([]);
});
