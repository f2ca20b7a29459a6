/** The operator list and one operator, as text for a terminal. */
import { styleText } from 'node:util';
import { type OperatorWords, shapeWords } from '../operator-words.ts';
import { table } from './table.ts';

const heading = (text: string): string => styleText('bold', text, { stream: process.stdout });

export function operatorList(all: readonly OperatorWords[]): string {
  return Object.entries(shapeWords)
    .map(([shape, { title }]) => {
      const rows = all.filter((words) => words.shape === shape).map(({ signature, doc }) => [`  ${signature}`, doc]);
      return `${heading(title)}\n${table(rows)}`;
    })
    .join('\n\n');
}

/** `elsewhere`: the example as other tools write it, by tool. */
export function operatorPage(words: OperatorWords, elsewhere: Readonly<Record<string, string>>): string {
  const { signature, doc, aliases, dialects } = words;
  const renamed = Object.entries(dialects).map(([tool, name]) => `${name} (${tool})`);
  const rows = [
    ['  takes', words.kinds],
    ['  unit', words.unit],
    ['  example', words.example],
    ...Object.entries(elsewhere).map(([tool, text]) => [`  in ${tool}`, text]),
    ...(aliases.length > 0 ? [['  also', aliases.join(', ')]] : []),
    ...(renamed.length > 0 ? [['  elsewhere', renamed.join(', ')]] : []),
    ['  LaTeX', words.latex],
  ];
  return `${heading(signature)}\n  ${doc}\n\n${table(rows)}\n\n${shapeWords[words.shape].about.replaceAll('`', '')}`;
}
