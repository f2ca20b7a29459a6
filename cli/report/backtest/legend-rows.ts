/** Legends of as many rows as their names need: a chart cannot ask the screen how wide letters are. */
import { legend } from '../chart.ts';
import { width } from '../tear-sheet/plot.ts';

export interface LegendName {
  readonly name: string;
  readonly icon?: string;
}

/** The mark of lines that are limits. */
export const dashes = 'path://M0 5h4v2h-4zM7 5h4v2h-4zM14 5h4v2h-4z';

const rowHeight = 20;
/** Beside a name: its mark, and the gap to the next. */
const besides = 53;
/** Where fonts differ a long name may need all of the gap and more: so many characters are a row of their own. */
const longName = 25;

export function legendRows(names: readonly LegendName[]): LegendName[][] {
  const rows: LegendName[][] = [];
  let room = 0;
  for (const one of names) {
    const need = textWidth(one.name) + besides;
    const last = rows.at(-1)?.at(-1);
    if (need > room || isLong(one) || (last && isLong(last))) {
      rows.push([]);
      // The last of a row needs no gap behind it, and a legend is a little narrower than its chart.
      room = width + 20;
    }
    (rows.at(-1) as LegendName[]).push(one);
    room -= need;
  }
  return rows;
}

const isLong = ({ name }: LegendName): boolean => name.length >= longName;

/** Of an option: the legend, and where the plot below it begins. */
export function legendAbove(names: readonly LegendName[]) {
  const rows = legendRows(names);
  return {
    legend: rows.map((row, i) => ({ ...legend(row), top: i * rowHeight })),
    top: rows.length * rowHeight + 18,
  };
}

/** As wide as letters are in wide fonts at the size of a legend; Chinese, Japanese and Korean characters are square. */
const textWidth = (text: string): number =>
  [...text].reduce((sum, character) => sum + ((character.codePointAt(0) as number) >= 0x1100 ? 13 : 7.2), 0);
