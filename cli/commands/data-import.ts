import type { Argv, CommandModule } from 'yargs';
import { type ImportOptions, importOptions, type OptionRow } from '../../data/import/options.ts';
import type { ImportReport } from '../../data/import/report.ts';
import { count } from '../print/number.ts';
import { showing } from '../print/progress.ts';
import { table } from '../print/table.ts';

type Arguments = ImportOptions & { readonly json: boolean };

/** `evolve data import FILES...`: bars from CSV, Parquet or Arrow files into a market folder. */
export const dataImport: CommandModule<object, Arguments> = {
  command: 'import [files..]',
  describe: 'Make a market of CSV, Parquet or Arrow files of bars',
  builder: (cli) =>
    addOptions(cli.positional('files', { type: 'string', array: true, describe: 'Files, patterns or folders of bars' }))
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .example('evolve data import prices.csv --out market', 'one table of daily bars')
      .example('evolve data import --daily day.parquet --minute "min/*.parquet" --out market', 'daily and minute bars')
      .example('evolve data import "bars/*.csv" --symbol-from-name --repair all --out market', 'a file per symbol')
      .epilogue(
        'docs/data.md explains what is checked and what each word of --repair does.',
      ) as unknown as Argv<Arguments>,
  handler: async ({ json, ...options }) => {
    const { importMarket } = await import('../../data/import/import-market.ts');
    const report = await showing('Importing', (onProgress) => importMarket({ ...options, onProgress }), 'dates');
    console.log(json ? JSON.stringify(report, null, 2) : importSummary(report));
  },
};

/** The flags of the option rows. */
function addOptions<T>(cli: Argv<T>): Argv<T> {
  for (const [name, row] of Object.entries<OptionRow>(importOptions)) {
    const value = row.value === undefined ? '' : ` [${row.value}]`;
    cli.option(
      name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      {
        type: row.type === 'number' ? 'number' : row.type === 'switch' ? 'boolean' : 'string',
        describe: row.doc + value,
        ...(row.type === 'files' && { array: true }),
        // One value each, so that what follows may be a file.
        ...(row.type === 'texts' && { array: true, nargs: 1 }),
        ...(row.required && { demandOption: true }),
        ...(row.choices && { choices: row.choices }),
        ...(row.type === 'text' && name !== 'symbolFromName' && { requiresArg: true }),
      },
    );
  }
  return cli;
}

/** A short page: what came in, what was dropped or repaired, what the market holds. */
function importSummary(report: ImportReport): string {
  const { dates, symbols, rows, findings, fields, notes } = report;
  const sections = [
    `${report.folder}: ${count(dates.count)} dates ${dates.first} to ${dates.last}, ${count(symbols.count)} symbols, ${report.seconds.toFixed(1)} s`,
    table(
      Object.entries(rows).map(([bars, { read, kept, dropped }]) => [bars, count(read), count(kept), count(dropped)]),
      ['rows', 'read', 'kept', 'dropped'],
    ),
  ];
  if (findings.length > 0) {
    const acted = { refuse: 'refused', drop: 'dropped', fix: 'repaired', warn: 'kept' } as const;
    sections.push(
      table(
        findings.map((found) => [found.rule, acted[found.action], count(found.count), found.examples[0] ?? '']),
        ['rule', 'done', 'count', 'for example'],
      ),
      ...findings
        .filter((found) => found.action === 'warn')
        .map((found) => `${count(found.count)} ${found.says}${found.repair ? ` (--repair ${found.repair})` : ''}`),
      `Every row dropped or repaired is in ${report.folder}/drop-report.csv.`,
    );
  }
  const covered = (name: string, share: number): string =>
    `${name} ${(share * 100).toFixed(share > 0.9995 || share < 0.0005 ? 0 : 1)}%`;
  sections.push(
    `fields, with the share of their cells that have a value:\n  ${fields.map((field) => covered(field.name, field.coverage)).join('  ')}`,
  );
  if (notes.length > 0) sections.push(notes.map((note) => `note: ${note}`).join('\n'));
  return sections.join('\n\n');
}
