/** Pages with many charts: as few bytes as they need, and they say how many. */
import { count } from '../print/number.ts';
import type { Html } from './html.ts';

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
