import type { Stream } from '../../core/random.ts';

/**
 * The report's dropout of the extraction: of the picture's rows, those whose pairs a network looks at, drawn once for it
 * and kept in prediction. Networks of an ensemble draw apart, and together cover nearly all pairs. Places, ascending.
 */
export function drawPairRows(random: Stream, rows: number, drawn: number): number[] {
  const places = Array.from({ length: rows }, (_, i) => i);
  for (let i = 0; i < drawn; i++) {
    const other = i + random.below(rows - i);
    [places[i], places[other]] = [places[other] as number, places[i] as number];
  }
  return places.slice(0, drawn).sort((a, b) => a - b);
}
