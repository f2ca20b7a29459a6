/** What the flags say, parsed: everything that can be refused before a file is opened. */
import { existsSync } from 'node:fs';
import { EvolveError } from '../../core/failure.ts';
import { memorySize } from '../../core/memory-size.ts';
import { nearest } from '../../core/nearest.ts';
import { money, price, ratio, shares, type Unit } from '../../core/units.ts';
import { type ColumnUse, columnUse, type Mapping, parseMapping } from './columns.ts';
import { nameMatches } from './glob.ts';
import { parseSession } from './grid.ts';
import { refuseTakenNames } from './names.ts';
import type { ImportOptions } from './options.ts';
import { parseRepairs, type Repairs } from './repairs.ts';
import { splitSuffix } from './side-table.ts';

export interface ExtraField {
  readonly name: string;
  readonly use: ColumnUse;
  readonly unit: Unit;
}

export interface Settings {
  readonly mapping: Mapping;
  readonly repairs: Repairs;
  readonly fields: readonly ExtraField[];
  /** Groupings and statics from files, and groupings from a column of the daily bars. */
  readonly groupFiles: ReadonlyMap<string, string>;
  readonly groupColumns: ReadonlyMap<string, string>;
  readonly statics: ReadonlyMap<string, { readonly text: string; readonly unit: Unit }>;
  /** Counts of shares that come in a file of their own. */
  readonly shareFiles: ReadonlyMap<'shares' | 'freeShares', string>;
  /** The limit of each symbol, NaN where there is none; undefined without --price-limit. */
  readonly limitOf: ((symbol: string) => number) | undefined;
  readonly memory: number;
}

export function parseSettings(options: ImportOptions): Settings {
  if (options.session !== undefined) parseSession(options.session);
  if (options.name?.trim() === '') throw new EvolveError('bad-argument', '--name needs a text.');
  if (options.datesPerYear !== undefined && !(options.datesPerYear > 0)) {
    throw new EvolveError('bad-argument', `--dates-per-year must be a positive number, not ${options.datesPerYear}.`);
  }
  checkPattern(options.symbolFromName);
  checkZone(options.timezone);
  const mapping = new Map(parseMapping(options.map ?? []));
  const shareFiles = new Map<'shares' | 'freeShares', string>();
  for (const [name, flag, text] of [
    ['shares', '--shares', options.shares],
    ['freeShares', '--free-shares', options.freeShares],
  ] as const) {
    if (text === undefined) continue;
    if (existsSync(splitSuffix(text).head)) shareFiles.set(name, text);
    else if (/[\\/]|\.(csv|parquet|arrow|gz)$/i.test(splitSuffix(text).head))
      throw new EvolveError('missing-file', `${flag} ${text}: there is no such file.`);
    else mapping.set(name, columnUse(text));
  }
  if (options.adjustFactor !== undefined) mapping.set('factor', columnUse(options.adjustFactor));
  const groups = pairs('--group', options.group ?? [], /^[A-Z][A-Z0-9_]*$/);
  const isFile = ([, text]: [string, string]): boolean =>
    existsSync(splitSuffix(text).head) || /[\\/]|\.(csv|parquet|arrow|gz)(:|$)/i.test(text);
  const fields = (options.field ?? []).map(parseField);
  const statics = pairs('--static', options.static ?? [], /^[A-Z][A-Z0-9_]*$/);
  refuseTakenNames([
    ...fields.map(({ name }) => ({ said: `--field ${name}`, name })),
    ...groups.map(([name]) => ({ said: `--group ${name}`, name })),
    ...statics.map(([name]) => ({ said: `--static ${name}`, name })),
    ...(options.members === undefined ? [] : ['MEMBER', 'WEIGHT'].map((name) => ({ said: '--members', name }))),
  ]);
  return {
    mapping,
    repairs: parseRepairs(options.repair ?? []),
    fields,
    groupFiles: new Map(groups.filter(isFile)),
    groupColumns: new Map(groups.filter((pair) => !isFile(pair))),
    statics: new Map(statics.map(([name, text]) => [name, staticOf(name, text)])),
    shareFiles,
    limitOf: parseLimits(options.priceLimit ?? []),
    memory: memorySize(options.memory ?? '1GiB'),
  };
}

const units: Readonly<Record<string, Unit>> = { price, shares, volume: shares, money, amount: money, ratio };

function pairs(flag: string, texts: readonly string[], spelling: RegExp): [string, string][] {
  return texts.map((text) => {
    const [, name = '', rest = ''] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (!spelling.test(name) || rest === '') {
      throw new EvolveError(
        'bad-argument',
        `${flag} ${text} is not NAME=VALUE with an upper-case NAME, such as INDUSTRY=industry.csv.`,
      );
    }
    return [name, rest];
  });
}

function parseField(text: string): ExtraField {
  const [, name = '', column = '', unit = ''] = /^([A-Za-z]\w*)=(.+?)(?::(\w+))?$/.exec(text) ?? [];
  if (name === '' || (name !== name.toUpperCase() && name !== name.toLowerCase())) {
    throw new EvolveError(
      'bad-argument',
      `--field ${text} is not NAME=COLUMN:UNIT, the NAME all upper case (daily) or all lower case (minute).`,
    );
  }
  return { name, use: columnUse(column), unit: unitOf(`--field ${text}`, unit) };
}

function staticOf(name: string, text: string): { text: string; unit: Unit } {
  const at = text.lastIndexOf(':');
  const word = text.slice(at + 1);
  if (at > 0 && Object.hasOwn(units, word)) return { text: text.slice(0, at), unit: units[word] as Unit };
  return { text, unit: name === 'CAP' ? money : ratio };
}

function unitOf(said: string, word: string): Unit {
  if (word === '') throw new EvolveError('bad-argument', `${said} needs a unit at its end, such as :ratio or :money.`);
  const unit = units[word];
  if (unit) return unit;
  const guess = nearest(word, Object.keys(units));
  throw new EvolveError(
    'bad-argument',
    `${said}: there is no unit "${word}". ${guess ? `Did you mean "${guess}"?` : 'There are: price, shares, money, ratio.'}`,
  );
}

function parseLimits(texts: readonly string[]): ((symbol: string) => number) | undefined {
  if (texts.length === 0) return undefined;
  const limits = texts
    .flatMap((text) => text.split(','))
    .map((text) => {
      const [, pattern = '*', number = ''] = /^(?:(.+)=)?([\d.]+)$/.exec(text.trim()) ?? [];
      const limit = Number(number);
      if (number === '' || !(limit > 0 && limit < 10)) {
        throw new EvolveError(
          'bad-argument',
          `--price-limit ${text} is not a fraction such as 0.1, or PATTERN=0.2 such as 688*=0.2.`,
        );
      }
      nameMatches(pattern, ''); // refuses what is no pattern
      return { pattern, limit };
    });
  return (symbol) => limits.findLast(({ pattern }) => nameMatches(pattern, symbol))?.limit ?? Number.NaN;
}

function checkPattern(pattern: string | undefined): void {
  if (!pattern) return;
  try {
    new RegExp(pattern);
  } catch (cause) {
    throw new EvolveError('bad-argument', `--symbol-from-name ${pattern} is not a regular expression.`, { cause });
  }
  if (!/\((?!\?)/.test(pattern))
    throw new EvolveError(
      'bad-argument',
      `--symbol-from-name ${pattern} needs one (...) around the symbol, such as (.+)_5min.`,
    );
}

function checkZone(zone: string | undefined): void {
  if (zone === undefined) return;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
  } catch (cause) {
    throw new EvolveError(
      'bad-argument',
      `--timezone ${zone} is not known. Use a name such as America/New_York or Asia/Shanghai.`,
      { cause },
    );
  }
}
