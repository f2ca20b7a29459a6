/**
 * What computes a search's scores: SIMD kernels on all threads, or gpu.js on a device. One is chosen before the search
 * begins; a device may be lost on the way, and the kernels go on.
 */
import { EvolveError } from '../../core/failure.ts';
import type { DeviceOptions } from '../../evaluation/gpu/device-thread.ts';
import { deviceName, surveyDevice } from '../../operators/gpu/survey-device.ts';
import type { SearchBackendWish } from './backend-wishes.ts';
import type { MarketSearch } from './market-search.ts';
import type { MineOptions, MineProgress } from './mine-options.ts';
import { timeBackends } from './time-backends.ts';

type Tell = (progress: MineProgress) => void;

export class SearchBackend {
  #name: string;
  #device: DeviceOptions | undefined;
  /** Asked for by its name: if it is not there, nothing else will do. */
  readonly insisted: boolean;

  private constructor(name: string, device?: DeviceOptions, insisted = false) {
    this.#name = name;
    this.#device = device;
    this.insisted = insisted;
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
   * `before` is what computed a run that is gone on with. Unless another is asked for by its name it computes again, so
   * that a run that was timed once stays the same; if it is not there the kernels do.
   */
  static async choose(
    search: MarketSearch,
    data: string,
    options: MineOptions,
    before: string | undefined,
    tell: Tell,
  ): Promise<SearchBackend> {
    const { backend = 'auto' } = options;
    const insisted = backend !== 'auto';
    const wish = insisted ? backend : before !== undefined ? wishOf(before) : (options.backend ?? 'wasm');
    if (wish === 'wasm') return new SearchBackend('wasm');
    if (wish === 'webasm') return new SearchBackend('webasm', { mode: 'webasm' }, insisted);
    const passedOver = (why: string): SearchBackend => {
      tell({ kind: 'note', sentence: `Scores are computed by wasm: ${why}.` });
      return new SearchBackend('wasm');
    };
    const survey = await surveyDevice();
    if (survey.mode !== 'webgpu') {
      const { reason = '', remedy = '' } = survey.passedOver ?? {};
      if (!insisted) return passedOver(reason);
      const sentence = `There is no graphics device here: ${reason}. ${remedy}, or leave --backend out.`;
      throw new EvolveError('no-backend', sentence);
    }
    const name = deviceName(survey);
    const device = new SearchBackend(name, { mode: 'webgpu' }, insisted);
    if (wish === 'gpu') return device;
    if (survey.adapter?.software) return passedOver(`the only graphics adapter is ${survey.adapter.name}, software`);
    const times = await timeBackends(search, data, { mode: 'webgpu' }, options, tell);
    if (!times) return passedOver('every factor of these fields begins with minute bars, which no device computes');
    const { deviceSeconds, threadSeconds, threads, programs } = times;
    if (deviceSeconds === undefined) return passedOver(`${name} was lost while it was timed`);
    const seconds = (one: number): string => `${one.toFixed(2)} s`;
    const both = `${programs} programs take ${seconds(deviceSeconds)} by ${name}, ${seconds(threadSeconds)} by wasm with ${threads} threads`;
    if (deviceSeconds >= threadSeconds) return passedOver(both);
    tell({ kind: 'note', sentence: `Scores are computed by webgpu: ${both}.` });
    return device;
  }
}

const wishOf = (before: string): SearchBackendWish =>
  before.startsWith('webgpu') ? 'gpu' : before.startsWith('webasm') ? 'webasm' : 'wasm';
