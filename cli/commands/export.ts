import type { CommandModule } from 'yargs';
import { storage } from '../print/number.ts';

interface Arguments {
  readonly source: string;
  readonly to: string;
  readonly data?: string | undefined;
  readonly out?: string | undefined;
  readonly overwrite?: boolean | undefined;
  readonly config?: string | undefined;
  readonly json: boolean;
}

/** `evolve export RUN|LIB.json`: factors in the language of another tool. */
export const exportCommand: CommandModule<object, Arguments> = {
  command: 'export <source>',
  describe: 'Write the factors of a run for another tool',
  builder: (cli) =>
    cli
      .positional('source', {
        type: 'string',
        demandOption: true,
        describe: 'Folder of a run, a library.json, or a file of formulas',
      })
      .option('to', {
        type: 'string',
        requiresArg: true,
        default: 'json',
        describe: 'json, qlib, alphagen, pandas, polars or latex',
      })
      .option('data', {
        type: 'string',
        requiresArg: true,
        describe: 'Market whose fields the formulas use; the one they were found on without',
      })
      .option('out', { type: 'string', requiresArg: true, describe: 'Write there instead of printing' })
      .option('overwrite', { type: 'boolean', describe: 'Replace a file that is there' })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON: every text, and every refusal' })
      .implies('overwrite', 'out')
      .example('evolve export runs/market-1a2b3c4d --out library.json', 'the library with all its figures')
      .example('evolve export runs/market-1a2b3c4d --to qlib', 'a formula a line')
      .example('evolve export seeds.json --to pandas --out factors.py', 'a function for each factor'),
  handler: async ({ source, to, data, out, overwrite, config, json }) => {
    const { exportLibrary } = await import('../libraries/export-library.ts');
    const { text, ...exported } = await exportLibrary({ source, to, data, out, overwrite, config });
    const { factors, refused, file } = exported;
    for (const { name, reason } of refused) console.error(`${name}: ${reason}`);
    if (refused.length > 0) {
      console.error(`${refused.length} of ${factors.length + refused.length} factors cannot be written as ${to}.`);
    }
    if (json) console.log(JSON.stringify(exported, null, 2));
    else if (file) console.log(`${file.path}: ${factors.length} factors as ${to}, ${storage(file.bytes)}`);
    else console.log(text.trimEnd());
  },
};
