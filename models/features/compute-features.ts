/**
 * Channels on a market, date by date. As many dates as memory holds are evaluated at once, all channels together, so
 * that they share what they have in common; while workers compute some dates, the dates before are put in order and
 * written.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Matrix, strideFor } from '../../core/arena.ts';
import { EvolveError } from '../../core/failure.ts';
import { cacheFolder } from '../../data/embedded.ts';
import { readManifest } from '../../data/store/manifest.ts';
import { Evaluator, type EvaluatorOptions } from '../../evaluation/evaluator.ts';
import { fieldsOf, minuteReductions } from '../../evaluation/minute-reduction.ts';
import { history } from '../../evaluation/plan.ts';
import type { Dates } from '../../evaluation/task.ts';
import type { Expression } from '../../program/expression.ts';
import { interleave } from './interleave.ts';
import { RecordFile } from './record-file.ts';

export interface FeatureWork extends Dates {
  readonly market: string;
  readonly programs: readonly Expression[];
  readonly workers?: number | undefined;
  /** Bytes beside those of the fields. */
  readonly memory: number;
  readonly onProgress?: ((stage: string, done: number, total: number) => void) | undefined;
}

/** Kept free of the address space, for what the evaluator allocates besides. */
const spareBytes = 64 * 1024 ** 2;
/** Kernels work on so many dates or a multiple. */
const kernelDates = 20;
/**
 * In a block if memory allows, and so many times what a value looks back on, which every block computes again. 270
 * channels of 500 symbols on 1,250 dates, 675 MB, take 3 s of processor time in such blocks and in one, and 370 MB or 890.
 */
const enoughDates = 160;
const enoughHistories = 8;

export async function computeFeatures(work: FeatureWork, records: RecordFile): Promise<void> {
  const { programs, onProgress } = work;
  let evaluations = 0;
  let before = 0;
  const evaluator = await openEvaluator(work, {
    onMinutes: (done, total) => onProgress?.('Reading minute bars', done, total),
    onPrograms: (done) => onProgress?.('Computing features', before + done, evaluations),
  });
  try {
    const blocks = blocksOf(work, evaluator);
    evaluations = blocks.length * programs.length;
    const valuesOf = async (block: Dates): Promise<Matrix[]> => {
      const values = await evaluator.values(programs, block);
      before += programs.length;
      return values;
    };
    const release = (values: readonly Matrix[]): void => {
      for (const { address } of values) evaluator.arena.release(address);
    };
    let next: Promise<Matrix[]> | undefined = valuesOf(blocks[0] as Dates);
    for (const [i] of blocks.entries()) {
      const values = (await next) as Matrix[];
      const after = blocks[i + 1];
      next = after && valuesOf(after);
      next?.catch(() => {}); // heard of when its turn comes
      try {
        await write(values, evaluator, records);
      } catch (error) {
        await next?.then(release, () => {}); // what went wrong first is what is told
        throw error;
      } finally {
        release(values);
      }
    }
  } finally {
    await evaluator.close();
  }
}

async function write(values: readonly Matrix[], { arena }: Evaluator, records: RecordFile): Promise<void> {
  const { rows: dates, stride, columns: symbols } = values[0] as Matrix;
  const cells = new Int32Array(arena.memory.buffer);
  const rows = new Int32Array(values.length);
  for (let t = 0; t < dates; t++) {
    for (let channel = 0; channel < rows.length; channel++) {
      rows[channel] = ((values[channel] as Matrix).address + t * stride) / 4;
    }
    await records.add((record) => interleave(cells, rows, symbols, record));
    // Workers wait for their next task in between.
    await new Promise(setImmediate);
  }
}

/** Without a wish for workers, as many as the memory has scratch for: results do not depend on them. */
async function openEvaluator(work: FeatureWork, told: EvaluatorOptions): Promise<Evaluator> {
  const { market, programs, memory } = work;
  const options = {
    ...told,
    fields: fieldsOf(programs, 'daily'),
    memory: memory - blockBytes(memory),
    valueFolder: join(cacheFolder(), 'values'),
    cache: await minutesFit(work),
  };
  for (let workers = work.workers ?? availableParallelism(); ; workers = Math.ceil(workers / 2)) {
    try {
      return await Evaluator.open(market, { ...options, workers });
    } catch (error) {
      const fewer = work.workers === undefined && workers > 1;
      if (!(fewer && error instanceof EvolveError && error.code === 'out-of-memory')) throw error;
    }
  }
}

/**
 * Whether minute reductions of all dates fit in memory together: all are made in one pass then, and kept for whoever asks
 * next. Else each block has a pass over its own dates: of all dates, a few reductions at a time would be made in many.
 */
async function minutesFit({ market, programs, memory }: FeatureWork): Promise<boolean> {
  const { calendar, symbols } = await readManifest(market);
  const bytes = minuteReductions(programs).size * calendar.length * strideFor(symbols.length);
  return bytes <= (memory - blockBytes(memory)) / 2;
}

/** What the evaluator leaves to us, at least. */
const blockBytes = (memory: number): number => Math.floor(memory / 4);

/** Dates in blocks, of two of which memory has room: one is computed, one is written. */
function blocksOf(
  { programs, from, to, memory }: FeatureWork,
  { arena, labelDelay, market, panelBytes }: Evaluator,
): Dates[] {
  const symbols = market.manifest.symbols.length;
  const minutes = fieldsOf(programs, 'minute').size > 0;
  // The evaluator keeps minute values in what is its own, and without them nothing.
  const evaluators = minutes ? memory - blockBytes(memory) : arena.used - panelBytes;
  const writing = 2 * RecordFile.chunkBytes(4 * symbols * programs.length, to - from);
  const room = Math.min(memory - evaluators - writing, arena.limit - panelBytes - evaluators - spareBytes);
  const fit = Math.floor(room / 2 / (programs.length * strideFor(symbols)));
  const longest = Math.max(...programs.map((program) => history(program, labelDelay)));
  const enough = Math.max(enoughDates, enoughHistories * longest);
  const few = Math.min(fit, enough);
  const dates = few > kernelDates ? few - (few % kernelDates) : Math.max(1, few);
  const blocks: Dates[] = [];
  for (let first = from; first < to; ) {
    const end = Math.min(to, first - (first % dates) + dates);
    blocks.push({ from: first, to: end });
    first = end;
  }
  return blocks;
}
