/** The minute bars of a market, a date at a time, and the daily bars they make where none are given. */
import { combineBars } from '../derive/combine.ts';
import type { FieldInfo } from '../market.ts';
import type { MarketWriter } from '../store/write.ts';
import type { Axes } from './axes.ts';
import { type DailyTable, missing } from './daily.ts';
import { barField, barNames, extraField } from './fields.ts';
import type { Job } from './job.ts';
import { type MinuteCounts, type MinutePlan, matchDaily, minuteDays } from './minute.ts';
import type { ImportReport } from './report.ts';
import type { Stage } from './stage.ts';

interface WrittenMinutes extends MinuteCounts {
  /** Daily cells made of the minute bars; empty when the market has daily files. */
  readonly daily: Map<string, Float32Array>;
  readonly coverage: ImportReport['fields'];
}

export async function writeMinutes(
  job: Job,
  writer: MarketWriter,
  stage: Stage,
  plan: MinutePlan,
  axes: Axes,
  table: DailyTable | undefined,
): Promise<WrittenMinutes> {
  const { settings, db, ledger, options } = job;
  const [T, N, M] = [axes.days.length, axes.symbols.length, plan.grid.starts.length];
  const fields = minuteFields(job, stage, table);
  for (const field of fields) writer.minuteField(field);
  const ofBars = fields.filter((field) => barNames.includes(field.name));
  const daily = new Map(table ? [] : ofBars.map((field) => [field.name, missing(T * N)]));
  const counts: MinuteCounts = { kept: 0, filled: 0 };
  const present = new Map(fields.map((field) => [field.name, 0]));
  const request = {
    repairs: settings.repairs,
    fields: fields.map((field) => field.name),
    factors: table?.fields.get('factor'),
  };
  for await (const day of minuteDays(db, stage, axes, plan, request, ledger, counts)) {
    const dailyClose = table?.fields.get('close');
    if (dailyClose) matchDaily(day, axes, dailyClose, ledger);
    else combineBars(ofBars, day.slabs, N, 0, M, daily, day.t);
    for (const [name, slab] of day.slabs) present.set(name, (present.get(name) as number) + values(slab));
    await writer.minuteDay(day.t, day.slabs);
    options.onProgress?.(day.t + 1, T);
  }
  const coverage = fields.map(({ name }) => ({
    name,
    kind: 'b' as const,
    coverage: (present.get(name) as number) / (T * M * N),
  }));
  return { ...counts, daily, coverage };
}

function minuteFields({ settings }: Job, stage: Stage, table: DailyTable | undefined): FieldInfo[] {
  const has = (name: string): boolean => stage.numbers.includes(name);
  const adjusted = has('factor') || table?.fields.has('factor') ? ', adjusted' : '';
  const vwap = has('vwap')
    ? adjusted
    : has('amount')
      ? `${adjusted}, as amount over volume`
      : ', as (high + low + close) / 3';
  const names = barNames.filter(
    (name) => has(name) || (name === 'vwap' && (has('amount') || settings.repairs.has('vwap'))),
  );
  return [
    ...names.map((name) => barField(name, 'b', name === 'vwap' ? vwap : name === 'amount' ? '' : adjusted)),
    ...settings.fields.filter((field) => field.name === field.name.toLowerCase() && has(field.name)).map(extraField),
  ];
}

export const values = (cells: Float32Array): number => {
  let count = 0;
  for (let i = 0; i < cells.length; i++) if (!Number.isNaN(cells[i])) count++;
  return count;
};
