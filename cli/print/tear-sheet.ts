/** A tear sheet for a terminal: a line for each factor, and for one factor all that fits. */
import type { FactorSheet, TearSheet } from '../../evaluation/tear-sheet/sheet.ts';
import { fittedOn, withCombinations } from '../../evaluation/tear-sheet/with-combinations.ts';
import { count, countOf, fixed, percent, rate } from './number.ts';
import { partName } from './part-name.ts';
import { shortened, table } from './table.ts';

/** Characters of a name in a table, and of a formula: those of the page have all. */
const mostOfName = 60;
const mostOfFormula = 160;

interface Files {
  readonly report?: string | undefined;
  readonly pictures?: string | undefined;
}

export function sheetSummary(sheet: TearSheet, { report, pictures }: Files = {}): string {
  const parts = [headline(sheet), correlations(sheet)];
  if (sheet.distribution) parts.push(distribution(sheet.distribution));
  const [only] = sheet.factors;
  if (only && sheet.factors.length === 1) parts.push(...detail(only));
  else {
    if (sheet.settings.layers > 0) parts.push(returns(sheet));
    parts.push(...fading(sheet), ...likeKnown(sheet));
  }
  if (sheet.correlation && sheet.factors.length <= mostBeside) parts.push(beside(sheet.correlation));
  const fitted = fittedOn(sheet);
  if (fitted) parts.push(fitted);
  if (sheet.warnings.length > 0) parts.push(sheet.warnings.map((sentence) => `! ${sentence}`).join('\n'));
  if (report !== undefined) parts.push(`The whole sheet: ${report}`);
  if (pictures !== undefined) parts.push(`Pictures: ${pictures}`);
  return parts.join('\n\n');
}

function headline({ market, settings, dates, factors }: TearSheet): string {
  // Labels of the last dates are not known, and a factor need not have values on all.
  const most = Math.max(0, ...factors.map(({ ic }) => ic.dates));
  const sampled = most < dates.length ? ` of ${count(dates.length)} sampled` : '';
  const { price, lag, horizon, every, cost, trade, rebalance, neutralise, winsorise, universe, weightedBy } = settings;
  const members = universe === undefined ? '' : `, of them those above 0 in ${universe}`;
  const scale = settings.standardise ? '' : ', not standardised';
  const weighted = weightedBy === undefined ? '' : ` (weighted by the root of ${weightedBy})`;
  const neutral = neutralise.length > 0 ? `, neutral to ${neutralise.join(', ')}${weighted}` : '';
  const layered =
    settings.layers > 0
      ? ` Layers dealt at ${trade} every ${rebalance === 1 ? 'date' : `${rebalance} dates`}, ${rate(cost.buy)} each way ("free": without); ${market.datesPerYear} dates a year.`
      : '';
  return [
    `${market.name}, ${partName(settings)}, ${countOf(market.symbols, 'symbol')}${members}; ${settings.preset ? `preset ${settings.preset}, ` : ''}values winsorised ${winsorise}${scale}${neutral}.`,
    `Returns of ${price} held ${countOf(horizon, 'date')}, entered ${countOf(lag, 'date')} after; correlations on ${countOf(most, 'date')}${sampled}${every > 1 ? `, one in ${every}` : ''}.${layered}`,
  ].join('\n');
}

function correlations(sheet: TearSheet): string {
  const rows = withCombinations(sheet).map(({ ic, rankIc, placebo, coverage, sign, name, expression }) => [
    fixed(ic.mean, 4),
    fixed(ic.tNeweyWest, 1),
    fixed(rankIc.mean, 4),
    fixed(rankIc.std, 4),
    fixed(rankIc.icir, 2),
    percent(rankIc.share),
    fixed(rankIc.tNeweyWest, 1),
    fixed(placebo.p, 3),
    percent(coverage.known / coverage.cells),
    sign < 0 ? 'low' : 'high',
    expression === undefined || expression === name
      ? shortened(name, mostOfFormula)
      : `${shortened(name, mostOfName)}: ${shortened(expression, mostOfFormula)}`,
  ]);
  const headings = ['IC', 't', 'RankIC', 'std', 'ICIR', 'share', 't', 'p by chance', 'known', 'good is', 'factor'];
  return table(rows, headings);
}

/** Of many factors. */
function distribution({ groups, ...all }: NonNullable<TearSheet['distribution']>): string {
  const { factors, rankIc, icir, likeness } = all;
  const figures = listed(', ', [
    ['mean RankIC ', fixed(rankIc.mean, 4), ''],
    ['', count(rankIc.atLeastGood), ` of ${count(factors)} at ${rate(rankIc.good)} or more`],
    ['mean ICIR ', fixed(icir.mean, 2), ''],
    ['mean |correlation| of pairs ', fixed(likeness.pearson, 2), ''],
    ['of their ranks ', fixed(likeness.spearman, 2), ''],
  ]);
  const whole = `Each the way it points: ${figures}.`;
  if (!groups) return whole;
  const rows = groups.map((one) => [
    fixed(one.rankIc.mean, 4),
    count(one.rankIc.atLeastGood),
    count(one.factors),
    fixed(one.icir.mean, 2),
    fixed(one.likeness.pearson, 2),
    fixed(one.likeness.spearman, 2),
    shortened(one.name, mostOfName),
  ]);
  const good = `RankIC >= ${rate(rankIc.good)}`;
  return `${whole}\n${table(rows, ['mean RankIC', good, 'of', 'mean ICIR', '|correlation|', 'of ranks', 'from'])}`;
}

function returns(sheet: TearSheet): string {
  const rows = withCombinations(sheet).flatMap(({ layers, beforeCosts, name }) => {
    const [top, bottom] = [layers?.layers[0], layers?.layers.at(-1)];
    if (!layers || !top || !bottom) return [];
    return [
      [
        percent(top.excess.annualReturn, 1),
        percent(beforeCosts?.excess[0], 1),
        fixed(top.excess.informationRatio, 2),
        percent(top.excess.maxDrawdown, 1),
        percent(top.turnover, 1),
        percent(bottom.excess.annualReturn, 1),
        percent(layers.longShort.annualReturn, 1),
        fixed(layers.longShort.sharpe, 2),
        fixed(layers.monotonicity, 2),
        shortened(name, mostOfName),
      ],
    ];
  });
  const top = ['top excess', 'free', 'IR', 'drawdown', 'turnover'];
  const headings = [...top, 'bottom excess', 'long-short', 'Sharpe', 'monotone', 'factor'];
  return rows.length > 0 ? table(rows, headings) : 'No layers.';
}

function detail({ layers, beforeCosts, decay, autocorrelation, likeness, coverage }: FactorSheet): string[] {
  const parts: string[] = [];
  if (layers) {
    const rows = layers.layers.map(({ performance, excess, turnover, size }, k) => [
      `${k + 1}${k === 0 ? ' (best scores)' : ''}`,
      percent(performance.annualReturn, 1),
      percent(excess.annualReturn, 1),
      percent(beforeCosts?.excess[k], 1),
      fixed(excess.informationRatio, 2),
      percent(excess.maxDrawdown, 1),
      percent(excess.monthlyWinRate, 1),
      percent(turnover, 1),
      fixed(size, 0),
    ]);
    const headings = ['layer', 'a year', 'excess', 'free', 'IR', 'drawdown', 'months won', 'turnover', 'symbols'];
    const { longShort } = layers;
    const apart = listed(', ', [
      ['', percent(longShort.annualReturn, 1), ' a year'],
      ['Sharpe ', fixed(longShort.sharpe, 2), ''],
      ['drawdown ', percent(longShort.maxDrawdown, 1), ''],
      ['', percent(beforeCosts?.longShort.annualReturn, 1), ' a year before costs'],
    ]);
    parts.push(apart ? `${table(rows, headings)}\nTop less bottom: ${apart}.` : table(rows, headings));
  }
  const later = listed(
    '  ',
    decay.map(({ lag, rankIc }) => [`${lag}: `, fixed(rankIc, 4), '']),
  );
  if (later) parts.push(`RankIC by dates later: ${later}`);
  const alike = listed(
    '  ',
    autocorrelation.map(({ lag, mean }) => [`${lag}: `, fixed(mean, 2), '']),
  );
  if (alike) parts.push(`Ranks alike after dates: ${alike}`);
  const likest = [...likeness]
    .filter(({ spearman }) => !Number.isNaN(spearman))
    .sort((a, b) => Math.abs(b.spearman) - Math.abs(a.spearman))
    .slice(0, 5);
  if (likest.length > 0) {
    parts.push(`Most like: ${likest.map(({ name, spearman }) => `${name} ${fixed(spearman, 2)}`).join('  ')}`);
  }
  if (coverage.byReason.length > 0) {
    parts.push(
      `Left out of ${count(coverage.cells)} cells: ${coverage.byReason.map(({ reason, cells }) => `${count(cells)} ${reason}`).join('; ')}.`,
    );
  }
  const { known, withoutLabel } = coverage.sampled;
  if (withoutLabel > 0) {
    parts.push(`Of ${count(known)} values on the dates sampled ${count(withoutLabel)} have no return beside them.`);
  }
  return parts;
}

/** As many as fit beside each other; of more, the page has all pairs. */
const mostBeside = 10;

function beside({ names, pearson, spearman, dates }: NonNullable<TearSheet['correlation']>): string {
  const rows = names.map((name, i) => [
    ...names.map((_, j) => (i === j ? '' : fixed((i < j ? pearson : spearman)[i]?.[j], 2))),
    shortened(name, mostOfName),
  ]);
  const headings = [...names.map((_, i) => String(i + 1)), 'correlations'];
  return `${table(rows, headings)}\nIn the order of the names, Pearson above the diagonal and Spearman below, on ${countOf(dates, 'date')}.`;
}

/** Of many factors, what they are worth together stands for all of them. */
const few = ({ factors, combinations }: TearSheet): FactorSheet[] =>
  withCombinations({ factors: factors.length <= mostBeside ? factors : [], ...(combinations && { combinations }) });

function fading(sheet: TearSheet): string[] {
  const judged = few(sheet);
  const lags = judged[0]?.decay.map(({ lag }) => String(lag)) ?? [];
  if (lags.length === 0) return [];
  const rows = judged.map(({ decay, name }) => [
    ...decay.map(({ rankIc }) => fixed(rankIc, 4)),
    shortened(name, mostOfName),
  ]);
  return [table(rows, [...lags, 'RankIC by dates later'])];
}

/** Columns in the order of the lines above. */
function likeKnown(sheet: TearSheet): string[] {
  const judged = few(sheet);
  const rows = (judged[0]?.likeness ?? []).map(({ name }, k) => [
    ...judged.map(({ likeness }) => fixed(likeness[k]?.pearson, 2)),
    name,
  ]);
  if (rows.length === 0) return [];
  const order = judged.map(({ name }, i) => `${i + 1} ${shortened(name, mostOfName)}`);
  return [
    `${table(rows, [...judged.map((_, i) => String(i + 1)), 'known factor'])}\nPearson correlations of ${order.join(', ')}.`,
  ];
}

/** What is not known has no words around it either. */
const listed = (
  between: string,
  figures: readonly (readonly [before: string, figure: string, after: string])[],
): string =>
  figures
    .filter(([, figure]) => figure !== '')
    .map((words) => words.join(''))
    .join(between);
