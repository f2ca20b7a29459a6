/** A tear sheet as one page that needs nothing beside itself, and its charts as files of their own. */
import type { FactorSheet, TearSheet } from '../../evaluation/tear-sheet/sheet.ts';
import { fittedOn, withCombinations } from '../../evaluation/tear-sheet/with-combinations.ts';
import { count, rate } from '../print/number.ts';
import { type Html, html } from './html.ts';
import { figures, pageOf, type TitledChart, warningList, weighed, weightSentence } from './page.ts';
import { picturesOf } from './picture.ts';
import { distributionCharts } from './tear-sheet/distribution.ts';
import { factorCharts } from './tear-sheet/factor-charts.ts';
import { decimals } from './tear-sheet/figures.ts';
import { correlationChart } from './tear-sheet/heatmap.ts';
import { isKnownLikeness } from './tear-sheet/likeness-chart.ts';
import { settingsList } from './tear-sheet/settings-list.ts';
import { sheetStyle } from './tear-sheet/sheet-style.ts';
import {
  coverageTable,
  decayTable,
  groupTable,
  icTable,
  knownTable,
  layersTable,
  layerTable,
  likenessTable,
  overviewTable,
  weightTable,
  yearTable,
} from './tear-sheet/sheet-tables.ts';

/** Of a library, so many factors are unfolded to begin with. */
const unfolded = 2;

export async function tearSheetPage(sheet: TearSheet): Promise<string> {
  const { factors, warnings } = sheet;
  const library = factors.length > 1;
  const title = library ? `${count(factors.length)} factors` : (factors[0]?.name ?? 'no factor');
  const sections: Html[] = [];
  const judged = withCombinations(sheet);
  // Behind the factors the combination in equal weights has charts as well; of those with weights of their own figures are enough.
  for (const [i, factor] of judged.entries()) {
    const charts = i <= factors.length ? factorCharts(factor, sheet.dates, `f${i + 1}-`) : [];
    const body = html`<div id="factor-${i + 1}">${await factorBody(factor, charts, sheet)}</div>`;
    sections.push(
      library
        ? html`<details class="factor"${i < unfolded ? html` open` : undefined}><summary>${i + 1}. ${factor.name} <span>${glance(factor)}</span></summary>${body}</details>`
        : body,
    );
  }
  const main = html`<h1>${title}</h1>
<p class="quiet">On ${sheet.market.name}, ${sheet.settings.from} to ${sheet.settings.to}.</p>
${warningList(warnings)}
${library ? await overview(sheet) : undefined}
${await together(sheet)}
${sections}
<section>
<h2>How it was made</h2>
${settingsList(sheet)}
</section>
<footer>${weightSentence}</footer>`;
  return weighed(pageOf(title, main, sheetStyle));
}

/** Each chart by the name of its file, without the ending. */
export function tearSheetPictures(sheet: TearSheet): Promise<Map<string, string>> {
  const { factors, combinations = [], dates } = sheet;
  const { correlation, distribution } = sheet;
  return picturesOf([
    ...factors.flatMap((factor, i) => factorCharts(factor, dates, factors.length > 1 ? `${i + 1}-` : '')),
    ...combinations.slice(0, 1).flatMap((equal) => factorCharts(equal, dates, 'combined-')),
    ...(correlation ? [{ chart: correlationChart(correlation) }] : []),
    ...(distribution ? distributionCharts(factors) : []),
  ]);
}

const glance = ({ ic, rankIc }: FactorSheet): string =>
  `IC ${decimals(ic.mean, 4)}, RankIC ${decimals(rankIc.mean, 4)}, t ${decimals(ic.tNeweyWest, 2)}`;

async function factorBody(
  factor: FactorSheet,
  charts: readonly TitledChart[],
  { notCompared }: TearSheet,
): Promise<Html> {
  const { expression, sign, layers, placebo, likeness } = factor;
  const low = sign < 0 ? ' Low values foretell high returns: its negative is layered.' : '';
  return html`${expression === undefined ? undefined : html`<p class="formula-line"><code>${expression}</code></p>`}
${icTable(factor)}
<p class="note">Share: of the dates, those on the mean’s side of 0. Shuffled labels: mean IC ${decimals(placebo.mean, 4)}, standard deviation ${decimals(placebo.std, 4)}, p = ${decimals(placebo.p, 4)} of ${count(placebo.shuffles)} shuffles.${low}</p>
${charts.length > 0 ? html`<div class="charts">${await figures(charts)}</div>\n${unlike(likeness)}` : undefined}
${layers && html`<h3>Layers</h3>${layerTable(layers, factor.beforeCosts)}${layerNote(layers)}`}
<h3>What is covered</h3>
${coverageTable(factor.coverage)}
<details><summary>Figures by year</summary>${yearTable(factor)}</details>
${likeness.length > 0 ? html`<details><summary>Likeness to known factors</summary>${likenessTable(factor)}${leftOut(notCompared)}</details>` : undefined}
`;
}

/** Known factors that the chart of likeness cannot have. */
function unlike(likeness: FactorSheet['likeness']): Html | undefined {
  const names = likeness.filter((one) => !isKnownLikeness(one)).map(({ name }) => name);
  return names.length > 0
    ? html`<p class="note">Known factors without a correlation on these dates: ${names.join(', ')}.</p>`
    : undefined;
}

function leftOut(notCompared: TearSheet['notCompared']): Html | undefined {
  if (notCompared.length === 0) return undefined;
  return html`<p class="note">Left out: ${notCompared.map(({ name, reason }) => `${name} (${reason})`).join('; ')}.</p>`;
}

function layerNote({ rebalances, skipped, monotonicity, untraded }: NonNullable<FactorSheet['layers']>): Html {
  return html`<p class="note">Net of costs. ${count(rebalances)} rebalances, ${count(skipped)} skipped for want of scores. Orders that could not be filled: ${count(untraded.buys)} to buy, ${count(untraded.sells)} to sell; holdings that never had a price again: ${count(untraded.delisted)}. Monotonicity ${decimals(monotonicity, 2)}: 1 when returns fall from the first layer to the last.</p>`;
}

/** With more of them than this, known factors have no column for each. */
const mostColumns = 12;

/** Everything judged, a line each, analysis by analysis. */
async function overview(sheet: TearSheet): Promise<Html> {
  const judged = withCombinations(sheet);
  const { factors, notCompared } = sheet;
  const fitted = fittedOn(sheet);
  const columns = judged.slice(factors.length > mostColumns ? factors.length : 0);
  const traded = layersTable(judged);
  const fading = decayTable(judged);
  const compared = columns.some(({ likeness }) => likeness.length > 0);
  return html`<section><h2>Overview</h2>
${await spread(sheet)}
${overviewTable(judged)}
${fitted && html`<p class="note">${fitted}</p>`}
${traded && html`<h3>Layers</h3>${traded}<p class="note">Of the highest scores and of the lowest, over all symbols with a score, net of costs; turnover is one-sided, at a rebalance.</p>`}
${fading && html`<h3>RankIC dates later</h3>${fading}`}
${compared ? html`<h3>Known factors</h3>${knownTable(columns, 'pearson')}<p class="note">Pearson correlations.</p><details><summary>Spearman correlations</summary>${knownTable(columns, 'spearman')}</details>${leftOut(notCompared)}` : undefined}
</section>`;
}

/** Of many factors: what all of them come to, before a line for each. */
async function spread({ factors, distribution }: TearSheet): Promise<Html | undefined> {
  if (!distribution) return undefined;
  const { rankIc, icir, likeness } = distribution;
  return html`<p>Of ${count(distribution.factors)} factors with a RankIC ${count(rankIc.atLeastGood)} have ${rate(rankIc.good)} or more. Mean RankIC ${decimals(rankIc.mean, 4)} (median ${decimals(rankIc.median, 4)}), mean ICIR of it ${decimals(icir.mean, 2)} (median ${decimals(icir.median, 2)}), each the way it points. Mean absolute correlation of two factors: ${decimals(likeness.pearson, 2)} (of ranks ${decimals(likeness.spearman, 2)}).</p>
${groupTable(distribution)}
<div class="charts">${await figures(distributionCharts(factors))}</div>`;
}

async function together(sheet: TearSheet): Promise<Html | undefined> {
  const { correlation, combinations = [] } = sheet;
  if (!correlation && combinations.length === 0) return undefined;
  const chart = correlation && {
    title: 'Correlation',
    note: `Pearson above the diagonal, Spearman below, mean of ${datesOf(correlation)}`,
    chart: correlationChart(correlation),
  };
  return html`<section>
<h2>Together</h2>
${combinations.length > 0 ? html`<details><summary>Weights of the combinations</summary>${weightTable(sheet)}</details>` : undefined}
${chart && html`<div class="charts">${await figures([chart])}</div>`}
</section>`;
}

/** "250 dates", or "250 dates at most, of one pair 3". */
const datesOf = ({ dates, fewest }: NonNullable<TearSheet['correlation']>): string =>
  fewest < dates ? `${count(dates)} dates at most, of one pair ${count(fewest)}` : `${count(dates)} dates`;
