/** All that is said of values once they are comparable: a factor's, or those of factors combined. */
import { allDone } from '../../core/all-done.ts';
import type { Matrix } from '../../core/arena.ts';
import { moments } from '../fitness.ts';
import { meanAndError } from '../newey-west.ts';
import { icReport } from './daily-ic.ts';
import type { KnownFactors } from './known-factors.ts';
import { datesOf, everySo, type Panel, portions, rowsOf, type Sample } from './panel.ts';
import { autocorrelationLags, decayLags } from './rule.ts';
import type { Coverage, FactorSheet, Placebo } from './sheet.ts';
import type { SheetAnswer } from './tasks.ts';

/** Of prepared values on all judged dates. */
export async function figuresOf(
  panel: Panel,
  values: Matrix,
  sign: 1 | -1,
  coverage: Omit<Coverage, 'sampled'>,
  sampled: Sample,
  known: Promise<KnownFactors>,
): Promise<Omit<FactorSheet, 'name' | 'group' | 'expression'>> {
  const { label, every } = panel.rule;
  const calendar = panel.evaluator.market.manifest.calendar;
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
    sign,
    coverage: { ...coverage, sampled: sampledCells(panel, values, sampled) },
    ic,
    rankIc,
    decay,
    autocorrelation,
    ...(layers && { layers: layers.report, beforeCosts: layers.beforeCosts }),
    placebo: { ...placebo, ...chance(placebo.means, ic.mean) },
    likeness,
  };
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
