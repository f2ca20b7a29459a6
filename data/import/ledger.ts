/**
 * The books of an import: every row read is kept, dropped or refused, and nothing happens to a row that is not
 * written down. Counts and three examples a rule stay in memory; the full list goes to drop-report.csv as it grows.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { basename } from 'node:path';
import { EvolveError } from '../../core/failure.ts';
import type { Repairs } from './repairs.ts';
import { type Action, type RuleName, ruleOf, rules, saying } from './rules.ts';

export type Bars = 'daily' | 'minute';

/** Where a finding is, as far as it is known. */
export interface Place {
  readonly file?: string | undefined;
  /** Of the file, from 1, the header not counted. */
  readonly row?: number | undefined;
  readonly symbol?: string | undefined;
  readonly date?: string | undefined;
  /** What was found there: "high 3.1, low 3.2". */
  readonly detail?: string | undefined;
}

export interface Finding {
  readonly rule: RuleName;
  readonly action: Action;
  readonly count: number;
  readonly says: string;
  /** The word of --repair that would deal with it, where there is one and it was not given. */
  readonly repair?: string;
  readonly examples: readonly string[];
}

const exampleCount = 3;

interface Entry {
  readonly action: Action;
  count: number;
  daily: number;
  minute: number;
  readonly examples: string[];
}

export class Ledger {
  readonly #repairs: Repairs;
  readonly #findings = new Map<RuleName, Entry>();
  #fd: number | undefined;
  #pending: string[] = ['rule,action,bars,file,row,symbol,date,detail'];
  #pendingBytes = 0;

  constructor(report: string, repairs: Repairs) {
    this.#fd = openSync(report, 'w');
    this.#repairs = repairs;
  }

  /** What is done about a rule under the repairs given. */
  action(name: RuleName): Action {
    const rule = ruleOf(name);
    const repair = rule.repairs.find(([word]) => this.#repairs.has(word));
    return repair?.[1] ?? (rule.warns ? 'warn' : 'refuse');
  }

  /** Writes a finding down; the place is asked for only when it will be read. */
  note(name: RuleName, bars: Bars, place: () => Place): Action {
    let entry = this.#findings.get(name);
    if (!entry) {
      entry = { action: this.action(name), count: 0, daily: 0, minute: 0, examples: [] };
      this.#findings.set(name, entry);
    }
    entry.count += 1;
    entry[bars] += 1;
    const { action, examples } = entry;
    // A warning about most rows of a large market is a fact about the market, not a list to read.
    if (examples.length < exampleCount || action === 'drop' || action === 'fix') {
      const found = place();
      if (examples.length < exampleCount) examples.push(describe(found));
      this.#write(name, action, bars, found);
    }
    return action;
  }

  /** Rows dropped so far. */
  dropped(bars: Bars): number {
    return [...this.#findings.values()].reduce((sum, entry) => sum + (entry.action === 'drop' ? entry[bars] : 0), 0);
  }

  findings(): Finding[] {
    return (Object.keys(rules) as RuleName[]).flatMap((rule) => {
      const entry = this.#findings.get(rule);
      if (!entry) return [];
      const word = ruleOf(rule).repairs[0]?.[0];
      const repair = word && (entry.action === 'refuse' || entry.action === 'warn') ? { repair: word } : {};
      const { action, count, examples } = entry;
      return [{ rule, says: saying(rule, entry.count), action, count, examples, ...repair }];
    });
  }

  /** Throws when any rule refuses: one sentence, then a line for each rule. */
  refuse(): void {
    const refused = this.findings().filter((finding) => finding.action === 'refuse');
    if (refused.length === 0) return;
    const words = [...new Set(refused.flatMap((finding) => finding.repair ?? []))];
    const incurable = refused.some((finding) => !finding.repair);
    const remedy =
      incurable || words.length === 0 ? 'Correct the files' : `Correct the files or add --repair ${words.join(',')}`;
    const first = refused[0] as Finding;
    const what =
      refused.length === 1
        ? `${format(first.count)} ${first.says}`
        : `${refused.length} rules are broken, ${first.rule} first (${format(first.count)} ${first.says})`;
    throw new EvolveError('bad-data', `Nothing was imported: ${what}. ${remedy}.`, {
      details: refused.flatMap((finding) => [
        `${finding.rule}: ${format(finding.count)} ${finding.says}${finding.repair ? ` (--repair ${finding.repair})` : ''}`,
        ...finding.examples.map((example) => `  ${example}`),
      ]),
    });
  }

  /** The report is whole after this. */
  close(): void {
    this.#flush();
    this.abandon();
  }

  /** Lets go of the report as it is: what could not be written, as on a full disk, is not tried again. */
  abandon(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #write(rule: RuleName, action: Action, bars: Bars, place: Place): void {
    const { file = '', row = '', symbol = '', date = '', detail = '' } = place;
    // The folders of this machine are nobody's business where the market goes.
    const line = [rule, acted[action], bars, basename(file), row, symbol, date, detail].map(cell).join(',');
    this.#pending.push(line);
    this.#pendingBytes += line.length;
    if (this.#pendingBytes > 65536) this.#flush();
  }

  #flush(): void {
    if (this.#pending.length > 0 && this.#fd !== undefined) writeSync(this.#fd, `${this.#pending.join('\n')}\n`);
    this.#pending = [];
    this.#pendingBytes = 0;
  }
}

const acted: Record<Action, string> = { refuse: 'refused', drop: 'dropped', fix: 'repaired', warn: 'kept' };

const format = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

const cell = (value: string | number): string => {
  const text = String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""').replace(/[\r\n]+/g, ' ')}"` : text;
};

function describe({ file, row, symbol, date, detail }: Place): string {
  const where = [file && (row === undefined ? file : `${file} row ${format(row)}`), symbol, date]
    .filter(Boolean)
    .join(', ');
  return detail ? `${where}: ${detail}` : where;
}
