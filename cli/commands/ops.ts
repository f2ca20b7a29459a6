import { writeFile } from 'node:fs/promises';
import type { CommandModule } from 'yargs';
import { EvolveError, fileProblem } from '../../core/failure.ts';
import { nearest } from '../../core/nearest.ts';
import { spellings } from '../../operators/table.ts';
import { allOperatorWords, operatorWords } from '../operator-words.ts';
import { operatorList, operatorPage } from '../print/operators.ts';

interface Arguments {
  readonly name?: string | undefined;
  readonly json?: boolean | undefined;
  readonly markdown?: boolean | undefined;
  readonly out?: string | undefined;
}

/** `evolve ops [name]`: the operators an expression may use. */
export const ops: CommandModule<object, Arguments> = {
  command: 'ops [name]',
  describe: 'List the operators, or explain one',
  builder: (cli) =>
    cli
      .positional('name', { type: 'string', describe: 'An operator, by its name or an alias' })
      .option('json', { type: 'boolean', describe: 'Print JSON' })
      .option('markdown', { type: 'boolean', describe: 'Print the page docs/operators.md' })
      .option('out', { type: 'string', requiresArg: true, describe: 'Write there instead of printing' })
      .conflicts('markdown', ['name', 'json'])
      .example('evolve ops', 'every operator, one line each')
      .example('evolve ops ts_corr', 'one operator: arguments, units, an example'),
  handler: async ({ name, json, markdown, out }) => {
    const text = await content(name, json, markdown);
    if (out === undefined) console.log(text.trimEnd());
    else await write(out, text);
  },
};

async function content(name: string | undefined, json = false, markdown = false): Promise<string> {
  const words = name === undefined ? allOperatorWords() : operatorWords(named(name));
  if ('length' in words && !json && !markdown) return operatorList(words);
  // The list is quick because the languages of other tools are not loaded for it.
  const { inOtherTools } = await import('../other-tools.ts');
  if ('length' in words) {
    if (json) return asJson(words.map((each) => ({ ...each, written: inOtherTools(each.example) })));
    return (await import('../print/operator-document.ts')).operatorDocument(words);
  }
  const written = inOtherTools(words.example);
  return json ? asJson({ ...words, written }) : operatorPage(words, written);
}

const asJson = (value: unknown): string => JSON.stringify(value, null, 2);

function named(typed: string) {
  const name = spellings.get(typed) ?? spellings.get(typed.toLowerCase());
  if (name) return name;
  const guess = nearest(typed, spellings.keys());
  throw new EvolveError(
    'bad-argument',
    `There is no operator "${typed}". ${guess ? `Did you mean "${guess}"?` : 'List them all with: evolve ops'}`,
  );
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    throw new EvolveError('unwritable', `Cannot write ${path}: ${fileProblem(cause)}.`, { cause });
  }
}
