/** How other tools write an expression, exactly; a tool that cannot is left out. */
import { dialects } from '../program/dialects/dialects.ts';
import { parse } from '../program/parse.ts';
import { standardVocabulary } from '../program/vocabulary.ts';

/** One-line languages only: pandas and polars get whole functions. */
const tools = ['qlib', 'alphagen'] as const;

export function inOtherTools(text: string): Readonly<Record<string, string>> {
  const expression = parse(text, standardVocabulary);
  const written = tools.map((tool) => [tool, dialects[tool].write(expression)] as const);
  return Object.fromEntries(
    written.filter((entry): entry is [(typeof tools)[number], string] => typeof entry[1] === 'string'),
  );
}
