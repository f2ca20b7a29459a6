import { pauses } from '../../core/pause.ts';
import { meanAndError } from '../../evaluation/newey-west.ts';
import type { RecordReader } from '../samples/record-reader.ts';
import { Ensemble } from './ensemble.ts';
import type { EnsembleResult, ModelManifest } from './model-manifest.ts';
import { trainingKey } from './origin.ts';
import { type Correlations, sectionCorrelations } from './section-correlations.ts';
import type { TrainingInputs } from './training-inputs.ts';

interface Judged {
  /** Of the model. */
  readonly folder: string;
  readonly manifest: ModelManifest;
  readonly inputs: TrainingInputs;
  readonly signal: AbortSignal | undefined;
}

/** A fold's networks together, on the dates that decided when to stop each of them; undefined when it was to leave. */
export async function judgeEnsemble(
  { folder, manifest, inputs, signal }: Judged,
  readers: readonly RecordReader[],
  number: number,
): Promise<EnsembleResult | undefined> {
  const { model, rule, parts, folds } = manifest;
  const symbols = inputs.market.symbols.length;
  const name = folds[number]?.name as string;
  const source = { folder, model, training: trainingKey(manifest), rule, parts, readers, symbols };
  const ensemble = Ensemble.open(source, { number, name });
  try {
    const correlations: Correlations[] = [];
    const pause = pauses();
    for (const date of inputs.folds[number]?.valid ?? []) {
      await pause();
      if (signal?.aborted) return undefined;
      const { returns = inputs.labels } = inputs;
      const wanted = returns.subarray(date * symbols, (date + 1) * symbols);
      correlations.push(correlation(await ensemble.predict(date), wanted, date));
    }
    const { mean, error, count } = meanAndError(
      correlations.map(({ rankIc }) => rankIc),
      Math.ceil(rule.label.horizon / rule.every),
    );
    const ic = meanAndError(correlations.map(({ ic }) => ic)).mean;
    return { dates: count, validIc: ic, validRankIc: mean, rankIcError: error };
  } finally {
    ensemble.close();
  }
}

function correlation(predictions: Float32Array, wanted: Float32Array, date: number): Correlations {
  const known = [...predictions.keys()].filter((n) => !Number.isNaN(predictions[n]) && !Number.isNaN(wanted[n]));
  const of = (values: Float32Array) => Float32Array.from(known, (n) => values[n] as number);
  const section = { date, from: 0, to: known.length };
  return sectionCorrelations([section], of(predictions), of(wanted))[0] as Correlations;
}
