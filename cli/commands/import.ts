import type { CommandModule } from 'yargs';
import type { ImportedFactor } from '../libraries/import-factors.ts';

interface Arguments {
  readonly file: string;
  readonly from: string;
  readonly data?: string | undefined;
  readonly out?: string | undefined;
  readonly overwrite?: boolean | undefined;
  readonly config?: string | undefined;
  readonly json: boolean;
}

/** `evolve import FILE --from qlib`: formulas of another tool as factors a search can begin with. */
export const importCommand: CommandModule<object, Arguments> = {
  command: 'import <file>',
  describe: 'Read formulas of another tool: each exactly, or refused with the reason',
  builder: (cli) =>
    cli
      .positional('file', {
        type: 'string',
        demandOption: true,
        describe: 'One formula a line, with a name and = before it or without; or a .json list',
      })
      .option('from', {
        type: 'string',
        requiresArg: true,
        demandOption: true,
        describe: 'qlib, alpha101, brain or alphagen',
      })
      .option('data', {
        type: 'string',
        requiresArg: true,
        describe: 'Market the formulas are meant for; the usual fields without',
      })
      .option('out', { type: 'string', requiresArg: true, describe: 'Write there instead of printing' })
      .option('overwrite', { type: 'boolean', describe: 'Replace a file that is there' })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON with originals, notes and refusals' })
      .implies('overwrite', 'out')
      .example('evolve import alphas.txt --from qlib --out seeds.json', 'then: evolve --warm-start seeds.json')
      .example('evolve import alphas.txt --from alpha101 --json', 'what may differ, and what was refused and why'),
  handler: async ({ file, from, data, out, overwrite, config, json }) => {
    const { importFactors, importedText } = await import('../libraries/import-factors.ts');
    const imported = await importFactors({ file, from, data, out, overwrite, config });
    const { factors, refused } = imported;
    for (const line of noteLines(factors)) console.error(line);
    for (const { name, reason } of refused) console.error(`${name}: refused: ${reason}`);
    const counts = `${factors.length} factors read, ${refused.length} refused`;
    console.error(`${counts}.`);
    if (json) console.log(JSON.stringify(imported, null, 2));
    else console.log(out === undefined ? importedText(imported).trimEnd() : `${out}: ${counts}`);
  },
};

const mostNamed = 5;

/** Each note once, with whom it is about: most formulas of a file have the same ones. */
function noteLines(factors: readonly ImportedFactor[]): string[] {
  const about = new Map<string, string[]>();
  for (const { name, original, notes } of factors) {
    for (const note of notes) about.set(note, [...(about.get(note) ?? []), name ?? original]);
  }
  return [...about].map(([note, names]) => {
    const more = names.length - mostNamed;
    return `${names.slice(0, mostNamed).join(', ')}${more > 0 ? ` and ${more} more` : ''}: ${note}`;
  });
}
