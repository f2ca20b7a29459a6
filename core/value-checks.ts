/** What a value should be, when it is not: for tables of options, and for those who take rules from programs. */

export const atLeast = (least: number) => (value: number | null) =>
  value === null || value >= least ? undefined : `at least ${least}`;

export const whole =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (value: number | null) => {
    if (value === null) return undefined;
    if (!(Number.isInteger(value) && value >= least)) return `a whole number of at least ${least}`;
    return value <= most ? undefined : `at most ${most}`;
  };

export const upTo = (most: number) => (value: number) => (value <= most ? whole(1)(value) : `at most ${most}`);

export const share = (value: number): string | undefined => (value >= 0 && value <= 1 ? undefined : 'from 0 to 1');

/** Of random streams, which are named by 32 bits. */
export const seed = (value: number): string | undefined =>
  Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? undefined : 'a whole number below 2147483648';
