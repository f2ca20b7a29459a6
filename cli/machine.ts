/** What this machine offers, and what to do about what it does not. Nothing here throws: an absent part is an answer. */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { Arena } from '../core/arena.ts';
import { firstLine } from '../core/failure.ts';
import { builtFile } from '../core/package-root.ts';
import type { BackendWish } from '../models/graph/backend.ts';

export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** Nothing works without it; what is not required only makes more possible. */
  readonly required: boolean;
  /** What was seen, or why not. */
  readonly found: string;
  /** What to do where it is not ok. */
  readonly remedy?: string;
}

type Check = Omit<Finding, 'name' | 'required'>;

/** Every check, in the order `evolve doctor` prints them. */
export async function examineMachine(): Promise<readonly Finding[]> {
  // Together, for some wait for others' processes.
  const findings = checks.map(async ({ name, required, check }) => ({ name, required, ...(await attempt(check)) }));
  const backends = modelBackends();
  return [...(await Promise.all(findings)), ...(await backends)];
}

const checks: readonly { name: string; required: boolean; check: () => Check | Promise<Check> }[] = [
  { name: 'Node', required: true, check: node },
  { name: 'WebAssembly SIMD', required: true, check: () => wasmFeature(simdModule) },
  { name: 'WebAssembly threads', required: true, check: () => wasmFeature(threadsModule) },
  { name: 'shared memory', required: true, check: sharedMemory },
  { name: 'kernels', required: true, check: kernels },
  { name: 'DuckDB', required: true, check: duckdb },
  { name: 'cores', required: false, check: cores },
  { name: 'memory', required: false, check: memory },
  { name: 'disk', required: false, check: disk },
  { name: 'GPU operators', required: false, check: gpuOperators },
];

async function attempt(check: () => Check | Promise<Check>): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    return { ok: false, found: reasonOf(error) };
  }
}

const reasonOf = (error: unknown): string => firstLine(error instanceof Error ? error.message : String(error));

function node(): Check {
  // cli/main.ts has refused anything older; through the exported function one can get here with it.
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  const found = `${process.versions.node} on ${platform()} ${arch()}`;
  return ok ? { ok, found } : { ok, found, remedy: 'Install Node 20.19 or newer from nodejs.org.' };
}

const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const oneFunction = [0x03, 0x02, 0x01, 0x00];
/** () -> v128: f32x4.splat(0). */
const simdModule = Uint8Array.from([
  ...header,
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b],
  ...oneFunction,
  ...[0x0a, 0x0b, 0x01, 0x09, 0x00, 0x43, 0x00, 0x00, 0x00, 0x00, 0xfd, 0x13, 0x0b],
]);
/** () -> i32: i32.atomic.load(0), from a shared memory. */
const threadsModule = Uint8Array.from([
  ...header,
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7f],
  ...oneFunction,
  ...[0x05, 0x04, 0x01, 0x03, 0x01, 0x01],
  ...[0x0a, 0x0a, 0x01, 0x08, 0x00, 0x41, 0x00, 0xfe, 0x10, 0x02, 0x00, 0x0b],
]);

function wasmFeature(module: Uint8Array): Check {
  if (WebAssembly.validate(module)) return { ok: true, found: 'yes' };
  return { ok: false, found: 'this Node refuses it', remedy: 'Start Node without --no-wasm-* or --jitless flags.' };
}

function sharedMemory(): Check {
  try {
    new Arena();
    return { ok: true, found: '4 GiB of address space can be reserved' };
  } catch (error) {
    return { ok: false, found: reasonOf(error), remedy: 'Raise the limit on address space (ulimit -v unlimited).' };
  }
}

function kernels(): Check {
  const file = builtFile('operators', 'wasm', 'kernels.wasm');
  if (existsSync(file)) return { ok: true, found: 'built' };
  return { ok: false, found: 'not built', remedy: 'npm run build' };
}

async function duckdb(): Promise<Check> {
  try {
    const { DuckDBInstance, version } = await import('@duckdb/node-api');
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.runAndReadAll('select 42');
    connection.closeSync();
    instance.closeSync();
    return { ok: true, found: version() };
  } catch (error) {
    const remedy =
      'Run npm ci again, with optional dependencies; DuckDB has binaries for Linux (glibc), macOS and Windows.';
    return { ok: false, found: reasonOf(error), remedy };
  }
}

function cores(): Check {
  const count = availableParallelism();
  return { ok: true, found: `${count}${cpus()[0] ? `, ${cpus()[0]?.model.trim()}` : ''}` };
}

const gibibytes = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;

function memory(): Check {
  // A container's limit, where there is one; without one this is 0 or larger than the machine.
  const limit = process.constrainedMemory();
  const bytes = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  if (bytes >= 2 * 1024 ** 3) return { ok: true, found: gibibytes(bytes) };
  return {
    ok: false,
    found: gibibytes(bytes),
    remedy: 'Large markets need 2 GiB: give the machine or container more.',
  };
}

async function disk(): Promise<Check> {
  const { cacheFolder } = await import('../data/embedded.ts');
  const [here, cache] = await Promise.all([freeBytes(resolve('.')), freeBytes(resolve(cacheFolder()))]);
  const found = `${gibibytes(here)} free here, ${gibibytes(cache)} for the cache in ${cacheFolder()}`;
  if (Math.min(here, cache) >= 1024 ** 3) return { ok: true, found };
  const remedy = 'Markets want 1 GiB: free some space, work in another folder, or set EVOLVE_CACHE to another disk.';
  return { ok: false, found, remedy };
}

/** On the disk a folder is or would be on. */
async function freeBytes(folder: string): Promise<number> {
  if (!existsSync(folder)) return freeBytes(dirname(folder));
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Imported when it is its turn: it starts a process. */
async function gpuOperators(): Promise<Check> {
  const { deviceName, surveyDevice } = await import('../operators/gpu/survey-device.ts');
  const survey = await surveyDevice();
  if (survey.mode === 'webgpu' && survey.adapter) {
    return {
      ok: true,
      found: `${deviceName(survey)}; matrices up to ${gibibytes(survey.adapter.largestBinding)}`,
    };
  }
  const { reason = '', remedy = '' } = survey.passedOver ?? {};
  const found = survey.mode === 'none' ? reason : `webasm, on this processor: ${reason}`;
  return { ok: false, found, remedy: `${remedy}.` };
}
/** The backend that models are trained with, and those that would be faster. */
async function modelBackends(): Promise<readonly Finding[]> {
  const name = 'models';
  try {
    const { chooseBackend } = await import('../models/graph/backend.ts');
    const chosen = await chooseBackend('auto');
    const findings: Finding[] = [
      { name, required: false, ok: true, found: `trained with ${chosen.name} ${chosen.version}` },
    ];
    for (const { name: faster, reason } of chosen.passedOver) {
      // One that is passed over may still be had by its name.
      const remedy = await chooseBackend(faster as BackendWish).then(
        () => `It can be had with --backend ${faster}.`,
        (error) => reasonOf(error),
      );
      findings.push({ name: `${name} on ${faster}`, required: false, ok: false, found: reason, remedy });
    }
    return findings;
  } catch (error) {
    return [{ name, required: false, ok: false, found: reasonOf(error), remedy: 'Run npm ci again.' }];
  }
}
