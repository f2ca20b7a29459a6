/** Rows as one network reads them. */
import type { InputPart, PartShape, Reads } from '../inputs.ts';
import type { RecordReader } from '../samples/record-reader.ts';
import { Samples } from '../samples/samples.ts';
import type { Scaler } from '../samples/scaler.ts';
import type { StyleCells } from '../samples/style-basis.ts';

export interface SampleSource {
  readonly parts: readonly InputPart[];
  /** Of each part. */
  readonly readers: readonly RecordReader[];
  readonly scalers: readonly Scaler[];
  readonly symbols: number;
  readonly limit: number;
  /** [dates][symbols]; none where only predictions are made. */
  readonly labels?: Float32Array;
  /** Of labels that are freed from something. */
  readonly returns?: Float32Array | undefined;
  readonly styles?: StyleCells | undefined;
}

export interface NetworkSamples {
  readonly samples: Samples;
  readonly shapes: ReadonlyMap<string, PartShape>;
}

export function networkSamples(source: SampleSource, reads: Reads): NetworkSamples {
  const { parts, readers, scalers, symbols, limit, labels = new Float32Array(0), returns, styles } = source;
  const samples = new Samples({
    parts: parts.map((part, i) => ({
      part,
      reader: readers[i] as RecordReader,
      scaler: scalers[i] as Scaler,
      read: reads.get(part.name),
    })),
    ...{ labels, returns, symbols, limit, styles },
  });
  const shapes = parts.map(({ name, lags, channels, stepsPerDate = 1 }) => {
    const numbers = reads.get(name)?.length ?? channels.length;
    const shape = { steps: lags.length * stepsPerDate, channels: numbers / stepsPerDate };
    return [name, shape] as const;
  });
  return { samples, shapes: new Map(shapes) };
}
