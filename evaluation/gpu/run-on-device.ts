/**
 * Runs a plan on a device, as run-plan.ts does on SIMD kernels: all dates at once where a matrix of them can be bound,
 * else in stretches. Values stay there until their last reader has them. A cell is made of the cells that its operator
 * names and of nothing else, so what comes out does not depend on the stretches or the batch.
 */
import type { Matrix } from '../../core/arena.ts';
import type { StageInputs } from '../../operators/gpu/device.ts';
import { spread } from '../../operators/gpu/elementwise.ts';
import { gpuKernels } from '../../operators/gpu/kernels.ts';
import type { Resident, ResidentMatrices } from '../../operators/gpu/resident.ts';
import { rowNumbers, type Stage } from '../../operators/gpu/stage.ts';
import { operatorOf } from '../../operators/table.ts';
import { depends, type Operand, type Plan, type PlanNode, programsByNode } from '../plan.ts';
import type { Dates } from '../task.ts';
import type { DeviceMarket, Lent } from './device-market.ts';
import { parametersOf } from './parameters-of.ts';

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

/** Bytes of values at a time: cards have several gigabytes, and the market lies there too. */
const mostAtOnce = 2 * 1024 ** 3;
/** Matrices that a kernel of several stages makes on its way, at most. */
const onTheWay = 4;

/**
 * False when the plan looks back on more dates than the device can hold, or needs too many values at a time: nothing was
 * consumed then, and fewer programs may do.
 */
export async function runOnDevice(plan: Plan, run: DeviceRun): Promise<boolean> {
  const { from, to, labelDelay, lead, columns } = run;
  const before = plan.nodes.reduce((most, node) => Math.max(most, node.warmUp + depends(node.call, labelDelay)), 0);
  const matrices = atOnce(plan) + onTheWay;
  // The first stretch needs no lead, and dates before the calendar's first are not there.
  let first = from;
  const stretches: (Dates & { readonly begin: number })[] = [];
  while (first < to) {
    const begin = Math.max(0, first - before - (first > from ? lead : 0));
    const end = Math.min(to, begin + run.market.rows);
    if (end <= first) return false;
    if (4 * columns * (end - begin) * matrices > mostAtOnce) return false;
    stretches.push({ from: first, to: end, begin });
    first = end;
  }
  for (const stretch of stretches) await new Stretch(plan, run, stretch).run();
  return true;
}

/** Equal operands are one value on the device. */
const nameOf = (operand: Operand): string => {
  switch (operand.kind) {
    case 'matrix':
      return `m${operand.matrix.address}`;
    case 'constant':
      return `c${operand.value}`;
    case 'node':
      return `n${operand.index}`;
  }
};

/** How often each value is read, by its name: by operators, and as a program's own. */
function readers({ nodes, roots }: Plan): Map<string, number> {
  const counts = new Map<string, number>();
  for (const operand of [...nodes.flatMap(({ inputs }) => inputs), ...roots]) {
    const name = nameOf(operand);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** The most values there are at a time; each is there from its first use to its last. */
function atOnce(plan: Plan): number {
  const left = readers(plan);
  const there = new Set<string>();
  let most = 0;
  const read = (operand: Operand): void => {
    const name = nameOf(operand);
    const more = (left.get(name) as number) - 1;
    left.set(name, more);
    if (more === 0) there.delete(name);
  };
  const programsOf = programsByNode(plan);
  for (const [index, { inputs }] of plan.nodes.entries()) {
    for (const input of inputs) there.add(nameOf(input));
    const node: Operand = { kind: 'node', index };
    there.add(nameOf(node));
    most = Math.max(most, there.size);
    for (const input of inputs) read(input);
    for (const _ of programsOf.get(index) ?? []) read(node);
  }
  return most;
}

/** A value on the device while somebody has yet to read it. */
interface Held extends Lent {
  readers: number;
}

class Stretch {
  readonly #plan: Plan;
  readonly #run: DeviceRun;
  readonly #wanted: Dates;
  /** Rows that are computed. */
  readonly #dates: Dates;
  readonly #readers: ReadonlyMap<string, number>;
  readonly #held = new Map<string, Held>();
  #label: Lent | undefined;

  constructor(plan: Plan, run: DeviceRun, { from, to, begin }: Dates & { readonly begin: number }) {
    this.#plan = plan;
    this.#run = run;
    this.#wanted = { from, to };
    this.#dates = { from: begin, to };
    this.#readers = readers(plan);
  }

  async run(): Promise<void> {
    const { nodes, roots } = this.#plan;
    const programsOf = programsByNode(this.#plan);
    for (const [index, node] of nodes.entries()) {
      const value: Operand = { kind: 'node', index };
      this.#hold(value, { resident: await this.#compute(node), own: true });
      for (const input of node.inputs) this.#read(input);
      for (const program of programsOf.get(index) ?? []) await this.#consume(program, value);
    }
    for (const [program, root] of roots.entries()) if (root.kind !== 'node') await this.#consume(program, root);
    if (this.#label?.own) this.#run.residents.release(this.#label.resident);
  }

  async #consume(program: number, root: Operand): Promise<void> {
    await this.#run.consume(program, await this.#value(root), this.#wanted);
    this.#read(root);
  }

  async #compute({ call, inputs }: PlanNode): Promise<Resident> {
    const { residents, columns, labelDelay } = this.#run;
    const row = operatorOf(call.operator);
    const { stages } = gpuKernels[call.operator as keyof typeof gpuKernels];
    const series: Record<string, Resident> = {};
    for (const [i, input] of inputs.entries()) series['xyz'[i] as string] = await this.#value(input);
    const numbers = { ...rowNumbers(columns), delay: labelDelay, ...parametersOf(call) };
    if (row.shape !== 'learn') return this.#kernels(stages, { series, numbers });
    const vector = await this.#kernels(stages, { series: { ...series, y: await this.#labels() }, numbers });
    const matrix = await this.#kernels([spread.v], { series: { x: vector }, numbers: {} });
    residents.release(vector);
    return matrix;
  }

  #kernels(stages: readonly Stage[], inputs: StageInputs<Resident>): Promise<Resident> {
    const { residents, columns } = this.#run;
    return residents.run(stages, inputs, this.#dates.to - this.#dates.from, columns);
  }

  async #labels(): Promise<Resident> {
    const { market, label } = this.#run;
    if (!label) throw new Error('a learned vector needs a label');
    this.#label ??= await market.kept(label, this.#dates);
    return this.#label.resident;
  }

  async #value(operand: Operand): Promise<Resident> {
    const held = this.#held.get(nameOf(operand));
    if (held) return held.resident;
    switch (operand.kind) {
      case 'matrix':
        return this.#hold(operand, await this.#leaf(operand.matrix));
      case 'constant': {
        const resident = await this.#kernels([spread.s], { series: {}, numbers: { k: operand.value } });
        return this.#hold(operand, { resident, own: true });
      }
      case 'node':
        throw new Error('a node is read before it is computed, or after its last reader');
    }
  }

  async #leaf(matrix: Matrix): Promise<Lent> {
    const { market, stays } = this.#run;
    if (stays(matrix)) return market.kept(matrix, this.#dates);
    return { resident: await market.passing(matrix, this.#dates), own: true };
  }

  #hold(operand: Operand, lent: Lent): Resident {
    const name = nameOf(operand);
    this.#held.set(name, { ...lent, readers: this.#readers.get(name) as number });
    return lent.resident;
  }

  /** One reader fewer; the last one's value is released. */
  #read(operand: Operand): void {
    const name = nameOf(operand);
    const held = this.#held.get(name) as Held;
    held.readers--;
    if (held.readers > 0) return;
    this.#held.delete(name);
    if (held.own) this.#run.residents.release(held.resident);
  }
}
