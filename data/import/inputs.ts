/** The files of an import, opened, told apart as daily or minute bars, and staged. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { EvolveError } from '../../core/failure.ts';
import { barColumns } from './columns.ts';
import { expandFiles } from './glob.ts';
import { refuseDialect, refusePattern, refuseUnknown, type StageRequest } from './layout.ts';
import type { ImportOptions } from './options.ts';
import type { Settings } from './settings.ts';
import type { Source } from './source.ts';
import { openSources } from './sources.ts';
import * as sql from './sql.ts';
import { filledColumns, type Stage, stage } from './stage.ts';
import { refuseFormat } from './times.ts';

export interface InputFiles {
  readonly daily: readonly string[];
  readonly minute: readonly string[];
  /** To be told apart by their times. */
  readonly either: readonly string[];
}

export async function findInputs(options: ImportOptions): Promise<InputFiles> {
  const [daily, minute, either] = await Promise.all(
    [options.daily, options.minute, options.files].map((patterns) => expandFiles(patterns ?? [])),
  );
  const inputs = { daily: daily ?? [], minute: minute ?? [], either: either ?? [] };
  if (allFiles(inputs).length === 0) {
    throw new EvolveError(
      'bad-argument',
      'No file of bars is given. Name CSV, Parquet or Arrow files, or a pattern such as "bars/*.parquet".',
    );
  }
  if (options.symbolFromName) refusePattern(options.symbolFromName, allFiles(inputs));
  return inputs;
}

export const allFiles = ({ daily, minute, either }: InputFiles): string[] => [...daily, ...minute, ...either];

export interface Stages {
  readonly daily: Stage | undefined;
  readonly minute: Stage | undefined;
}

export async function stageInputs(
  db: DuckDBConnection,
  inputs: InputFiles,
  options: ImportOptions,
  settings: Settings,
  scratch: string,
): Promise<Stages> {
  if (options.dateFormat) await refuseFormat(db, options.dateFormat);
  if (options.symbolFromName) await refuseDialect(db, options.symbolFromName);
  const read = { encoding: options.encoding, scratch };
  const open = async (files: readonly string[]): Promise<Source[]> => openSources(db, files, read);
  const [daily, minute, either] = [await open(inputs.daily), await open(inputs.minute), await open(inputs.either)];
  const request = (fields: Settings['fields'], texts: ReadonlyMap<string, string>): StageRequest => ({
    mapping: settings.mapping,
    symbolFromName: options.symbolFromName,
    dateFromName: options.dateFromName,
    dateFormat: options.dateFormat,
    timezone: options.timezone,
    numbers: new Map(fields.map((field) => [field.name, field.use])),
    texts,
  });
  const everything = request(settings.fields, settings.groupColumns);
  refuseUnknown([...daily, ...minute, ...either], everything);
  const dailyRequest = request(
    settings.fields.filter((field) => !isMinuteName(field.name)),
    settings.groupColumns,
  );
  const minuteRequest = request(
    settings.fields.filter((field) => isMinuteName(field.name)),
    new Map(),
  );

  const stages: { daily: Stage[]; minute: Stage[] } = { daily: [], minute: [] };
  if (daily.length > 0) stages.daily.push(onlyDaily(await stage(db, 'bars_daily', daily, dailyRequest)));
  if (minute.length > 0) stages.minute.push(onlyMinute(await stage(db, 'bars_minute', minute, minuteRequest)));
  if (either.length > 0) {
    const both = await split(db, await stage(db, 'bars', either, everything));
    stages.daily.push(...both.daily);
    stages.minute.push(...both.minute);
  }
  for (const kind of ['daily', 'minute'] as const) {
    if (stages[kind].length > 1) {
      throw new EvolveError(
        'bad-argument',
        `${stages[kind][1]?.files[0]?.shown} holds ${kind} bars, and --${kind} names others. Give all ${kind} files after --${kind}.`,
      );
    }
  }
  for (const { name } of settings.fields) {
    const kind = isMinuteName(name) ? 'minute' : 'daily';
    if (stages[kind].length > 0) continue;
    const other = kind === 'minute' ? 'all upper-case for a daily field' : 'all lower-case for a minute field';
    throw new EvolveError(
      'bad-argument',
      `--field ${name} is a ${kind} field, and no file has ${kind} bars. Write it ${other}.`,
    );
  }
  return { daily: stages.daily[0], minute: stages.minute[0] };
}

function onlyDaily(staged: Stage): Stage {
  const intraday = staged.files.find((file) => file.times > 1);
  if (!intraday) return staged;
  throw new EvolveError(
    'bad-data',
    `${intraday.shown} has ${intraday.times} different times of day, so its bars are not daily. Give it after --minute.`,
  );
}

function onlyMinute(staged: Stage): Stage {
  const daily = staged.files.find((file) => file.times <= 1 && file.rows > 1);
  if (!daily || staged.files.some((file) => file.times > 1)) return staged;
  throw new EvolveError(
    'bad-data',
    `${daily.shown} has one time of day only, so its bars are daily. Give it after --daily.`,
  );
}

/** A file whose stamps have one time of day, or none, is daily. */
async function split(db: DuckDBConnection, staged: Stage): Promise<{ daily: Stage[]; minute: Stage[] }> {
  const minute = staged.files.filter((file) => file.times > 1);
  const daily = staged.files.filter((file) => file.times <= 1);
  if (minute.length === 0) return { daily: [staged], minute: [] };
  if (daily.length === 0) return { daily: [], minute: [staged] };
  const part = async (kind: 'daily' | 'minute', files: Stage['files']): Promise<Stage> => {
    const table = `bars_${kind}`;
    const ranges = files.map((file) => `rn BETWEEN ${file.first} AND ${file.first + file.rows - 1}`);
    await db.run(`CREATE TABLE ${table} AS SELECT * FROM ${staged.table} WHERE ${ranges.join(' OR ')}`);
    const shown = new Set(files.map((file) => file.shown));
    const wanted = staged.numbers.filter((name) => barColumn(name) || isMinuteName(name) === (kind === 'minute'));
    const numbers = await filledColumns(db, table, wanted);
    return {
      ...staged,
      table,
      numbers,
      texts: kind === 'daily' ? staged.texts : [],
      files,
      rows: files.reduce((sum, file) => sum + file.rows, 0),
      rejects: staged.rejects.filter((reject) => shown.has(reject.file)),
    };
  };
  const stages = { daily: [await part('daily', daily)], minute: [await part('minute', minute)] };
  await sql.rowsOf(db, `DROP TABLE ${staged.table}`);
  return stages;
}

/** Lower-case fields are minute fields. */
const isMinuteName = (name: string): boolean => name === name.toLowerCase();

const barColumn = (name: string): boolean => Object.hasOwn(barColumns, name);
