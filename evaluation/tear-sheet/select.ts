/**
 * The k-th smallest (from 0) of the first `count` numbers, none of them missing. Reorders them so that what is before
 * place k is no greater and what is after it no less: a quantile of thousands costs a few passes, not a sort.
 */
export function select(values: Float64Array, count: number, k: number): number {
  let [low, high] = [0, count - 1];
  while (low < high) {
    const pivot = middleOf(values[low] as number, values[(low + high) >> 1] as number, values[high] as number);
    let [i, j] = [low, high];
    // Equal numbers stop both scans, so a section of ties is halved too.
    while (i <= j) {
      while ((values[i] as number) < pivot) i++;
      while ((values[j] as number) > pivot) j--;
      if (i <= j) {
        const swapped = values[i] as number;
        values[i] = values[j] as number;
        values[j] = swapped;
        i++;
        j--;
      }
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break; // between the two parts lie numbers equal to the pivot
  }
  return values[k] as number;
}

const middleOf = (a: number, b: number, c: number): number => Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
