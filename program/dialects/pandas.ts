/** An expression as one Python file: `factor(data)` over a dict of wide pandas frames. */
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

const loaders: Readonly<Record<string, string>> = {
  _wide: `def _wide(frame, dates, symbols):
    """[date, symbol]"""
    return _stored(frame.reindex(index=dates, columns=symbols).to_numpy(dtype=np.float64))`,
  _market: `def _market(series, dates):
    """[date, 1], to be repeated over the symbols"""
    return _stored(series.reindex(dates).to_numpy(dtype=np.float64)[:, None])`,
  _codes: `def _codes(frame, dates, symbols):
    """A number for each group; missing where there is none."""
    values = frame.reindex(index=dates, columns=symbols).to_numpy()
    codes = pd.factorize(values.ravel())[0].reshape(values.shape)
    return np.where(codes < 0, np.nan, codes)`,
  _bars: `def _bars(frame, dates, times, symbols):
    """[date, bar, symbol]; a bar that is not there is missing."""
    index = pd.DatetimeIndex(np.add.outer(dates.to_numpy(), times.to_numpy()).ravel())
    values = frame.reindex(index=index, columns=symbols).to_numpy(dtype=np.float64)
    return _stored(values.reshape(len(dates), len(times), len(symbols)))`,
};

export function writePandas(expression: Expression): string | Refusal {
  const refusal = refuseTable(expression);
  if (refusal) return refusal;
  const calls = callsOf(expression);
  const names = nameAll(expression, []);
  const fields = fieldsOf(expression);
  const nameOf = (input: Expression): string =>
    input.node === 'literal' ? storedNumber(input.value) : (names.get(input.key) as string);

  const daily = fields.find(({ kind }) => kind === 'm') ?? fields.find(({ kind }) => kind === 'g');
  const minute = fields.find(({ kind }) => kind === 'b');
  const first = (daily ?? minute) as Expression;
  const lines = [
    `symbols = data[${quoted(first)}].columns`,
    daily
      ? `dates = pd.DatetimeIndex(data[${quoted(daily)}].index)`
      : `dates = data[${quoted(first)}].index.normalize().unique()`,
    ...(minute
      ? [
          `clock = data[${quoted(minute)}].index`,
          'times = (clock - clock.normalize()).unique().sort_values()',
          'starts = times // pd.Timedelta(minutes=1)',
        ]
      : []),
    ...fields.map((field) => `${nameOf(field)} = ${loaded(field)}`),
    ...calls.map((made) => `${nameOf(made)} = ${written(made, made.inputs.map(nameOf))}`),
  ];
  const body = [
    'def factor(data):',
    `    """${print(expression)}`,
    '',
    `    data holds ${fields.map((field) => `${field.key}: ${shapes[field.kind]}`).join('; ')}.`,
    '    Returns a DataFrame of dates by symbols."""',
    '    with np.errstate(all="ignore"):',
    ...lines.map((line) => `        ${line}`),
    `        return pd.DataFrame(${nameOf(expression)}, index=dates, columns=symbols)`,
    '',
  ].join('\n');
  const definitions = piecesFor(body, loaders);
  const imports = ['numpy as np', 'pandas as pd'].map((name) => `import ${name}\n`).join('');
  const standard = definitions.includes('functools.') ? 'import functools\n\n' : '';
  return `${standard}${imports}\n\n${definitions}${body}`;
}

const quoted = ({ key }: Expression): string => JSON.stringify(key);

const shapes: Readonly<Record<Expression['kind'], string>> = {
  m: 'DataFrame, dates by symbols',
  g: 'DataFrame of labels, dates by symbols',
  v: 'Series by date',
  b: 'DataFrame, bar begins (datetime) by symbols',
  s: 'number',
};

function loaded(field: Expression): string {
  const frame = `data[${quoted(field)}]`;
  switch (field.kind) {
    case 'v':
      return `_market(${frame}, dates)`;
    case 'g':
      return `_codes(${frame}, dates, symbols)`;
    case 'b':
      return `_bars(${frame}, dates, times, symbols)`;
    default:
      return `_wide(${frame}, dates, symbols)`;
  }
}

function written(made: Call, inputs: readonly string[]): string {
  const { operator, parameters, interval } = made;
  const [x = '', y = '', z = ''] = inputs;
  const row = operatorOf(operator);
  switch (row.shape) {
    case 'elementwise':
      return `_stored(${cell(made, x, y, z)})`;
    case 'rolling': {
      const { span, every } = spanOf(made);
      const minute = made.inputs.some(({ kind }) => kind === 'b');
      const rows = minute ? (parameters[0] as number) : span;
      const some = every ? '' : ', every=False';
      return `${minute ? '_last_bars' : '_rolling'}(${windowFunction(made)}, ${rows}, ${inputs.join(', ')}${some})`;
    }
    case 'cross-section':
      return `_stored(${crossSection(made, inputs)})`;
    case 'bar':
      return `_bar(${windowFunction(made)}, ${parameters[0]}, ${x})`;
    case 'interval': {
      if (!interval) throw new Error('an interval without its bars');
      const { name, least, every } = intervalFunction(interval.reduction);
      const some = every ? '' : ', every=False';
      return `_interval(${name}, ${least}, ${x}, starts, ${interval.start}, ${interval.end}${some})`;
    }
    case 'learn':
      throw new Error(`${operator} was refused above`);
  }
}

function cell({ operator, parameters }: Call, x: string, y: string, z: string): string {
  switch (operator) {
    case 'add':
      return `${x} + ${y}`;
    case 'subtract':
      return `${x} - ${y}`;
    case 'multiply':
      return `${x} * ${y}`;
    case 'protecteddiv':
      return `_divide(${x}, ${y})`;
    case 'neg':
      return `-${x}`;
    case 'abs':
    case 'sign':
    case 'sqrt':
    case 'log':
    case 'tanh':
      return `np.${operator}(${x})`;
    case 'sigmoid':
      return `1 / (1 + np.exp(-${x}))`;
    case 'power':
      return `np.where(np.isnan(${x}), np.nan, np.power(${x}, ${number(parameters[0] as number)}))`;
    case 'min2':
      return `np.minimum(${x}, ${y})`;
    case 'max2':
      return `np.maximum(${x}, ${y})`;
    case 'where':
      return `np.where(np.isnan(${x}), np.nan, np.where(${x} != 0, ${y}, ${z}))`;
    case 'gt':
      return `np.where(np.isnan(${x}) | np.isnan(${y}), np.nan, ${x} > ${y})`;
    case 'lt':
      return `np.where(np.isnan(${x}) | np.isnan(${y}), np.nan, ${x} < ${y})`;
    default:
      throw new Error(`${operator} is not written in pandas yet`);
  }
}
