import type { CommandModule } from 'yargs';
import { unitName } from '../../core/units.ts';
import type { FieldCoverage, MarketInfo } from '../../data/info.ts';
import { count, storage } from '../print/number.ts';
import { table } from '../print/table.ts';
import { plantedTable } from './data-synth.ts';

/** `evolve data info DIR`: what a market holds. */
export const dataInfo: CommandModule<object, { folder: string; json: boolean }> = {
  command: 'info <folder>',
  describe: 'Show what a market holds: fields, coverage, sizes',
  builder: (cli) =>
    cli
      .positional('folder', { type: 'string', demandOption: true, describe: 'A market folder' })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .example('evolve data info market', 'fields with their coverage, and what a search will need'),
  handler: async ({ folder, json }) => {
    const { marketInfo } = await import('../../data/info.ts');
    const info = await marketInfo(folder);
    console.log(json ? asJson(info) : report(info));
  },
};

/** Without the lists that market.json holds already. */
function asJson({ manifest, ...info }: MarketInfo): string {
  const { name, hash, calendar, datesPerYear, provenance, planted = [] } = manifest;
  const range = { from: calendar[0], to: calendar.at(-1) };
  return JSON.stringify({ name, hash, ...range, datesPerYear, ...info, provenance, planted }, null, 2);
}

function report(info: MarketInfo): string {
  const { manifest, dates, symbols, bars } = info;
  const grid = manifest.minute ? `${bars} bars of ${manifest.minute.barMinutes} min a day` : 'daily bars only';
  const facts = [
    ['market', `${manifest.name}, hash ${manifest.hash.slice(0, 12)}`],
    [
      'dates',
      `${count(dates)}, ${manifest.calendar[0]} to ${manifest.calendar.at(-1)}, ${manifest.datesPerYear} a year`,
    ],
    ['symbols', count(symbols)],
    ['minutes', grid],
    ['on disk', `${storage(info.dailyBytes)} daily, ${storage(info.minuteBytes)} minute`],
    ['in memory', `${storage(info.memoryBytes)} with every daily field`],
    ['missing', missing(info)],
    ['made by', String(manifest.provenance.command ?? 'unknown')],
  ];
  const planted = manifest.planted ? [`Planted signals:\n${plantedTable(manifest.planted)}`] : [];
  return [table(facts), fieldTable(info.fields), ...planted].join('\n\n');
}

function fieldTable(fields: readonly FieldCoverage[]): string {
  const rows = fields.map(({ name, kind, unit, coverage, from, to, doc }) => [
    name,
    kinds[kind],
    unitName(unit),
    `${(coverage * 100).toFixed(1)}%`,
    from ? `${from} to ${to}` : 'never',
    doc,
  ]);
  const fieldsTable = table(rows, ['field', 'kind', 'unit', 'known', 'dates', 'what it is']);
  // Counting the bars themselves would take reading all of them.
  const minutes = fields.some(({ kind }) => kind === 'b');
  return minutes ? `${fieldsTable}\n\nOf minute fields, known are the dates that have bars.` : fieldsTable;
}

const kinds = { m: 'daily', v: 'market', b: 'minute', g: 'group' };

function missing({ missing, dates, symbols }: MarketInfo): string {
  if (!missing) return 'unknown: the market has no CLOSE';
  const share = (cells: number) => `${((100 * cells) / (dates * symbols)).toFixed(1)}%`;
  const { notListed, noLongerListed, suspended, noBar } = missing;
  return `${share(notListed)} not yet listed, ${share(noLongerListed)} no longer, ${share(suspended)} suspended, ${share(noBar)} without a bar`;
}
