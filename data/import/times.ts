/** Stamps as SQL: whatever a column holds becomes a naive TIMESTAMP of the exchange, or NULL when it is none. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { EvolveError } from '../../core/failure.ts';
import * as sql from './sql.ts';

export interface StampOptions {
  readonly dateFormat?: string | undefined;
  readonly timezone?: string | undefined;
}

const epochs: Readonly<Record<string, number>> = { 'epoch-s': 1e6, 'epoch-ms': 1e3, 'epoch-us': 1, 'epoch-ns': 1e-3 };
const integer = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/;

/** Refuses a --date-format the database cannot read dates by. */
export async function refuseFormat(db: DuckDBConnection, format: string): Promise<void> {
  if (Object.hasOwn(epochs, format)) return;
  try {
    await sql.rowsOf(db, `SELECT try_strptime('', ${sql.text(format)})`);
  } catch (cause) {
    throw new EvolveError(
      'bad-argument',
      `--date-format ${format} is not understood. Write it with %Y, %m, %d, %H, %M and %S, or as ${Object.keys(epochs).join(', ')}.`,
      { cause },
    );
  }
}

/** The stamp in `column`, of a DuckDB type. `file` is for refusals. */
export function stampExpression(column: string, type: string, file: string, options: StampOptions): string {
  const { dateFormat, timezone } = options;
  if (type === 'TIMESTAMP WITH TIME ZONE') return atZone(`${column}`, column, file, timezone);
  if (type === 'DATE' || type.startsWith('TIMESTAMP')) return `CAST(${column} AS TIMESTAMP)`;
  const number = integer.test(type) || /^(FLOAT|DOUBLE|DECIMAL)/.test(type);
  if (!number && type !== 'VARCHAR') {
    throw new EvolveError(
      'bad-data',
      `${file}: column ${column} has type ${type}, which is no date. Name the date column with --map date=COLUMN.`,
    );
  }
  const micros = dateFormat === undefined ? undefined : epochs[dateFormat];
  if (micros !== undefined) {
    const instant = `make_timestamp(CAST(TRY_CAST(${column} AS DOUBLE) * ${micros} AS BIGINT))`;
    // An instant is in UTC. Without a zone it is taken as it is written, which is right for dates.
    return timezone ? atZone(`CAST(${instant} AS TIMESTAMP) AT TIME ZONE 'UTC'`, column, file, timezone) : instant;
  }
  const words = number ? `CAST(TRY_CAST(${column} AS BIGINT) AS VARCHAR)` : `trim(${column})`;
  if (dateFormat) return `try_strptime(${words}, ${sql.text(dateFormat)})`;
  const digits = `CASE length(${words})
    WHEN 8 THEN try_strptime(${words}, '%Y%m%d')
    WHEN 12 THEN try_strptime(${words}, '%Y%m%d%H%M')
    WHEN 14 THEN try_strptime(${words}, '%Y%m%d%H%M%S') END`;
  if (number) return digits;
  const zoned = timezone
    ? `WHEN regexp_full_match(${words}, '${withOffset}') THEN ${atZone(`TRY_CAST(${words} AS TIMESTAMPTZ)`, column, file, timezone)}`
    : `WHEN regexp_full_match(${words}, '${withOffset}') THEN NULL`;
  return `CASE
    WHEN regexp_full_match(${words}, '\\d+') THEN ${digits}
    ${zoned}
    -- Not the words the database knows for stamps: epoch, infinity.
    WHEN regexp_matches(${words}, '^\\d') THEN TRY_CAST(replace(${words}, '/', '-') AS TIMESTAMP) END`;
}

/** `2024-01-02 09:30:00-05:00`, `2024-01-02T14:30:00Z`. */
export const withOffset = '\\d{4}.*\\d:\\d\\d.*([+-]\\d\\d:?\\d\\d|[+-]\\d\\d|Z)';

/** Microseconds since midnight in a column of times: 09:35, 09:35:00, 935, 93500, 93500000. */
export function timeExpression(column: string, type: string): string {
  if (type === 'TIME') return `epoch_us(${column})`;
  const words =
    integer.test(type) || /^(FLOAT|DOUBLE|DECIMAL)/.test(type)
      ? `CAST(TRY_CAST(${column} AS BIGINT) AS VARCHAR)`
      : `trim(${column})`;
  const parse = (length: number): string => {
    const padded = `lpad(${words}, ${length}, '0')`;
    const seconds = length > 4 ? ` || ':' || ${padded}[5:6]` : " || ':00'";
    const rest = length > 6 ? ` || '.' || ${padded}[7:]` : '';
    return `epoch_us(TRY_CAST(${padded}[1:2] || ':' || ${padded}[3:4]${seconds}${rest} AS TIME))`;
  };
  return `CASE
    WHEN NOT regexp_full_match(${words}, '\\d+') THEN epoch_us(TRY_CAST(CASE WHEN length(${words}) <= 5 THEN ${words} || ':00' ELSE ${words} END AS TIME))
    WHEN length(${words}) <= 4 THEN ${parse(4)}
    WHEN length(${words}) <= 6 THEN ${parse(6)}
    ELSE ${parse(9)} END`;
}

function atZone(instant: string, column: string, file: string, timezone: string | undefined): string {
  if (!timezone) {
    throw new EvolveError(
      'bad-data',
      `${file}: the stamps in ${column} carry a time zone. Say the exchange's with --timezone, such as America/New_York or Asia/Shanghai.`,
    );
  }
  return `((${instant}) AT TIME ZONE ${sql.text(timezone)})`;
}
