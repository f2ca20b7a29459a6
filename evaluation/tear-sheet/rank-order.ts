import { stream } from '../../core/random.ts';

/** Symbols a key has room for: 32 bits of score and 21 of symbol fit a double's 53. */
const most = 2 ** 21;

/**
 * Makes a function that puts the symbols with a score in order, highest first, and says how many there are.
 *
 * Equal scores stand in one fixed shuffle of the symbols, the same at every date. By position a tie would favour
 * whatever the folder lists first, an exchange or an age; a new shuffle at every date would trade for no reason.
 */
export function rankOrder(symbols: number): (scores: Float32Array, out: Int32Array) => number {
  if (symbols > most) throw new RangeError(`no more than ${most} symbols, not ${symbols}`);
  const { bySymbol, byPlace } = shuffled(symbols);
  const keys = new Float64Array(symbols);
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  return (scores, out) => {
    let count = 0;
    for (let n = 0; n < symbols; n++) {
      const score = scores[n] as number;
      if (Number.isNaN(score)) continue;
      float[0] = score + 0; // -0 and 0 are a tie
      // The bits of positive floats are in their order, those of negative ones in the opposite one.
      const pattern = bits[0] as number;
      const rank = pattern < 2 ** 31 ? 2 ** 31 - 1 - pattern : pattern;
      keys[count++] = rank * most + (bySymbol[n] as number);
    }
    keys.subarray(0, count).sort();
    for (let i = 0; i < count; i++) out[i] = byPlace[(keys[i] as number) % most] as number;
    return count;
  };
}

function shuffled(symbols: number): { bySymbol: Int32Array; byPlace: Int32Array } {
  const random = stream(0, 0, 0);
  const byPlace = Int32Array.from({ length: symbols }, (_, n) => n);
  for (let i = symbols - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [byPlace[i], byPlace[j]] = [byPlace[j] as number, byPlace[i] as number];
  }
  const bySymbol = new Int32Array(symbols);
  for (let i = 0; i < symbols; i++) bySymbol[byPlace[i] as number] = i;
  return { bySymbol, byPlace };
}

/**
 * Where layer `k` of `layers` begins among `count` symbols in order. Sizes differ by at most one, and the outer layers
 * are the larger ones: of two symbols one is at the top and one at the bottom.
 */
export function layerStart(k: number, layers: number, count: number): number {
  const size = Math.floor(count / layers);
  const larger = count - size * layers;
  const above = Math.ceil(larger / 2); // larger layers at the top
  const below = larger - above;
  return k * size + Math.min(k, above) + Math.max(0, k - (layers - below));
}
