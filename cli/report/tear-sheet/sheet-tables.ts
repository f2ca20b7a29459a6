/** The tables of a tear sheet. */
import type { IcReport } from '../../../evaluation/tear-sheet/daily-ic.ts';
import type { LayerReport } from '../../../evaluation/tear-sheet/layers.ts';
import type { Performance } from '../../../evaluation/tear-sheet/performance.ts';
import type { Coverage, FactorSheet, TearSheet } from '../../../evaluation/tear-sheet/sheet.ts';
import { type Content, type Html, html } from '../html.ts';
import { decimals, percentOf, whole } from './figures.ts';

const table = (
  label: string,
  titles: readonly string[],
  rows: readonly (readonly Content[])[],
): Html => html`<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table class="figures">
<thead><tr>${titles.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${rows.map(([head, ...cells]) => html`<tr><th scope="row">${head}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;

export const icTable = ({ ic, rankIc }: Pick<FactorSheet, 'ic' | 'rankIc'>): Html =>
  table(
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
  table(
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
  return table(
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
  table(
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
  table(
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

/** A factor a line, before the long tale of each. */
export const overviewTable = (factors: readonly FactorSheet[]): Html =>
  table(
    'All factors',
    ['factor', '#', 'sign', 'IC', 'RankIC', 'ICIR', 't Newey-West', 'p', 'excess', 'long-short', 'Sharpe', 'coverage'],
    factors.map(({ name, sign, ic, rankIc, placebo, layers, coverage }, i) => [
      html`<a href="#factor-${i + 1}">${name}</a>`,
      i + 1,
      sign < 0 ? '−' : '+',
      decimals(ic.mean, 4),
      decimals(rankIc.mean, 4),
      decimals(ic.icir, 3),
      decimals(ic.tNeweyWest, 2),
      decimals(placebo.p, 3),
      percentOf(layers?.layers[0]?.excess.annualReturn),
      percentOf(layers?.longShort.annualReturn),
      decimals(layers?.longShort.sharpe, 2),
      percentOf(coverage.known / coverage.cells),
    ]),
  );

export const combinationTable = (sheet: TearSheet): Html | undefined =>
  sheet.combinations && sheet.combinations.length > 0
    ? html`${table(
        'Combinations',
        ['combination', 'IC', 'ICIR', 't Newey-West', 'RankIC', 'ICIR', 't Newey-West', 'dates', 'fitted on'],
        sheet.combinations.map(({ name, ic, rankIc, fitted }) => [
          name,
          decimals(ic.mean, 4),
          decimals(ic.icir, 3),
          decimals(ic.tNeweyWest, 2),
          decimals(rankIc.mean, 4),
          decimals(rankIc.icir, 3),
          decimals(rankIc.tNeweyWest, 2),
          whole(ic.dates),
          fitted && `${fitted.from} to ${fitted.to}, ${whole(fitted.dates)} dates`,
        ]),
      )}<details><summary>Weights</summary>${table(
        'Weights of the combinations',
        ['factor', ...sheet.combinations.map(({ name }) => name)],
        sheet.factors.map((factor, i) => [
          factor.name,
          ...(sheet.combinations ?? []).map(({ weights }) => decimals(weights[i], 4)),
        ]),
      )}</details>`
    : undefined;
