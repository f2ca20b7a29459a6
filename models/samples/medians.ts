/**
 * Exact medians of more numbers than fit in memory: float32 in the order of their bits, counted by the upper half of them,
 * then, of those in the middle's, by the lower half. Numbers are asked for twice.
 */

/** Tables of numbers, [rows][channels], the same ones each time; NaN is none. Each is done with before the next. */
export type Tables = () => Iterable<Float32Array>;

const halves = 2 ** 16;

/** By channel, the mean of the two in the middle where their count is even; NaN where there is none. */
export function medians(channels: number, tables: Tables): Float64Array {
  const upper = new Uint32Array(channels * halves);
  for (const table of tables()) countUpper(table, channels, upper);
  const middles = Array.from({ length: channels }, (_, c) => {
    const counts = upper.subarray(c * halves, (c + 1) * halves);
    const all = counts.reduce((sum, count) => sum + count, 0);
    return all === 0 ? undefined : [locate(counts, Math.floor((all - 1) / 2)), locate(counts, Math.floor(all / 2))];
  });
  const lower = [0, 1].map((i) => {
    const at = Int32Array.from(middles, (found) => found?.[i]?.at ?? -1);
    return { at, counts: new Uint32Array(channels * halves) };
  });
  const [first, second] = lower as [Lower, Lower];
  for (const table of tables()) countLower(table, channels, first, second);
  return Float64Array.from(middles, (found, c) => {
    const values = found?.map(({ at, before }, i) => {
      // Both are counted with the first where they have the same upper half.
      const { counts } = at === first.at[c] ? first : (lower[i] as Lower);
      return numberAt(at * halves + locate(counts.subarray(c * halves, (c + 1) * halves), before).at);
    });
    return values ? ((values[0] as number) + (values[1] as number)) / 2 : Number.NaN;
  });
}

/** By channel: numbers of this upper half, counted by the lower one. */
interface Lower {
  readonly at: Int32Array;
  readonly counts: Uint32Array;
}

const infinity = 0x7f800000;
const magnitude = 0x7fffffff;

/** Bits in the order of the numbers they are: negative ones come first, and backwards. */
const placeOf = (bits: number): number => bits ^ ((bits >> 31) | 0x80000000);

function numberAt(place: number): number {
  const bits = place >= 0x80000000 ? place - 0x80000000 : ~place;
  return new Float32Array(Int32Array.of(bits).buffer)[0] as number;
}

function countUpper(table: Float32Array, channels: number, counts: Uint32Array): void {
  const cells = new Int32Array(table.buffer, table.byteOffset, table.length);
  for (let i = 0; i < cells.length; i += channels) {
    for (let c = 0; c < channels; c++) {
      const bits = cells[i + c] as number;
      if ((bits & magnitude) > infinity) continue;
      const at = c * halves + (placeOf(bits) >>> 16);
      counts[at] = (counts[at] as number) + 1;
    }
  }
}

function countLower(table: Float32Array, channels: number, first: Lower, second: Lower): void {
  const cells = new Int32Array(table.buffer, table.byteOffset, table.length);
  for (let i = 0; i < cells.length; i += channels) {
    for (let c = 0; c < channels; c++) {
      const bits = cells[i + c] as number;
      if ((bits & magnitude) > infinity) continue;
      const place = placeOf(bits);
      const half = place >>> 16;
      if (half !== first.at[c] && half !== second.at[c]) continue;
      const { counts } = half === first.at[c] ? first : second;
      const at = c * halves + (place & 0xffff);
      counts[at] = (counts[at] as number) + 1;
    }
  }
}

/** Where the number of a rank is counted, and how many of its place come before it. */
function locate(counts: Uint32Array, rank: number): { readonly at: number; readonly before: number } {
  let before = rank;
  for (let at = 0; at < counts.length; at++) {
    const count = counts[at] as number;
    if (before < count) return { at, before };
    before -= count;
  }
  throw new Error('a rank beyond all numbers');
}
