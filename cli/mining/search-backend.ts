/**
 * What computes a search's scores: SIMD kernels on all threads, or gpu.js on a device. One is chosen before the search
 * begins; a device may be lost on the way, and the kernels go on.
 */
import { EvolveError } from '../../core/failure.ts';
import { stream } from '../../core/random.ts';
import { Evaluator } from '../../evaluation/evaluator.ts';
import type { DeviceOptions } from '../../evaluation/gpu/device-pool.ts';
import { deviceName, surveyDevice } from '../../operators/gpu/survey-device.ts';
import { canonical } from '../../program/canonical.ts';
import type { Expression } from '../../program/expression.ts';
import { randomProgram } from '../../program/random-program.ts';
import type { SearchBackendWish } from './backend-wishes.ts';
import type { MarketSearch } from './market-search.ts';
import type { MineOptions, MineProgress } from './mine-options.ts';

type Tell = (progress: MineProgress) => void;

export class SearchBackend {
  #name: string;
  #device: DeviceOptions | undefined;

  private constructor(name: string, device?: DeviceOptions) {
    this.#name = name;
    this.#device = device;
  }

  /** As it is recorded. */
  get name(): string {
    return this.#name;
  }

  /** Undefined for the SIMD kernels. */
  get device(): DeviceOptions | undefined {
    return this.#device;
  }

  lose(): void {
    this.#name = 'wasm';
    this.#device = undefined;
  }

  /**
   * `before` is what computed a run that is gone on with. Where nobody asks for anything else it computes again, and if
   * it is not there the kernels do.
   */
  static async choose(
    search: MarketSearch,
    data: string,
    options: MineOptions,
    before: string | undefined,
    tell: Tell,
  ): Promise<SearchBackend> {
    const kernels = new SearchBackend('wasm');
    const wish = options.backend ?? wishOf(before);
    if (wish === 'wasm') return kernels;
    if (wish === 'webasm') return new SearchBackend('webasm', { mode: 'webasm' });
    const survey = await surveyDevice();
    const device = new SearchBackend(deviceName(survey), { mode: 'webgpu' });
    if (survey.mode === 'webgpu')
      return wish === 'gpu' ? device : await faster(kernels, device, search, data, options, tell);
    const { reason = '', remedy = '' } = survey.passedOver ?? {};
    if (options.backend === 'gpu') {
      throw new EvolveError(
        'no-backend',
        `There is no graphics device here: ${reason}. ${remedy}, or leave --backend out.`,
      );
    }
    tell({ kind: 'note', sentence: `Scores are computed by wasm: ${reason}.` });
    return kernels;
  }
}

const wishOf = (before = 'wasm'): SearchBackendWish =>
  before.startsWith('webgpu') ? 'gpu' : before === 'webasm' ? 'webasm' : 'wasm';

/** Programs that both are timed with. */
const timed = 16;

/** Both score the same programs on the training dates, after others that do not count. */
async function faster(
  kernels: SearchBackend,
  device: SearchBackend,
  search: MarketSearch,
  data: string,
  { workers, memory }: MineOptions,
  tell: Tell,
): Promise<SearchBackend> {
  tell({ kind: 'stage', label: 'Timing the backends', done: 0, total: 2 });
  const evaluator = await Evaluator.open(data, { workers, memory, label: search.label, device: device.device });
  try {
    const [warm, programs] = [simplePrograms(search, 1), simplePrograms(search, 2)];
    const seconds = async (): Promise<number> => {
      await evaluator.score(warm, search.train);
      const started = performance.now();
      await evaluator.score(programs, search.train);
      return (performance.now() - started) / 1000;
    };
    const there = await seconds();
    tell({ kind: 'stage', label: 'Timing the backends', done: 1, total: 2 });
    const lost = (await evaluator.deviceState()) === undefined;
    await evaluator.dropDevice();
    const here = await seconds();
    const took = !lost && there < here ? device : kernels;
    const times = lost
      ? `${device.name} was lost while it was timed`
      : `${timed} programs take ${there.toFixed(2)} s by ${device.name}, ${here.toFixed(2)} s by wasm with ${evaluator.workers} threads`;
    tell({ kind: 'note', sentence: `Scores are computed by ${took === device ? 'the device' : 'wasm'}: ${times}.` });
    return took;
  } finally {
    await evaluator.close();
  }
}

/** Of the search's own kind, without minute bars, which are no device's work. */
function simplePrograms({ fresh, mutation }: MarketSearch, seed: number): Expression[] {
  const vocabulary = new Map([...fresh.vocabulary].filter(([, { kind }]) => kind !== 'b'));
  const random = stream(seed, 0, 0);
  return Array.from({ length: timed }, () =>
    canonical(randomProgram(random, { ...fresh, maxSize: mutation.grow.maxSize, vocabulary, minuteWindows: [] })),
  );
}
