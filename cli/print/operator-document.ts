/** docs/operators.md, from the operator table. */

import { unitName } from '../../core/units.ts';
import { standardVocabulary } from '../../program/vocabulary.ts';
import { type OperatorWords, shapeWords } from '../operator-words.ts';

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

## Names in other tools

Only where the meaning is exactly the same; everything else has to be converted, not renamed.

${table(['operator', 'also accepted here', 'qlib', 'Alpha101', 'alphagen'], all.filter(isKnownElsewhere).map(names))}

## Fields

What the embedded market and the default column mapping offer; a market of yours lists its own in \`market.json\`. Upper case is
daily, lower case is minute.

${table(['field', 'what it is', 'measured in'], fields())}
`;
}

const row = ({ signature, doc, unit, example }: OperatorWords): string[] => [code(signature), doc, unit, code(example)];

const isKnownElsewhere = ({ aliases, dialects }: OperatorWords): boolean =>
  aliases.length + Object.keys(dialects).length > 0;

const names = ({ name, aliases, dialects }: OperatorWords): string[] => [
  code(name),
  aliases.map(code).join(', '),
  ...['qlib', 'alpha101', 'alphagen'].map((tool) => (dialects[tool] ? code(dialects[tool]) : '')),
];

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
