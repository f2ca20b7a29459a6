/** The tables of a tear sheet. */
import type { IcReport } from '../../../evaluation/tear-sheet/daily-ic.ts';
import type { LayerReport } from '../../../evaluation/tear-sheet/layers.ts';
import type { Performance } from '../../../evaluation/tear-sheet/performance.ts';
import type { Coverage, Distribution, FactorSheet, TearSheet } from '../../../evaluation/tear-sheet/sheet.ts';
import { combinationTitle } from '../../../evaluation/tear-sheet/with-combinations.ts';
import { rate } from '../../print/number.ts';
import { shortened } from '../../print/table.ts';
import { figureTable } from '../figure-table.ts';
import { type Content, type Html, html } from '../html.ts';
import { decimals, percentOf, whole } from './figures.ts';

export const icTable = ({ ic, rankIc }: Pick<FactorSheet, 'ic' | 'rankIc'>): Html =>
  figureTable(
    'Figures of the correlations',
    ['', 'mean', 'std', 'ICIR', 'share', 't', 't Newey-West', 'lags', 'dates'],
    [icRow('IC', ic), icRow('RankIC', rankIc)],
  );

const icRow = (name: Content, report: IcReport): Content[] => [
  name,
  decimals(report.mean, 4),
  decimals(report.std, 4),
  decimals(report.icir, 3),
  shareText(report),
  decimals(report.t, 2),
  decimals(report.tNeweyWest, 2),
  whole(report.lags),
  whole(report.dates),
];

/** "54.3% > 0": which side is counted depends on the mean. */
const shareText = ({ share, mean }: IcReport): string => {
  const text = percentOf(share);
  return Number.isFinite(share) ? `${text} ${mean < 0 ? '<' : '>'} 0` : text;
};

export const yearTable = ({ ic, rankIc }: FactorSheet): Html =>
  figureTable(
    'Correlations by year',
    ['year', 'IC', 'std', 'ICIR', 'share', 'RankIC', 'std', 'ICIR', 'share', 'dates'],
    ic.byYear.map(({ year, ...own }, i) => {
      const rank = rankIc.byYear[i];
      const four = (of: typeof rank | typeof own): string[] => [
        decimals(of?.mean, 4),
        decimals(of?.std, 4),
        decimals(of?.icir, 3),
        percentOf(of?.share),
      ];
      return [year, ...four(own), ...four(rank), whole(own.dates)];
    }),
  );

const ofReturns = ({ annualReturn, volatility, sharpe, maxDrawdown }: Performance): string[] => [
  percentOf(annualReturn),
  percentOf(volatility),
  decimals(sharpe, 2),
  percentOf(maxDrawdown),
];

/** The columns of the reports, the highest scores first. */
export function layerTable({ layers, longShort, universe }: LayerReport, free: FactorSheet['beforeCosts']): Html {
  const name = (i: number): string =>
    i === 0 ? '1 (highest)' : i === layers.length - 1 ? `${layers.length} (lowest)` : `${i + 1}`;
  const titles = ['layer', 'return', 'volatility', 'Sharpe', 'drawdown', 'excess', 'before costs', 'TE', 'IR'];
  return figureTable(
    'Layers',
    [...titles, 'its drawdown', 'months won', 'turnover', 'symbols'],
    [
      ...layers.map(({ performance, excess, turnover, size }, i) => [
        name(i),
        ...ofReturns(performance),
        percentOf(excess.annualReturn),
        percentOf(free?.excess[i]),
        percentOf(excess.trackingError),
        decimals(excess.informationRatio, 2),
        percentOf(excess.maxDrawdown),
        percentOf(excess.monthlyWinRate, 0),
        percentOf(turnover),
        whole(size),
      ]),
      [
        'long-short',
        ...ofReturns(longShort),
        '',
        percentOf(free?.longShort.annualReturn),
        '',
        '',
        '',
        percentOf(longShort.monthlyWinRate, 0),
        '',
        '',
      ],
      ['universe', ...ofReturns(universe), '', '', '', '', '', '', '', ''],
    ],
  );
}

export const coverageTable = ({ cells, known, byReason, datesWithout, sampled }: Coverage): Html =>
  figureTable(
    'Coverage',
    ['cells', 'number', 'share'],
    [
      ['in the universe', whole(cells), ''],
      ['with a value', whole(known), percentOf(known / cells, 2)],
      ...byReason.map((row) => [`left out: ${row.reason}`, whole(row.cells), percentOf(row.cells / cells, 2)]),
      ['dates without any value', whole(datesWithout), ''],
      ['with a value on the dates sampled', whole(sampled.known), ''],
      ['of those without a return: not traded when it begins or ends', whole(sampled.withoutLabel), ''],
    ],
  );

export const likenessTable = ({ likeness }: FactorSheet): Html =>
  figureTable(
    'Likeness to known factors',
    ['factor', 'kind', 'Pearson', 'Spearman', 'what it is'],
    likeness.map(({ name, kind, pearson, spearman, doc }) => [
      name,
      kind,
      decimals(pearson, 3),
      decimals(spearman, 3),
      doc,
    ]),
  );

/** Files and libraries of many factors beside each other. */
export const groupTable = ({ rankIc: { good }, groups }: Distribution): Html | undefined =>
  groups &&
  figureTable(
    'Factors by what they come from',
    ['', 'mean RankIC', 'median', `${rate(good)} or more`, 'of', 'mean ICIR', 'mean |correlation|', 'of ranks'],
    groups.map(({ name, factors, rankIc, icir, likeness }) => [
      name,
      decimals(rankIc.mean, 4),
      decimals(rankIc.median, 4),
      whole(rankIc.atLeastGood),
      whole(factors),
      decimals(icir.mean, 2),
      decimals(likeness.pearson, 2),
      decimals(likeness.spearman, 2),
    ]),
  );

/** What a table of everything judged calls a line, with the way to its tale. */
const linked = (judged: readonly FactorSheet[]): Content[] =>
  judged.map(({ name }, i) => html`<a href="#factor-${i + 1}">${name}</a>`);

/** A line for each, before the long tale of each. */
export function overviewTable(judged: readonly FactorSheet[]): Html {
  const names = linked(judged);
  const titles = [
    'factor',
    '#',
    'sign',
    'IC',
    'ICIR',
    't Newey-West',
    'RankIC',
    'std',
    'ICIR',
    'share',
    't Newey-West',
  ];
  return figureTable(
    'All factors',
    [...titles, 'p', 'coverage'],
    judged.map(({ sign, ic, rankIc, placebo, coverage }, i) => [
      names[i] as Content,
      i + 1,
      sign < 0 ? '−' : '+',
      decimals(ic.mean, 4),
      decimals(ic.icir, 3),
      decimals(ic.tNeweyWest, 2),
      decimals(rankIc.mean, 4),
      decimals(rankIc.std, 4),
      decimals(rankIc.icir, 3),
      shareText(rankIc),
      decimals(rankIc.tNeweyWest, 2),
      decimals(placebo.p, 3),
      percentOf(coverage.known / coverage.cells),
    ]),
  );
}

/** The first layer and the last one of each, over the universe. */
export function layersTable(judged: readonly FactorSheet[]): Html | undefined {
  if (!judged.some(({ layers }) => layers)) return undefined;
  const names = linked(judged);
  const titles = ['factor', '#', 'top excess', 'before costs', 'IR', 'its drawdown', 'turnover', 'bottom excess'];
  return figureTable(
    'Layers of all factors',
    [...titles, 'long-short', 'Sharpe', 'monotonicity'],
    judged.map(({ layers, beforeCosts }, i) => {
      const top = layers?.layers[0];
      return [
        names[i] as Content,
        i + 1,
        percentOf(top?.excess.annualReturn),
        percentOf(beforeCosts?.excess[0]),
        decimals(top?.excess.informationRatio, 2),
        percentOf(top?.excess.maxDrawdown),
        percentOf(top?.turnover),
        percentOf(layers?.layers.at(-1)?.excess.annualReturn),
        percentOf(layers?.longShort.annualReturn),
        decimals(layers?.longShort.sharpe, 2),
        decimals(layers?.monotonicity, 2),
      ];
    }),
  );
}

/** How fast each fades. */
export function decayTable(judged: readonly FactorSheet[]): Html | undefined {
  const lags = judged[0]?.decay.map(({ lag }) => String(lag)) ?? [];
  if (lags.length === 0) return undefined;
  const names = linked(judged);
  return figureTable(
    'RankIC by dates later',
    ['dates later', '#', ...lags],
    judged.map(({ decay }, i) => [names[i] as Content, i + 1, ...decay.map(({ rankIc }) => decimals(rankIc, 4))]),
  );
}

/** Characters of a name above a column. */
const mostOfHeading = 30;

/** Known factors down, those judged across. */
export function knownTable(judged: readonly FactorSheet[], method: 'pearson' | 'spearman'): Html {
  return figureTable(
    `${method === 'pearson' ? 'Pearson' : 'Spearman'} correlation with known factors`,
    ['known factor', ...judged.map(({ name }) => shortened(name, mostOfHeading))],
    (judged[0]?.likeness ?? []).map(({ name }, k) => [
      name,
      ...judged.map(({ likeness }) => decimals(likeness[k]?.[method], 2)),
    ]),
  );
}

/** What the combinations are made of. */
export const weightTable = ({ factors, combinations = [] }: TearSheet): Html =>
  figureTable(
    'Weights of the combinations',
    ['factor', ...combinations.map(({ name }) => combinationTitle(name))],
    factors.map((factor, i) => [factor.name, ...combinations.map(({ weights }) => decimals(weights[i], 4))]),
  );
