/**
 * A market vector learned from past labels: on date t the mean, over the last s dates whose label is known by then, of
 * a date's statistic. The label of date t' is known on t' + delay, so nothing later than t - delay is ever read.
 */
import type { Matrix } from '../core/arena.ts';
import type { OperatorName } from '../operators/table.ts';
import type { Kernels } from '../operators/wasm/kernels.ts';
import type { Call } from '../program/expression.ts';
import type { Rows } from './apply.ts';

interface Setting {
  readonly kernels: Kernels;
  readonly memory: WebAssembly.Memory;
  readonly columns: number;
  readonly label?: Matrix | undefined;
  readonly labelDelay: number;
}

/** The kernel of each learned operator's statistic: two doubles a date, the statistic first. */
const statistics: { readonly [name in OperatorName]?: string } = {
  learn_ic: 'daily_correlation',
  learn_beta: 'daily_slope',
};

export class LearnedSeries {
  readonly #kernel: string;
  readonly #window: number;
  readonly #setting: Setting;
  /** One statistic a date, from the first date that is needed. */
  readonly #statistics: number[] = [];
  readonly #first: number;

  constructor(call: Call, first: number, setting: Setting) {
    const kernel = statistics[call.operator];
    if (!kernel) throw new Error(`${call.operator} learns by no kernel`);
    this.#kernel = kernel;
    this.#window = call.parameters[0] ?? 1;
    this.#first = first;
    this.#setting = setting;
  }

  /** Takes in the factor's dates up to `end`. `factor` is where its date 0 is, or would be; scratch holds 16 bytes a date. */
  extend(factor: Rows, end: number, scratch: number): void {
    const { kernels, memory, columns, label } = this.#setting;
    if (!label) throw new Error('a learned vector needs a label');
    const t = this.#first + this.#statistics.length;
    const rows = end - t;
    if (rows <= 0) return;
    const at = ({ address, stride }: Rows) => [address + t * stride, stride];
    kernels[this.#kernel]?.(scratch, ...at(factor), ...at(label), rows, columns, 0);
    const pairs = new Float64Array(memory.buffer, scratch, 2 * rows);
    for (let i = 0; i < rows; i++) this.#statistics.push(pairs[2 * i] as number);
  }

  at(t: number): number {
    const last = t - this.#setting.labelDelay - this.#first;
    if (last + 1 < this.#window) return Number.NaN;
    let sum = 0;
    for (let i = last - this.#window + 1; i <= last; i++) sum += this.#statistics[i] as number;
    return sum / this.#window;
  }
}
