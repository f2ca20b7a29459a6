/**
 * A market vector learned from past labels: on date t the mean, over the last s dates whose label is known by then, of
 * a date's statistic. The label of date t' is known on t' + delay, so nothing later than t - delay is ever read.
 */
import type { Matrix } from '../core/arena.ts';
import type { Learn } from '../operators/define.ts';
import { operatorOf } from '../operators/table.ts';
import type { Call } from '../program/expression.ts';
import type { Rows } from './apply.ts';

interface Setting {
  readonly memory: WebAssembly.Memory;
  readonly columns: number;
  readonly label?: Matrix | undefined;
  readonly labelDelay: number;
}

export class LearnedSeries {
  readonly #row: Learn;
  readonly #window: number;
  readonly #setting: Setting;
  /** One statistic a date, from the first date the input is known. */
  readonly #statistics: number[] = [];
  readonly #first: number;

  constructor(call: Call, first: number, setting: Setting) {
    this.#row = operatorOf(call.operator) as Learn;
    this.#window = call.parameters[0] ?? 1;
    this.#first = first;
    this.#setting = setting;
  }

  /** Takes in the factor's dates up to `end`. `rows.address` is where its date 0 is, or would be. */
  extend(rows: Rows, end: number): void {
    const { memory, columns, label } = this.#setting;
    if (!label) throw new Error('a learned vector needs a label');
    for (let t = this.#first + this.#statistics.length; t < end; t++) {
      const factor = new Float32Array(memory.buffer, rows.address + t * rows.stride, columns);
      const target = new Float32Array(memory.buffer, label.address + t * label.stride, columns);
      this.#statistics.push(statistic(this.#row, factor, target));
    }
  }

  at(t: number): number {
    const last = t - this.#setting.labelDelay - this.#first;
    if (last + 1 < this.#window) return Number.NaN;
    let sum = 0;
    for (let i = last - this.#window + 1; i <= last; i++) sum += this.#statistics[i] as number;
    return sum / this.#window;
  }
}

/** Over symbols that have both; three at least, as a line through two says nothing. */
function statistic(row: Learn, factor: Float32Array, label: Float32Array): number {
  const cells: number[] = [];
  for (let i = 0; i < factor.length; i++) {
    if (!Number.isNaN(factor[i]) && !Number.isNaN(label[i])) cells.push(i);
  }
  if (cells.length < 3) return Number.NaN;
  const pick = (values: Float32Array) => Float64Array.from(cells, (i) => values[i] as number);
  return row.reference(pick(factor), pick(label));
}
