/** Numbers, labels and index members from tables beside the bars. */
import { EvolveError } from '../../core/failure.ts';
import { columnNamed, resolveColumns } from './columns.ts';
import { type Grouping, missing } from './daily.ts';
import { type SideContext, sideFile, sideRows, spread, stageSide } from './side-table.ts';
import type { Source } from './source.ts';
import { openSources } from './sources.ts';
import * as sql from './sql.ts';

/** A number per date and symbol. */
export async function sideNumbers(
  flag: string,
  text: string,
  valueNames: readonly string[],
  context: SideContext,
): Promise<{ cells: Float32Array; dated: boolean }> {
  const side = await stageSide(flag, text, valueNames, context);
  const cells = await spread(side, context, (value, symbol, number) => {
    if (value !== undefined && Number.isNaN(number) && !/^(nan|null|none|na|n\/a|-+)$/i.test(value)) {
      throw new EvolveError(
        'bad-data',
        `${flag} ${text}: the value of ${context.axes.symbols[symbol]} is "${value}" and not a number.`,
      );
    }
    if (Math.abs(Math.fround(number)) === Number.POSITIVE_INFINITY) {
      throw new EvolveError(
        'bad-data',
        `${flag} ${text}: the value of ${context.axes.symbols[symbol]} is "${value}", more than a field can hold. Leave it empty where it is unknown.`,
      );
    }
    return number;
  });
  return { cells, dated: side.dated };
}

/** A label per date and symbol, as codes. */
export async function sideLabels(
  flag: string,
  text: string,
  valueNames: readonly string[],
  context: SideContext,
): Promise<Grouping & { dated: boolean }> {
  const side = await stageSide(flag, text, valueNames, context);
  const known = await sql.rowsOf(
    context.db,
    `SELECT DISTINCT value FROM ${side.table} WHERE id IS NOT NULL AND value IS NOT NULL ORDER BY value`,
  );
  const labels = known.flat().map(String);
  const codes = new Map(labels.map((label, code) => [label, code]));
  const cells = await spread(side, context, (value) =>
    value === undefined ? Number.NaN : (codes.get(value) as number),
  );
  return { codes: cells, labels, dated: side.dated };
}

/** 1 and the weight of each symbol in the index; a dated table is a whole list for each of its dates. */
export async function sideMembers(
  text: string,
  context: SideContext,
): Promise<{ member: Float32Array; weight: Float32Array | undefined; dated: boolean }> {
  const { axes } = context;
  const weightNames = ['weight', 'weights', 'wgt', '权重'];
  const { file, columns } = sideFile('--members', text);
  const [source] = (await openSources(context.db, [file], context.options)) as [Source];
  const names = [...source.columns.keys()];
  const weighted = columns ? columns.length > 1 : weightNames.some((name) => columnNamed(names, name));
  const usual = resolveColumns(names, new Map(), file);
  // Without weights the symbol stands for its own value.
  const columnsOf = ['date', 'symbol', 'symbol'].flatMap((name) => usual.get(name as 'date' | 'symbol')?.column ?? []);
  const described = weighted
    ? text
    : `${file}:${columns ? [...columns, columns.at(-1)].join(',') : columnsOf.join(',')}`;
  const side = await stageSide('--members', described, weightNames, context);
  const N = axes.symbols.length;
  const [member, weight] = [missing(axes.days.length * N), missing(axes.days.length * N)];
  const lists = new Map<number, [number, number][]>();
  for await (const { day, symbol, number, text: written } of sideRows(side, context)) {
    const share = weighted ? number : 1;
    if (!(share >= 0)) {
      throw new EvolveError(
        'bad-data',
        `--members ${text}: the weight of ${axes.symbols[symbol]} is "${written ?? ''}" and not a number.`,
      );
    }
    const list = lists.get(day) ?? [];
    lists.set(day, list);
    list.push([symbol, share]);
  }
  const dates = [...lists.keys()].sort((a, b) => a - b);
  for (const [t, day] of axes.days.entries()) {
    const list = lists.get(dates.findLast((date) => date <= day) ?? Number.NaN);
    if (!list) continue; // before the first list nothing is known
    member.fill(0, t * N, (t + 1) * N);
    weight.fill(0, t * N, (t + 1) * N);
    const whole = list.reduce((sum, [, share]) => sum + share, 0);
    for (const [symbol, share] of list) {
      member[t * N + symbol] = 1;
      // Sources give per cent or fractions; either way a list's weights make one.
      weight[t * N + symbol] = share / whole;
    }
  }
  return { member, weight: weighted ? weight : undefined, dated: side.dated };
}
