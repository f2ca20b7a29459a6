/**
 * One date of many matrices, each a row of symbols, as one record in which a symbol's numbers lie together. Bits are
 * moved as they are, but which NaN a kernel gives is up to the machine, and what is kept has one that means missing.
 */

/** A cache line of symbols from each of so many channels: both sides of a tile stay in the nearest cache. */
const tile = 16;

const magnitude = 0x7fffffff;
const infinity = 0x7f800000;
const missing = 0x7fc00000;

/** `rows` says where each channel's row begins in `cells`; `record` is [symbols][channels]. */
export function interleave(cells: Int32Array, rows: Int32Array, symbols: number, record: Int32Array): void {
  const channels = rows.length;
  for (let fromSymbol = 0; fromSymbol < symbols; fromSymbol += tile) {
    const toSymbol = Math.min(symbols, fromSymbol + tile);
    for (let fromChannel = 0; fromChannel < channels; fromChannel += tile) {
      const toChannel = Math.min(channels, fromChannel + tile);
      for (let symbol = fromSymbol; symbol < toSymbol; symbol++) {
        const at = symbol * channels;
        for (let channel = fromChannel; channel < toChannel; channel++) {
          const bits = cells[(rows[channel] as number) + symbol] as number;
          record[at + channel] = (bits & magnitude) > infinity ? missing : bits;
        }
      }
    }
  }
}
