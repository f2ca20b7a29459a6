/**
 * `evolve ops "-CLOSE / OPEN"`: a formula may begin with a minus, and a parser of flags would take it apart. Such
 * words pass the parser behind a character no command line can contain.
 */
const shield = '\u0000';

/** Hides words that begin with a minus and are no flag and no number; after `--`, flags and numbers too. */
export function shielded(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  const words = end < 0 ? [...args] : args.toSpliced(end, 1);
  return words.map((word, i) =>
    looksLikeFormula(word) || (end >= 0 && i >= end && word.startsWith('-')) ? shield + word : word,
  );
}

// --name, --name=value, -x, -5.
const looksLikeFormula = (word: string): boolean => !/^(?!-)|^--$|^--[a-z][\w-]*(=|$)|^-[a-z]$|^-[\d.]+$/i.test(word);

/** The parsed arguments as they were typed. */
export function unshield(argv: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(argv)) {
    if (typeof value === 'string') argv[name] = plain(value);
    else if (Array.isArray(value)) argv[name] = value.map((item) => (typeof item === 'string' ? plain(item) : item));
  }
}

export const plain = (text: string): string => text.replaceAll(shield, '');
