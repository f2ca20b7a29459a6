/** `evolve evaluate`: a tear sheet of factors or scores, and the files it is asked for. */
import { join } from 'node:path';
import { EvolveError } from '../../core/failure.ts';
import { cacheFolder, marketFolder } from '../../data/embedded.ts';
import { labelFields } from '../../data/labels.ts';
import type { MarketManifest } from '../../data/market.ts';
import { readManifest } from '../../data/store/manifest.ts';
import { checkWorkers } from '../../evaluation/check-workers.ts';
import { Evaluator, marketVocabulary } from '../../evaluation/evaluator.ts';
import { fieldsOf } from '../../evaluation/minute-reduction.ts';
import { exposureFields } from '../../evaluation/tear-sheet/exposure-matrices.ts';
import { neutralisers } from '../../evaluation/tear-sheet/neutralisers.ts';
import { priceVolumeFactors } from '../../evaluation/tear-sheet/price-volume.ts';
import type { SheetRule } from '../../evaluation/tear-sheet/rule.ts';
import type { TearSheet } from '../../evaluation/tear-sheet/sheet.ts';
import { styleFields } from '../../evaluation/tear-sheet/styles.ts';
import { tearSheet } from '../../evaluation/tear-sheet/tear-sheet.ts';
import { canonical } from '../../program/canonical.ts';
import type { Expression } from '../../program/expression.ts';
import { parse } from '../../program/parse.ts';
import { reportOutputs } from '../report/report-outputs.ts';
import type { EvaluateOptions } from './evaluate-options.ts';
import { type JudgedSources, judgedSources, seenBefore } from './judged-sources.ts';
import { sheetRule } from './sheet-rule.ts';

const gibibyte = 1024 ** 3;

export async function evaluate(options: EvaluateOptions): Promise<TearSheet> {
  const { sources, onProgress } = options;
  if (sources.length === 0) throw new EvolveError('bad-argument', 'Name a formula, a library or a file of scores.');
  checkWorkers(options.workers);
  const folder = await marketFolder(options.data, onProgress);
  const manifest = await readManifest(folder);
  const judged = await judgedSources(sources, manifest);
  const rule = sheetRule(options, manifest, judged);
  // What cannot be written is said before anything is computed.
  const outputs = reportOutputs(options, [folder, options.config, ...sources]);
  try {
    const sheet = await judge(folder, manifest, judged, rule, options);
    const seen = seenBefore(judged.libraries, rule, manifest.calendar);
    const complete = { ...sheet, warnings: [...judged.notes, ...seen, ...sheet.warnings] };
    const drawing = () => import('../report/tear-sheet-page.ts');
    await outputs.write({
      page: async () => (await drawing()).tearSheetPage(complete),
      pictures: async () => (await drawing()).tearSheetPictures(complete),
    });
    return complete;
  } catch (error) {
    outputs.abandon();
    throw error;
  }
}

async function judge(
  folder: string,
  manifest: MarketManifest,
  { factors }: JudgedSources,
  rule: SheetRule,
  { workers, memory, onProgress }: EvaluateOptions,
): Promise<TearSheet> {
  const programs = factors.flatMap(({ source }) => (source.kind === 'program' ? [canonical(source.program)] : []));
  const evaluator = await Evaluator.open(folder, {
    workers,
    memory: memory ?? 2 * gibibyte,
    label: rule.label,
    fields: fieldsNeeded(manifest, programs, rule),
    valueFolder: join(cacheFolder(), 'values'),
    onMinutes: (done, total) => onProgress?.('Reading minute bars', done, total),
  });
  try {
    return await tearSheet(evaluator, factors, rule, onProgress);
  } finally {
    await evaluator.close();
  }
}

/** Daily fields of the market that any step reads. */
function fieldsNeeded(manifest: MarketManifest, programs: readonly Expression[], rule: SheetRule): Set<string> {
  const words = marketVocabulary(manifest);
  const common = rule.against.priceVolume ? priceVolumeFactors(manifest).factors : [];
  const known = common.map(({ expression }) => parse(expression, words));
  const wanted = new Set<string>([
    ...fieldsOf([...programs, ...known], 'daily'),
    ...exposureFields(neutralisers(rule.neutralise, manifest, rule.label.horizon)),
    ...labelFields(rule.label),
    ...(rule.against.styles ? styleFields : []),
    ...['CLOSE', rule.trade, 'CAN_BUY', 'CAN_SELL', 'SUSPENDED', 'LISTED_DAYS'],
    ...[rule.universe, rule.weightedBy].filter((name) => name !== undefined),
  ]);
  const there = new Set(manifest.fields.filter(({ kind }) => kind !== 'b').map(({ name }) => name));
  return new Set([...wanted].filter((name) => there.has(name)));
}
