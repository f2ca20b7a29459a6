/**
 * Long tables of bars in, a market folder out. Files are staged in a database on disk, judged row by row as they
 * stream through, and written a date at a time: memory holds the daily matrices and one date of minute bars. The rows
 * read are the rows kept and the rows dropped, and every one dropped or repaired is in drop-report.csv.
 */

import { rename } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { dateText } from '../../core/date.ts';
import { EvolveError } from '../../core/failure.ts';
import { MarketWriter, refuseOccupied } from '../store/write.ts';
import { type Axes, declareSymbols, findAxes, refuseNothing } from './axes.ts';
import { compact } from './compact.ts';
import { type DailyTable, readDaily, warnOfDaily } from './daily.ts';
import { dailyFields } from './daily-fields.ts';
import { datesPerYear } from './dates-per-year.ts';
import { allFiles, findInputs, type InputFiles, type Stages, stageInputs } from './inputs.ts';
import type { Job } from './job.ts';
import { type Bars, Ledger } from './ledger.ts';
import { planMinutes } from './minute.ts';
import type { ImportOptions } from './options.ts';
import { provenanceOf } from './provenance.ts';
import type { ImportReport, RowCounts } from './report.ts';
import { parseSettings, type Settings } from './settings.ts';
import { shortage } from './shortage.ts';
import * as sql from './sql.ts';
import type { Stage } from './stage.ts';
import { refuseOddUnits } from './units-check.ts';
import { makeWorkspace } from './workspace.ts';
import { writeMinutes } from './write-minutes.ts';

export async function importMarket(options: ImportOptions): Promise<ImportReport> {
  const started = performance.now();
  const settings = parseSettings(options);
  const inputs = await findInputs(options);
  await refuseOccupied(options.out, options.overwrite ?? false);
  const workspace = await makeWorkspace(options.out, options.overwrite ?? false);
  try {
    const report = await importInto(workspace.folder, options, settings, inputs);
    await workspace.publish();
    return { ...report, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    throw error instanceof EvolveError ? error : (shortage(error) ?? error);
  } finally {
    await workspace.remove();
  }
}

/** Makes the folder `market` in the folder, its drop report included. */
async function importInto(
  folder: string,
  options: ImportOptions,
  settings: Settings,
  inputs: InputFiles,
): Promise<Omit<ImportReport, 'seconds'>> {
  const database = await sql.openDatabase(folder, settings.memory);
  const dropReport = join(folder, 'drop-report.csv');
  let ledger: Ledger | undefined;
  try {
    ledger = new Ledger(dropReport, settings.repairs);
    const report = await run({ options, settings, inputs, folder, db: database.connection, ledger, notes: [] });
    ledger.close();
    await rename(dropReport, join(folder, 'market', 'drop-report.csv'));
    return report;
  } finally {
    ledger?.abandon();
    database.close();
  }
}

async function run(job: Job): Promise<Omit<ImportReport, 'seconds'>> {
  const { options, settings, db, ledger, notes } = job;
  const stages = await stageInputs(db, job.inputs, options, settings, job.folder);
  const present = [stages.daily, stages.minute].filter((stage) => stage !== undefined);
  noteRejects(stages, ledger);
  notes.push(...emptyFileNotes(job, present));
  const found = await findAxes(db, present);
  if (found.symbols.length === 0) ledger.refuse();
  await refuseNothing(db, found, present, allFiles(job.inputs));
  for (const stage of present) await refuseOddUnits(db, stage);

  const { axes, table } = await readDailyTable(job, stages, found);
  const plan = stages.minute && (await planMinutes(db, stages.minute, axes, ledger, options));
  const name = options.name ?? basename(resolve(options.out));
  const head = {
    name,
    calendar: axes.days.map(dateText),
    symbols: axes.symbols,
    minute: plan?.grid,
    datesPerYear: options.datesPerYear ?? datesPerYear(axes),
    provenance: provenanceOf(options, allFiles(job.inputs)),
  };
  const writer = await MarketWriter.create(join(job.folder, 'market'), head, { shown: options.out });
  try {
    const daily = await dailyFields(job, axes, table); // sides are read and refused before the minutes are
    const minutes =
      stages.minute && plan ? await writeMinutes(job, writer, stages.minute, plan, axes, table) : undefined;
    const close = table?.fields.get('close') ?? minutes?.daily.get('close');
    if (table)
      warnOfDaily(
        close as Float32Array,
        axes,
        (n) => settings.limitOf?.(axes.symbols[n] as string) ?? Number.NaN,
        ledger,
      );
    ledger.refuse();
    refuseEmptySymbols(close as Float32Array, axes);
    const coverage = await daily.write(
      writer,
      table?.fields ?? (minutes?.daily as Map<string, Float32Array>),
      minutes?.coverage ?? [],
    );
    const rows = {
      ...(stages.daily && { daily: balance(stages.daily, 'daily', table?.kept ?? 0, ledger) }),
      ...(stages.minute && { minute: balance(stages.minute, 'minute', minutes?.kept ?? 0, ledger) }),
    };
    const grid = plan && {
      barMinutes: plan.grid.barMinutes,
      bars: plan.grid.starts.length,
      session: plan.session,
      stamp: plan.stamp,
    };
    notes.unshift(...(plan?.says ?? []));
    if (minutes && minutes.filled > 0)
      notes.push(`${minutes.filled} minutes without a bar were filled with the last close and volume 0`);
    const findings = ledger.findings();
    const manifest = await writer.finish({
      provenance: { ...provenanceOf(options, allFiles(job.inputs)), rows, notes },
    });
    return {
      name,
      folder: options.out,
      hash: manifest.hash,
      dates: ends(manifest.calendar),
      symbols: ends(axes.symbols),
      rows,
      findings,
      ...(grid && { grid }),
      fields: coverage,
      notes,
    };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function readDailyTable(
  job: Job,
  stages: Stages,
  found: Axes,
): Promise<{ axes: Axes; table: DailyTable | undefined }> {
  const { db, settings, ledger, notes } = job;
  if (!stages.daily) return { axes: found, table: undefined };
  const full = await readDaily(db, stages.daily, found, settings.repairs, ledger);
  const minuteKeys = async (column: string): Promise<unknown[]> =>
    stages.minute
      ? (
          await sql.rowsOf(
            db,
            `SELECT DISTINCT ${column} FROM ${stages.minute.table} WHERE close > 0 AND day IS NOT NULL`,
          )
        ).flat()
      : [];
  const needed = {
    symbols: new Set((await minuteKeys('symbol')).map(String)),
    days: new Set((await minuteKeys('day')).map(Number)),
  };
  const { axes, table } = compact(full, found, needed);
  if (axes.symbols.length === 0) {
    ledger.refuse();
    throw new EvolveError('bad-data', 'No bar is left after the repairs. Allow fewer of them with --repair.');
  }
  const [symbols, dates] = [found.symbols.length - axes.symbols.length, found.days.length - axes.days.length];
  if (symbols > 0) notes.push(`${symbols} symbols have no bar left after the repairs and are left out`);
  if (dates > 0) notes.push(`${dates} dates have no bar left after the repairs and are left out`);
  if (axes !== found) await declareSymbols(db, axes);
  return { axes, table };
}

function noteRejects(stages: Stages, ledger: Ledger): void {
  for (const bars of ['daily', 'minute'] as const) {
    for (const { file, line, text } of stages[bars]?.rejects ?? []) {
      ledger.note('malformed', bars, () => ({ file: `${file} line ${line}`, detail: text }));
    }
  }
}

function emptyFileNotes(job: Job, stages: readonly Stage[]): string[] {
  const withRows = new Set(stages.flatMap((stage) => stage.files.map((file) => file.shown)));
  const empty = allFiles(job.inputs).filter((file) => !withRows.has(file));
  const ignored = [...new Set(stages.flatMap((stage) => stage.ignored))];
  return [
    ...(empty.length > 0
      ? [`${empty.length} files have no rows: ${empty.slice(0, 3).join(', ')}${empty.length > 3 ? ', ...' : ''}`]
      : []),
    ...(ignored.length > 0 ? [`columns not used: ${ignored.join(', ')} (keep more with --field)`] : []),
  ];
}

/** Every row read is kept or dropped; anything else is a mistake of ours. */
function balance(stage: Stage, bars: Bars, kept: number, ledger: Ledger): RowCounts {
  const read = stage.rows + stage.rejects.length;
  const dropped = ledger.dropped(bars);
  if (read !== kept + dropped)
    throw new Error(`${bars} rows do not add up: ${read} read, ${kept} kept, ${dropped} dropped`);
  return { read, kept, dropped };
}

function refuseEmptySymbols(close: Float32Array, { symbols }: Axes): void {
  const N = symbols.length;
  const has = new Uint8Array(N);
  for (let i = 0; i < close.length; i++) if (!Number.isNaN(close[i])) has[i % N] = 1;
  const empty = symbols.filter((_, n) => has[n] === 0);
  if (empty.length === 0) return;
  throw new EvolveError(
    'bad-data',
    `${empty.length} symbols have no daily close left, ${empty[0]} first. Leave them out of the files, or give their daily bars too.`,
  );
}

const ends = (list: readonly string[]) => ({
  count: list.length,
  first: list[0] as string,
  last: list.at(-1) as string,
});
