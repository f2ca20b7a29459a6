/**
 * The extreme among the values since the place shown before, for each place that is shown: a line of few points has all
 * peaks of the whole one.
 */
export function peaks(
  values: readonly (number | undefined)[],
  shown: readonly number[],
  extreme: (a: number, b: number) => number = furthest,
): number[] {
  return shown.map((place, k) => {
    let peak = Number.NaN;
    for (let t = k === 0 ? 0 : (shown[k - 1] as number) + 1; t <= place; t++) {
      const value = values[t];
      if (typeof value !== 'number' || Number.isNaN(value)) continue;
      peak = Number.isNaN(peak) ? value : extreme(peak, value);
    }
    return peak;
  });
}

const furthest = (a: number, b: number): number => (Math.abs(b) > Math.abs(a) ? b : a);
