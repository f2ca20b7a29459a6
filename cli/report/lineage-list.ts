/** How a factor came about: its ancestors, each with what changed. */
import type { LibraryFactor } from '../../runs/library.ts';
import { fixed } from '../print/number.ts';
import { type Html, html } from './html.ts';

type Step = LibraryFactor['ancestry'][number];

export function lineageList(steps: readonly Step[]): Html {
  const best = Math.max(...steps.map(({ fitness }) => fitness).filter((fitness) => fitness > 0), 0);
  return html`<ol class="lineage">
${steps.map((step, i) => item(step, steps[i - 1], best))}</ol>`;
}

function item({ expression, move, fitness }: Step, before: Step | undefined, best: number): Html {
  const share = best > 0 && fitness > 0 ? (100 * fitness) / best : 0;
  return html`<li><span class="step">${origins[move] ?? move}</span><span class="bar"><i style="width:${share.toFixed(1)}%"></i></span><span class="fitness">${fixed(fitness, 4)}</span>
<code>${before ? changed(before.expression, expression) : expression}</code></li>
`;
}

const origins: Readonly<Record<string, string>> = { fresh: 'drawn at random', seed: 'given' };

/** The words that are not as before, marked; what stands on either side of them is. */
function changed(before: string, after: string): Html {
  const [old, words] = [wordsOf(before), wordsOf(after)];
  const shorter = Math.min(old.length, words.length);
  let from = 0;
  while (from < shorter && old[from] === words[from]) from++;
  let end = 0;
  while (end < shorter - from && old.at(-1 - end) === words.at(-1 - end)) end++;
  const to = words.length - end;
  const text = (first: number, last: number): string => words.slice(first, last).join('');
  return html`${text(0, from)}${from < to ? html`<mark>${text(from, to)}</mark>` : undefined}${text(to, words.length)}`;
}

const wordsOf = (expression: string): string[] => expression.match(/[\w.:]+|\s+|./g) ?? [];
