/**
 * All minute reductions of a batch on one day's bars. A tile of columns at a time, so that the minute values between
 * the bars and the reductions stay in the cache; bars never cross a day, so days are independent of each other.
 */
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

interface Stage {
  readonly call: Call;
  readonly inputs: readonly Operand[];
  readonly out: number;
}

interface Reduction {
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
  readonly #stages: Stage[] = [];
  readonly #reductions: readonly Reduction[];

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
    const known = new Map<string, Operand>();
    const place = (bytes: number): number => {
      const address = region.take(bytes);
      if (address === undefined) this.#fits = false;
      return address ?? 0;
    };
    const operand = (expression: Expression): Operand => {
      const seen = known.get(expression.key);
      if (seen) return seen;
      let made: Operand;
      if (expression.node === 'field') made = { kind: 'field', name: expression.name };
      else if (expression.node === 'literal') {
        const address = place(tileStride);
        if (this.#fits) new Float32Array(memory.buffer, address, tileStride / 4).fill(expression.value);
        made = { kind: 'constant', address };
      } else {
        const inputs = expression.inputs.map(operand);
        const out = place(this.#bars * tileStride);
        this.#stages.push({ call: expression, inputs, out });
        made = { kind: 'tile', address: out };
      }
      known.set(expression.key, made);
      return made;
    };
    this.#reductions = calls.map((call) => {
      const inputs = call.inputs.map(operand);
      const { start, end } = barsRead(call, starts);
      const operator = call.interval ? reductions[call.interval.reduction].operator : call.operator;
      const row = operatorOf(operator);
      const length = end - start;
      const ends = row.shape === 'rolling' && row.reads === 'ends';
      // The last bar of an interval is its own oldest value, no bar before it.
      const reach = call.interval?.reduction === 'last' ? 0 : ends ? length - 1 : length;
      const extra = call.interval ? [] : call.parameters.slice(1);
      return { inputs, kernel: operator, last: end - 1, reach, history: length - 1, extra };
    });
  }

  /** One day: where each field's slab [bars, columns] starts, and each reduction's row to write. */
  day(slabs: ReadonlyMap<string, number>, outs: readonly number[]): void {
    // Reductions of plain bars have nothing to keep in the cache between them, and take the day in one call.
    const padded = Math.ceil(this.#columns / 16) * 16;
    const tile = this.#stages.length > 0 ? tileColumns : padded;
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
    const padded = Math.ceil(columns / 16) * 16;
    for (const { call, inputs, out } of this.#stages) {
      const row = operatorOf(call.operator);
      const operands = inputs.map(rowsOf).flatMap(({ address, stride }) => [address, stride]);
      if (row.shape === 'bar') {
        // A bar operator is the daily one along the day's bars.
        const kernel = this.#kernels[call.operator.replace('bar_', 'ts_')];
        kernel?.(out, tileStride, ...operands, this.#bars, padded, 0, call.parameters[0] ?? 1, this.#scratch);
      } else {
        const kernel = this.#kernels[call.operator];
        kernel?.(out, tileStride, ...operands, this.#bars, padded, ...call.parameters);
      }
    }
    for (const [i, reduction] of this.#reductions.entries()) {
      const operands = reduction.inputs
        .map(rowsOf)
        .flatMap(({ address, stride }) => [address + reduction.last * stride, stride]);
      const kernel = this.#kernels[reduction.kernel];
      const out = (outs[i] as number) + column * 4;
      kernel?.(out, 0, ...operands, 1, padded, reduction.history, reduction.reach, this.#scratch, ...reduction.extra);
    }
  }
}
