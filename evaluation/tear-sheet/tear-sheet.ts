/**
 * Factors judged as a desk does: each made comparable across dates and neutral to what it should not be about, held
 * against the returns that followed, traded in layers, and set beside chance, known factors and each other.
 *
 * One factor's values are in memory at a time, besides the sums of those combined and a sample of dates of every factor
 * for comparing them.
 */

import type { Matrix } from '../../core/arena.ts';
import { packageVersion } from '../../core/package-root.ts';
import { embargoOf } from '../../data/splits.ts';
import { print } from '../../program/print.ts';
import type { Evaluator } from '../evaluator.ts';
import { luckyT } from '../luck.ts';
import { CombinedValues, combinationsOf } from './combinations.ts';
import { distributionOf } from './distribution.ts';
import { factorValues, type JudgedFactor } from './factor-values.ts';
import { figuresOf } from './figures-of.ts';
import { KnownFactors } from './known-factors.ts';
import { LibrarySample } from './library-sample.ts';
import { neutralisers } from './neutralisers.ts';
import { datesOf, everySo, Panel, rowsOf, type Sample } from './panel.ts';
import type { SheetProgress } from './progress.ts';
import type { SheetRule } from './rule.ts';
import type { CombinationSheet, Coverage, FactorSheet, SheetSettings, TearSheet } from './sheet.ts';
import type { CellCounts } from './tasks.ts';
import { trained } from './training.ts';
import { warningsOf } from './warnings.ts';
import { winsorisationText } from './winsorise.ts';
import { combinationTitle } from './with-combinations.ts';

export async function tearSheet(
  evaluator: Evaluator,
  factors: readonly JudgedFactor[],
  rule: SheetRule,
  onProgress: SheetProgress = () => {},
): Promise<TearSheet> {
  const { manifest } = evaluator.market;
  const panel = await Panel.lay(evaluator, rule, neutralisers(rule.neutralise, manifest, rule.label.horizon));
  try {
    const sampled = everySo(rule.part, rule.every);
    // Needed last: styles take one worker long, and the first factor's other steps need not wait.
    const known = KnownFactors.make(panel, sampled, onProgress);
    known.catch(() => {}); // whoever waits for it hears of it
    const library = factors.length > 1 ? new LibrarySample(panel, factors.length + 1, sampled) : undefined;
    let combined: CombinedValues | undefined;
    try {
      const needed = (library !== undefined && rule.train !== undefined) || factors.some(hasNoSign);
      const training = needed ? await trained(panel, factors, rule.train ?? rule.part) : undefined;
      const signs = factors.map((factor, i) => signOf(factor, training?.means[i]));
      const signsFromHere = !rule.train && factors.some(hasNoSign);
      if (library && !signsFromHere) {
        const from = rule.train && training;
        const some = combinationsOf(signs, factors.some(hasNoSign), from, manifest.calendar);
        combined = new CombinedValues(panel, some);
      }
      const sitting = { panel, sampled, known, library, combined };
      const sheets: FactorSheet[] = [];
      for (const [i, factor] of factors.entries()) {
        onProgress('Judging factors', i, factors.length);
        sheets.push(await factorSheet(factor, signs[i] as 1 | -1, sitting));
      }
      onProgress('Judging factors', factors.length, factors.length);
      const combinations = await combinationSheets(sitting, sheets[0]?.coverage.cells ?? 0, onProgress);
      const dates = datesOf(sampled).map((t) => manifest.calendar[t] as string);
      const names = [...factors.map(({ name }) => name), ...(combined ? [combinationTitle('equal')] : [])];
      const correlation = await library?.compare(names, onProgress);
      const distribution = distributionOf(sheets, correlation);
      const sheet: TearSheet = {
        schema: 1,
        version: packageVersion,
        market: {
          name: manifest.name,
          hash: manifest.hash,
          symbols: manifest.symbols.length,
          dates: manifest.calendar.length,
          datesPerYear: rule.datesPerYear,
        },
        settings: settingsOf(rule, manifest.calendar),
        dates,
        factors: sheets,
        notCompared: (await known).leftOut,
        ...(correlation && { correlation, combinations }),
        ...(distribution && { distribution }),
        ...(rule.tried !== undefined && { tried: rule.tried, luckyT: luckyT(rule.tried) }),
        warnings: [],
      };
      return { ...sheet, warnings: warningsOf(sheet, rule, manifest, signsFromHere) };
    } finally {
      combined?.close();
      library?.close();
      await known.then(
        (factors) => factors.close(),
        () => {},
      );
    }
  } finally {
    panel.close();
  }
}

/** What all factors are judged with. */
interface Sitting {
  readonly panel: Panel;
  readonly sampled: Sample;
  readonly known: Promise<KnownFactors>;
  readonly library: LibrarySample | undefined;
  readonly combined: CombinedValues | undefined;
}

/** Whether its correlations decide about it. */
const hasNoSign = ({ source, sign }: JudgedFactor): boolean => source.kind === 'program' && !sign;

/** Scores of a file are good when they are high; a program without a sign points where it did on the training dates. */
const signOf = (factor: JudgedFactor, mean: number | undefined): 1 | -1 =>
  factor.sign ?? (hasNoSign(factor) && mean !== undefined && mean < 0 ? -1 : 1);

async function factorSheet(
  factor: JudgedFactor,
  sign: 1 | -1,
  { panel, sampled, known, library, combined }: Sitting,
): Promise<FactorSheet> {
  const { arena } = panel.evaluator;
  const all = everySo(panel.rule.part, 1);
  const [values] = (await factorValues(panel.evaluator, [factor], all)) as [Matrix];
  try {
    const counts = await panel.prepare(rowsOf(values, { from: 0, step: 1 }), all);
    library?.take(values);
    const judging = figuresOf(panel, values, sign, coverageOf(counts), sampled, known);
    combined?.add(values);
    const figures = await judging;
    return {
      name: factor.name,
      ...(factor.group !== undefined && { group: factor.group }),
      ...(factor.source.kind === 'program' && { expression: print(factor.source.program) }),
      ...figures,
    };
  } finally {
    arena.release(values.address);
  }
}

/** Once all factors are judged. */
async function combinationSheets(
  { panel, sampled, known, library, combined }: Sitting,
  cells: number,
  onProgress: SheetProgress,
): Promise<CombinationSheet[]> {
  const sheets: CombinationSheet[] = [];
  const all = combined?.all ?? [];
  for (const [k, { combination, values, known: some, datesWithout }] of all.entries()) {
    onProgress('Judging combinations', k, all.length);
    if (combination.name === 'equal') library?.take(values);
    const lacking = { reason: 'fewer than half of the factors have a value', cells: cells - some };
    const coverage = {
      cells,
      known: some,
      byReason: lacking.cells > 0 ? [lacking] : [],
      unweighted: 0,
      datesWithout,
    };
    sheets.push({ ...combination, ...(await figuresOf(panel, values, 1, coverage, sampled, known)) });
    onProgress('Judging combinations', k + 1, all.length);
  }
  return sheets;
}

function coverageOf({ cells, known, datesWithout, ...left }: CellCounts): Omit<Coverage, 'sampled'> {
  const reasons: Readonly<Record<keyof typeof left, string>> = {
    notTraded: 'did not trade, and the factor has no value',
    noValue: 'traded, but the factor has no value',
    noExposure: 'lacks what it is neutralised by',
    noWeight: 'has no weight above 0 in the regression',
    sameForAll: 'on a date on which all values are alike or explained',
  };
  const byReason = (Object.keys(reasons) as (keyof typeof left)[])
    .map((name) => ({ reason: reasons[name], cells: left[name] }))
    .filter((row) => row.cells > 0);
  return { cells, known, byReason, unweighted: left.noWeight, datesWithout };
}

function settingsOf(rule: SheetRule, calendar: readonly string[]): SheetSettings {
  const { label, part, universe, preset, preparation } = rule;
  return {
    split: rule.split,
    from: calendar[part.from] as string,
    to: calendar[part.to - 1] as string,
    ...(universe !== undefined && { universe }),
    ...label,
    every: rule.every,
    layers: rule.layers,
    rebalance: rule.rebalance,
    trade: rule.trade,
    cost: rule.cost,
    shortCost: rule.shortCost,
    ...(preset !== undefined && { preset }),
    winsorise: winsorisationText(preparation.winsorise),
    standardise: preparation.standardise,
    neutralise: rule.neutralise,
    ...(rule.weightedBy !== undefined && { weightedBy: rule.weightedBy }),
    embargo: embargoOf(label),
  };
}
