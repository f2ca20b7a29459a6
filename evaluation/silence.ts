/**
 * A date on which a factor says nothing earns nothing: its correlation counts as 0. Left out of the mean, it would pay
 * a factor to be silent on the dates that do not suit it, by dividing by zero or by being alike for all.
 *
 * Not counted are dates before the factor can have a value, and those without a label.
 */
export function countSilence(
  ic: Float64Array,
  /** The calendar position of each. */
  dates: Iterable<number>,
  /** Dates of the past the factor reads. */
  history: number,
  hasLabel: (date: number) => boolean,
): void {
  let i = 0;
  for (const date of dates) {
    if (Number.isNaN(ic[i] as number) && date >= history && hasLabel(date)) ic[i] = 0;
    i++;
  }
}

export function* datesOf(stretches: readonly { readonly from: number; readonly to: number }[]): Generator<number> {
  for (const { from, to } of stretches) for (let date = from; date < to; date++) yield date;
}
