/** Names of features beside a chart: as much of them as there is room for. */

/** Of all charts of features: half of it is left beside the longest names. */
export const chartWidth = 900;
/** `BN(ts_mean(BN(ts_corr(close/free_turn,volume/low,10)),3))` and no more. */
const mostLetters = 58;
/** As wide as letters of 12 points are on average, in the widest of the fonts that screens may have. */
const letterWidth = 7;

/** The ends of a long name tell features apart: the operator in front, window and step behind. */
export function axisName(name: string): string {
  const letters = [...name];
  if (letters.length <= mostLetters) return name;
  return `${letters.slice(0, mostLetters - 15).join('')}…${letters.slice(-14).join('')}`;
}

/** Of the axis, for these names as they are shown. */
export const roomOf = (names: readonly string[]): number =>
  16 + letterWidth * Math.max(8, ...names.map((name) => [...axisName(name)].length));
