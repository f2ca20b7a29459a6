/**
 * Programs on a market: their values, and their correlation with the label. A batch is cut into tasks for the pool;
 * minute reductions come first, all of them in one pass over the bars, and are kept for later batches.
 */
import { availableParallelism } from 'node:os';
import { allDone } from '../core/all-done.ts';
import { Arena, type Matrix, strideFor } from '../core/arena.ts';
import { EvolveError } from '../core/failure.ts';
import { mebibytes } from '../core/memory-size.ts';
import { defaultLabel, forwardReturns, labelFields } from '../data/labels.ts';
import { forFactors, type LabelRule, type Market, type MarketManifest } from '../data/market.ts';
import { openMarket } from '../data/store/open.ts';
import { crossScratch, loadKernels } from '../operators/wasm/kernels.ts';
import type { Expression } from '../program/expression.ts';
import { type Vocabulary, vocabulary } from '../program/vocabulary.ts';
import { type DeviceOptions, DeviceThread } from './gpu/device-thread.ts';
import { Scorers } from './gpu/scorers.ts';
import { groups } from './grouping.ts';
import { type Quarantine, runIsolated } from './isolate.ts';
import { Account, type Judged, type JudgeOptions, judgeGroup } from './judge.ts';
import { type Lost, reasons, refuseLost } from './lost.ts';
import { minuteReductions } from './minute-reduction.ts';
import { type MinuteCounts, MinuteValues } from './minute-values.ts';
import { PairMeans } from './pair-means.ts';
import { history } from './plan.ts';
import { Pool, type PoolOptions, type Settled } from './pool.ts';
import { shuffleColumns } from './shuffle-columns.ts';
import type { Available, DailyScores, Dates, DeviceState, Numbered, Span } from './task.ts';
import type { SheetAnswer, SheetTask } from './tear-sheet/tasks.ts';
import { ValueCache } from './value-cache.ts';
import { ValueStore } from './value-store.ts';

export interface EvaluatorOptions extends PoolOptions {
  readonly workers?: number | undefined;
  /** Bytes for scratch and kept values together, beside the panel. */
  readonly memory?: number | undefined;
  /** Daily fields to load besides the label's; all of them when left out. */
  readonly fields?: Iterable<string> | undefined;
  readonly label?: LabelRule | undefined;
  /** Give every symbol the labels of another one, drawn from this seed: what is found then is chance. */
  readonly placebo?: number | undefined;
  /**
   * Keep minute reductions between batches, for every date. Without, a batch reads the bars of only the dates its
   * values depend on. They are computed in one pass over the bars either way.
   */
  readonly cache?: boolean | undefined;
  /** Where kept minute reductions are also kept on disk, for other evaluators of the same market. */
  readonly valueFolder?: string | undefined;
  /** Computes scores, and what judgements rest on, in the workers' place. */
  readonly device?: DeviceOptions | undefined;
  /** Called when the device cannot go on, with the reason; the workers take over. */
  readonly onDeviceLost?: ((reason: string) => void) | undefined;
  /** Called as a pass over minute bars goes on, with dates. */
  readonly onMinutes?: ((done: number, total: number) => void) | undefined;
  /** Called as the programs of a batch get done. */
  readonly onPrograms?: ((done: number, total: number) => void) | undefined;
}

/** Dates [from, to) by their place in the calendar; all of them when left out. */
export interface Stretch {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface ScoreOptions extends Stretch {
  readonly method?: 'pearson' | 'rank' | undefined;
}

/** Runs some of a batch's programs in one task, or in tasks that belong together. */
type RunGroup = (places: readonly number[], available: Available) => Promise<Settled | Lost>;

const gibibyte = 1024 ** 3;
/** Bytes of kept minute reductions on disk. */
const diskBudget = 16 * gibibyte;
/** Of values at once while factors are compared. */
const correlationBytes = 64 * 1024 ** 2;

export class Evaluator {
  readonly market: Market;
  readonly vocabulary: Vocabulary;
  readonly label: Matrix | undefined;
  readonly arena: Arena;
  /** Bytes of the fields and the label. */
  readonly panelBytes: number;
  readonly labelRule: LabelRule;
  readonly #pool: Pool;
  readonly #scorers: Scorers;
  readonly #minutes: MinuteValues;
  readonly #keep: boolean;
  readonly #spanBytes: number;
  #ranks: Matrix | undefined;
  #labelCounts: number[] | undefined;
  readonly #numbers = new WeakMap<Matrix, number>();
  #lastNumber = 0;
  #lastBatch: Promise<unknown> = Promise.resolve();
  readonly #quarantine: Quarantine = new Map();
  readonly #onPrograms: EvaluatorOptions['onPrograms'];

  private constructor(
    market: Market,
    arena: Arena,
    pool: Pool,
    device: DeviceThread | undefined,
    values: ValueCache,
    spanBytes: number,
    options: EvaluatorOptions,
  ) {
    this.#spanBytes = spanBytes;
    this.#scorers = new Scorers(pool, device, options.onDeviceLost);
    this.market = market;
    this.arena = arena;
    this.vocabulary = marketVocabulary(market.manifest);
    this.labelRule = options.label ?? defaultLabel;
    this.#pool = pool;
    this.#keep = options.cache ?? true;
    const store =
      this.#keep && options.valueFolder !== undefined
        ? new ValueStore(options.valueFolder, diskBudget, arena, market.manifest.hash)
        : undefined;
    this.#minutes = new MinuteValues({
      market,
      pool,
      values,
      store,
      spanBytes,
      onDates: options.onMinutes,
    });
    this.#onPrograms = options.onPrograms;
    this.label = market.daily.has(this.labelRule.price) ? forwardReturns(market, this.labelRule, arena) : undefined;
    if (this.label && options.placebo !== undefined) shuffleColumns(this.label, arena, options.placebo);
    const matrices = [...market.daily.values(), ...(this.label ? [this.label] : [])];
    this.panelBytes = matrices.reduce((sum, { stride, rows }) => sum + stride * rows, 0);
  }

  static async open(folder: string, options: EvaluatorOptions = {}): Promise<Evaluator> {
    const arena = new Arena();
    const rule = options.label ?? defaultLabel;
    const wanted = options.fields && [...new Set([...options.fields, ...labelFields(rule)])];
    const market = await openMarket(folder, arena, { fields: wanted });
    const workers = options.workers ?? availableParallelism();
    const spanBytes = scratchPerWorker(market.manifest, arena);
    const panel = arena.used + strideFor(market.manifest.symbols.length) * market.manifest.calendar.length;
    // What the address space leaves is the most a budget can be.
    const budget = Math.min(options.memory ?? arena.limit, arena.limit - panel - 64 * 1024 ** 2);
    const forValues = budget - workers * spanBytes;
    if (forValues < 0) {
      throw new EvolveError(
        'out-of-memory',
        `${workers} workers need ${mebibytes(workers * spanBytes)} of scratch and the budget is ${mebibytes(Math.max(0, budget))}; raise --memory or lower --workers.`,
      );
    }
    const spans: Span[] = Array.from({ length: workers }, () => ({
      address: arena.allocate(spanBytes),
      bytes: spanBytes,
    }));
    const setting = {
      memory: arena.memory,
      columns: market.manifest.symbols.length,
      vocabulary: marketVocabulary(market.manifest),
      minute: market.manifest.minute && { folder, manifest: market.manifest },
    };
    const device = options.device && (await DeviceThread.open(setting, options.device));
    const pool = new Pool(setting, spans, options);
    try {
      return new Evaluator(market, arena, pool, device, new ValueCache(arena, forValues), spanBytes, options);
    } catch (error) {
      await Promise.all([pool.close(), device?.close()]);
      throw error;
    }
  }

  get workers(): number {
    return this.#pool.workers;
  }

  /** Undefined where the workers compute everything. */
  deviceState(): Promise<DeviceState | undefined> {
    return this.#scorers.state();
  }

  /** From here on the workers compute everything. */
  dropDevice(): void {
    this.#scorers.drop();
  }

  /** How often minute reductions were in memory or on disk, had to be made, and the memory they take. */
  get minuteValues(): MinuteCounts {
    return this.#minutes.counts;
  }

  /** Dates between a date and the one on which its label is known. */
  get labelDelay(): number {
    return this.labelRule.lag + this.labelRule.horizon;
  }

  /** Daily correlations with the label, in the order of the programs. */
  async score(programs: readonly Expression[], options: ScoreOptions = {}): Promise<DailyScores[]> {
    const label = this.#labelOrFail();
    const { from, to } = this.#dates(options);
    const { method = 'pearson' } = options;
    const labelRanks = method === 'rank' ? this.#labelRanks(label) : undefined;
    const scores: DailyScores[] = new Array(programs.length);
    const lost = await this.#batch(programs, { from, to }, async (places, available) => {
      const chosen = places.map((place) => programs[place] as Expression);
      const task = {
        kind: 'score',
        programs: chosen,
        available,
        label,
        labelDelay: this.labelDelay,
        from,
        to,
        labelRanks,
      } as const;
      const answer = await this.#scorers.run(task);
      if (answer.kind === 'scores') {
        places.forEach((place, i) => {
          scores[place] = answer.scores[i] as DailyScores;
        });
      }
      return answer;
    });
    refuseLost(programs, lost);
    return scores;
  }

  /**
   * Scores stage by stage, each program as far as the hurdles let it. A group's later tasks follow its first at once:
   * nobody waits for the slowest probe.
   */
  async judge(programs: readonly Expression[], options: JudgeOptions): Promise<Judged[]> {
    const label = this.#labelOrFail();
    const { stages, rule, against = [] } = options;
    const labelRanks = rule.method === 'rank' ? this.#labelRanks(label) : undefined;
    const sizes = options.sizes ?? programs.map(({ size }) => size);
    const tradable = (stretches: readonly Dates[]) => this.tradable(stretches);
    const accounts = sizes.map((size) => new Account(rule, size));
    const lost = new Map<number, Lost>();
    const goOn = async (places: readonly number[], end: number): Promise<void> => {
      const chosen = places.map((place) => programs[place] as Expression);
      const dates = span(stages.slice(0, end).flat());
      const here = await this.#batch(chosen, { ...dates, whole: end === stages.length }, async (group, available) => {
        const instead = await judgeGroup<Exclude<Settled, Observed> | Lost>(
          group.map((i) => accounts[places[i] as number] as Account),
          options,
          end,
          tradable,
          async (some, { from, to }, { first, last }) => {
            const answer = await this.#scorers.run(
              {
                kind: 'observe',
                programs: some.map((k) => chosen[group[k] as number] as Expression),
                available,
                label,
                labelRanks,
                labelDelay: this.labelDelay,
                from,
                to,
                first,
                ...(last && {
                  last: { turnover: rule.turnover > 0, against: against.map((matrix) => this.#numbered(matrix)) },
                }),
              },
              // Who passes a hurdle is judged on many more dates, and what takes long must not begin last.
              { urgent: !first },
            );
            return answer.kind === 'observed' ? answer.observations : answer;
          },
        );
        return instead ?? { kind: 'done' };
      });
      for (const [i, why] of here) lost.set(places[i] as number, why);
    };
    const all = [...programs.keys()];
    // New minute reductions are made for the first stage's dates alone: most of their programs go no further.
    const fresh = stages.length > 1 ? all.filter((place) => !this.#minutes.has(programs[place] as Expression)) : [];
    if (fresh.length > 0) await goOn(fresh, 1);
    const left = all.filter((place) => !lost.has(place) && accounts[place]?.stage !== undefined);
    if (left.length > 0) await goOn(left, stages.length);
    return accounts.map((account, place): Judged => {
      const gone = lost.get(place);
      return gone ? { kind: 'rejected', reason: reasons[gone.why] } : account.judged(stages.length);
    });
  }

  /**
   * Mean correlation of every pair of programs over some dates, cell by cell: row i has those with every j before it,
   * or with those of them that are among the `first`. A few dates and a few of the others at a time, so that memory
   * grows with neither.
   */
  async correlations(
    programs: readonly Expression[],
    dates: readonly number[],
    first: number = programs.length,
  ): Promise<Float64Array[]> {
    const stride = strideFor(this.market.manifest.symbols.length);
    const others = programs.length - first;
    const room = others > 0 ? correlationBytes / 2 : correlationBytes;
    const atOnce = Math.max(1, Math.min(64, Math.floor(room / (first * stride))));
    const portion = Math.max(1, Math.floor(room / (atOnce * stride)));
    const means = programs.map((_, i) => new PairMeans(Math.min(i, first)));
    if (first === 0) return means.map((row) => row.means);
    for (let start = 0; start < dates.length; start += atOnce) {
      const some = dates.slice(start, start + atOnce);
      await this.#sampled(programs.slice(0, first), some, async (matrices) => {
        await this.#correlate(matrices, some.length, first, means.slice(0, first));
        for (let from = first; from < programs.length; from += portion) {
          const to = Math.min(from + portion, programs.length);
          await this.#sampled(programs.slice(from, to), some, (more) =>
            this.#correlate([...matrices, ...more], some.length, first, means.slice(from, to)),
          );
        }
      });
    }
    return means.map((row) => row.means);
  }

  /** Adds to the rows, which are those of the last matrices, what they have in common with the first. */
  async #correlate(
    matrices: readonly Matrix[],
    dates: number,
    first: number,
    rows: readonly PairMeans[],
  ): Promise<void> {
    const before = matrices.length - rows.length;
    const ranges = before === 0 ? pairRanges(rows.length, this.workers) : evenRanges(rows.length, this.workers);
    await allDone(
      ranges.map(async ({ from, to }) => {
        const task = { kind: 'correlate', matrices, first, from: before + from, to: before + to, rows: dates } as const;
        const answer = await this.#pool.insist(task);
        if (answer.kind !== 'correlated') throw new Error('a row of correlations does not fit a scratch');
        let pair = 0;
        for (const row of rows.slice(from, to)) pair = row.add(answer, pair);
      }),
    );
  }

  /** Values on single dates while something is done with them. */
  async #sampled(
    programs: readonly Expression[],
    dates: readonly number[],
    work: (matrices: readonly Matrix[]) => Promise<void>,
  ): Promise<void> {
    const matrices = await this.sample(programs, dates);
    try {
      await work(matrices);
    } finally {
      for (const { address } of matrices) this.arena.release(address);
    }
  }

  /** A task of a tear sheet. */
  async run(task: SheetTask): Promise<SheetAnswer> {
    const answer = await this.#pool.insist(task);
    if (answer.kind === 'too-large') {
      throw new EvolveError(
        'out-of-memory',
        `So many symbols do not fit a worker's scratch of ${mebibytes(this.#spanBytes)}.`,
      );
    }
    return answer as SheetAnswer;
  }

  /** Values on single dates, one to a row, in matrices that are the caller's to release. */
  async sample(programs: readonly Expression[], dates: readonly number[]): Promise<Matrix[]> {
    const values: Matrix[] = [];
    const [from, to] = [Math.min(...dates), Math.max(...dates) + 1];
    try {
      for (const _ of programs) values.push(this.arena.matrix(dates.length, this.market.manifest.symbols.length));
      const inOneStretch = to - from === dates.length;
      const lost = await this.#batch(programs, { from, to }, (places, available) => {
        const into = places.map((place) => values[place] as Matrix);
        return this.#pool.run({
          kind: 'store',
          programs: places.map((place) => programs[place] as Expression),
          into: inOneStretch
            ? into.map((matrix) => ({ ...matrix, address: matrix.address - from * matrix.stride }))
            : into,
          dates: inOneStretch ? undefined : dates,
          available,
          label: this.label,
          labelDelay: this.labelDelay,
          from,
          to,
        });
      });
      refuseLost(programs, lost);
    } catch (error) {
      for (const { address } of values) this.arena.release(address);
      throw error;
    }
    return values;
  }

  /** Cells with a label, which are what coverage is a share of. */
  tradable(stretches: readonly Dates[]): number {
    const label = this.#labelOrFail();
    this.#labelCounts ??= Array.from({ length: label.rows }, (_, t) =>
      this.arena.row(label, t).reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0),
    );
    return stretches.reduce(
      (sum, { from, to }) => sum + (this.#labelCounts as number[]).slice(from, to).reduce((a, b) => a + b, 0),
      0,
    );
  }

  #numbered(matrix: Matrix): Numbered {
    const number = this.#numbers.get(matrix) ?? ++this.#lastNumber;
    this.#numbers.set(matrix, number);
    return { ...matrix, number };
  }

  #labelOrFail(): Matrix {
    if (this.label) return this.label;
    throw new EvolveError('missing-field', `The market has no ${this.labelRule.price}, which labels need.`);
  }

  /** Values of every program, a row for each date asked for, in matrices that are the caller's to release. */
  async values(programs: readonly Expression[], stretch: Stretch = {}): Promise<Matrix[]> {
    const { symbols } = this.market.manifest;
    const { from, to } = this.#dates(stretch);
    const values: Matrix[] = [];
    try {
      for (const _ of programs) values.push(this.arena.matrix(to - from, symbols.length));
      // Where row 0 would be: kernels count dates from the first of the calendar.
      const into = values.map((matrix) => ({ ...matrix, address: matrix.address - from * matrix.stride }));
      const lost = await this.#batch(programs, { from, to }, (places, available) =>
        this.#pool.run({
          kind: 'store',
          programs: places.map((place) => programs[place] as Expression),
          into: places.map((place) => into[place] as Matrix),
          available,
          label: this.label,
          labelDelay: this.labelDelay,
          from,
          to,
        }),
      );
      refuseLost(programs, lost);
    } catch (error) {
      for (const { address } of values) this.arena.release(address);
      throw error;
    }
    return values;
  }

  /** Kernels read wherever they are told to, so a stretch outside the calendar must not reach them. */
  #dates({ from = 0, to = this.market.manifest.calendar.length }: Stretch): Dates {
    const { length } = this.market.manifest.calendar;
    if (Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from <= to && to <= length) return { from, to };
    throw new RangeError(`dates [${from}, ${to}) are not a stretch of a calendar of ${length}`);
  }

  /** Made when first asked for, and kept. */
  #labelRanks(label: Matrix): Matrix {
    if (!this.#ranks) {
      const { columns, rows } = label;
      const kernels = loadKernels(this.arena.memory);
      const scratch = this.arena.allocate(crossScratch(kernels, columns));
      try {
        const ranks = this.arena.matrix(rows, columns);
        kernels.rank_labels?.(ranks.address, ranks.stride, label.address, label.stride, rows, columns, scratch);
        this.#ranks = ranks;
      } finally {
        this.arena.release(scratch);
      }
    }
    return this.#ranks;
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.close(), this.#scorers.close()]);
  }

  /**
   * Runs the programs in groups, as many at once as there are workers. Minute reductions are made before, in as many
   * passes as the budget for values asks for: one, unless they outgrow it.
   */
  #batch(programs: readonly Expression[], wanted: Wanted, run: RunGroup): Promise<Map<number, Lost>> {
    // Without minute reductions there is nothing to wait for.
    if (minuteReductions(programs).size === 0) return this.#runBatch(programs, wanted, run);
    // One batch after another, however they are called: a later one finds the reductions of the one before finished.
    const turn = this.#lastBatch.then(() => this.#runBatch(programs, wanted, run));
    this.#lastBatch = turn.catch(() => {}); // its caller hears of it; the next batch is another matter
    return turn;
  }

  async #runBatch(programs: readonly Expression[], wanted: Wanted, run: RunGroup): Promise<Map<number, Lost>> {
    const keep = this.#keep && (wanted.whole ?? true);
    const dates = keep ? { from: 0, to: this.market.manifest.calendar.length } : this.#datesRead(programs, wanted);
    const lost = new Map<number, Lost>();
    let done = 0;
    let left = programs.map((_, place) => place);
    while (left.length > 0) {
      const { ready, later, matrices, passing } = await this.#minutes.make(programs, left, dates, keep);
      try {
        const tasks = groups(programs, ready, this.#scorers.atOnce);
        await allDone(
          tasks.map(async (places) => {
            for (const [place, why] of await this.#isolated(places, programs, matrices, run)) lost.set(place, why);
            done += places.length;
            this.#onPrograms?.(done, programs.length);
          }),
        );
      } finally {
        this.#minutes.letGo(matrices.keys(), passing);
      }
      left = later;
    }
    return lost;
  }

  /** The dates that values of the dates wanted depend on. */
  #datesRead(programs: readonly Expression[], { from, to }: Dates): Dates {
    const before = Math.max(0, ...programs.map((program) => history(program, this.labelDelay)));
    return { from: Math.max(0, from - before), to };
  }

  /** The places whose programs are not to be tried again; the others are done. */
  #isolated(
    places: readonly number[],
    programs: readonly Expression[],
    matrices: Available,
    run: RunGroup,
  ): Promise<Map<number, Lost>> {
    const attempt = (some: readonly number[]) => this.#attempt(some, programs, matrices, run);
    return runIsolated(programs, places, attempt, this.#quarantine);
  }

  /** A group that does not fit a worker's scratch is tried again in halves. */
  async #attempt(
    places: readonly number[],
    programs: readonly Expression[],
    matrices: Available,
    run: RunGroup,
  ): Promise<Lost | undefined> {
    const chosen = places.map((place) => programs[place] as Expression);
    const answer = await run(places, this.#leaves(chosen, matrices));
    if (answer.kind === 'lost') return answer;
    if (answer.kind !== 'too-large') return undefined;
    if (places.length === 1) {
      const detail = `It does not fit a worker's scratch of ${mebibytes(this.#spanBytes)}; use shorter windows or fewer nested ones.`;
      return { kind: 'lost', why: 'too-large', detail };
    }
    const half = Math.ceil(places.length / 2);
    return (
      (await this.#attempt(places.slice(0, half), programs, matrices, run)) ??
      (await this.#attempt(places.slice(half), programs, matrices, run))
    );
  }

  /** Matrices of the fields and reductions these programs read. */
  #leaves(programs: readonly Expression[], reductions: Available): Available {
    const found = new Map<string, Matrix>();
    const visit = (expression: Expression): void => {
      if (expression.node === 'literal') return;
      const matrix = expression.node === 'field' ? this.#field(expression.name) : reductions.get(expression.key);
      if (matrix) found.set(expression.key, matrix);
      else if (expression.node === 'call') for (const input of expression.inputs) visit(input);
    };
    for (const program of programs) visit(program);
    return found;
  }

  #field(name: string): Matrix {
    const matrix = this.market.daily.get(name);
    if (!matrix) throw new EvolveError('missing-field', `The market has no field ${name}, or it was not loaded.`);
    return matrix;
  }
}

/** Dates wanted, and whether new minute reductions are worth making for all dates and keeping. */
interface Wanted extends Dates {
  readonly whole?: boolean;
}

type Observed = Extract<Settled, { readonly kind: 'observed' }>;

/** From the first of some stretches to the last. */
const span = (stretches: readonly Dates[]): Dates => ({
  from: Math.min(...stretches.map(({ from }) => from)),
  to: Math.max(...stretches.map(({ to }) => to)),
});

/** Rows of a triangle in portions of about as many pairs each. */
const pairRanges = (count: number, workers: number): Dates[] => ranges(count, 4 * workers, Math.sqrt);

/** The same for a rectangle. */
const evenRanges = (count: number, workers: number): Dates[] => ranges(count, 4 * workers, (share) => share);

function ranges(count: number, portions: number, edge: (share: number) => number): Dates[] {
  const edges = Array.from({ length: portions + 1 }, (_, k) => Math.round(count * edge(k / portions)));
  return edges.slice(1).flatMap((to, k) => (to > (edges[k] as number) ? [{ from: edges[k] as number, to }] : []));
}

/** Enough for blocks of some dozen nodes, two days of every minute field, and the tiles between. */
function scratchPerWorker({ symbols, fields, minute }: MarketManifest, arena: Arena): number {
  const row = strideFor(symbols.length);
  const blocks = 120 * 60 * row;
  const bars = minute?.starts.length ?? 0;
  const slabs = (2 * fields.filter(({ kind }) => kind === 'b').length + 1) * (bars * symbols.length * 4 + 128);
  const tiles = 96 * bars * 320;
  const cross = crossScratch(loadKernels(arena.memory), symbols.length);
  return Math.ceil((Math.max(blocks, slabs + tiles) + cross) / 65536) * 65536 + 1024 ** 2;
}

/** The words of a factor on this market. */
export const marketVocabulary = ({ fields }: MarketManifest): Vocabulary => vocabulary(fields.filter(forFactors));
