/** Backtests of portfolios as one page that needs nothing beside itself, and its charts as files of their own. */
import type { BacktestReport, ScenarioReport } from '../../../portfolio/backtest/backtest-report.ts';
import { count, countOf } from '../../print/number.ts';
import { type Html, html } from '../html.ts';
import { figures, pageOf, type TitledChart, warningList, weighed, weightSentence } from '../page.ts';
import { picturesOf } from '../picture.ts';
import { decimals, percentOf } from '../tear-sheet/figures.ts';
import { sheetStyle } from '../tear-sheet/sheet-style.ts';
import { backtestStyle } from './backtest-style.ts';
import {
  constraintTable,
  ownYearsTable,
  performanceTable,
  relaxedTable,
  riskTable,
  tradingTable,
  yearsTable,
} from './backtest-tables.ts';
import { conditionsList } from './conditions-list.ts';
import { drawnPortfolios, labelsOf, mostDrawn } from './drawn-portfolios.ts';
import { rebalanceCharts } from './rebalance-charts.ts';
import { excessChart, netValueChart } from './value-charts.ts';

/** Of several portfolios, so many are unfolded to begin with. */
const unfolded = 1;

export async function backtestPage(report: BacktestReport): Promise<string> {
  const { market, scores, dates, index, scenarios, warnings } = report;
  const several = scenarios.length !== 1;
  const title = `${several ? countOf(scenarios.length, 'portfolio') : 'A portfolio'} beside ${index.doc}`;
  const risk = riskTable(report);
  const tales: Html[] = [];
  for (const [i, scenario] of scenarios.entries()) {
    const body = html`<div id="portfolio-${i + 1}">${await tale(report, scenario, i)}</div>`;
    tales.push(
      several
        ? html`<details class="factor"${i < unfolded ? html` open` : undefined}><summary>${i + 1}. ${scenario.name} <span>${glance(scenario)}</span></summary>${body}</details>`
        : html`<section><h2>At each rebalance</h2>${body}</section>`,
    );
  }
  const main = html`<h1>${title}</h1>
<p class="quiet">On ${market.name}, ${dates[0]} to ${dates.at(-1)}, by the scores <code>${scores}</code>.</p>
${warningList(warnings)}
<section>
<h2>Performance</h2>
${performanceTable(report)}
<p class="note">Net of costs. Excess, tracking error (TE), its drawdown, IR, Calmar, months and weeks are those of the return beyond the index; turnover is two-sided, at a rebalance.</p>
${several && scenarios.length > mostDrawn ? html`<p class="note">Drawn below are the first ${mostDrawn} of ${count(scenarios.length)} portfolios; the others have their figures in the tables.</p>` : undefined}
${scenarios.length > 0 ? html`<div class="charts">${await figures(valueCharts(report, 'page'))}</div>` : undefined}
</section>
<section>
<h2>By year</h2>
${yearsTable(report, 'return')}
<h3>Excess</h3>
${yearsTable(report, 'excess')}
</section>
<section>
<h2>Constraints</h2>
${constraintTable(report)}
<p class="note">Deviation: of a weight from the index’s. Members: least share in members of the index. Industries: of their weights from the index’s. Size and other styles: of the exposure from the index’s, in deviations over the symbols. Turnover: two-sided. TE: as predicted.</p>
</section>
<section>
<h2>Solved, checked and traded</h2>
${tradingTable(report)}
<p class="note">Names and cash are means over the rebalances. Relaxed: rebalances at which a constraint gave way, because no portfolio met all of them. Worst violation: of any constraint that did not, on any date, as found apart from the optimiser. Not bought, not sold: orders that could not be filled. Delisted: holdings that never had a price again. Costs: all that were paid, each as a share of the value then.</p>
${risk && html`<h3>Tracking error predicted and realised</h3>${risk}<p class="note">Annual. Bias: deviation of the active returns between rebalances over the predicted one; 1 is right, more is risk that was not foreseen.</p>`}
</section>
${tales}
<section>
<h2>How it was made</h2>
${conditionsList(report)}
</section>
<footer>${weightSentence}</footer>`;
  return weighed(pageOf(title, main, sheetStyle + backtestStyle));
}

/** Each chart by the name of its file, without the ending. */
export function backtestPictures(report: BacktestReport): Promise<Map<string, string>> {
  const several = report.scenarios.length > 1;
  return picturesOf([
    ...valueCharts(report, 'nothing'),
    ...drawnPortfolios(report).flatMap(({ scenario }, i) =>
      rebalanceCharts(report, scenario, several ? `${i + 1}-` : ''),
    ),
  ]);
}

function valueCharts(report: BacktestReport, beside: 'page' | 'nothing'): TitledChart[] {
  const portfolios = drawnPortfolios(report);
  if (portfolios.length === 0) return [];
  const labels = labelsOf(portfolios, beside);
  return [
    { title: 'Net value', note: 'net of costs', chart: netValueChart('net-value', report, portfolios, labels) },
    { title: 'Excess over the index', note: 'compounded', chart: excessChart('excess', report, portfolios, labels) },
  ];
}

const glance = ({ excess }: ScenarioReport): string =>
  `excess ${percentOf(excess.annualReturn)}, TE ${percentOf(excess.trackingError)}, IR ${decimals(excess.informationRatio, 2)}`;

async function tale(report: BacktestReport, scenario: ScenarioReport, i: number): Promise<Html> {
  const charts = i < mostDrawn ? rebalanceCharts(report, scenario, `p${i + 1}-`) : [];
  return html`${charts.length > 0 ? html`<div class="charts">${await figures(charts)}</div>` : undefined}
<h3>Where constraints gave way</h3>
${relaxedTable(scenario)}
<details><summary>Figures by year</summary>${ownYearsTable(scenario, report)}</details>
`;
}
