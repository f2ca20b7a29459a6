/** A mean that is put together from parts, in an order that does not depend on who finished first. */
export interface PartialMean {
  readonly sum: number;
  readonly count: number;
}

export const nothing: PartialMean = { sum: 0, count: 0 };

export const together = (a: PartialMean, b: PartialMean): PartialMean => ({
  sum: a.sum + b.sum,
  count: a.count + b.count,
});

/** With more numbers, every `step`th of these that is not missing. */
export function withMore({ sum, count }: PartialMean, values: ArrayLike<number>, step = 1): PartialMean {
  for (let at = 0; at < values.length; at += step) {
    const value = values[at] as number;
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return { sum, count };
}

/** 0 of nothing. */
export const meanOf = ({ sum, count }: PartialMean): number => (count > 0 ? sum / count : 0);
