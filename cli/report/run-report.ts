/** The picture of a run: one page that needs nothing beside itself, and its main figure alone. */
import type { RoundRecord } from '../../engine/record.ts';
import type { LibraryFactor } from '../../runs/library.ts';
import type { RunManifest } from '../../runs/manifest.ts';
import { barren } from '../mining/barren.ts';
import type { Lineage } from '../mining/lineage.ts';
import { count, countOf, fixed } from '../print/number.ts';
import { candidatesChart } from './candidates-chart.ts';
import { type Chart, drawn } from './chart.ts';
import { factorTable } from './factor-table.ts';
import { factorsChart } from './factors-chart.ts';
import { type Html, html, safe } from './html.ts';
import { lineageList } from './lineage-list.ts';
import { movesChart, refusalsChart } from './moves-chart.ts';
import { pageOf } from './page.ts';
import { picture } from './picture.ts';
import type { ReportedRun } from './reported-run.ts';
import { catastrophesOf, marked, roundsChart } from './rounds-chart.ts';
import { runFacts } from './run-facts.ts';

/** The figure of rounds as a file of its own. */
export const roundsPicture = (rounds: readonly RoundRecord[], placebo?: readonly RoundRecord[]): Promise<string> =>
  picture(roundsChart(rounds, placebo, 'fitness'));

export async function runReport(run: ReportedRun): Promise<string> {
  const { manifest, rounds, placebo, library, refused = [] } = run;
  const factors = library?.factors ?? [];
  const measure = measureOf(manifest.config);
  const main = html`<h1>${manifest.name}</h1>
<p class="quiet">${subtitle(run)}</p>
${tiles(run)}
<section>
<h2>Fitness by round</h2>
${await figure(roundsChart(rounds, placebo, measure), roundsCaption(run))}
</section>
${run.lineage && improvementSection(run.lineage)}
${factors.length > 0 ? await librarySection(factors, measure) : undefined}
${factors.length > 0 ? lineageSection(factors) : fittestSection(rounds)}
<section>
<h2>What became of the candidates</h2>
${await figure(candidatesChart(rounds), candidatesCaption)}
</section>
<section>
<h2>Mutations</h2>
<div class="pair">
${await figure(movesChart(rounds), 'How often each mutation was drawn; “fresh” are individuals without a parent.')}
${await figure(refusalsChart(rounds), 'Why the others could not be made. Such a draw costs nothing: another takes its place.')}
</div>
</section>
${runFacts(run)}
${refused.length > 0 ? list(`Not begun with (${count(refused.length)})`, refused) : undefined}
<details><summary>Config</summary><pre>${JSON.stringify(manifest.config, null, 2)}</pre></details>
<footer>Made by evolve ${manifest.engineVersion}. The figures of every round are in record.ndjson beside this page.</footer>`;
  return pageOf(manifest.name, main).text;
}

function subtitle({ manifest, library, stopped }: ReportedRun): string {
  const { command, market, created } = manifest;
  const work = command === 'improve' ? 'A factor improved' : 'Factors mined';
  const size = library && `, ${library.market.dates.join(' to ')}, ${countOf(library.market.symbols, 'symbol')}`;
  const end = stopped === undefined ? 'not finished yet' : (endings[stopped] ?? stopped);
  return `${work} on ${market.name}${size ?? ''}. Begun ${created.slice(0, 16).replace('T', ' ')} UTC; ${end}.`;
}

const endings: Readonly<Record<string, string>> = {
  rounds: 'all rounds asked for are done',
  minutes: 'ended when its minutes were over',
  evaluations: 'ended when enough programs had been tried',
  target: 'ended when the target was reached',
  stagnation: 'ended when nothing better had come for long',
  interrupted: 'stopped before its end; it can be resumed',
};

function tiles({ rounds, placebo, library }: ReportedRun): Html {
  const last = rounds.at(-1);
  const shown: [string, string | undefined][] = [
    [last?.round === 1 ? 'round' : 'rounds', count(last?.round ?? 0)],
    [last?.tried === 1 ? 'program tried' : 'programs tried', count(last?.tried ?? 0)],
    ['best fitness', fixed(last?.bestEver, 4)],
    ['best on shuffled labels', placebo && fixed(placebo.at(-1)?.bestEver, 4)],
    [
      library?.factors.length === 1 ? 'factor in the library' : 'factors in the library',
      library && count(library.factors.length),
    ],
  ];
  const known = shown.filter(([, value]) => value);
  return html`<dl class="tiles">${known.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

async function figure(chart: Chart, caption: string): Promise<Html> {
  return html`<figure><div class="scroll">${safe(await drawn(chart))}</div><figcaption>${caption}</figcaption></figure>`;
}

function roundsCaption({ rounds, placebo }: ReportedRun): string {
  const catastrophes = catastrophesOf(rounds);
  const parts = [
    'Fitness on training dates. The oldest leave every round, so the best may leave too. The mean of the latest scores counts everybody, also those stopped at a hurdle by what they scored on fewer dates.',
  ];
  if (catastrophes.length > 0) {
    const where = marked(rounds) ? (catastrophes.length === 1 ? ' (the vertical line)' : ' (vertical lines)') : '';
    parts.push(
      `At ${countOf(catastrophes.length, 'catastrophe')}${where} the elites that were too much alike died, but for the fittest of them: the mean falls and comes back.`,
    );
  }
  if (placebo) parts.push('The dotted line is the same search on shuffled labels: what luck finds.');
  return parts.join(' ');
}

const candidatesCaption =
  'A program judged before is known by its key and costs nothing, unless a hurdle that has sunk since lets it be judged further. The others are judged on a few dates, then on some, then on all, and stop at a hurdle they do not clear. Those that behave like an earlier one (the line) take over its verdict.';

async function librarySection(factors: readonly LibraryFactor[], measure: string): Promise<Html> {
  const ranks = measure.includes('rank');
  const chart = factorsChart(factors, ranks ? 'rankIc' : 'ic', ranks ? 'rank IC' : 'IC');
  const caption =
    'The further the marks of a factor lie apart, the more of it was chance. Below zero it turned. Factors were chosen by training and validation dates; test dates were looked at afterwards.';
  return html`<section>
<h2>The library</h2>
${await figure(chart, caption)}
${factorTable(factors)}
<p class="note">IC: mean daily correlation with the return to come; t: Newey-West. Sign: − where low values foretell high returns. Turnover: 1 less the correlation with the day before; like coverage, of validation dates. Size: operators.</p>
</section>`;
}

function lineageSection(factors: readonly LibraryFactor[]): Html {
  const best = factors.reduce((a, b) => (b.fitness > a.fitness ? b : a));
  return html`<section>
<h2>How the fittest came about</h2>
<p>${best.name}, from its first ancestor down. What a mutation changed is marked; the number is the fitness on training dates, and there is none where a step was stopped at a hurdle.</p>
${lineageList(best.ancestry)}
</section>`;
}

function improvementSection({ steps, unfit }: Lineage): Html {
  const ancestry = steps.map((step) => ({ ...step, fitness: step.fitness ?? Number.NaN }));
  const alone = steps.length > 1 ? undefined : 'No descendant was fitter.';
  const note = unfit ?? alone;
  return html`<section>
<h2>From the factor to its best descendant</h2>
${note === undefined ? undefined : html`<p>${note}</p>`}
${lineageList(ancestry)}
</section>`;
}

function fittestSection(rounds: readonly RoundRecord[]): Html | undefined {
  const last = rounds.at(-1);
  const why = barren(rounds);
  if (why !== undefined)
    return html`<section>
<h2>Nothing to choose from</h2>
<p>${why}</p>
</section>`;
  if (!last || last.fittest === null) return undefined;
  return html`<section>
<h2>The fittest so far</h2>
<p>Of the population after round ${last.round}, with a fitness of ${fixed(last.best, 4)}:</p>
<p><code>${last.fittest}</code></p>
</section>`;
}

const list = (title: string, items: readonly string[]): Html =>
  html`<details><summary>${title}</summary><ul>${items.map((item) => html`<li>${item}</li>`)}</ul></details>`;

/** What the config says fitness is. */
function measureOf({ fitness }: RunManifest['config']): string {
  const names: Readonly<Record<string, string>> = {
    ic: '|IC|',
    'rank-ic': '|rank IC|',
    icir: '|ICIR|',
    'rank-icir': '|rank ICIR|',
  };
  return names[String(fitness)] ?? 'fitness';
}
