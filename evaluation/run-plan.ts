/**
 * Runs a plan over the dates in blocks of rows, every node of a block before the next block: what one operator
 * writes, the next reads from the cache, and memory is a few blocks however long the history is. Kernels count rows
 * from the first date, so the values do not depend on the block size, the batch or the worker.
 */
import { type Matrix, padTo, strideFor } from '../core/arena.ts';
import { operatorOf } from '../operators/table.ts';
import { crossScratch, type Kernels } from '../operators/wasm/kernels.ts';
import { rollingScratch } from '../operators/wasm/scratch.ts';
import type { Call } from '../program/expression.ts';
import { apply, type Rows } from './apply.ts';
import { LearnedSeries } from './learned-series.ts';
import { depends, type Operand, type Plan, type PlanNode, programsByNode } from './plan.ts';
import type { Region } from './region.ts';

export interface RunSetting {
  readonly kernels: Kernels;
  readonly memory: WebAssembly.Memory;
  readonly region: Region;
  /** Symbols. */
  readonly columns: number;
  /** Dates [from, to) are wanted. */
  readonly from: number;
  readonly to: number;
  /** For learned vectors; a plan without them needs none. */
  readonly label?: Matrix | undefined;
  readonly labelDelay: number;
  /** Called for each program and block as soon as its rows are there; `scratch` is the kernels', free at that moment. */
  readonly consume: (program: number, rows: Rows, first: number, count: number, scratch: number) => void;
}

/** The rows a node has in memory: those from `base` on, `capacity` of them at most. */
interface Buffer {
  readonly address: number;
  readonly capacity: number;
  base: number;
}

/** Rows of a block: enough that calls and history cost little, few enough that a program's working set stays in cache. */
export function blockRows(columns: number): number {
  const bytes = strideFor(columns);
  // Multiples of the usual windows, so that a block of a rolling kernel is seldom cut in two.
  return Math.max(20, Math.min(80, Math.floor(160_000 / bytes / 20) * 20));
}

/** False when the region is too small for the plan, and nothing was consumed. */
export function runPlan(plan: Plan, setting: RunSetting): boolean {
  for (let rows = blockRows(setting.columns); rows >= 1; rows = Math.floor(rows / 2)) {
    setting.region.clear();
    const layout = lay(plan, setting, rows);
    if (layout) {
      compute(plan, setting, layout, rows);
      return true;
    }
  }
  return false;
}

interface Layout {
  readonly scratch: number;
  readonly buffers: readonly Buffer[];
  readonly constants: ReadonlyMap<number, number>;
}

function lay(plan: Plan, setting: RunSetting, blockRows: number): Layout | undefined {
  const { region, columns, memory } = setting;
  const stride = strideFor(columns);
  const scratch = region.take(kernelScratch(plan, setting));
  if (scratch === undefined) return undefined;

  const constants = new Map<number, number>();
  for (const { inputs } of plan.nodes) {
    for (const input of inputs) {
      if (input.kind !== 'constant' || constants.has(input.value)) continue;
      const address = region.take(stride);
      if (address === undefined) return undefined;
      new Float32Array(memory.buffer, address, stride / 4).fill(input.value);
      constants.set(input.value, address);
    }
  }

  // Nodes nobody looks back on share blocks: a block is free again after its last reader.
  const free: number[] = [];
  const expiring = new Map<number, number[]>();
  const buffers: Buffer[] = [];
  for (const [i, node] of plan.nodes.entries()) {
    // Windows may be longer than the history, which is all there can be to look back on.
    const capacity = node.history > 0 ? Math.min(2 * node.history + blockRows, setting.to) : blockRows;
    const address = (node.history === 0 ? free.pop() : undefined) ?? region.take(capacity * stride);
    if (address === undefined) return undefined;
    buffers.push({ address, capacity, base: 0 });
    if (node.history === 0) expiring.set(node.lastRead, [...(expiring.get(node.lastRead) ?? []), address]);
    free.push(...(expiring.get(i) ?? []));
  }
  return { scratch, buffers, constants };
}

function kernelScratch(plan: Plan, { columns, kernels, to }: RunSetting): number {
  let most = crossScratch(kernels, columns);
  for (const { call } of plan.nodes) {
    if (operatorOf(call.operator).shape === 'rolling' && fills(call, to)) {
      most = Math.max(most, rollingScratch(call.parameters[0] ?? 1));
    }
  }
  return most;
}

/** Whether a rolling operator's window is full by the date `end`; before that it is missing, and no kernel is asked. */
function fills(call: Call, end: number): boolean {
  const row = operatorOf(call.operator);
  return row.shape !== 'rolling' || row.span(call.parameters[0] ?? 1) <= end;
}

function compute(plan: Plan, setting: RunSetting, layout: Layout, blockRows: number): void {
  const { kernels, columns, from, to, consume } = setting;
  const stride = strideFor(columns);
  const padded = padTo(columns);
  const starts = plan.nodes.map((node) => Math.max(0, from - node.warmUp));
  // A learned vector takes in its factor's dates from long before its own first one.
  const learned = new Map<PlanNode, LearnedSeries>();
  let begin = Math.min(from, ...starts);
  for (const [i, node] of plan.nodes.entries()) {
    if (operatorOf(node.call.operator).shape !== 'learn') continue;
    const known = Math.max(0, (starts[i] as number) - depends(node.call, setting.labelDelay));
    learned.set(node, new LearnedSeries(node.call, known, setting));
    begin = Math.min(begin, known);
  }
  plan.nodes.forEach((_, i) => {
    (layout.buffers[i] as Buffer).base = begin;
  });
  const programsOf = programsByNode(plan);

  const rowsAt = (operand: Operand, t: number): Rows => {
    switch (operand.kind) {
      case 'matrix':
        return { address: operand.matrix.address + t * operand.matrix.stride, stride: operand.matrix.stride };
      case 'constant':
        return { address: layout.constants.get(operand.value) as number, stride: 0 };
      case 'node': {
        const buffer = layout.buffers[operand.index] as Buffer;
        return { address: buffer.address + (t - buffer.base) * stride, stride };
      }
    }
  };

  for (let first = begin - (begin % blockRows); first < to; first += blockRows) {
    const end = Math.min(to, first + blockRows);
    for (const [i, node] of plan.nodes.entries()) {
      const series = learned.get(node);
      series?.extend(rowsAt(node.inputs[0] as Operand, 0), end, layout.scratch);
      const start = Math.max(first, starts[i] as number, begin);
      if (start >= end) continue;
      const buffer = layout.buffers[i] as Buffer;
      makeRoom(buffer, node.history, start, end, stride, padded, kernels);
      const out = { address: buffer.address + (start - buffer.base) * stride, stride };
      if (series) {
        for (let t = start; t < end; t++) {
          kernels.fill?.(out.address + (t - start) * stride, stride, 1, padded, series.at(t));
        }
      } else if (!fills(node.call, end)) {
        kernels.fill?.(out.address, stride, end - start, padded, Number.NaN);
      } else {
        const inputs = node.inputs.map((input) => rowsAt(input, start));
        apply(kernels, node.call, out, inputs, { rows: end - start, columns, first: start, scratch: layout.scratch });
      }
      const wanted = Math.max(start, from);
      if (wanted < end) {
        for (const program of programsOf.get(i) ?? []) {
          consume(program, rowsAt({ kind: 'node', index: i }, wanted), wanted, end - wanted, layout.scratch);
        }
      }
    }
    const wanted = Math.max(first, from);
    for (const [program, root] of plan.roots.entries()) {
      if (root.kind !== 'node' && wanted < end)
        consume(program, rowsAt(root, wanted), wanted, end - wanted, layout.scratch);
    }
  }
}

/** Brings rows [start, end) into the buffer's reach, keeping the history before them. */
function makeRoom(
  buffer: Buffer,
  history: number,
  start: number,
  end: number,
  stride: number,
  padded: number,
  kernels: Kernels,
): void {
  if (end - buffer.base <= buffer.capacity) return;
  const keep = Math.max(buffer.base, start - history);
  const rows = start - keep;
  if (rows > 0)
    kernels.copyRows?.(buffer.address, stride, buffer.address + (keep - buffer.base) * stride, stride, rows, padded);
  buffer.base = keep;
}
