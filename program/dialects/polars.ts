/** An expression as one Python file: `factor(daily, minute)` over long polars frames with one row a date (or bar) and symbol. */
import { operatorOf } from '../../operators/table.ts';
import type { Refusal } from '../build.ts';
import type { Call, Expression } from '../expression.ts';
import { print } from '../print.ts';
import {
  callsOf,
  crossSection,
  fieldsOf,
  intervalFunction,
  nameAll,
  number,
  piecesFor,
  refuseTable,
  spanOf,
  storedNumber,
  windowFunction,
} from './python.ts';

const helpers: Readonly<Record<string, string>> = {
  _kept: `def _kept(x):
    """Values are kept as 32-bit floats; what does not fit, or is not a number, is missing."""
    x = x.cast(pl.Float32, strict=False).cast(pl.Float64)
    return pl.when(x.is_finite()).then(x)`,
  _quotient: `def _quotient(a, b):
    """Missing where b is zero, or so small that the quotient is too large to store."""
    q = a / b
    return pl.when(q.abs() <= 3.4028234663852886e38).then(q)`,
  _known: `def _known(*inputs):
    return pl.all_horizontal(*(x.is_not_null() for x in inputs))`,
  _flag: `def _flag(holds):
    return holds.cast(pl.Float64)`,
  _over_symbol: `def _over_symbol(f, span, *names, every=True):
    """f of the last rows of each symbol."""

    def of(rows):
        columns = (rows.struct.field(name).to_numpy() for name in names)
        with np.errstate(all="ignore"):
            return pl.Series(_rolling(f, span, *columns, every=every), nan_to_null=True)

    return pl.struct(*dict.fromkeys(names)).map_batches(of, return_dtype=pl.Float64).over("symbol")`,
  _over_date: `def _over_date(f, *names):
    """f of all symbols of each date."""

    def of(rows):
        columns = (rows.struct.field(name).to_numpy().reshape(1, -1) for name in names)
        with np.errstate(all="ignore"):
            return pl.Series(_stored(f(*columns))[0], nan_to_null=True)

    return pl.struct(*dict.fromkeys(names)).map_batches(of, return_dtype=pl.Float64).over("date")`,
  _codes: `def _codes(frame, name):
    """A number for each group; missing where there is none."""
    group = frame[name].fill_nan(None) if frame[name].dtype.is_float() else frame[name]
    return group.rank("dense").cast(pl.Float64)`,
  _cube: `def _cube(frame, name, times, symbols):
    """[date, bar, symbol]"""
    return frame[name].to_numpy().reshape(-1, len(times), len(symbols))`,
};

export function writePolars(expression: Expression): string | Refusal {
  const refusal = refuseTable(expression);
  if (refusal) return refusal;
  const fields = fieldsOf(expression);
  const names = nameAll(expression, ['date', 'symbol', 'datetime', 'time', 'daily', 'minute', 'grid']);
  const nameOf = (input: Expression): string => names.get(input.key) as string;
  const daily = fields.filter(({ kind }) => kind !== 'b');
  const minute = fields.filter(({ kind }) => kind === 'b');
  const source = daily.some(({ kind }) => kind !== 'v') ? 'daily' : 'minute';

  const lines = [
    ...(daily.length > 0 ? ['daily = daily.with_columns(pl.col("date").cast(pl.Date))'] : []),
    ...(minute.length > 0
      ? ['minute = minute.with_columns(date=pl.col("datetime").dt.date(), time=pl.col("datetime").dt.time())']
      : []),
    `dates, symbols = (${source}.select(pl.col(name).unique().sort()) for name in ("date", "symbol"))`,
    'grid = dates.join(symbols, how="cross")',
    ...(daily.length > 0 ? loadedDaily(daily, nameOf) : ['daily = grid']),
    ...(minute.length > 0 ? loadedMinute(minute, nameOf) : []),
    ...callsOf(expression).map((made) => added(made, nameOf)),
  ];
  const needs = [daily.length > 0 && 'daily', minute.length > 0 && 'minute'].filter(Boolean).join(', ');
  const body = [
    `def factor(${needs}):`,
    `    """${print(expression)}`,
    '',
    ...(daily.length > 0
      ? [`    daily has a row a date and symbol: date, symbol, ${daily.map(({ key }) => key).join(', ')}.`]
      : []),
    ...(minute.length > 0
      ? [
          `    minute has a row a bar and symbol: datetime (when the bar begins), symbol, ${minute.map(({ key }) => key).join(', ')}.`,
        ]
      : []),
    '    Returns a DataFrame of date, symbol and factor, sorted by both."""',
    '    with np.errstate(all="ignore"):',
    ...lines.map((line) => `        ${line}`),
    `        return daily.select("date", "symbol", factor=${JSON.stringify(nameOf(expression))})`,
    '',
  ].join('\n');
  const definitions = piecesFor(body, helpers);
  const standard = definitions.includes('functools.') ? 'import functools\n\n' : '';
  return `${standard}import numpy as np\nimport polars as pl\n\n\n${definitions}${body}`;
}

type NameOf = (input: Expression) => string;

function loadedDaily(fields: readonly Expression[], nameOf: NameOf): string[] {
  const columns = fields.map((field) => {
    const column = `pl.col(${JSON.stringify(field.key)})`;
    const values = `_kept(${column}.cast(pl.Float64))`;
    if (field.kind === 'g') return `${nameOf(field)}=_codes(daily, ${JSON.stringify(field.key)})`;
    // Every symbol has the date's one value, also where it has no row.
    return `${nameOf(field)}=${field.kind === 'v' ? `${values}.max().over("date")` : values}`;
  });
  return [
    'daily = grid.join(daily, on=["date", "symbol"], how="left", maintain_order="left")',
    `daily = daily.select("date", "symbol", ${columns.join(', ')})`,
  ];
}

function loadedMinute(fields: readonly Expression[], nameOf: NameOf): string[] {
  const columns = fields.map(
    (field) => `${nameOf(field)}=_kept(pl.col(${JSON.stringify(field.key)}).cast(pl.Float64))`,
  );
  return [
    'times = minute.select(pl.col("time").unique().sort())',
    'starts = [t.hour * 60 + t.minute for t in times["time"]]',
    'grid = dates.join(times, how="cross").join(symbols, how="cross")',
    'minute = grid.join(minute, on=["date", "time", "symbol"], how="left", maintain_order="left")',
    `minute = minute.select("date", "time", "symbol", ${columns.join(', ')})`,
  ];
}

/** One line: a new column in the frame the value belongs to. */
function added(made: Call, nameOf: NameOf): string {
  const { operator, inputs, parameters, interval } = made;
  const name = nameOf(made);
  const frame = made.kind === 'b' ? 'minute' : 'daily';
  const line = (value: string): string => `${frame} = ${frame}.with_columns(${name}=${value})`;
  const columns = inputs.map((input) =>
    input.node === 'literal' ? `pl.lit(${storedNumber(input.value)})` : `pl.col("${nameOf(input)}")`,
  );
  const quoted = inputs.map((input) => `"${nameOf(input)}"`).join(', ');
  const [x = '', y = '', z = ''] = columns;
  const row = operatorOf(operator);
  switch (row.shape) {
    case 'elementwise':
      return line(cell(made, x, y, z));
    case 'rolling': {
      const { span, every } = spanOf(made);
      const some = every ? '' : ', every=False';
      if (inputs.some(({ kind }) => kind === 'b')) {
        const cubes = inputs.map((input) => `_cube(minute, "${nameOf(input)}", times, symbols)`).join(', ');
        return line(asColumn(`_last_bars(${windowFunction(made)}, ${parameters[0]}, ${cubes}${some})`));
      }
      const before = spacing(made, x, 'symbol');
      return line(before ?? `_over_symbol(${windowFunction(made)}, ${span}, ${quoted}${some})`);
    }
    case 'cross-section': {
      const [first, second] = ['x', 'y'];
      const arguments_ = inputs.length > 1 ? [first, second] : [first];
      return line(`_over_date(lambda ${arguments_.join(', ')}: ${crossSection(made, arguments_)}, ${quoted})`);
    }
    case 'bar':
      return line(spacing(made, x, 'date", "symbol') as string);
    case 'interval': {
      if (!interval) throw new Error('an interval without its bars');
      const { name: reduction, least, every } = intervalFunction(interval.reduction);
      const cube = `_cube(minute, ${quoted}, times, symbols)`;
      const bars = `starts, ${interval.start}, ${interval.end}${every ? '' : ', every=False'}`;
      return line(asColumn(`_interval(${reduction}, ${least}, ${cube}, ${bars})`));
    }
    case 'learn':
      throw new Error(`${operator} was refused above`);
  }
}

const asColumn = (array: string): string => `pl.Series(${array}.ravel(), nan_to_null=True)`;

/** What reads only today's row and an earlier one. */
function spacing({ operator, parameters }: Call, x: string, over: string): string | undefined {
  const before = `${x}.shift(${parameters[0]}).over("${over}")`;
  switch (operator) {
    case 'ts_delay':
    case 'bar_delay':
      return before;
    case 'ts_diff':
    case 'bar_diff':
      return `_kept(${x} - ${before})`;
    case 'ts_return':
    case 'bar_return':
      return `_kept(_quotient(${x}, ${before}) - 1)`;
    default:
      return undefined;
  }
}

function cell({ operator, parameters }: Call, x: string, y: string, z: string): string {
  switch (operator) {
    case 'add':
      return `_kept(${x} + ${y})`;
    case 'subtract':
      return `_kept(${x} - ${y})`;
    case 'multiply':
      return `_kept(${x} * ${y})`;
    case 'protecteddiv':
      return `_kept(_quotient(${x}, ${y}))`;
    case 'neg':
      return `-${x}`;
    case 'abs':
    case 'sign':
      return `${x}.${operator}()`;
    case 'sqrt':
    case 'log':
    case 'tanh':
      return `_kept(${x}.${operator}())`;
    case 'sigmoid':
      return `_kept(1 / (1 + (-${x}).exp()))`;
    case 'power':
      return `_kept(${x}.pow(float(${number(parameters[0] as number)})))`;
    case 'min2':
      return `pl.when(_known(${x}, ${y})).then(pl.min_horizontal(${x}, ${y}))`;
    case 'max2':
      return `pl.when(_known(${x}, ${y})).then(pl.max_horizontal(${x}, ${y}))`;
    case 'where':
      return `pl.when(_known(${x})).then(pl.when(${x} != 0).then(${y}).otherwise(${z}))`;
    case 'gt':
      return `_flag(${x} > ${y})`;
    case 'lt':
      return `_flag(${x} < ${y})`;
    default:
      throw new Error(`${operator} is not written in polars yet`);
  }
}
