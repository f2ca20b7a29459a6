/** What pages have in common: the document around them, their warnings, and charts in as few bytes as they need. */
import { count } from '../print/number.ts';
import { type Chart, drawn } from './chart.ts';
import { type Html, html, safe } from './html.ts';
import { pageStyle } from './style.ts';

export interface TitledChart {
  readonly title: string;
  /** Behind the title, in few words. */
  readonly note?: string;
  readonly chart: Chart;
}

/** The whole of it; `style` is what the page adds to that of all. */
export const pageOf = (title: string, main: Html, style = ''): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · evolve</title>
<style>${safe(pageStyle + style)}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`;

export const warningList = (warnings: readonly string[]): Html | undefined =>
  warnings.length > 0
    ? html`<ul class="warnings" aria-label="Warnings">${warnings.map((warning) => html`<li>${warning}</li>`)}</ul>`
    : undefined;

export async function figures(charts: readonly TitledChart[]): Promise<Html[]> {
  const all: Html[] = [];
  for (const { title, note, chart } of charts) {
    const said = note === undefined ? undefined : html` <span>${note}</span>`;
    all.push(html`<figure><figcaption>${title}${said}</figcaption>${safe(slim(await drawn(chart)))}</figure>`);
  }
  return all;
}

const weightMark = '\u0000weight\u0000';
export const weightSentence = `This page weighs ${weightMark} and needs nothing beside itself.`;

/** The page with the number written into the sentence. */
export function weighed({ text }: Html): string {
  return text.replace(weightMark, weight(Buffer.byteLength(text)));
}

const weight = (bytes: number): string => (bytes < 1e6 ? `${count(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(2)} MB`);

/** A tenth of a point is finer than any screen shows, and the letters are those of the page. */
export const slim = (svg: string): string =>
  svg
    .replace(/ (?:d|points)="[^"]*"/g, (path) =>
      path.replace(/\d+\.\d{2,}/g, (n) => String(Number(Number(n).toFixed(1)))),
    )
    .replace(/(style="[^"]*?)font-family:[^;"]*;?/g, '$1')
    .replaceAll(' xml:space="preserve"', '');
