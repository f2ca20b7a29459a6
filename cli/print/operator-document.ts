/** docs/operators.md, from the operator table. */

import { unitName } from '../../core/units.ts';
import { standardVocabulary } from '../../program/vocabulary.ts';
import { type OperatorWords, shapeWords } from '../operator-words.ts';
import { inOtherTools } from '../other-tools.ts';

export function operatorDocument(all: readonly OperatorWords[]): string {
  const sections = Object.entries(shapeWords).map(([shape, { title, about }]) => {
    const rows = all.filter((words) => words.shape === shape);
    return `## ${title}\n\n${about}\n\n${table(['operator', 'meaning', 'unit of the result', 'example'], rows.map(row))}`;
  });
  return `# Operators

Made from \`operators/table.ts\` by \`npm run docs\`; a test fails when this page is stale. In a terminal: \`evolve ops\`,
\`evolve ops NAME\`.

Missing is NaN and stays missing ([missing values](notes/missing-values.md)); units are checked before anything is computed
([units](notes/units.md)). \`x\`, \`y\` are values, \`s\` a window in rows, \`q\` a fraction, \`k\` a number, \`g\` a grouping. The four
operations and the sign are written as usual: \`x + y\`, \`x - y\`, \`x * y\`, \`x / y\`, \`-x\`.

${sections.join('\n\n')}

## In other tools

How qlib and alphagen write each example so that it means exactly the same; empty where they cannot. Then the name in the
101 alphas, where it means the same, and other spellings accepted here.

${table(
  ['operator', 'qlib', 'alphagen', 'Alpha101', 'also'],
  all.map(elsewhere).filter((cells) => cells.slice(1).some(Boolean)),
)}

## Fields

What the embedded market and the default column mapping offer; a market of yours lists its own in \`market.json\`. Upper case is
daily, lower case is minute.

${table(['field', 'what it is', 'measured in'], fields())}
`;
}

const row = ({ signature, doc, unit, example }: OperatorWords): string[] => [code(signature), doc, unit, code(example)];

function elsewhere({ name, example, aliases, dialects }: OperatorWords): string[] {
  const { qlib, alphagen } = inOtherTools(example);
  const cells = [qlib, alphagen, dialects.alpha101].map((text) => (text ? code(text) : ''));
  return [code(name), ...cells, aliases.map(code).join(', ')];
}

const kindNames = { m: 'daily', b: 'minute', v: 'market vector', g: 'grouping', s: 'constant' } as const;

const fields = (): string[][] =>
  [...standardVocabulary.values()].map(({ name, kind, unit }) => [
    code(name),
    kindNames[kind],
    kind === 'g' ? '' : unitName(unit),
  ]);

const code = (text: string): string => `\`${text}\``;

const table = (headings: readonly string[], rows: readonly (readonly string[])[]): string =>
  [headings, headings.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
