/** A worker's side of a tear sheet. */
import { padTo, strideFor } from '../../core/arena.ts';
import { stream } from '../../core/random.ts';
import { crossScratch, type Kernels } from '../../operators/wasm/kernels.ts';
import type { Rows } from '../apply.ts';
import { Region } from '../region.ts';
import type { Span, WorkerSetting } from '../task.ts';
import { lacksExposure, readExposures, roomForExposures } from './exposure-rows.ts';
import { type LayerMarket, layers } from './layers.ts';
import { prepareSection } from './prepare.ts';
import type { Exposures } from './regression.ts';
import type { Section } from './section.ts';
import { styles } from './styles.ts';
import type {
  CellCounts,
  LayersTask,
  PlaceboTask,
  PrepareTask,
  RankTask,
  RelateTask,
  SheetAnswer,
  SheetTask,
  StylesTask,
} from './tasks.ts';

type Setting = Pick<WorkerSetting, 'memory' | 'columns'>;

/** Undefined where the span cannot hold what the task needs. */
export function doSheetTask(task: SheetTask, span: Span, setting: Setting, kernels: Kernels): SheetAnswer | undefined {
  switch (task.kind) {
    case 'relate':
      return relate(task, span, setting, kernels);
    case 'rank':
      return rank(task, span, setting, kernels);
    case 'prepare':
      return prepare(task, setting);
    case 'placebo':
      return placebo(task, span, setting, kernels);
    case 'layers':
      return layered(task, setting);
    case 'styles':
      return styled(task, setting);
  }
}

function row({ memory, columns }: Setting, { address, stride }: Rows, i: number): Float32Array {
  return new Float32Array(memory.buffer, address + i * stride, columns);
}

function relate(
  { method, pairs, rows }: RelateTask,
  { address, bytes }: Span,
  { memory, columns }: Setting,
  kernels: Kernels,
): SheetAnswer | undefined {
  const region = new Region(address, bytes);
  const answers = region.take(16 * rows);
  const scratch = region.take(crossScratch(kernels, columns));
  if (answers === undefined || scratch === undefined) return undefined;
  const correlations = new Float64Array(pairs.length * rows);
  const found = new Float64Array(memory.buffer, answers, 2 * rows);
  // Of many pairs a few rows at a time: a factor's row is in the cache while all its pairs are taken.
  const atOnce = pairs.length > 8 ? 4 : rows;
  for (let from = 0; from < rows; from += atOnce) {
    const count = Math.min(atOnce, rows - from);
    for (const [p, { a, b }] of pairs.entries()) {
      const [x, y] = [a.address + from * a.stride, b.address + from * b.stride];
      if (method === 'rank') kernels.ic_spearman?.(answers, x, a.stride, y, b.stride, 0, 0, count, columns, scratch);
      else kernels.daily_correlation?.(answers, x, a.stride, y, b.stride, count, columns, 0);
      for (let i = 0; i < count; i++) correlations[p * rows + from + i] = found[2 * i] as number;
    }
  }
  return { kind: 'related', correlations };
}

function rank({ values, rows }: RankTask, { address, bytes }: Span, { columns }: Setting, kernels: Kernels) {
  const region = new Region(address, bytes);
  const ranks = region.take(strideFor(columns));
  const scratch = region.take(crossScratch(kernels, columns));
  if (ranks === undefined || scratch === undefined) return undefined;
  for (let i = 0; i < rows; i++) {
    const at = values.address + i * values.stride;
    kernels.rank_labels?.(ranks, 0, at, 0, 1, columns, scratch);
    kernels.copyRows?.(at, 0, ranks, 0, 1, padTo(columns));
  }
  return { kind: 'ranked' } as const;
}

function prepare(task: PrepareTask, setting: Setting): SheetAnswer {
  const { columns } = setting;
  const section = () => new Float64Array(columns);
  const [raw, members, out] = [section(), section(), section()];
  const exposures = task.exposures && roomForExposures(task.exposures, columns);
  const counts = {
    cells: 0,
    known: 0,
    notTraded: 0,
    noValue: 0,
    noExposure: 0,
    noWeight: 0,
    sameForAll: 0,
    datesWithout: 0,
  };
  for (let i = 0; i < task.rows; i++) {
    const at = (rows: Rows) => row(setting, rows, i);
    const values = at(task.values);
    const [listed, traded] = [at(task.listed), at(task.traded)];
    const universe = task.universe && at(task.universe);
    raw.set(values);
    for (let n = 0; n < columns; n++) {
      const in_ = !Number.isNaN(listed[n]) && (!universe || (universe[n] as number) > 0);
      members[n] = in_ ? 1 : 0;
    }
    if (exposures && task.exposures) readExposures(task.exposures, at, exposures);
    prepareSection(raw, members, exposures, task.preparation, out);
    tally(raw, members, traded, exposures, out, counts);
    values.set(out);
  }
  return { kind: 'prepared', counts };
}

function tally(
  raw: Section,
  members: Section,
  traded: Float32Array,
  exposures: Exposures | undefined,
  out: Section,
  counts: { -readonly [name in keyof CellCounts]: number },
): void {
  let known = 0;
  for (let n = 0; n < out.length; n++) {
    if (members[n] === 0) continue;
    counts.cells++;
    if (!Number.isNaN(out[n])) known++;
    else if (!Number.isFinite(raw[n])) counts[Number.isNaN(traded[n]) ? 'notTraded' : 'noValue']++;
    else if (exposures && lacksExposure(exposures, n)) counts.noExposure++;
    else if (exposures?.weights && !((exposures.weights[n] as number) > 0)) counts.noWeight++;
    else counts.sameForAll++;
  }
  counts.known += known;
  if (known === 0) counts.datesWithout++;
}

/**
 * Every symbol gets the label of another one that has a value and a label on the date, as far as can be the same one on all
 * dates: labels keep what they have in common and from one date to the next, so that chance has as much room as in the
 * true ones, and whoever the factor says nothing of has no part in it.
 */
function placebo(
  { values, label, rows, seeds }: PlaceboTask,
  { address, bytes }: Span,
  setting: Setting,
  kernels: Kernels,
): SheetAnswer | undefined {
  const { memory, columns } = setting;
  const region = new Region(address, bytes);
  const [answer, others] = [region.take(16), region.take(strideFor(columns))];
  if (answer === undefined || others === undefined) return undefined;
  const rounds = seeds.map((seed) => shuffled(columns, seed));
  const sums = new Float64Array(rounds.length);
  const counts = new Float64Array(rounds.length);
  const moved = new Float32Array(memory.buffer, others, strideFor(columns) / 4);
  const found = new Float64Array(memory.buffer, answer, 1);
  for (let i = 0; i < rows; i++) {
    const [own, known] = [row(setting, label, i), row(setting, values, i)];
    moved.fill(Number.NaN);
    for (const [k, round] of rounds.entries()) {
      passOn(own, known, round, moved);
      kernels.daily_correlation?.(answer, values.address + i * values.stride, 0, others, 0, 1, columns, 0);
      const correlation = found[0] as number;
      if (Number.isNaN(correlation)) continue;
      sums[k] = (sums[k] as number) + correlation;
      counts[k] = (counts[k] as number) + 1;
    }
  }
  return { kind: 'placebo', means: sums.map((sum, k) => sum / (counts[k] as number)) };
}

/** Symbols in a circle. */
function shuffled(count: number, seed: number): Int32Array {
  const random = stream(seed, count, 0x73686565);
  const round = Int32Array.from({ length: count }, (_, n) => n);
  for (let left = count - 1; left > 0; left--) {
    const other = random.below(left + 1);
    [round[left], round[other]] = [round[other] as number, round[left] as number];
  }
  return round;
}

/** Everybody who has a value and a label hands the label to the last one before in the circle who does. */
function passOn(labels: Float32Array, values: Float32Array, round: Int32Array, out: Float32Array): void {
  let [first, before] = [-1, -1];
  for (let j = 0; j < round.length; j++) {
    const n = round[j] as number;
    if (Number.isNaN(labels[n]) || Number.isNaN(values[n])) continue;
    if (before < 0) first = n;
    else out[before] = labels[n] as number;
    before = n;
  }
  if (before >= 0) out[before] = labels[first] as number;
}

function layered(task: LayersTask, setting: Setting): SheetAnswer {
  const { dates, sign, rule } = task;
  const cells = (rows: Rows): Float32Array => compact(setting, rows, dates.length);
  const scores = cells(task.scores);
  if (sign < 0) for (let i = 0; i < scores.length; i++) scores[i] = -(scores[i] as number);
  const market: LayerMarket = {
    dates,
    symbols: setting.columns,
    scores,
    close: cells(task.close),
    trade: cells(task.trade),
    ...(task.canBuy && { canBuy: cells(task.canBuy) }),
    ...(task.canSell && { canSell: cells(task.canSell) }),
    ...(task.suspended && { suspended: cells(task.suspended) }),
  };
  const report = layers(market, rule);
  const { buy, sell } = rule.cost;
  const free = buy + sell > 0 ? layers(market, { ...rule, cost: { buy: 0, sell: 0 } }) : report;
  const { annualReturn, sharpe } = free.longShort;
  return {
    kind: 'layered',
    report,
    beforeCosts: {
      excess: free.layers.map(({ excess }) => excess.annualReturn),
      longShort: { annualReturn, sharpe },
    },
  };
}

function styled({ dates, fields, take, into }: StylesTask, setting: Setting): SheetAnswer {
  const { columns } = setting;
  const panel = new Map(
    fields.map(({ name, rows, vector }) => [
      name,
      vector
        ? Float32Array.from({ length: dates }, (_, t) => row(setting, rows, t)[0] as number)
        : compact(setting, rows, dates),
    ]),
  );
  const { styles: found, leftOut } = styles({ dates, symbols: columns, field: (name) => panel.get(name) }, take);
  for (const [s, { values }] of found.entries()) {
    for (let i = 0; i < take.length; i++) {
      row(setting, into[s] as Rows, i).set(values.subarray(i * columns, (i + 1) * columns));
    }
  }
  return { kind: 'styled', found: found.map(({ name, doc, without }) => ({ name, doc, without })), leftOut };
}

/** Rows without the padding between them. */
function compact(setting: Setting, rows: Rows, count: number): Float32Array {
  const { columns } = setting;
  const cells = new Float32Array(count * columns);
  for (let i = 0; i < count; i++) cells.set(row(setting, rows, i), i * columns);
  return cells;
}
