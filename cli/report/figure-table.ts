import { type Content, type Html, html } from './html.ts';

/** Figures in columns, the first of each row being what they are about. */
export const figureTable = (
  label: string,
  titles: readonly Content[],
  rows: readonly (readonly Content[])[],
): Html => html`<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table class="figures">
<thead><tr>${titles.map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>${rows.map(([head, ...cells]) => html`<tr><th scope="row">${head}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
