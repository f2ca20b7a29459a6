/** A tear sheet as one page that needs nothing beside itself, and its charts as files of their own. */
import type { FactorSheet, TearSheet } from '../../evaluation/tear-sheet/sheet.ts';
import { count, rate } from '../print/number.ts';
import { drawn } from './chart.ts';
import { type Html, html, safe } from './html.ts';
import { slim, weighed, weightSentence } from './page.ts';
import { picture } from './picture.ts';
import { pageStyle } from './style.ts';
import { distributionCharts } from './tear-sheet/distribution.ts';
import { factorCharts, type TitledChart } from './tear-sheet/factor-charts.ts';
import { decimals } from './tear-sheet/figures.ts';
import { correlationChart } from './tear-sheet/heatmap.ts';
import { isKnownLikeness } from './tear-sheet/likeness-chart.ts';
import { settingsList } from './tear-sheet/settings-list.ts';
import { sheetStyle } from './tear-sheet/sheet-style.ts';
import {
  combinationTable,
  coverageTable,
  icTable,
  layerTable,
  likenessTable,
  overviewTable,
  yearTable,
} from './tear-sheet/sheet-tables.ts';

/** Of a library, so many factors are unfolded to begin with. */
const unfolded = 2;

export async function tearSheetPage(sheet: TearSheet): Promise<string> {
  const { factors, warnings } = sheet;
  const library = factors.length > 1;
  const title = library ? `${count(factors.length)} factors` : (factors[0]?.name ?? 'no factor');
  const sections: Html[] = [];
  for (const [i, factor] of factors.entries()) {
    const body = html`<div id="factor-${i + 1}">${await factorBody(factor, sheet, `f${i + 1}-`)}</div>`;
    sections.push(
      library
        ? html`<details class="factor"${i < unfolded ? html` open` : undefined}><summary>${i + 1}. ${factor.name} <span>${glance(factor)}</span></summary>${body}</details>`
        : body,
    );
  }
  return weighed(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · evolve</title>
<style>${safe(pageStyle + sheetStyle)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="quiet">On ${sheet.market.name}, ${sheet.settings.from} to ${sheet.settings.to}.</p>
${warnings.length > 0 ? html`<ul class="warnings" aria-label="Warnings">${warnings.map((warning) => html`<li>${warning}</li>`)}</ul>` : undefined}
${library ? html`<section><h2>Overview</h2>${await spread(sheet)}${overviewTable(factors)}</section>` : undefined}
${await together(sheet)}
${sections}
<section>
<h2>How it was made</h2>
${settingsList(sheet)}
</section>
<footer>${weightSentence}</footer>
</main>
</body>
</html>
`);
}

/** Each chart by the name of its file, without the ending. */
export async function tearSheetPictures(sheet: TearSheet): Promise<Map<string, string>> {
  const charts = sheet.factors.flatMap((factor, i) =>
    factorCharts(factor, sheet.dates, sheet.factors.length > 1 ? `${i + 1}-` : '').map(({ chart }) => chart),
  );
  if (sheet.correlation) charts.push(correlationChart(sheet.correlation));
  if (sheet.distribution) charts.push(...distributionCharts(sheet.factors).map(({ chart }) => chart));
  const pictures = new Map<string, string>();
  for (const chart of charts) pictures.set(chart.name, await picture(chart));
  return pictures;
}

const glance = ({ ic, rankIc }: FactorSheet): string =>
  `IC ${decimals(ic.mean, 4)}, RankIC ${decimals(rankIc.mean, 4)}, t ${decimals(ic.tNeweyWest, 2)}`;

async function factorBody(factor: FactorSheet, { dates, notCompared }: TearSheet, prefix: string): Promise<Html> {
  const { expression, sign, layers, placebo, likeness } = factor;
  const charts = factorCharts(factor, dates, prefix);
  const low = sign < 0 ? ' Low values foretell high returns: its negative is layered.' : '';
  return html`${expression === undefined ? undefined : html`<p class="formula-line"><code>${expression}</code></p>`}
${icTable(factor)}
<p class="note">Share: of the dates, those on the mean’s side of 0. Shuffled labels: mean IC ${decimals(placebo.mean, 4)}, standard deviation ${decimals(placebo.std, 4)}, p = ${decimals(placebo.p, 4)} of ${count(placebo.shuffles)} shuffles.${low}</p>
<div class="charts">${await figures(charts)}</div>
${unlike(likeness)}
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

/** Of many factors: what all of them come to, before a line for each. */
async function spread({ factors, distribution }: TearSheet): Promise<Html | undefined> {
  if (!distribution) return undefined;
  const { rankIc, icir, likeness } = distribution;
  return html`<p>Of ${count(distribution.factors)} factors with a RankIC ${count(rankIc.atLeastGood)} have ${rate(rankIc.good)} or more. Mean RankIC ${decimals(rankIc.mean, 4)} (median ${decimals(rankIc.median, 4)}), mean ICIR of it ${decimals(icir.mean, 2)} (median ${decimals(icir.median, 2)}), each the way it points. Mean absolute correlation of two factors: ${decimals(likeness.pearson, 2)} (of ranks ${decimals(likeness.spearman, 2)}).</p>
<div class="charts">${await figures(distributionCharts(factors))}</div>`;
}

async function together(sheet: TearSheet): Promise<Html | undefined> {
  const { correlation } = sheet;
  const combinations = combinationTable(sheet);
  if (!correlation && !combinations) return undefined;
  const chart = correlation && {
    title: 'Correlation',
    note: `Pearson above the diagonal, Spearman below, mean of ${datesOf(correlation)}`,
    chart: correlationChart(correlation),
  };
  return html`<section>
<h2>Together</h2>
${combinations}
${chart && html`<div class="charts">${await figures([chart])}</div>`}
</section>`;
}

/** "250 dates", or "250 dates at most, of one pair 3". */
const datesOf = ({ dates, fewest }: NonNullable<TearSheet['correlation']>): string =>
  fewest < dates ? `${count(dates)} dates at most, of one pair ${count(fewest)}` : `${count(dates)} dates`;

async function figures(charts: readonly TitledChart[]): Promise<Html[]> {
  const all: Html[] = [];
  for (const { title, note, chart } of charts) {
    const said = note === undefined ? undefined : html` <span>${note}</span>`;
    all.push(html`<figure><figcaption>${title}${said}</figcaption>${safe(slim(await drawn(chart)))}</figure>`);
  }
  return all;
}
