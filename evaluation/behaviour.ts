/**
 * How a factor behaves, told by its daily correlations with the label. Two factors with the same values have the same
 * ones; what values of two factors have in common, their correlations with the day's returns have in common too.
 */
import { stream } from '../core/random.ts';

/** Numbers a behaviour is: a cosine of 0.9 among a thousand dates comes out within 0.02. */
const length = 128;

/** For the same or the opposite values of two factors: the same text. Rounded, because a factor and its triple differ in the last digits. */
export function fingerprint(ic: Float64Array, counts: Float64Array): string {
  const first = ic.find((value) => Math.abs(value) >= 1e-5) ?? 1;
  const words = new Int32Array(2 * ic.length);
  for (const [i, value] of ic.entries()) {
    words[2 * i] = Number.isNaN(value) ? 0x7fffffff : Math.round((Math.sign(first) * value) / 1e-5);
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

const projections = new Map<number, Int8Array>();

/** The series less its mean on 128 random directions, in bytes and base64: their cosines are those of the series. */
export function behaviour(ic: Float64Array, mean: number): string {
  const signs = projection(ic.length);
  const sums = new Float64Array(length);
  for (const [t, value] of ic.entries()) {
    if (Number.isNaN(value)) continue;
    for (let k = 0; k < length; k++) sums[k] = (sums[k] as number) + (value - mean) * (signs[t * length + k] as number);
  }
  const most = sums.reduce((so, x) => Math.max(so, Math.abs(x)), 0);
  const bytes = Int8Array.from(sums, (x) => (most > 0 ? Math.round((127 * x) / most) : 0));
  return Buffer.from(bytes.buffer).toString('base64');
}

function projection(dates: number): Int8Array {
  let signs = projections.get(dates);
  if (!signs) {
    const random = stream(0x6265, dates, length);
    signs = Int8Array.from({ length: dates * length }, () => (random.next() < 0.5 ? -1 : 1));
    projections.set(dates, signs);
  }
  return signs;
}
