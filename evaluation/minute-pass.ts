/**
 * All minute reductions of a batch on one day's bars. A tile of columns at a time, so that the minute values between
 * the bars and the reductions stay in the cache; bars never cross a day, so days are independent of each other.
 */
import { padTo } from '../core/arena.ts';
import { reductions } from '../operators/reference/interval.ts';
import { operatorOf } from '../operators/table.ts';
import type { Kernels } from '../operators/wasm/kernels.ts';
import { rollingScratch } from '../operators/wasm/scratch.ts';
import type { Call, Expression } from '../program/expression.ts';
import type { Rows } from './apply.ts';
import { barsRead, fieldsOf } from './minute-reduction.ts';
import type { Region } from './region.ts';

const tileColumns = 64;
/** An odd number of cache lines, so that a column of the tile is not squeezed into a few cache sets. */
const tileStride = tileColumns * 4 + 64;

type Operand =
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'constant'; readonly address: number }
  | { readonly kind: 'tile'; readonly address: number };

/** A minute value made bar by bar. */
interface Stage {
  readonly kind: 'stage';
  readonly call: Call;
  readonly inputs: readonly Operand[];
  readonly out: number;
}

interface Reduction {
  readonly kind: 'reduction';
  /** Which of the pass's results it is. */
  readonly result: number;
  readonly inputs: readonly Operand[];
  readonly kernel: string;
  /** The last bar read, and the kernels' window argument. */
  readonly last: number;
  readonly reach: number;
  /** Rows before the last that the kernel may look at. */
  readonly history: number;
  readonly extra: readonly number[];
}

export class MinutePass {
  /** Minute fields read, in the order `slabs` must have. */
  readonly fields: readonly string[];
  readonly #kernels: Kernels;
  readonly #memory: WebAssembly.Memory;
  readonly #bars: number;
  readonly #columns: number;
  readonly #scratch: number;
  /** Every reduction right after the values it reads, while these are in the cache. */
  readonly #steps: (Stage | Reduction)[] = [];

  /** Undefined when the region is too small for the minute values in between. */
  static make(
    calls: readonly Call[],
    starts: readonly number[],
    columns: number,
    kernels: Kernels,
    memory: WebAssembly.Memory,
    region: Region,
  ): MinutePass | undefined {
    const scratch = region.take(rollingScratch(starts.length + 1));
    if (scratch === undefined) return undefined;
    const pass = new MinutePass(calls, starts, columns, kernels, memory, region, scratch);
    return pass.#fits ? pass : undefined;
  }

  #fits = true;

  private constructor(
    calls: readonly Call[],
    starts: readonly number[],
    columns: number,
    kernels: Kernels,
    memory: WebAssembly.Memory,
    region: Region,
    scratch: number,
  ) {
    this.#kernels = kernels;
    this.#memory = memory;
    this.#bars = starts.length;
    this.#columns = columns;
    this.#scratch = scratch;
    this.fields = [...fieldsOf(calls, 'minute')].sort();
    const readers = countReaders(calls);
    const known = new Map<string, Operand>();
    const free: number[] = [];
    const place = (bytes: number): number => {
      const address = region.take(bytes);
      if (address === undefined) this.#fits = false;
      return address ?? 0;
    };
    /** A tile is free again when its last reader is done. */
    const done = (inputs: readonly Expression[]): void => {
      for (const { key } of inputs) {
        const left = (readers.get(key) as number) - 1;
        readers.set(key, left);
        const operand = known.get(key);
        if (left === 0 && operand?.kind === 'tile') free.push(operand.address);
      }
    };
    const operand = (expression: Expression): Operand => {
      const seen = known.get(expression.key);
      if (seen) return seen;
      const made = make(expression);
      known.set(expression.key, made);
      return made;
    };
    const make = (expression: Expression): Operand => {
      if (expression.node === 'field') return { kind: 'field', name: expression.name };
      if (expression.node === 'literal') {
        const address = place(tileStride);
        if (this.#fits) new Float32Array(memory.buffer, address, tileStride / 4).fill(expression.value);
        return { kind: 'constant', address };
      }
      const inputs = expression.inputs.map(operand);
      const out = free.pop() ?? place(this.#bars * tileStride);
      this.#steps.push({ kind: 'stage', call: expression, inputs, out });
      done(expression.inputs);
      return { kind: 'tile', address: out };
    };
    for (const [result, call] of calls.entries()) {
      const inputs = call.inputs.map(operand);
      const { start, end } = barsRead(call, starts);
      const operator = call.interval ? reductions[call.interval.reduction].operator : call.operator;
      const row = operatorOf(operator);
      const length = end - start;
      const ends = row.shape === 'rolling' && row.reads === 'ends';
      // The last bar of an interval is its own oldest value, no bar before it.
      const reach = call.interval?.reduction === 'last' ? 0 : ends ? length - 1 : length;
      const extra = call.interval ? [] : call.parameters.slice(1);
      const step = {
        kind: 'reduction',
        result,
        inputs,
        kernel: operator,
        last: end - 1,
        reach,
        history: length - 1,
        extra,
      } as const;
      this.#steps.push(step);
      done(call.inputs);
    }
  }

  /** One day: where each field's slab [bars, columns] starts, and each reduction's row to write. */
  day(slabs: ReadonlyMap<string, number>, outs: readonly number[]): void {
    // Reductions of plain bars have nothing to keep in the cache between them, and take the day in one call.
    const padded = padTo(this.#columns);
    const tile = this.#steps.some(({ kind }) => kind === 'stage') ? tileColumns : padded;
    for (let column = 0; column < this.#columns; column += tile) {
      this.#tile(slabs, outs, column, Math.min(tile, this.#columns - column));
    }
    for (const out of outs) {
      new Float32Array(this.#memory.buffer, out + this.#columns * 4, padded - this.#columns).fill(Number.NaN);
    }
  }

  #tile(slabs: ReadonlyMap<string, number>, outs: readonly number[], column: number, columns: number): void {
    const slabStride = this.#columns * 4;
    const rowsOf = (operand: Operand): Rows => {
      switch (operand.kind) {
        case 'field':
          return { address: (slabs.get(operand.name) as number) + column * 4, stride: slabStride };
        case 'constant':
          return { address: operand.address, stride: 0 };
        case 'tile':
          return { address: operand.address, stride: tileStride };
      }
    };
    const padded = padTo(columns);
    for (const step of this.#steps) {
      if (step.kind === 'reduction') {
        const { result, inputs, last, reach, history, extra } = step;
        const operands = inputs.map(rowsOf).flatMap(({ address, stride }) => [address + last * stride, stride]);
        const out = (outs[result] as number) + column * 4;
        this.#kernels[step.kernel]?.(out, 0, ...operands, 1, padded, history, reach, this.#scratch, ...extra);
        continue;
      }
      const { call, inputs, out } = step;
      const operands = inputs.map(rowsOf).flatMap(({ address, stride }) => [address, stride]);
      if (operatorOf(call.operator).shape === 'bar') {
        // A bar operator is the daily one along the day's bars.
        const kernel = this.#kernels[call.operator.replace('bar_', 'ts_')];
        kernel?.(out, tileStride, ...operands, this.#bars, padded, 0, call.parameters[0] ?? 1, this.#scratch);
      } else {
        this.#kernels[call.operator]?.(out, tileStride, ...operands, this.#bars, padded, ...call.parameters);
      }
    }
  }
}

/** How often each minute value is read, a distinct reader counting each place it reads. */
function countReaders(calls: readonly Call[]): Map<string, number> {
  const readers = new Map<string, number>();
  const visit = (reader: Call): void => {
    for (const input of reader.inputs) {
      const before = readers.get(input.key) ?? 0;
      readers.set(input.key, before + 1);
      if (before === 0 && input.node === 'call') visit(input);
    }
  };
  for (const call of calls) visit(call);
  return readers;
}
