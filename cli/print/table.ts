/** Columns aligned for reading: numbers to the right, words to the left. */
export function table(rows: readonly (readonly (string | number)[])[], headings?: readonly string[]): string {
  const cells = (headings ? [headings, ...rows] : rows).map((row) => row.map(String));
  const right = (column: number): boolean => rows.length > 0 && rows.every((row) => isNumber(row[column]));
  const widths = cells.reduce<number[]>(
    (most, row) => row.map((cell, column) => Math.max(most[column] ?? 0, width(cell))),
    [],
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) => {
          const space = ' '.repeat((widths[column] ?? 0) - width(cell));
          return right(column) ? space + cell : cell + space;
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Its beginning, where it is longer than so many characters: one name must not push all columns off the screen. */
export const shortened = (text: string, most: number): string => {
  const characters = [...text];
  return characters.length > most ? `${characters.slice(0, most - 3).join('')}...` : text;
};

const isNumber = (cell: string | number | undefined): boolean =>
  cell === undefined || cell === '' || /^[-+]?[\d,.]+(e[-+]?\d+)?%?$/.test(String(cell));

/** Columns of a terminal a text takes: Chinese, Japanese and Korean characters take two. */
function width(text: string): number {
  let columns = 0;
  for (const character of text)
    columns += /[\u1100-\u115f\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/.test(character) ? 2 : 1;
  return columns;
}
