/**
 * The shortest text that reads back as the same float32, as bytes: a table of millions of numbers is written without
 * making a string of each.
 */

// Up to here powers of ten are exact, so one multiplication or division by them rounds like the reading of a text does.
const powers = Array.from({ length: 23 }, (_, k) => 10 ** k);
const [zero, point, minus] = [48, 46, 45];
const digits = new Uint8Array(10);

/** Writes the value at `at` and gives the place after it: 16 bytes at most, none for a missing value. */
export function writeFloat32(into: Uint8Array, at: number, value: number): number {
  if (Number.isNaN(value)) return at;
  let next = at;
  if (value < 0) into[next++] = minus;
  const size = Math.abs(value);
  if (size === 0) {
    into[next++] = zero;
    return next;
  }
  // Never off by one: the floats beside a power of ten are far from it, compared with the error of log10.
  const exponent = Math.floor(Math.log10(size));
  if (exponent < -13 || exponent > 27) return writeText(into, next, rareText(size));
  // Whatever has a text of 6 digits or fewer has it among those of 6; 9 always suffice.
  let scaled = 0;
  let count = 6;
  for (; count <= 9; count++) {
    const power = count - 1 - exponent;
    const scale = powers[Math.abs(power)] as number;
    scaled = Math.round(power >= 0 ? size * scale : size / scale);
    if (Math.fround(power >= 0 ? scaled / scale : scaled * scale) === size) break;
  }
  return writeDigits(into, next, scaled, exponent + (scaled === powers[count] ? 1 : 0));
}

/** The digits of a whole number, its first one counting 10^exponent. */
function writeDigits(into: Uint8Array, at: number, number: number, exponent: number): number {
  let next = at;
  let rest = number | 0; // Below 2³¹, and whole numbers divide faster.
  while (rest % 10 === 0) rest = (rest / 10) | 0;
  let first = digits.length;
  for (; rest > 0; rest = (rest / 10) | 0) digits[--first] = zero + (rest % 10);
  const plain = exponent >= -5 && exponent < 9;
  // The places before the point: all of a plain number's, one of another's.
  const before = plain ? exponent + 1 : 1;
  if (before <= 0) {
    into[next++] = zero;
    into[next++] = point;
    for (let i = before; i < 0; i++) into[next++] = zero;
  }
  for (let place = 0; first < digits.length || place < before; place++) {
    if (place === before && before > 0) into[next++] = point;
    into[next++] = first < digits.length ? (digits[first++] as number) : zero;
  }
  return plain ? next : writeText(into, next, `e${exponent}`);
}

function rareText(size: number): string {
  if (size === Number.POSITIVE_INFINITY) return 'inf';
  for (let places = 0; places < 8; places++) {
    const text = size.toExponential(places);
    if (Math.fround(Number(text)) === size) return text.replace('+', '');
  }
  return size.toExponential(8).replace('+', '');
}

function writeText(into: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) into[at + i] = text.charCodeAt(i);
  return at + text.length;
}
