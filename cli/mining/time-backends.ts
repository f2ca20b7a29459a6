/** How long the same programs take on a device and on all threads. */
import { EvolveError } from '../../core/failure.ts';
import { stream } from '../../core/random.ts';
import { Evaluator } from '../../evaluation/evaluator.ts';
import type { DeviceOptions } from '../../evaluation/gpu/device-thread.ts';
import { canonical } from '../../program/canonical.ts';
import type { Expression } from '../../program/expression.ts';
import { randomProgram } from '../../program/random-program.ts';
import type { MarketSearch } from './market-search.ts';
import type { MineOptions, MineProgress } from './mine-options.ts';

export interface BackendTimes {
  readonly programs: number;
  /** Undefined when the device was lost. */
  readonly deviceSeconds: number | undefined;
  readonly threadSeconds: number;
  readonly threads: number;
}

const programs = 16;

/** On the training dates, after as many others that do not count; undefined where no program is without minute bars. */
export async function timeBackends(
  search: MarketSearch,
  data: string,
  device: DeviceOptions,
  { workers, memory }: Pick<MineOptions, 'workers' | 'memory'>,
  tell: (progress: MineProgress) => void,
): Promise<BackendTimes | undefined> {
  const simple = [1, 2].map((seed) => simplePrograms(search, seed));
  const [others, timed] = simple;
  if (!others || !timed) return undefined;
  const progress = (done: number): void => tell({ kind: 'stage', label: 'Timing the backends', done, total: 2 });
  progress(0);
  const evaluator = await Evaluator.open(data, { workers, memory, label: search.label, device });
  try {
    const seconds = async (): Promise<number> => {
      await evaluator.score(others, search.train);
      const started = performance.now();
      await evaluator.score(timed, search.train);
      return (performance.now() - started) / 1000;
    };
    const there = await seconds();
    const lost = (await evaluator.deviceState()) === undefined;
    progress(1);
    evaluator.dropDevice();
    const threadSeconds = await seconds();
    return { programs, deviceSeconds: lost ? undefined : there, threadSeconds, threads: evaluator.workers };
  } finally {
    await evaluator.close();
  }
}

/** Of the search's own kind, without minute bars, which are no device's work. */
function simplePrograms({ fresh, mutation }: MarketSearch, seed: number): Expression[] | undefined {
  const vocabulary = new Map([...fresh.vocabulary].filter(([, { kind }]) => kind !== 'b'));
  const random = stream(seed, 0, 0);
  const options = { ...fresh, maxSize: mutation.grow.maxSize, vocabulary, minuteWindows: [] };
  try {
    return Array.from({ length: programs }, () => canonical(randomProgram(random, options)));
  } catch (error) {
    if (error instanceof EvolveError) return undefined;
    throw error;
  }
}
