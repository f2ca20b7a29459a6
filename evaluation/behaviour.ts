/**
 * How a factor behaves, told by its daily correlations with the label. Two factors with the same values have the same
 * ones; what values of two factors have in common, their correlations with the day's returns have in common too.
 */
import { stream } from '../core/random.ts';

/** Numbers a behaviour is: a cosine of 0.9 among a thousand dates comes out within 0.02. */
export const behaviourLength = 128;

/**
 * Correlations this near are the same: a factor and its triple differ in the last digits, on a graphics device by some
 * 1e-8, and each date of some hundred may round the other way. Factors that differ do not agree this well on a hundred ordinary dates.
 */
const grain = 1e-4;

/** For the same or the opposite values of two factors: the same text. */
export function fingerprint(ic: Float64Array, counts: Float64Array): string {
  const first = ic.find((value) => Math.abs(value) >= grain) ?? 1;
  const words = new Int32Array(2 * ic.length);
  for (const [i, value] of ic.entries()) {
    words[2 * i] = Number.isNaN(value) ? 0x7fffffff : Math.round((Math.sign(first) * value) / grain);
    words[2 * i + 1] = counts[i] as number;
  }
  return hash(words);
}

/** 96 bits of three multiplicative hashes: a thousand million programs would share one by accident once in 10¹¹ tries. */
function hash(words: Int32Array): string {
  let text = '';
  for (const seed of [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35]) {
    let state = seed | 0;
    for (const word of words) {
      state = Math.imul(state ^ word, 0x01000193 ^ (seed & ~1));
      state ^= state >>> 15;
    }
    text += (Math.imul(state ^ (state >>> 13), 0x5bd1e995) >>> 0).toString(36).padStart(7, '0');
  }
  return text;
}

/** A stretch of the series, less its mean there, on 128 random directions: a date's part in them is always the same. */
export function projected(ic: Float64Array, from: number, mean: number): Float64Array {
  const sums = new Float64Array(behaviourLength);
  for (let i = 0; i < ic.length; i++) {
    const value = (ic[i] as number) - mean;
    if (Number.isNaN(value)) continue;
    const signs = signsOf(from + i);
    for (let k = 0; k < sums.length; k++) sums[k] = (sums[k] as number) + value * (signs[k] as number);
  }
  return sums;
}

/** All stretches together in bytes and base64: the cosine of two of them is about that of the series. */
export function behaviour(sums: Float64Array): string {
  const most = sums.reduce((so, x) => Math.max(so, Math.abs(x)), 0);
  const bytes = Int8Array.from(sums, (x) => (most > 0 ? Math.round((127 * x) / most) : 0));
  return Buffer.from(bytes.buffer).toString('base64');
}

const signs: Float64Array[] = [];

function signsOf(date: number): Float64Array {
  let known = signs[date];
  if (!known) {
    const random = stream(0x6265, date, behaviourLength);
    known = Float64Array.from({ length: behaviourLength }, () => (random.next() < 0.5 ? -1 : 1));
    signs[date] = known;
  }
  return known;
}
