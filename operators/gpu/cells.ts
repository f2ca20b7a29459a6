/** Matrices on their way to a device and back, where missing is a number and nothing is below the normal floats. */

const largest = 3e38;
const smallestNormal = 2 ** -126;
const missing = -3.4e38;

/** What a device is given: missing marked, values too large to compare with the mark missing, denormals zero. */
export function packed(cells: Float32Array): Float32Array {
  return cells.map((value) => {
    const size = Math.abs(value);
    if (!(size < largest)) return missing;
    return size < smallestNormal ? 0 : value;
  });
}

/** What a device gave, in place. */
export function unpack(cells: Float32Array): Float32Array {
  for (let at = 0; at < cells.length; at++) if (!((cells[at] as number) > -largest)) cells[at] = Number.NaN;
  return cells;
}
