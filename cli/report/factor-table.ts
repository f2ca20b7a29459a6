/** The factors of a library: figures on a line, the formula below it. */
import type { LibraryFactor, SplitMetrics } from '../../runs/library.ts';
import { fixed, percent } from '../print/number.ts';
import { type Html, html } from './html.ts';

const parts = ['train', 'valid', 'test'] as const;
const thrice = [
  { title: 'IC', cell: ({ ic }: SplitMetrics) => fixed(ic, 4) },
  { title: 'rank IC', cell: ({ rankIc }: SplitMetrics) => fixed(rankIc, 4) },
  { title: 't', cell: ({ t }: SplitMetrics) => fixed(t, 1) },
] as const;
const columns = 2 + 3 * thrice.length + 4;

export const factorTable = (
  factors: readonly LibraryFactor[],
): Html => html`<div class="scroll" tabindex="0" role="region" aria-label="The factors of the library"><table class="factors">
<thead>
<tr><th scope="col" rowspan="2">#</th><th scope="col" rowspan="2">sign</th>
${thrice.map(({ title }) => html`<th scope="colgroup" colspan="3" class="first">${title}</th>`)}
<th scope="col" rowspan="2" class="first">turnover</th><th scope="col" rowspan="2">coverage</th><th scope="col" rowspan="2">size</th>
<th scope="col" rowspan="2" class="text">most like</th></tr>
<tr>${thrice.map(() => parts.map((part, i) => html`<th scope="col"${i === 0 ? first : undefined}>${part}</th>`))}</tr>
</thead>
${factors.map((factor, i) => row(factor, i, factors))}
</table></div>`;

const first = html` class="first"`;

function row(
  { name, expression, sign, metrics, size, nearest }: LibraryFactor,
  place: number,
  all: readonly LibraryFactor[],
): Html {
  const { valid } = metrics;
  const figures = thrice.flatMap(({ cell }) =>
    parts.map((part, i) => {
      const figures = metrics[part];
      return html`<td${i === 0 ? first : undefined}>${figures && cell(figures)}</td>`;
    }),
  );
  const other = all.findIndex((factor) => factor.name === nearest?.name);
  const like = nearest && html`${fixed(nearest.correlation, 2)} ${other < 0 ? nearest.name : `#${other + 1}`}`;
  return html`<tbody>
<tr><th scope="row">${place + 1}</th><td>${sign < 0 ? '−' : '+'}</td>${figures}<td class="first">${percent(valid.turnover)}</td><td>${percent(valid.coverage)}</td><td>${size}</td><td class="text">${like}</td></tr>
<tr class="formula"><td></td><td colspan="${columns - 1}"><span class="name">${name}</span><code>${expression}</code></td></tr>
</tbody>
`;
}
