/** `market.json`: read, checked and hashed. What passes here can be trusted by everyone who holds a MarketManifest. */
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDate } from '../../core/date.ts';
import { EvolveError, fileProblem } from '../../core/failure.ts';
import type { MarketManifest, StoredFile } from '../market.ts';

export const manifestName = 'market.json';
export const dailyName = 'daily.arrow';
export const minuteName = (field: string, year: string): string => `minute/${field}-${year}.arrow`;

/** A manifest read from a folder: it says which files there are. */
export type StoredManifest = MarketManifest & { readonly files: Readonly<Record<string, StoredFile>> };

/** The manifest of a market folder. Its data files are known to be there and whole in length, not in content. */
export async function readManifest(folder: string): Promise<StoredManifest> {
  const manifest = parseManifest(await manifestText(folder), folder);
  for (const [path, file] of Object.entries(manifest.files)) {
    const bytes = await stat(join(folder, path)).then(
      (found) => found.size,
      (cause: unknown) => {
        throw new EvolveError('bad-market', `${folder} is missing its file ${path}: ${fileProblem(cause)}. ${remake}`, {
          cause,
        });
      },
    );
    if (bytes !== file.bytes) {
      throw new EvolveError(
        'bad-market',
        `${join(folder, path)} has ${bytes} bytes where market.json expects ${file.bytes}: it was cut short or replaced. ${remake}`,
      );
    }
  }
  return manifest;
}

export const remake = 'Import or synthesise the market again, or copy the whole folder once more.';

async function manifestText(folder: string): Promise<string> {
  try {
    return await readFile(join(folder, manifestName), 'utf8');
  } catch (cause) {
    const there = await stat(folder).then(
      (found) => found.isDirectory(),
      () => false,
    );
    const sentence = there
      ? `${folder} is not a market: its market.json cannot be read (${fileProblem(cause)}). Make one with \`evolve data import\` or \`evolve data synth\`.`
      : `There is no market folder ${folder}. Make one with \`evolve data import\` or \`evolve data synth\`.`;
    throw new EvolveError('bad-market', sentence, { cause });
  }
}

function parseManifest(text: string, folder: string): StoredManifest {
  const file = join(folder, manifestName);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new EvolveError('bad-market', `${file} is not JSON: ${fileProblem(cause)}. ${remake}`, { cause });
  }
  const problem = manifestProblem(parsed);
  if (problem) throw new EvolveError('bad-market', `${file}: ${problem}. ${remake}`);
  const manifest = parsed as StoredManifest;
  if (contentHash(manifest) !== manifest.hash) {
    throw new EvolveError(
      'bad-market',
      `${file} was edited: its calendar, symbols, fields or files do not match its hash. ${remake}`,
    );
  }
  return manifest;
}

/** What a run remembers: changes whenever a value, a date, a symbol or a unit does, and with nothing else. */
export function contentHash(manifest: Omit<StoredManifest, 'hash'>): string {
  const { calendar, symbols, fields, minute, datesPerYear, files } = manifest;
  const described = fields.map(({ name, kind, unit, labels }) => [name, kind, unit.price, unit.shares, labels ?? null]);
  const bytes = Object.keys(files)
    .sort()
    .map((path) => [path, files[path]?.sha256, files[path]?.days ?? null]);
  const grid = minute ? [minute.starts, minute.barMinutes] : null;
  return createHash('sha256')
    .update(JSON.stringify([calendar, symbols, described, grid, datesPerYear, bytes]))
    .digest('hex');
}

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** The first rule a parsed manifest breaks, in words; undefined when it breaks none. */
export function manifestProblem(value: unknown): string | undefined {
  if (!isObject(value)) return 'it should hold one object';
  if (value.schema !== 1) {
    return `it says schema ${JSON.stringify(value.schema)} and this version of evolve reads schema 1`;
  }
  if (!isText(value.name)) return '"name" should be a text';
  if (!isText(value.hash)) return '"hash" should be a text';
  if (!isNumber(value.datesPerYear) || value.datesPerYear <= 0) return '"datesPerYear" should be a positive number';
  if (!isObject(value.provenance)) return '"provenance" should be an object';
  return (
    calendarProblem(value.calendar) ??
    symbolsProblem(value.symbols) ??
    fieldsProblem(value.fields, value.minute !== undefined) ??
    minuteProblem(value.minute) ??
    filesProblem(value.files, value.calendar as readonly unknown[]) ??
    plantedProblem(value.planted)
  );
}

function calendarProblem(calendar: unknown): string | undefined {
  if (!isList(calendar) || calendar.length === 0) return '"calendar" should be a list of dates';
  const odd = calendar.findIndex((date) => typeof date !== 'string' || !isDate(date));
  if (odd >= 0) return `"calendar"[${odd}] should be a date like 2024-01-31, not ${JSON.stringify(calendar[odd])}`;
  const back = calendar.findIndex((date, t) => t > 0 && (date as string) <= (calendar[t - 1] as string));
  if (back >= 0) return `"calendar" should ascend, and ${calendar[back]} comes after ${calendar[back - 1]}`;
  return undefined;
}

function symbolsProblem(symbols: unknown): string | undefined {
  if (!isList(symbols) || symbols.length === 0) return '"symbols" should be a list of names';
  const odd = symbols.findIndex((symbol) => !isText(symbol));
  if (odd >= 0) return `"symbols"[${odd}] should be a name, not ${JSON.stringify(symbols[odd])}`;
  const seen = new Set<unknown>();
  const twice = symbols.find((symbol) => seen.size === seen.add(symbol).size);
  return twice === undefined ? undefined : `"symbols" has ${twice} twice`;
}

const spellings = { m: /^[A-Z][A-Z0-9_]*$/, v: /^[A-Z][A-Z0-9_]*$/, g: /^[A-Z][A-Z0-9_]*$/, b: /^[a-z][a-z0-9_]*$/ };

export function fieldsProblem(fields: unknown, hasGrid: boolean): string | undefined {
  if (!isList(fields)) return '"fields" should be a list';
  const names = new Set<string>();
  for (const [i, field] of fields.entries()) {
    if (!isObject(field) || !isText(field.name)) return `"fields"[${i}] should be an object with a "name"`;
    const { name, kind, unit, labels } = field;
    if (kind !== 'm' && kind !== 'v' && kind !== 'b' && kind !== 'g') {
      return `field ${name} has kind ${JSON.stringify(kind)}; it should be one of m, v, b, g`;
    }
    if (!spellings[kind].test(name)) {
      const letters = kind === 'b' ? 'lower-case' : 'upper-case';
      return `field ${name} of kind ${kind} should be spelt with ${letters} letters, digits and underscores`;
    }
    if (!isObject(unit) || !isNumber(unit.price) || !isNumber(unit.shares)) {
      return `field ${name} needs a "unit" with the exponents "price" and "shares"`;
    }
    if (typeof field.doc !== 'string') return `field ${name} needs a "doc" sentence`;
    if (labels !== undefined && (!isList(labels) || labels.some((label) => typeof label !== 'string'))) {
      return `field ${name} has "labels" that are not a list of texts`;
    }
    if (field.snapshot !== undefined && field.snapshot !== true)
      return `field ${name} has a "snapshot" that is not true`;
    if (kind === 'b' && (name === 'date' || name === 'start')) return `a file of bars has a column ${name} of its own`;
    if (kind === 'b' && !hasGrid) return `minute field ${name} needs the "minute" grid`;
    if (names.has(name)) return `field ${name} is there twice`;
    names.add(name);
  }
  return undefined;
}

function minuteProblem(minute: unknown): string | undefined {
  if (minute === undefined) return undefined;
  if (!isObject(minute) || !isList(minute.starts) || minute.starts.length === 0) {
    return '"minute" should have "starts", the minutes since midnight at which bars begin';
  }
  const { starts, barMinutes } = minute;
  if (!isNumber(barMinutes) || barMinutes <= 0) return '"minute" should have a positive "barMinutes"';
  const odd = starts.findIndex((start) => !isNumber(start) || start < 0 || start >= 1440);
  if (odd >= 0) return `"minute.starts"[${odd}] should be in [0, 1440), not ${JSON.stringify(starts[odd])}`;
  const close = starts.findIndex((start, i) => i > 0 && (start as number) < (starts[i - 1] as number) + barMinutes);
  if (close >= 0) return `"minute.starts"[${close}] begins before the bar ahead of it has ended`;
  return undefined;
}

function filesProblem(files: unknown, calendar: readonly unknown[]): string | undefined {
  if (!isObject(files)) return '"files" should say which data files there are';
  for (const [path, file] of Object.entries(files)) {
    if (!/^(daily|minute\/[a-z][a-z0-9_]*-\d{4})\.arrow$/.test(path)) return `"files" has the unknown path ${path}`;
    if (!isObject(file) || !isNumber(file.bytes) || !isText(file.sha256)) {
      return `"files" should give "bytes" and "sha256" of ${path}`;
    }
    if (path === dailyName) continue;
    if (!areRuns(file.days, calendar.length)) {
      return `"files" should give the "days" of ${path} as ascending runs of calendar positions`;
    }
  }
  return dailyName in files ? undefined : `"files" does not list ${dailyName}`;
}

/** `[[0, 4], [6, 6]]`: first and last position of each run, ascending and apart. */
function areRuns(days: unknown, positions: number): boolean {
  let next = 0;
  return (
    isList(days) &&
    days.every((run) => {
      if (!isList(run) || run.length !== 2 || !run.every(Number.isInteger)) return false;
      const [first, last] = run as [number, number];
      const good = first >= next && last >= first && last < positions;
      next = last + 1;
      return good;
    })
  );
}

function plantedProblem(planted: unknown): string | undefined {
  if (planted === undefined) return undefined;
  const whole = (signal: unknown) =>
    isObject(signal) &&
    isText(signal.name) &&
    isText(signal.expression) &&
    [signal.ic, signal.icFirstHalf, signal.icSecondHalf].every(isNumber);
  return isList(planted) && planted.every(whole)
    ? undefined
    : '"planted" should list signals with "name", "expression" and the numbers "ic", "icFirstHalf" and "icSecondHalf"';
}
