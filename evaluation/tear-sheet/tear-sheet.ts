/**
 * Factors judged as a desk does: each made comparable across dates and neutral to what it should not be about, held
 * against the returns that followed, traded in layers, and set beside chance, known factors and each other.
 *
 * One factor's values are in memory at a time, besides a sample of dates of every factor for comparing them.
 */

import { allDone } from '../../core/all-done.ts';
import type { Matrix } from '../../core/arena.ts';
import { packageVersion } from '../../core/package-root.ts';
import { embargoOf } from '../../data/splits.ts';
import { print } from '../../program/print.ts';
import type { Evaluator } from '../evaluator.ts';
import { moments } from '../fitness.ts';
import { luckyT } from '../luck.ts';
import { meanAndError } from '../newey-west.ts';
import { icReport } from './daily-ic.ts';
import { distributionOf } from './distribution.ts';
import { factorValues, type JudgedFactor } from './factor-values.ts';
import { KnownFactors } from './known-factors.ts';
import { LibrarySample } from './library-sample.ts';
import { neutralisers } from './neutralisers.ts';
import { datesOf, everySo, Panel, portions, rowsOf, type Sample } from './panel.ts';
import type { SheetProgress } from './progress.ts';
import { autocorrelationLags, decayLags, type SheetRule } from './rule.ts';
import type { Coverage, FactorSheet, Placebo, SheetSettings, TearSheet } from './sheet.ts';
import type { CellCounts, SheetAnswer } from './tasks.ts';
import { trained } from './training.ts';
import { warningsOf } from './warnings.ts';
import { winsorisationText } from './winsorise.ts';

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
    const library = factors.length > 1 ? new LibrarySample(panel, factors, sampled) : undefined;
    try {
      const needed = library !== undefined || factors.some(hasNoSign);
      const training = needed ? await trained(panel, factors, rule.train ?? rule.part) : undefined;
      const signs = factors.map((factor, i) => signOf(factor, training?.means[i]));
      const sheets: FactorSheet[] = [];
      for (const [i, factor] of factors.entries()) {
        onProgress('Judging factors', i, factors.length);
        sheets.push(await factorSheet(panel, factor, signs[i] as 1 | -1, sampled, known, library));
      }
      onProgress('Judging factors', factors.length, factors.length);
      const dates = datesOf(sampled).map((t) => manifest.calendar[t] as string);
      const signsFromHere = !rule.train && factors.some(hasNoSign);
      const together = await library?.compare(signsFromHere ? undefined : signs, rule.train && training, onProgress);
      const distribution = distributionOf(sheets, together?.correlation);
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
        ...together,
        ...(distribution && { distribution }),
        ...(rule.tried !== undefined && { tried: rule.tried, luckyT: luckyT(rule.tried) }),
        warnings: [],
      };
      return { ...sheet, warnings: warningsOf(sheet, rule, manifest, signsFromHere) };
    } finally {
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

/** Whether its correlations decide about it. */
const hasNoSign = ({ source, sign }: JudgedFactor): boolean => source.kind === 'program' && !sign;

/** Scores of a file are good when they are high; a program without a sign points where it did on the training dates. */
const signOf = (factor: JudgedFactor, mean: number | undefined): 1 | -1 =>
  factor.sign ?? (hasNoSign(factor) && mean !== undefined && mean < 0 ? -1 : 1);

async function factorSheet(
  panel: Panel,
  factor: JudgedFactor,
  sign: 1 | -1,
  sampled: Sample,
  known: Promise<KnownFactors>,
  library: LibrarySample | undefined,
): Promise<FactorSheet> {
  const { evaluator, rule } = panel;
  const { part, label, every } = rule;
  const all = everySo(part, 1);
  const [values] = (await factorValues(evaluator, [factor], all)) as [Matrix];
  try {
    const counts = await panel.prepare(rowsOf(values, { from: 0, step: 1 }), all);
    library?.take(values);
    const calendar = evaluator.market.manifest.calendar;
    const dates = datesOf(sampled).map((t) => calendar[t] as string);
    const own = rowsOf(values, { from: 0, step: every });
    const returns = rowsOf(panel.label, sampled);
    const daily = async (method: 'pearson' | 'rank') => {
      const [correlations] = await panel.related(method, [{ a: own, b: returns }], sampled.count);
      return icReport([...(correlations as Float64Array)], dates, { horizon: label.horizon, every });
    };
    const [ic, rankIc, decay, autocorrelation, placebo, layers, likeness] = await allDone([
      daily('pearson'),
      daily('rank'),
      laggedWithLabel(panel, values, sampled),
      laggedWithItself(panel, values, sampled),
      placeboOf(panel, values, sampled),
      layersOf(panel, values, sign),
      known.then((factors) => factors.likeness(values)),
    ]);
    return {
      name: factor.name,
      ...(factor.source.kind === 'program' && { expression: print(factor.source.program) }),
      sign,
      coverage: coverageOf(counts, sampledCells(panel, values, sampled)),
      ic,
      rankIc,
      decay,
      autocorrelation,
      ...(layers && { layers: layers.report, beforeCosts: layers.beforeCosts }),
      placebo: { ...placebo, ...chance(placebo.means, ic.mean) },
      likeness,
    };
  } finally {
    evaluator.arena.release(values.address);
  }
}

/** The rank correlation with the label that begins so many dates later. */
async function laggedWithLabel(panel: Panel, values: Matrix, sampled: Sample): Promise<FactorSheet['decay']> {
  const { part, every, label } = panel.rule;
  const decay = decayLags.map(async (lag) => {
    const { count } = everySo({ from: part.from, to: part.to - lag }, every);
    const a = rowsOf(values, { from: 0, step: every });
    const b = rowsOf(panel.label, { ...sampled, from: sampled.from + lag });
    const [daily] = count > 0 ? await panel.related('rank', [{ a, b }], count) : [];
    const { mean, error, count: dates } = meanAndError(daily ?? [], Math.ceil(label.horizon / every));
    return { lag, rankIc: mean, se: error, dates };
  });
  return allDone(decay);
}

/** How far its ranks stay the same. */
async function laggedWithItself(
  panel: Panel,
  values: Matrix,
  { step }: Sample,
): Promise<FactorSheet['autocorrelation']> {
  const { part } = panel.rule;
  const lags = autocorrelationLags.map(async (lag) => {
    const { count } = everySo({ from: part.from, to: part.to - lag }, step);
    const [a, b] = [rowsOf(values, { from: 0, step }), rowsOf(values, { from: lag, step })];
    const [daily] = count > 0 ? await panel.related('rank', [{ a, b }], count) : [];
    const { mean, count: dates } = moments(daily ?? []);
    return { lag, mean, dates };
  });
  return allDone(lags);
}

async function placeboOf(panel: Panel, values: Matrix, sampled: Sample): Promise<{ means: number[] }> {
  const { evaluator, rule } = panel;
  const seeds = Array.from({ length: rule.shuffles }, (_, k) => k + 1);
  const answers = await allDone(
    portions(seeds.length, evaluator.workers * 2).map(({ from, to }) =>
      evaluator.run({
        kind: 'placebo',
        values: rowsOf(values, { from: 0, step: sampled.step }),
        label: rowsOf(panel.label, sampled),
        rows: sampled.count,
        seeds: seeds.slice(from, to),
      }),
    ),
  );
  return { means: answers.flatMap((answer) => (answer.kind === 'placebo' ? [...answer.means] : [])) };
}

function chance(means: readonly number[], actual: number): Omit<Placebo, 'means'> {
  const { mean, deviation, count } = moments(means);
  const asFar = means.filter((one) => Math.abs(one) >= Math.abs(actual)).length;
  // Where there is nothing to compare, nothing is as far: that is no luck, it is not known.
  const compared = means.length > 0 && !Number.isNaN(actual);
  return {
    shuffles: means.length,
    mean,
    std: count > 1 ? deviation : Number.NaN,
    p: compared ? (asFar + 1) / (means.length + 1) : Number.NaN,
  };
}

async function layersOf(panel: Panel, values: Matrix, sign: 1 | -1): Promise<Layered | undefined> {
  const { evaluator, rule } = panel;
  const { part, label } = rule;
  if (rule.layers === 0) return undefined;
  // Layers are dealt the date after scores are known: with a longer lag they become known later.
  const known = { from: Math.min(part.to, part.from + label.lag - 1), step: 1 };
  const of = (matrix: Matrix) => rowsOf(matrix, known);
  const at = (name: string) => {
    const matrix = panel.field(name);
    return matrix && of(matrix);
  };
  const answer = await evaluator.run({
    kind: 'layers',
    dates: evaluator.market.manifest.calendar.slice(known.from, part.to),
    scores: rowsOf(values, { from: 0, step: 1 }),
    sign,
    close: of(panel.needed('CLOSE')),
    trade: of(panel.needed(rule.trade)),
    canBuy: at('CAN_BUY'),
    canSell: at('CAN_SELL'),
    suspended: at('SUSPENDED'),
    rule: {
      layers: rule.layers,
      every: rule.rebalance,
      price: rule.trade,
      cost: rule.cost,
      shortCost: rule.shortCost,
      datesPerYear: rule.datesPerYear,
    },
  });
  if (answer.kind !== 'layered') throw new Error('a layers task was answered by something else');
  return answer;
}

type Layered = Extract<SheetAnswer, { readonly kind: 'layered' }>;

function coverageOf({ cells, known, datesWithout, ...left }: CellCounts, sampled: Coverage['sampled']): Coverage {
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
  return { cells, known, byReason, unweighted: left.noWeight, datesWithout, sampled };
}

function sampledCells({ evaluator, label }: Panel, values: Matrix, sampled: Sample): Coverage['sampled'] {
  let [known, withoutLabel] = [0, 0];
  for (const [i, t] of datesOf(sampled).entries()) {
    const [own, returns] = [evaluator.arena.row(values, i * sampled.step), evaluator.arena.row(label, t)];
    for (let n = 0; n < own.length; n++) {
      if (Number.isNaN(own[n])) continue;
      known++;
      if (Number.isNaN(returns[n])) withoutLabel++;
    }
  }
  return { known, withoutLabel };
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
