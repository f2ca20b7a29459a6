/** Exposures of one date, from rows of the shared memory to the sections that a regression takes. */
import type { Rows } from '../apply.ts';
import type { Exposures } from './regression.ts';
import type { Section } from './section.ts';
import type { PanelExposures } from './tasks.ts';

/** For as many symbols. */
export function roomForExposures({ groups, columns, weights }: PanelExposures, symbols: number): Exposures {
  const section = (): Section => new Float64Array(symbols);
  return {
    ...(groups && { groups: section() }),
    columns: columns.map(section),
    ...(weights && { weights: section() }),
  };
}

/** `at` finds the date's row. */
export function readExposures(from: PanelExposures, at: (rows: Rows) => Float32Array, into: Exposures): void {
  if (from.groups) into.groups?.set(at(from.groups));
  for (const [k, { rows, log }] of from.columns.entries()) {
    const column = into.columns[k] as Section;
    column.set(at(rows));
    if (log) for (let n = 0; n < column.length; n++) column[n] = Math.log(column[n] as number);
  }
  if (from.weights) {
    const weights = into.weights as Section;
    weights.set(at(from.weights));
    for (let n = 0; n < weights.length; n++) weights[n] = Math.sqrt(weights[n] as number);
  }
}

export const lacksExposure = ({ groups, columns }: Exposures, n: number): boolean =>
  (groups !== undefined && Number.isNaN(groups[n])) || columns.some((column) => !Number.isFinite(column[n]));
