/** `evolve explain`: what a trained model goes by, and the files it is asked for. */
import { EvolveError } from '../../core/failure.ts';
import { marketFolder } from '../../data/embedded.ts';
import { OutputFile } from '../../evaluation/write-output.ts';
import {
  type ExplainOptions as ExplainOn,
  type Explanation,
  explainModel,
} from '../../models/explain/explain-model.ts';
import type { FeatureName } from '../../models/graph/network.ts';
import { type ReportWishes, reportOutputs } from '../report/report-outputs.ts';
import { explained } from './explained.ts';

export interface ExplainOptions extends Omit<ExplainOn, 'data'>, ReportWishes {
  /** Market folder; the embedded market without. */
  readonly data?: string | undefined;
  /** A .csv file for the values: a line for each row explained. */
  readonly out?: string | undefined;
  /** The file these were read from, which is not written over. */
  readonly config?: string | undefined;
}

export async function explain(options: ExplainOptions): Promise<Explanation> {
  const { model, out, overwrite = false, onProgress } = options;
  const data = await marketFolder(options.data, onProgress);
  const read = [model, data, options.config];
  // What cannot be written is said before anything is computed.
  const values = out === undefined ? undefined : valuesFile(out, overwrite, read);
  const outputs = startedOutputs(options, read, values);
  try {
    const found = await explainModel({ ...options, data });
    const explanation = { ...found, names: toldApart(found.names) };
    const drawing = () => import('../report/attribution/attribution-page.ts');
    values?.write(Buffer.from(valueLines(explanation)));
    await outputs.write({
      page: async () => (await drawing()).attributionPage(explained(explanation)),
      pictures: async () => (await drawing()).attributionPictures(explanation),
    });
    values?.finish();
    return explanation;
  } catch (error) {
    values?.abandon();
    outputs.abandon();
    throw error;
  }
}

function startedOutputs(options: ReportWishes, read: readonly (string | undefined)[], values: OutputFile | undefined) {
  try {
    return reportOutputs(options, read);
  } catch (error) {
    values?.abandon();
    throw error;
  }
}

function valuesFile(out: string, overwrite: boolean, read: readonly (string | undefined)[]): OutputFile {
  if (!/\.csv$/i.test(out)) {
    throw new EvolveError('bad-argument', `--out ${out || '""'} is a table of values and must end in .csv.`);
  }
  return new OutputFile(out, { overwrite, inputs: read.filter((path) => path !== undefined) });
}

/** What is read at several dates says of which each is. */
function toldApart(names: readonly FeatureName[]): FeatureName[] {
  const lags = new Map<string, Set<number | undefined>>();
  for (const { name, lag } of names) lags.set(name, (lags.get(name) ?? new Set()).add(lag));
  return names.map((one) => {
    const several = (lags.get(one.name)?.size ?? 0) > 1;
    return several ? { ...one, name: `${one.name}, ${one.lag} back` } : one;
  });
}

/** With the base, a row's values add up to its prediction. */
function valueLines({ names, rows, values, base, predictions }: Explanation): string {
  const headings = ['date', 'symbol', 'prediction', 'base', ...names.map(({ name }) => name)];
  const lines = rows.map(({ date, symbol }, i) => {
    const own = values.subarray(i * names.length, (i + 1) * names.length);
    return [date, symbol, short(predictions[i] as number), short(base), ...Array.from(own, short)];
  });
  return [headings, ...lines].map((line) => `${line.map(quoted).join(',')}\n`).join('');
}

/** As many digits as float32 has. */
const short = (value: number): string => String(Number(value.toPrecision(7)));
const quoted = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
