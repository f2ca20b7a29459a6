/** Factors that are whole Python files, as one: what they share is there once, and each has a function of its own. */
interface Written {
  readonly name: string;
  /** Imports and definitions two empty lines apart; the last is `def factor(...)`. */
  readonly text: string;
  /** Comment lines to stand above the function. */
  readonly remark: string;
}

export function pythonFile(factors: readonly Written[]): string {
  const imports = new Set<string>();
  const helpers = new Set<string>();
  const functions: string[] = [];
  const names = new Map<string, string>();
  for (const { name, text, remark } of factors) {
    const [head = '', ...definitions] = text.trimEnd().split('\n\n\n');
    for (const line of head.split('\n')) if (line) imports.add(line);
    const factor = definitions.pop() as string;
    for (const helper of definitions) helpers.add(helper);
    const called = functionName(name, new Set(names.values()));
    names.set(name, called);
    functions.push(remark + factor.replace(/^def factor\(/, () => `def ${called}(`));
  }
  const standard = [...imports].filter((line) => !line.includes(' as '));
  const others = [...imports].filter((line) => line.includes(' as '));
  const table = [...names].map(([name, called]) => `    ${JSON.stringify(name)}: ${called},`).join('\n');
  return [
    [standard, others].flatMap((group) => (group.length > 0 ? [group.sort().join('\n')] : [])).join('\n\n'),
    ...helpers,
    ...functions,
    `factors = {\n${table}\n}\n`,
  ].join('\n\n\n');
}

/** A name Python can call, as near to the factor's as may be. Ours begin with an underline, so none of these does. */
function functionName(name: string, taken: ReadonlySet<string>): string {
  const word = name.replace(/[^A-Za-z0-9_]+/g, '_').replace(/^_+|_+$/g, '');
  const safe = /^[A-Za-z]/.test(word) && !reserved.has(word) ? word : `factor_${word}`;
  let called = safe;
  for (let i = 2; taken.has(called); i++) called = `${safe}_${i}`;
  return called;
}

const reserved = new Set(
  `and as assert async await break class continue def del elif else except finally for from global if import in is
  lambda nonlocal not or pass raise return try while with yield True False None np pd pl functools factors`.split(
    /\s+/,
  ),
);
