/**
 * What a value is measured in, as exponents: `CLOSE` is price¹, `AMOUNT` is price¹·shares¹, a return is neither.
 * A literal is a plain ratio, so `2 * CLOSE` is a price and `CLOSE + 1` is refused: it would change meaning at
 * the next split. Exponents may be fractions, because `sqrt` halves them.
 */
export interface Unit {
  readonly price: number;
  readonly shares: number;
}

export const ratio: Unit = { price: 0, shares: 0 };
export const price: Unit = { price: 1, shares: 0 };
export const shares: Unit = { price: 0, shares: 1 };
export const money: Unit = { price: 1, shares: 1 };

export const sameUnit = (a: Unit, b: Unit): boolean => a.price === b.price && a.shares === b.shares;

/** The unit all sides share, or undefined when they cannot be added or compared. */
export function common(first: Unit, ...others: Unit[]): Unit | undefined {
  return others.every((other) => sameUnit(first, other)) ? first : undefined;
}

/** The unit of a · bˢⁱᵍⁿ: a product by default, a quotient with sign -1. */
export function times(a: Unit, b: Unit, sign: 1 | -1 = 1): Unit {
  return { price: tidy(a.price + sign * b.price), shares: tidy(a.shares + sign * b.shares) };
}

export function toThe(a: Unit, exponent: number): Unit {
  return { price: tidy(a.price * exponent), shares: tidy(a.shares * exponent) };
}

export const isRatio = (a: Unit): boolean => sameUnit(a, ratio);

/** `price`, `price·volume`, `price^2·volume^-1`, `a plain ratio`. */
export function unitName(unit: Unit): string {
  const parts = [unit.price !== 0 && named('price', unit.price), unit.shares !== 0 && named('volume', unit.shares)];
  return parts.filter(Boolean).join('·') || 'a plain ratio';
}

const named = (word: string, exponent: number): string => (exponent === 1 ? word : `${word}^${exponent}`);

// -0 would break sameUnit's readers that print or hash; thirds must compare equal however they were reached.
const tidy = (exponent: number): number => Math.round(exponent * 1e6) / 1e6 + 0;
