/**
 * Runs a plan on a device, as run-plan.ts does on SIMD kernels: all dates at once where a matrix of them can be bound,
 * else in stretches. Values stay there until their last reader has them. A cell is made of the cells that its operator
 * names and of nothing else, so what comes out does not depend on the stretches or the batch.
 */
import type { Matrix } from '../../core/arena.ts';
import { spread } from '../../operators/gpu/elementwise.ts';
import { gpuKernels } from '../../operators/gpu/kernels.ts';
import type { Resident, ResidentMatrices } from '../../operators/gpu/resident.ts';
import { partsOfRow } from '../../operators/gpu/stage.ts';
import { operatorOf } from '../../operators/table.ts';
import { depends, type Operand, type Plan, type PlanNode } from '../plan.ts';
import type { Dates } from '../task.ts';
import type { DeviceMarket, Lent } from './device-market.ts';

export interface DeviceRun extends Dates {
  readonly residents: ResidentMatrices;
  readonly market: DeviceMarket;
  readonly columns: number;
  /** For learned vectors; a plan without them needs none. */
  readonly label?: Matrix | undefined;
  readonly labelDelay: number;
  /** Whether a leaf never changes: fields do not, minute reductions come and go. */
  readonly stays: (leaf: Matrix) => boolean;
  /** Rows before each stretch but the first that are consumed, too. */
  readonly lead: number;
  /** Called for each program and stretch; the rows end with the stretch and belong to the run. */
  readonly consume: (program: number, values: Resident, stretch: Dates) => Promise<void>;
}

/** False when the plan looks back on more dates than the device can hold; nothing was consumed then. */
export async function runOnDevice(plan: Plan, run: DeviceRun): Promise<boolean> {
  const { from, to, labelDelay, lead } = run;
  const before = plan.nodes.reduce((most, node) => Math.max(most, node.warmUp + depends(node.call, labelDelay)), 0);
  // The first stretch needs no lead, and dates before the calendar's first are not there.
  let first = from;
  const stretches: (Dates & { readonly begin: number })[] = [];
  while (first < to) {
    const begin = Math.max(0, first - before - (first > from ? lead : 0));
    const end = Math.min(to, begin + run.market.rows);
    if (end <= first) return false;
    stretches.push({ from: first, to: end, begin });
    first = end;
  }
  for (const stretch of stretches) await new Stretch(plan, run, stretch).run();
  return true;
}

class Stretch {
  readonly #plan: Plan;
  readonly #run: DeviceRun;
  readonly #wanted: Dates;
  /** Rows that are computed. */
  readonly #dates: Dates;
  readonly #leaves = new Map<number, Lent>();
  readonly #constants = new Map<number, Resident>();
  readonly #values: (Resident | undefined)[] = [];
  /** Who has yet to read each node. */
  readonly #readers: number[];

  constructor(plan: Plan, run: DeviceRun, { from, to, begin }: Dates & { readonly begin: number }) {
    this.#plan = plan;
    this.#run = run;
    this.#wanted = { from, to };
    this.#dates = { from: begin, to };
    this.#readers = plan.nodes.map(() => 0);
    for (const operand of [...plan.nodes.flatMap(({ inputs }) => inputs), ...plan.roots]) {
      if (operand.kind === 'node') this.#readers[operand.index] = (this.#readers[operand.index] as number) + 1;
    }
  }

  async run(): Promise<void> {
    const { nodes, roots } = this.#plan;
    const programsOf = (index: number): number[] =>
      [...roots.keys()].filter((program) => {
        const root = roots[program] as Operand;
        return root.kind === 'node' && root.index === index;
      });
    for (const [i, node] of nodes.entries()) {
      this.#values[i] = await this.#compute(node);
      for (const input of node.inputs) this.#read(input);
      for (const program of programsOf(i)) await this.#consume(program, roots[program] as Operand);
    }
    for (const [program, root] of roots.entries()) if (root.kind !== 'node') await this.#consume(program, root);
    const { residents } = this.#run;
    for (const { resident, own } of this.#leaves.values()) if (own) residents.release(resident);
    for (const resident of this.#constants.values()) residents.release(resident);
  }

  async #consume(program: number, root: Operand): Promise<void> {
    await this.#run.consume(program, await this.#value(root), this.#wanted);
    this.#read(root);
  }

  async #compute({ call, inputs }: PlanNode): Promise<Resident> {
    const { residents, columns, label, labelDelay } = this.#run;
    const rows = this.#dates.to - this.#dates.from;
    const row = operatorOf(call.operator);
    const { stages } = gpuKernels[call.operator as keyof typeof gpuKernels];
    const parameters = row.parameters.map(({ name }, i) => [name, call.parameters[i] as number]);
    const series: Record<string, Resident> = {};
    for (const [i, input] of inputs.entries()) series['xyz'[i] as string] = await this.#value(input);
    const steps = Math.ceil(columns / partsOfRow);
    const numbers = { columns, steps, delay: labelDelay, ...Object.fromEntries(parameters) };
    if (row.shape !== 'learn') return residents.run(stages, { series, numbers }, rows, columns);
    if (!label) throw new Error('a learned vector needs a label');
    series.y = await this.#leaf(label, true);
    const vector = await residents.run(stages, { series, numbers }, rows, columns);
    const matrix = await residents.run([spread.v], { series: { x: vector }, numbers: {} }, rows, columns);
    residents.release(vector);
    return matrix;
  }

  async #value(operand: Operand): Promise<Resident> {
    switch (operand.kind) {
      case 'matrix':
        return this.#leaf(operand.matrix, this.#run.stays(operand.matrix));
      case 'constant':
        return this.#constant(operand.value);
      case 'node':
        return this.#values[operand.index] as Resident;
    }
  }

  async #leaf(matrix: Matrix, stays: boolean): Promise<Resident> {
    const { market } = this.#run;
    const lent =
      this.#leaves.get(matrix.address) ??
      (stays
        ? await market.kept(matrix, this.#dates)
        : { resident: await market.passing(matrix, this.#dates), own: true });
    this.#leaves.set(matrix.address, lent);
    return lent.resident;
  }

  async #constant(k: number): Promise<Resident> {
    const { residents, columns } = this.#run;
    const rows = this.#dates.to - this.#dates.from;
    const known =
      this.#constants.get(k) ?? (await residents.run([spread.s], { series: {}, numbers: { k } }, rows, columns));
    this.#constants.set(k, known);
    return known;
  }

  /** One reader fewer; the last one's value is released. */
  #read(operand: Operand): void {
    if (operand.kind !== 'node') return;
    const left = (this.#readers[operand.index] as number) - 1;
    this.#readers[operand.index] = left;
    if (left === 0) this.#run.residents.release(this.#values[operand.index] as Resident);
  }
}
