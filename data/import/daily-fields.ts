/** The daily half of a market: bars, derived fields, and what tables beside the bars bring. */
import { ratio } from '../../core/units.ts';
import { type DailyBars, eachDerived } from '../derive/derived.ts';
import { quotient } from '../derive/quotient.ts';
import type { FieldInfo } from '../market.ts';
import type { MarketWriter } from '../store/write.ts';
import type { Axes } from './axes.ts';
import type { DailyTable, Grouping } from './daily.ts';
import { barField, barNames, extraField } from './fields.ts';
import { indexVectors } from './index-vectors.ts';
import type { Job } from './job.ts';
import { typicalPrice } from './minute.ts';
import type { ImportReport } from './report.ts';
import { sideLabels, sideMembers, sideNumbers } from './side.ts';
import type { SideContext } from './side-table.ts';
import { values } from './write-minutes.ts';

type Coverage = ImportReport['fields'];

interface DailyFields {
  /** Writes every daily field; `bars` are the cells by column name. */
  write(writer: MarketWriter, bars: ReadonlyMap<string, Float32Array>, before: Coverage): Promise<Coverage>;
}

interface Field {
  readonly info: FieldInfo;
  readonly cells: Float32Array;
}

/** Reads the tables beside the bars, so that what is wrong with them is found early. */
export async function dailyFields(job: Job, axes: Axes, table: DailyTable | undefined): Promise<DailyFields> {
  const { options, settings, db, folder, notes } = job;
  const read = {
    encoding: options.encoding,
    dateFormat: options.dateFormat,
    timezone: options.timezone,
    scratch: folder,
  };
  const context: SideContext = { db, axes, options: read, notes };
  const groups = await groupFields(job, context, table);
  const statics = await staticFields(job, context);
  const members = await memberFields(job, context);
  const counts = new Map<string, Float32Array>();
  for (const [name, text] of settings.shareFiles) {
    const flag = name === 'shares' ? '--shares' : '--free-shares';
    const { cells, dated } = await sideNumbers(
      flag,
      text,
      [name, 'shares', 'free_shares', 'float_shares', 'free_float', 'total_shares'],
      context,
    );
    if (!dated) notes.push(snapshot(flag));
    counts.set(name, cells);
  }
  const index = options.index === undefined ? undefined : await indexVectors(options.index, context);

  const write = async (
    writer: MarketWriter,
    bars: ReadonlyMap<string, Float32Array>,
    before: Coverage,
  ): Promise<Coverage> => {
    const [T, N] = [axes.days.length, axes.symbols.length];
    const coverage = [...before];
    const add = async ({ info, cells }: Field): Promise<void> => {
      coverage.push({ name: info.name, kind: info.kind, coverage: values(cells) / cells.length });
      await (info.kind === 'v' ? writer.vector(info, cells) : writer.daily(info, cells));
    };
    const source = table ? '' : ', from the minute bars';
    const how = `${bars.has('factor') ? ', adjusted' : ''}${source}`;
    for (const name of barNames) {
      const cells = bars.get(name);
      if (cells && name !== 'vwap') await add({ info: barField(name, 'm', name === 'amount' ? source : how), cells });
    }
    const vwap = vwapField(job, bars, how);
    if (vwap) await add(vwap);
    for (const field of settings.fields) {
      const cells = bars.get(field.name);
      if (cells && field.name === field.name.toUpperCase()) await add({ info: extraField(field), cells });
    }
    for (const field of [...groups, ...statics, ...members]) await add(field);
    const limits = settings.limitOf && Float32Array.from(axes.symbols, settings.limitOf);
    const known = derivable(bars, vwap?.cells, counts);
    for (const field of eachDerived(known, T, N, { priceLimit: limits, index })) await add(field);
    return coverage;
  };
  return { write };
}

/** What the derived fields are made of. Counts of shares are adjusted as volumes are, so that turnover is not. */
function derivable(
  bars: ReadonlyMap<string, Float32Array>,
  vwap: Float32Array | undefined,
  counts: ReadonlyMap<string, Float32Array>,
): DailyBars {
  const factor = bars.get('factor');
  const fromFile = (name: string): Float32Array | undefined => {
    const cells = counts.get(name);
    return cells && factor ? quotient(cells, factor) : cells;
  };
  const bar = (name: string): Float32Array => bars.get(name) as Float32Array;
  return {
    open: bar('open'),
    high: bar('high'),
    low: bar('low'),
    close: bar('close'),
    volume: bar('volume'),
    vwap,
    shares: bars.get('shares') ?? fromFile('shares'),
    freeShares: bars.get('freeShares') ?? fromFile('freeShares'),
    turn: bars.get('turn'),
    freeTurn: bars.get('freeTurn'),
  };
}

/** Given, or amount over volume, or what the user lets stand for it. */
function vwapField({ settings, notes }: Job, bars: ReadonlyMap<string, Float32Array>, how: string): Field | undefined {
  const [given, amount, volume] = [bars.get('vwap'), bars.get('amount'), bars.get('volume') as Float32Array];
  if (given) return { info: barField('vwap', 'm', how), cells: given };
  if (amount)
    return { info: barField('vwap', 'm', `${how}, as amount over volume`), cells: positive(quotient(amount, volume)) };
  if (!settings.repairs.has('vwap')) {
    notes.push(
      'there is no VWAP: the files give neither vwap nor amount; --repair vwap lets (high + low + close) / 3 stand for it',
    );
    return undefined;
  }
  const [high, low, close] = ['high', 'low', 'close'].map((name) => bars.get(name)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  return {
    info: barField('vwap', 'm', `${how}, as (high + low + close) / 3`),
    cells: close.map((_, i) => typicalPrice(high, low, close, i)),
  };
}

/** No price is zero, though an amount may be. */
const positive = (cells: Float32Array): Float32Array => cells.map((value) => (value > 0 ? value : Number.NaN));

async function groupFields(
  { settings, notes }: Job,
  context: SideContext,
  table: DailyTable | undefined,
): Promise<Field[]> {
  const field = (name: string, { codes, labels }: Grouping, from: string, dated = true): Field => ({
    info: { name, kind: 'g', unit: ratio, doc: `Grouping from ${from}`, labels, ...(!dated && { snapshot: true }) },
    cells: codes,
  });
  const fields = [...(table?.groups ?? [])].map(([name, group]) => field(name, group, 'a column of the daily bars'));
  for (const [name, text] of settings.groupFiles) {
    const group = await sideLabels(`--group ${name}`, text, [name, 'industry', 'sector', '行业'], context);
    if (!group.dated) notes.push(`${name} is one snapshot, taken for every date`);
    fields.push(field(name, group, group.dated ? 'a dated table' : 'one snapshot for every date', group.dated));
  }
  return fields;
}

async function staticFields({ settings, notes }: Job, context: SideContext): Promise<Field[]> {
  const fields: Field[] = [];
  for (const [name, { text, unit }] of settings.statics) {
    const { cells, dated } = await sideNumbers(`--static ${name}`, text, [name, 'market_cap', 'cap'], context);
    if (!dated) notes.push(snapshot(name));
    fields.push({
      info: {
        name,
        kind: 'm',
        unit,
        doc: dated ? 'From a dated table' : 'One snapshot for every date: it knows the future of earlier ones',
        ...(!dated && { snapshot: true }),
      },
      cells,
    });
  }
  return fields;
}

async function memberFields({ options, notes }: Job, context: SideContext): Promise<Field[]> {
  if (options.members === undefined) return [];
  const { member, weight, dated } = await sideMembers(options.members, context);
  if (!dated) notes.push(snapshot('MEMBER'));
  const field = (name: string, doc: string, cells: Float32Array): Field => ({
    info: { name, kind: 'm', unit: ratio, doc, ...(!dated && { snapshot: true }) },
    cells,
  });
  return [
    field('MEMBER', '1 for members of the index, 0 for others', member),
    ...(weight ? [field('WEIGHT', "Weight in the index, each date's adding up to 1", weight)] : []),
  ];
}

const snapshot = (what: string): string =>
  `${what} is one snapshot taken for every date, so it knows the future of earlier dates: do not trade on it`;
