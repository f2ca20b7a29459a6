/** Of each symbol of a record, how many of its numbers are known. Those of years of dates are kept, so they are small if they can be. */
export function knownOf(record: Float32Array, channels: number): Uint16Array | Uint32Array {
  const symbols = record.length / channels;
  const known = channels < 2 ** 16 ? new Uint16Array(symbols) : new Uint32Array(symbols);
  for (let n = 0, at = 0; n < known.length; n++) {
    let count = 0;
    for (const end = at + channels; at < end; at++) if (!Number.isNaN(record[at])) count++;
    known[n] = count;
  }
  return known;
}
