/**
 * The plain f64 interpreter of whole programs: what they mean, and what every faster evaluator is tested against.
 * Each node is stored as float32, as evaluators store it; what is too large for that is missing.
 */
import type { Bar, CrossSection, Elementwise, Learn, Rolling, Series } from '../operators/define.ts';
import { reductions } from '../operators/reference/interval.ts';
import { operatorOf } from '../operators/table.ts';
import type { Call, Expression, Field } from './expression.ts';

/** Date-major arrays of f64, missing is NaN. */
export interface PlainMarket {
  readonly rows: number;
  readonly columns: number;
  /** `[rows * columns]` for matrices and groupings, `[rows]` for market vectors. */
  readonly daily: ReadonlyMap<string, Series>;
  /** `[rows * bars * columns]`. */
  readonly minute: ReadonlyMap<string, Series>;
  /** When each bar of a day begins, in minutes since midnight. */
  readonly starts: readonly number[];
  /** `[rows * columns]`; the label of date t, known from date t + labelDelay on. */
  readonly label?: Series;
  readonly labelDelay?: number;
}

/** Values of the expression's own kind: `[1]` for s, `[rows]` for v, `[rows * columns]` for m, all bars for b. */
export function evaluateReference(expression: Expression, market: PlainMarket): Series {
  const known = new Map<string, Series>();
  const evaluate = (node: Expression): Series => {
    let values = known.get(node.key);
    if (!values) {
      values = stored(valuesOf(node, market, evaluate));
      known.set(node.key, values);
    }
    return values;
  };
  return evaluate(expression);
}

const stored = (values: Series): Series =>
  values.map((value) => {
    const single = Math.fround(value);
    return Number.isFinite(single) ? single : Number.NaN;
  });

function valuesOf(node: Expression, market: PlainMarket, evaluate: (node: Expression) => Series): Series {
  if (node.node === 'literal') return Float64Array.of(node.value);
  if (node.node === 'field') return fieldOf(node, market);
  const inputs = node.inputs.map(evaluate);
  const row = operatorOf(node.operator);
  switch (row.shape) {
    case 'elementwise':
      return elementwise(node, row, inputs, market);
    case 'rolling':
      return node.inputs[0]?.kind === 'b' ? overBars(node, row, inputs, market) : rolling(node, row, inputs, market);
    case 'cross-section':
      return crossSection(node, row, inputs, market);
    case 'bar':
      return bar(node, row, inputs, market);
    case 'interval':
      return interval(node, inputs, market);
    case 'learn':
      return learn(node, row, inputs, market);
  }
}

function fieldOf({ name, kind }: Field, market: PlainMarket): Series {
  const values = (kind === 'b' ? market.minute : market.daily).get(name);
  if (!values) throw new RangeError(`the market has no ${name}`);
  return values;
}

function elementwise(node: Call, row: Elementwise, inputs: readonly Series[], market: PlainMarket): Series {
  const { rows, columns, starts } = market;
  const length = { s: 1, g: 0, v: rows, m: rows * columns, b: rows * starts.length * columns }[node.kind];
  const places = node.inputs.map(({ kind }) => {
    if (kind === node.kind) return (i: number) => i;
    return kind === 's' ? () => 0 : (i: number) => Math.floor(i / columns);
  });
  return Float64Array.from({ length }, (_, i) => {
    const cells = inputs.map((input, argument) => input[places[argument]?.(i) as number] as number);
    const [a = Number.NaN, b = Number.NaN, c = Number.NaN] = [...cells, ...node.parameters];
    return row.reference(a, b, c);
  });
}

/** One value of a rolling operator from its spans, which the history was long enough to fill. */
function ofSpan(row: Rolling, x: Series, y: Series, parameters: readonly number[]): number {
  if (row.reads === 'every' && [...x, ...y].some(Number.isNaN)) return Number.NaN;
  return row.reference(x, y, parameters[1] ?? Number.NaN);
}

function rolling(node: Call, row: Rolling, inputs: readonly Series[], { rows, columns }: PlainMarket): Series {
  const width = node.kind === 'v' ? 1 : columns;
  const out = new Float64Array(rows * width).fill(Number.NaN);
  const span = row.span(node.parameters[0] as number);
  const spans = (first: number, column: number): Series[] =>
    inputs.map((input, argument) =>
      Float64Array.from({ length: span }, (_, i) =>
        node.inputs[argument]?.kind === 'v'
          ? (input[first + i] as number)
          : (input[(first + i) * columns + column] as number),
      ),
    );
  for (let t = span - 1; t < rows; t++) {
    for (let column = 0; column < width; column++) {
      const [x = none, y = none] = spans(t - span + 1, column);
      out[t * width + column] = ofSpan(row, x, y, node.parameters);
    }
  }
  return out;
}

const none: Series = new Float64Array(0);

/** A value for every date and symbol, from the date's bars of each input, oldest first. */
function eachDay(inputs: readonly Series[], market: PlainMarket, value: (days: readonly Series[]) => number): Series {
  const { rows, columns, starts } = market;
  const bars = starts.length;
  return Float64Array.from({ length: rows * columns }, (_, i) => {
    const [t, column] = [Math.floor(i / columns), i % columns];
    const day = (input: Series) =>
      Float64Array.from({ length: bars }, (_, j) => input[(t * bars + j) * columns + column] as number);
    return value(inputs.map(day));
  });
}

function overBars(node: Call, row: Rolling, inputs: readonly Series[], market: PlainMarket): Series {
  const window = node.parameters[0] as number;
  if (window > market.starts.length) return new Float64Array(market.rows * market.columns).fill(Number.NaN);
  return eachDay(inputs, market, (days) => {
    const [x = none, y = none] = days.map((day) => day.slice(day.length - window));
    return ofSpan(row, x, y, node.parameters);
  });
}

function interval(node: Call, inputs: readonly Series[], market: PlainMarket): Series {
  const { reduction, start, end } = node.interval as NonNullable<Call['interval']>;
  const { operator, reference } = reductions[reduction];
  const row = operatorOf(operator) as Rolling;
  const inside = (_: number, j: number) => (market.starts[j] as number) >= start && (market.starts[j] as number) < end;
  return eachDay(inputs, market, ([day = none]) => {
    const bars = day.filter(inside);
    if (bars.length < row.least || (row.reads === 'every' && bars.some(Number.isNaN))) return Number.NaN;
    return reference(bars);
  });
}

function bar(node: Call, row: Bar, [input = none]: readonly Series[], market: PlainMarket): Series {
  const { columns, starts } = market;
  const s = node.parameters[0] as number;
  return Float64Array.from(input, (_, i) => {
    if (Math.floor(i / columns) % starts.length < s) return Number.NaN;
    return row.reference(Float64Array.from({ length: s + 1 }, (_, j) => input[i - (s - j) * columns] as number));
  });
}

function crossSection(node: Call, row: CrossSection, inputs: readonly Series[], market: PlainMarket): Series {
  const { rows, columns } = market;
  const out = new Float64Array(rows * columns);
  const [x = none, other = none] = inputs;
  for (let t = 0; t < rows; t++) {
    const [from, to] = [t * columns, (t + 1) * columns];
    const extra = node.parameters[0] ?? Number.NaN;
    row.reference(x.subarray(from, to), other.subarray(from, to), extra, out.subarray(from, to));
  }
  return out;
}

/** Fewer symbols than this say nothing about a date. */
const leastSymbols = 3;

function learn(node: Call, row: Learn, [factor = none]: readonly Series[], market: PlainMarket): Series {
  const { rows, columns, label, labelDelay } = market;
  if (!label || labelDelay === undefined) throw new RangeError(`${node.operator} needs a market with labels`);
  const statistics = Float64Array.from({ length: rows }, (_, t) => {
    const both = Array.from({ length: columns }, (_, column) => t * columns + column).filter(
      (i) => !Number.isNaN(factor[i]) && !Number.isNaN(label[i]),
    );
    if (both.length < leastSymbols) return Number.NaN;
    const of = (values: Series) => Float64Array.from(both, (i) => values[i] as number);
    return row.reference(of(factor), of(label));
  });
  const s = node.parameters[0] as number;
  return Float64Array.from(statistics, (_, t) => {
    const last = t - labelDelay;
    if (last - s + 1 < 0) return Number.NaN;
    return statistics.subarray(last - s + 1, last + 1).reduce((total, value) => total + value, 0) / s;
  });
}
