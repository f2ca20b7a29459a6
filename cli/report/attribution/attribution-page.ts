/** What a model goes by, as one page that needs nothing beside itself, and its charts as files of their own. */
import { type Attribution, lagTable, rankedFeatures, timeTable } from '../../../models/explain/attribution.ts';
import { count } from '../../print/number.ts';
import { drawn } from '../chart.ts';
import { type Html, html, safe } from '../html.ts';
import { pageOf, slim, type TitledChart, warningList, weighed, weightSentence } from '../page.ts';
import { picturesOf } from '../picture.ts';
import { decimals, percentOf } from '../tear-sheet/figures.ts';
import { sheetStyle } from '../tear-sheet/sheet-style.ts';
import { importanceChart } from './importance-chart.ts';
import { shapFigure } from './shap-figure.ts';
import { datesBack, stepChart, timesOfDay } from './step-chart.ts';
import { mostPoints, swarmChart } from './swarm-chart.ts';

export interface ExplainedModel {
  /** Such as `alphanet-v2`. */
  readonly title: string;
  /** Which rows were explained, in a sentence. */
  readonly about: string;
  /** How it was made, beside what the attribution says itself. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly warnings: readonly string[];
  readonly attribution: Attribution;
}

/** Features that charts show, and the table. */
const charted = 25;
const tabled = 100;

function chartsOf(attribution: Attribution): TitledChart[] {
  const ranked = rankedFeatures(attribution).slice(0, charted);
  const byDate = lagTable(attribution);
  const byTime = timeTable(attribution);
  const rows = attribution.predictions.length;
  return [
    {
      title: 'Strongest features',
      note: 'mean |SHAP|, in units of the prediction',
      chart: importanceChart('importance', ranked),
    },
    {
      title: 'How they pull',
      note: `a point for each ${rows > mostPoints ? `of ${mostPoints} among ${count(rows)} rows` : 'row'}; colours from the lowest to the highest twentieth of the feature’s values`,
      chart: swarmChart('beeswarm', attribution, ranked),
    },
    ...(byDate
      ? [
          {
            title: 'When they are read',
            note: byTime ? 'mean |SHAP|, bars of a date together' : 'mean |SHAP|',
            chart: stepChart('by-date', byDate, datesBack, charted),
          },
        ]
      : []),
    ...(byTime
      ? [
          {
            title: 'At what time of day',
            note: 'mean |SHAP|, all dates together',
            chart: stepChart('by-time', byTime, timesOfDay, charted),
          },
        ]
      : []),
  ];
}

/** Each chart by the name of its file, without the ending. */
export function attributionPictures(attribution: Attribution): Promise<Map<string, string>> {
  return picturesOf(chartsOf(attribution));
}

export async function attributionPage({ title, about, facts, warnings, attribution }: ExplainedModel): Promise<string> {
  const figures: Html[] = [];
  for (const { title, note, chart } of chartsOf(attribution)) {
    const svg = safe(slim(await drawn(chart)));
    figures.push(
      html`<section><h2>${title}</h2><figure><div class="scroll">${svg}</div><figcaption>${note}</figcaption></figure></section>\n`,
    );
  }
  const main = html`<h1>What ${title} goes by</h1>
<p class="quiet">${about}</p>
${warningList(warnings)}
${figures}
<section>
<h2>Features</h2>
${featureTable(attribution)}
</section>
<section>
<h2>How it was made</h2>
<dl class="facts">${[...factsOf(attribution), ...facts].map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
</section>
<footer>${weightSentence}</footer>`;
  return weighed(pageOf(`What ${title} goes by`, main, sheetStyle));
}

function featureTable(attribution: Attribution): Html {
  const ranked = rankedFeatures(attribution);
  const shown = ranked.slice(0, tabled);
  const rest = ranked.slice(tabled);
  const left = rest.reduce((sum, { share }) => sum + share, 0);
  const titles = ['', 'feature', 'mean |SHAP|', 'share', 'slant'];
  return html`<details><summary>The strongest ${count(shown.length)} of ${count(ranked.length)}</summary>
<div class="scroll" tabindex="0" role="region" aria-label="Features by mean |SHAP|"><table class="figures">
<thead><tr>${titles.map((title) => html`<th scope="col"${title === 'feature' ? html` class="text"` : undefined}>${title}</th>`)}</tr></thead>
<tbody>${shown.map(({ name, mean, share, slant }, i) => html`<tr><td>${i + 1}</td><th scope="row"><code>${name}</code></th><td>${shapFigure(mean)}</td><td>${percentOf(share)}</td><td>${decimals(slant, 2)}</td></tr>\n`)}</tbody>
</table></div>
<p class="note">Share: of the mean |SHAP| of all features together${rest.length > 0 ? `; the other ${count(rest.length)} have ${percentOf(left)}` : ''}. Slant: correlation of the feature’s value with its SHAP value, 1 where more of it raises the prediction.</p></details>`;
}

function factsOf({ names, base, predictions, nodes, additivity, background }: Attribution): [string, string][] {
  return [
    ['Explained', `${count(predictions.length)} rows, ${count(names.length)} features`],
    ['Background', `${count(background)} rows; their mean prediction is ${shapFigure(base)}`],
    [
      'Method',
      `expected gradients: every row against every background row, up to ${count(nodes)} Gauss-Legendre nodes`,
    ],
    [
      'Additivity',
      `SHAP values of a row miss its prediction by ${percentOf(additivity.mean, 3)} on average, ${percentOf(additivity.worst, 3)} at worst, of the mean |prediction − mean prediction of the background|`,
    ],
  ];
}
