/**
 * Whether a market folder can be trusted: every file whole and as it was written, the calendar the same everywhere,
 * and the bars possible. Answers with sentences, one for each kind of problem, with a count and the first example.
 */
import { dayNumber } from '../core/date.ts';
import { EvolveError } from '../core/failure.ts';
import { type BarCells, BarRules, barNames } from './check/bar-rules.ts';
import { minuteProblems } from './check/minutes.ts';
import { Rule } from './check/rule.ts';
import type { FieldInfo } from './market.ts';
import { DailyFile } from './store/daily-file.ts';
import { dailyName, readManifest, type StoredManifest } from './store/manifest.ts';
import { verifyFiles } from './store/open.ts';

export interface CheckOptions {
  /** Called as dates of minute bars are done. */
  readonly onDay?: ((done: number, of: number) => void) | undefined;
}

/** The problems found; none when the market is sound. */
export async function checkMarket(folder: string, options: CheckOptions = {}): Promise<string[]> {
  try {
    const manifest = await readManifest(folder);
    await verifyFiles(folder, manifest);
    return [...dailyProblems(folder, manifest), ...(await minuteProblems(folder, manifest, options.onDay))];
  } catch (error) {
    // A folder that cannot be read any further: the sentence says why.
    if (error instanceof EvolveError && error.code === 'bad-market') return [error.message];
    throw error;
  }
}

function dailyProblems(folder: string, manifest: StoredManifest): string[] {
  const { calendar, symbols, fields } = manifest;
  const where = (i: number) => `${symbols[i % symbols.length]} on ${calendar[Math.floor(i / symbols.length)]}`;
  const file = DailyFile.open(folder, manifest);
  try {
    // Fields no rule below asks for have to be there too.
    for (const field of fields) if (field.kind !== 'b') file.expect(field);
    const odd = file.days().findIndex((day, t) => day !== dayNumber(calendar[t] as string));
    const dates = odd < 0 ? [] : [`Row ${odd} of ${dailyName} is not of ${calendar[odd]}, as market.json says.`];
    const cells = (name: string) => {
      const field = fields.find((known) => known.name === name && known.kind === 'm');
      return field && file.cells(field);
    };
    const bars: BarCells = Object.fromEntries(barNames.map((name) => [name, cells(name.toUpperCase())]));
    const rules = new BarRules('daily bar');
    rules.look(bars, where);
    const groups = fields.filter((field) => field.kind === 'g');
    return [...dates, ...rules.problems(), ...groups.flatMap((field) => codeProblems(field, file.cells(field), where))];
  } finally {
    file.close();
  }
}

function codeProblems(field: FieldInfo, cells: Float32Array, where: (i: number) => string): string[] {
  const codes = field.labels?.length ?? Number.POSITIVE_INFINITY;
  const rule = new Rule(`${field.name} has a code without a label`);
  for (const [i, code] of cells.entries()) {
    const known = Number.isNaN(code) || (Number.isInteger(code) && code >= 0 && code < codes);
    if (!known) rule.broken(() => `${code} for ${where(i)}`);
  }
  return rule.problems();
}
