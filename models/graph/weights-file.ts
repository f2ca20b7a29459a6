/**
 * Weights in one file: what a network has learned, or the state an optimiser goes on from.
 *
 * The bytes, all numbers little-endian: "EVOLVEWT"; the format, a uint32; the length of the header, a uint32; the header,
 * JSON with `weights`, a list of names and shapes, and `extra`, padded with spaces to a multiple of 4; the float32
 * values one after the other; and the CRC-32 of all before it. Later formats begin and end in the same way. It is written
 * in one step, so a file that was cut short was not cut by us.
 */
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { writeAtomically } from '../../core/atomic-file.ts';
import { EvolveError, fileProblem } from '../../core/failure.ts';

export interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Anything JSON can say. */
export type Extra = Readonly<Record<string, unknown>>;

interface Header {
  readonly weights: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly extra: Extra;
}

const magic = 'EVOLVEWT';
const format = 1;
const startBytes = magic.length + 8;

/** All variables of a network. On WebGPU, which reads nothing at once, await their data() before. */
export function saveWeights(variables: ReadonlyMap<string, Variable>, path: string, extra: Extra = {}): void {
  const weights = [...variables].map(([name, variable]): [string, Weight] => [
    name,
    { shape: variable.shape, values: variable.dataSync() as Float32Array },
  ]);
  writeWeights(new Map(weights), path, extra);
}

export function writeWeights(weights: ReadonlyMap<string, Weight>, path: string, extra: Extra = {}): void {
  for (const [name, { shape, values }] of weights) {
    if (sizeOf(shape) !== values.length) throw new Error(`${name} is not of shape [${shape}].`);
  }
  const bytes = encoded(weights, extra);
  try {
    writeAtomically(path, bytes);
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new EvolveError('unwritable', `${path} cannot be written: ${fileProblem(cause)}.`, { cause });
  }
}

export const loadWeights = (path: string): Map<string, Weight> => readWeights(path).weights;

export function readWeights(path: string): { weights: Map<string, Weight>; extra: Extra } {
  const bytes = bytesOf(path);
  const { weights: specs, extra } = headerOf(bytes, path);
  const weights = new Map<string, Weight>();
  let from = startBytes + headerBytes(bytes);
  for (const { name, shape } of specs) {
    const to = from + 4 * sizeOf(shape);
    // Copied: of a small file the bytes lie anywhere in a pool that others share.
    weights.set(name, {
      shape,
      values: new Float32Array(bytes.buffer.slice(bytes.byteOffset + from, bytes.byteOffset + to)),
    });
    from = to;
  }
  return { weights, extra };
}

/** Nothing is changed unless all fit. */
export function restoreWeights(
  variables: ReadonlyMap<string, Variable>,
  loaded: ReadonlyMap<string, Weight>,
  path: string,
): void {
  const misfit = misfitOf(variables, loaded);
  if (misfit) {
    throw new EvolveError(
      'bad-model',
      `${path} holds the weights of another network: ${misfit}; use it with the model it was trained for, or train anew.`,
    );
  }
  for (const [name, variable] of variables) {
    const { shape, values } = loaded.get(name) as Weight;
    const next = tf.tensor(values.slice(), [...shape]);
    variable.assign(next);
    next.dispose();
  }
}

function misfitOf(variables: ReadonlyMap<string, Variable>, loaded: ReadonlyMap<string, Weight>): string | undefined {
  for (const [name, { shape }] of variables) {
    const weight = loaded.get(name);
    if (!weight) return `"${name}" is not among them`;
    if (weight.shape.join() !== shape.join()) return `"${name}" is [${weight.shape}] and not [${shape}]`;
  }
  const stranger = [...loaded.keys()].find((name) => !variables.has(name));
  return stranger === undefined ? undefined : `"${stranger}" has no place in this one`;
}

function encoded(weights: ReadonlyMap<string, Weight>, extra: Extra): Uint8Array {
  const header: Header = { weights: [...weights].map(([name, { shape }]) => ({ name, shape })), extra };
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc(-text.length & 3, ' ')]);
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32LE(format, 0);
  numbers.writeUInt32LE(padded.length, 4);
  const values = [...weights.values()].map((weight) => {
    const { buffer, byteOffset, byteLength } = weight.values;
    return new Uint8Array(buffer, byteOffset, byteLength);
  });
  const content = Buffer.concat([Buffer.from(magic), numbers, padded, ...values]);
  const check = Buffer.alloc(4);
  check.writeUInt32LE(crc32(content));
  return Buffer.concat([content, check]);
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const remedy = missing ? 'copy the model again from where it was trained, or train it anew' : 'see to that first';
    throw new EvolveError(
      missing ? 'missing-file' : 'bad-model',
      `The weights ${path} cannot be read: ${fileProblem(cause)}; ${remedy}.`,
      { cause },
    );
  }
}

const headerBytes = (bytes: Buffer): number => bytes.readUInt32LE(magic.length + 4);

function headerOf(bytes: Buffer, path: string): Header {
  const broken = (what: string, remedy = 'copy it again from where it was trained, or train the model anew') =>
    new EvolveError('bad-model', `${path} ${what}; ${remedy}.`);
  const start = bytes.toString('latin1', 0, Math.min(magic.length, bytes.length));
  if (!magic.startsWith(start)) throw broken('is no file of weights', 'name one that training has written');
  if (bytes.length < startBytes) throw broken('is cut short');
  const written = bytes.readUInt32LE(magic.length);
  if (written > format && crcFits(bytes)) {
    throw broken(`was written by a newer version (format ${written}, this one reads ${format})`, 'update evolve');
  }
  const dataFrom = startBytes + headerBytes(bytes);
  if (bytes.length < dataFrom + 4) throw broken('is cut short or damaged');
  if (!crcFits(bytes)) throw broken('is cut short or damaged: its checksum does not fit');
  const header = parsed(bytes.toString('utf8', startBytes, dataFrom));
  const values = (bytes.length - dataFrom - 4) / 4;
  if (written !== format || header?.weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0) !== values) {
    throw broken('was not written by evolve, whatever its first letters say');
  }
  return header;
}

function parsed(text: string): Header | undefined {
  try {
    const header: unknown = JSON.parse(text);
    return isHeader(header) ? header : undefined;
  } catch {
    return undefined; // said by who calls
  }
}

const crcFits = (bytes: Buffer): boolean =>
  crc32(bytes.subarray(0, bytes.length - 4)) === bytes.readUInt32LE(bytes.length - 4);

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, side) => size * side, 1);

function isHeader(value: unknown): value is Header {
  const { weights, extra } = Object(value) as Partial<Header>;
  return Array.isArray(weights) && weights.every(isSpec) && Object(extra) === extra;
}

function isSpec(value: unknown): boolean {
  const { name, shape } = Object(value) as Partial<Header['weights'][number]>;
  return typeof name === 'string' && Array.isArray(shape) && shape.every((side) => Number.isInteger(side) && side >= 0);
}
