/** What a reader of a sheet should be told before any figure: what could not be done, and what looks too good. */
import type { MarketManifest } from '../../data/market.ts';
import type { LayerReport } from './layers.ts';
import type { SheetRule } from './rule.ts';
import type { TearSheet } from './sheet.ts';
import type { BeforeCosts } from './tasks.ts';

/** Daily factors of known desks stay far below; a factor that sees the future is far above. */
const tooGood = { ic: 0.2, icir: 2, growth: 10 } as const;
/** A date here and there on which a factor says nothing is no matter. */
const mostDates = 0.95;
/** Fewer dates say little of anything. */
const fewDates = 20;
/** Of layers. */
const fewDeals = 5;
/** Of cells: less is what every field lacks here and there. */
const manyUnweighted = 0.01;

export function warningsOf(
  sheet: Omit<TearSheet, 'warnings'>,
  rule: SheetRule,
  manifest: MarketManifest,
  signsFromHere: boolean,
): string[] {
  const warnings: string[] = [];
  for (const { name, ic, coverage, layers, beforeCosts } of sheet.factors) {
    // Of a few dates and symbols chance alone has as much; of correlations that do not vary there is no t.
    const large = Math.abs(ic.mean) > tooGood.ic && ic.dates > 1 && !(Math.abs(ic.t) < 3);
    if (large || (ic.dates >= fewDates && Math.abs(ic.icir) > tooGood.icir)) {
      const away = Number.isNaN(ic.icir) ? '' : `, ${Math.abs(ic.icir).toFixed(1)} of its standard deviations from 0`;
      warnings.push(
        `${name} has a mean IC of ${ic.mean.toFixed(3)}${away}: too good to be true, look for the future in it.`,
      );
    }
    // What sees no more of the future than the price it is dealt at shows in the layers alone.
    if (layers && beforeCosts && growsTooFast(beforeCosts.longShort, layers.longShort.dates / rule.datesPerYear)) {
      const { annualReturn, sharpe } = beforeCosts.longShort;
      warnings.push(
        `The top layer of ${name} less its bottom makes ${(100 * annualReturn).toFixed(0)}% a year before costs, with a Sharpe of ${sharpe.toFixed(0)}: too good to be true, look for the future in it, such as prices of the date it is dealt on.`,
      );
    }
    const judged = rule.part.to - rule.part.from;
    const valued = judged - coverage.datesWithout;
    const missed = valued > 0 && valued < mostDates * judged && (ic.dates === 0 || (layers?.skipped ?? 0) > 0);
    if (missed) warnings.push(gaps(name, `${valued} of ${judged} dates`, ic.dates, layers, rule));
    else if (ic.dates === 0) {
      const lacking =
        coverage.known > 0 ? 'the returns beside its values are too few or alike' : 'its values are missing or alike';
      warnings.push(`${name} has no correlation on any date: ${lacking}.`);
    }
    const empty = layers?.layers.filter(({ size }) => size === 0).length ?? 0;
    if (empty > 0) {
      warnings.push(`${name}: ${empty} of ${rule.layers} layers never held a symbol; fewer --layers would fill them.`);
    }
  }
  const torn = sheet.factors.filter(({ ic, placebo }) => placebo.p < 0.05 && Math.abs(ic.tNeweyWest) < 2);
  if (torn.length > 0) {
    warnings.push(
      `${list(torn.map(({ name }) => name))} would be rare among shuffled labels, and yet the t is below 2: what symbols have in common, such as industries, moves correlations from date to date, and shuffling destroys it. Believe the t, or --neutralise.`,
    );
  }
  warnings.push(...tooShort(sheet.factors, rule));
  const seldom = sheet.factors.filter(({ layers }) => layers && layers.rebalances > 0 && layers.rebalances < fewDeals);
  if (seldom.length > 0) {
    const deals = seldom.map(({ name, layers }) => `${name} (${layers?.rebalances})`);
    warnings.push(
      `Layers were dealt fewer than ${fewDeals} times: ${list(deals)}. What came of so few deals is no annual figure to go by.`,
    );
  }
  if (rule.split === 'train') {
    warnings.push('The part judged is the one factors were made on: figures of it say nothing about other dates.');
  } else if (rule.split === 'all') {
    warnings.push('All dates are judged, those the factors may have been made on as well.');
  }
  if (signsFromHere) {
    warnings.push(
      'Whether high or low values are good was decided on the dates judged: name a --split to decide it on earlier ones.',
    );
  }
  if (sheet.factors.length > 1 && !rule.train) {
    warnings.push(
      `Factors are ${signsFromHere ? 'not combined: signs and weights' : 'combined in equal weights alone: other weights'} come from training dates, and --split all, --from and --to have none.`,
    );
  } else if (sheet.factors.length > 1 && sheet.combinations?.length === 1) {
    warnings.push(
      'Factors are combined in equal weights alone: other weights come from training dates, and no date of them has values of half of the factors.',
    );
  }
  if (rule.tried !== undefined && sheet.luckyT !== undefined) {
    const known = sheet.factors.map(({ ic }) => Math.abs(ic.tNeweyWest)).filter((t) => !Number.isNaN(t));
    const best = Math.max(0, ...known);
    if (rule.split !== 'test' && best < sheet.luckyT) {
      warnings.push(
        `The best t is ${best.toFixed(1)}; the luckiest of ${rule.tried} worthless programs would have ${sheet.luckyT.toFixed(1)}.`,
      );
    }
  }
  const unweighted = Math.max(0, ...sheet.factors.map(({ coverage }) => coverage.unweighted / coverage.cells || 0));
  if (unweighted > manyUnweighted) {
    warnings.push(
      `${rule.weightedBy} is not above 0 for ${(100 * unweighted).toFixed(unweighted < 0.1 ? 1 : 0)}% of the cells: nobody is weighted by the root of such a number, and they are left out. Name another field for --weighted-by.`,
    );
  }
  const snapshots = manifest.fields.filter(({ name, snapshot }) => snapshot && usesField(rule, name));
  for (const { name } of snapshots) {
    warnings.push(`${name} is known of one day only and taken for every date: on earlier dates it knows the future.`);
  }
  return warnings;
}

/**
 * By its logarithm: a month of luck, compounded to a year, has any Sharpe, and desks have seen one of 10 before costs. So
 * far from 0 that it is no chance either.
 */
function growsTooFast({ annualReturn, sharpe }: BeforeCosts['longShort'], years: number): boolean {
  const volatility = annualReturn / sharpe;
  const growth = Math.log1p(annualReturn) / volatility;
  return growth > tooGood.growth && growth * Math.sqrt(years) > 5;
}

const plural = (count: number, word: string): string => (count === 1 ? `one ${word}` : `${count} ${word}s`);

/** Factors that have a correlation, but on few dates. Those without any have a sentence of their own. */
function tooShort(factors: TearSheet['factors'], { part, label, every }: SheetRule): string[] {
  const judged = factors.filter(({ ic }) => ic.dates > 0);
  // Labels that overlap repeat each other: there is room for so many that do not.
  const apart = (part.to - part.from) / label.horizon;
  const few = judged.filter(({ ic }) => Math.min(ic.dates, apart) < fewDates);
  const [first] = few;
  if (!first) return [];
  const overlap = few.some(({ ic }) => apart < ic.dates) && every < label.horizon ? ', whose labels overlap' : '';
  const alike = few.length === judged.length && few.every(({ ic }) => ic.dates === first.ic.dates);
  const which = alike
    ? `Correlations are of ${plural(first.ic.dates, 'date')}`
    : `Correlations of ${list(few.map(({ name, ic }) => `${name} are of ${plural(ic.dates, 'date')}`))}`;
  return [
    `${which}, one in ${every}${overlap}: too few to tell chance from skill. A longer part or a shorter --horizon has more.`,
  ];
}

/** Of scores once a month, or that end before the part does: which of them were of use, and how all can be. */
function gaps(
  name: string,
  valued: string,
  correlations: number,
  layers: LayerReport | undefined,
  { every, rebalance }: SheetRule,
): string {
  const dealt = layers
    ? `, layers were dealt on ${layers.rebalances} and kept on ${layers.skipped} when they were due`
    : '';
  const all = [every > 1 && '--every 1', layers && rebalance > 1 && '--rebalance 1'].filter((flag) => flag);
  const remedy = all.length > 0 ? `${all.join(' and ')} would use all of them; ` : '';
  return `${name} has values on ${valued}: correlations are of ${correlations} of them${dealt}. ${remedy}--from and --to leave off what has none.`;
}

const list = (names: readonly string[]): string =>
  names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');

const usesField = ({ neutralise, weightedBy, universe }: SheetRule, name: string): boolean =>
  weightedBy === name ||
  universe === name ||
  neutralise.some((one) => one === name || ((one === 'size' || one === 'five-factor') && name === 'CAP'));
