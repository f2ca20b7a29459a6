/**
 * Aging evolution. A round: the oldest leave; parents are the fittest of a few drawn from the rest; each is copied and
 * varied; the children are the youngest. There is no crossover. Every so many rounds a catastrophe.
 */
import { type Stream, stream } from '../core/random.ts';
import { catastrophe, elitesOf } from './catastrophe.ts';
import { Hall } from './hall.ts';
import { compare, type Individual, type Line } from './individual.ts';
import { Judging, type JudgingCounts, noCounts } from './judging.ts';
import { fitnessOf, type Problem, type Variation, type Verdict } from './problem.ts';
import { type CatastropheRecord, figures, type RoundRecord } from './record.ts';
import type { SearchRule } from './rule.ts';
import { readState, type SearchState, writeState } from './state.ts';
import { tournament } from './tournament.ts';

export interface SearchOptions<G> {
  /** Individuals to begin with, before fresh ones fill the population. */
  readonly seeds?: readonly G[];
  /** Judge again what is known by key, instead of remembering. */
  readonly reuse?: boolean;
}

/** A child on its way: what it is and how it came about. */
interface Newborn<G> {
  readonly genome: G;
  readonly origin: string;
  readonly parent?: Line<G>;
}

/** Slots of streams that are not a child's; children count up from 0. */
const slots = { catastrophe: -1, audit: -2, refill: -3, refillAudit: -4 } as const;
/** A parent whose every mutation fails or lives already gives way to another, so many times. */
const parents = 5;

export class Search<G> {
  readonly #problem: Problem<G>;
  readonly #rule: SearchRule;
  readonly #options: SearchOptions<G>;
  readonly #judging: Judging<G>;
  readonly #hall: Hall<G>;
  /** Oldest first. */
  #population: Individual<G>[];
  #round: number;
  #born: number;

  constructor(problem: Problem<G>, rule: SearchRule, options: SearchOptions<G> = {}, state?: SearchState) {
    this.#problem = problem;
    this.#rule = rule;
    this.#options = options;
    this.#judging = new Judging(problem, rule, options.reuse ?? true, state?.judging);
    const restored = state && readState(state, problem);
    this.#population = restored?.population ?? [];
    this.#hall = new Hall(rule.hall, problem.stages, restored?.hall);
    this.#round = state?.round ?? -1;
    this.#born = state?.born ?? 0;
  }

  /** Rounds that are over; -1 before the first population, which is round 0. */
  get round(): number {
    return this.#round;
  }

  get tried(): number {
    return this.#judging.tried;
  }

  get population(): readonly Individual<G>[] {
    return this.#population;
  }

  /** Fittest first. */
  get hall(): readonly Individual<G>[] {
    return this.#hall.individuals;
  }

  get state(): SearchState {
    return writeState(
      {
        round: this.#round,
        born: this.#born,
        judging: this.#judging.state,
        population: this.#population,
        hall: this.#hall.individuals,
      },
      this.#problem,
    );
  }

  /** The next round: the first population, then generations. */
  async next(): Promise<RoundRecord> {
    this.#round++;
    const tally = new Tally(this.#problem.stages);
    if (this.#round === 0) await this.#begin(tally);
    else await this.#generation(tally);
    const { every } = this.#rule.catastrophe;
    if (this.#round > 0 && every > 0 && this.#round % every === 0) tally.catastrophe = await this.#catastrophe(tally);
    const best = this.#hall.best;
    return {
      round: this.#round,
      tried: this.#judging.tried,
      ...figures(this.#population, this.#problem.stages, (genome) => this.#problem.write(genome)),
      bestEver: best ? (fitnessOf(best.verdict, this.#problem.stages) as number) : null,
      hurdles: this.#judging.hurdles.map((height) => (Number.isFinite(height) ? height : null)),
      judged: tally.judged,
      moves: tally.moves,
      rejections: tally.rejections,
      ...(tally.catastrophe && { catastrophe: tally.catastrophe }),
    };
  }

  async #begin(tally: Tally): Promise<void> {
    const { population, children } = this.#rule;
    const { seeds = [] } = this.#options;
    if (seeds.length > population) throw new RangeError(`${seeds.length} seeds for a population of ${population}`);
    const audit = this.#stream(slots.audit);
    const stays = this.#rule.origin === 'seeds';
    if (stays) await this.#sow(tally, audit);
    const ancestors = this.#population;
    this.#population = [];
    const others = population - seeds.length;
    const living = new Set(ancestors.map(({ key }) => key));
    // In portions, so that hurdles stand before the last of them comes.
    while (this.#population.length < others) {
      const from = this.#population.length;
      // Any of the family may be a parent: a neighbourhood wider than one step.
      const family = [...ancestors, ...this.#population];
      await this.#bear(
        made(Math.min(children, others - from), (i) => {
          const random = this.#stream(from + i);
          return stays ? this.#child(random, family, living, tally, 1) : this.#fresh(random, tally);
        }),
        tally,
        audit,
      );
    }
    // The youngest, or they would be gone before they could be anybody's parents.
    if (stays) this.#population.push(...ancestors);
    else await this.#sow(tally, audit);
  }

  async #sow(tally: Tally, audit: Stream): Promise<void> {
    const { seeds = [] } = this.#options;
    await this.#bear(
      seeds.map((genome) => ({ genome, origin: 'seed' })),
      tally,
      audit,
      true,
    );
  }

  async #generation(tally: Tally): Promise<void> {
    const { children, breeding } = this.#rule;
    this.#remove(children);
    const living = this.#livingKeys();
    const newborns = made(children, (slot) =>
      breeding === 'random'
        ? this.#fresh(this.#stream(slot), tally)
        : this.#child(this.#stream(slot), this.#population, living, tally),
    );
    await this.#bear(newborns, tally, this.#stream(slots.audit));
  }

  /** The oldest, or for comparison the least fit. */
  #remove(count: number): void {
    if (this.#rule.removal === 'age') {
      this.#population = this.#population.slice(count);
      return;
    }
    const worst = [...this.#population].sort((a, b) => compare(b, a) || a.id - b.id);
    const gone = new Set(worst.slice(0, count));
    this.#population = this.#population.filter((individual) => !gone.has(individual));
  }

  /** Half of those that die are replaced by fresh individuals, if any are to be, the others by children of those that live. */
  async #catastrophe(tally: Tally): Promise<CatastropheRecord> {
    const before = figures(this.#population, this.#problem.stages, () => '');
    const { dead, elites, alike } = await catastrophe(
      this.#population,
      this.#rule.catastrophe,
      this.#problem,
      this.#stream(slots.catastrophe),
    );
    this.#population = this.#population.filter(({ id }) => !dead.has(id));
    const living = this.#livingKeys();
    const random = this.#stream(slots.refill);
    const fresh = this.#rule.origin === 'fresh' ? Math.ceil(dead.size / 2) : 0;
    const newborns = await this.#bear(
      made(dead.size, (i) =>
        i < fresh ? this.#fresh(random, tally) : this.#child(random, this.#population, living, tally),
      ),
      tally,
      this.#stream(slots.refillAudit),
    );
    const mutants = newborns.filter(({ parent }) => parent).length;
    return {
      elites,
      alike,
      died: dead.size,
      fresh: newborns.length - mutants,
      mutants,
      meanBefore: before.mean,
      meanLatestBefore: before.meanLatest,
    };
  }

  #fresh(random: Stream, tally: Tally): Newborn<G> {
    tally.count('fresh');
    return { genome: this.#problem.fresh(random), origin: 'fresh' };
  }

  #child(
    random: Stream,
    candidates: readonly Individual<G>[],
    living: Set<string>,
    tally: Tally,
    rivals = this.#rule.tournament,
  ): Newborn<G> {
    for (let i = 0; i < parents && candidates.length > 0; i++) {
      const parent = tournament(random, candidates, rivals);
      const variation = this.#problem.vary(parent.genome, random);
      tally.reject(variation);
      if (variation.kind === 'rejected') continue;
      const key = this.#problem.key(variation.genome);
      if (living.has(key)) {
        tally.rejected(variation.move, 'alive');
        continue;
      }
      living.add(key);
      tally.count(variation.move);
      return { genome: variation.genome, origin: variation.move, parent: parent.line };
    }
    return this.#fresh(random, tally);
  }

  /** Children are judged while others are still being made. */
  async #bear(
    coming: Iterable<Newborn<G>>,
    tally: Tally,
    audit: Stream,
    exempt = false,
  ): Promise<readonly Newborn<G>[]> {
    const { stages } = this.#problem;
    const last = elitesOf(this.#population, this.#rule.catastrophe.elites, stages).at(-1);
    const newborns: Newborn<G>[] = [];
    const genomes = function* () {
      for (const newborn of coming) {
        newborns.push(newborn);
        yield newborn.genome;
      }
    };
    const verdicts = await this.#judging.judge(genomes(), tally.judged, audit, {
      exempt,
      elite: last && fitnessOf(last.verdict, stages),
    });
    for (const [i, { genome, origin, parent }] of newborns.entries()) {
      const verdict = verdicts[i] as Verdict;
      const fitness = fitnessOf(verdict, stages);
      const line: Line<G> = {
        genome,
        origin,
        round: this.#round,
        ...(fitness !== undefined && { fitness }),
        ...(parent && { parent }),
      };
      const individual = {
        id: this.#born++,
        key: this.#problem.key(genome),
        genome,
        verdict,
        size: this.#problem.size(genome),
        line,
      };
      this.#population.push(individual);
      this.#hall.admit(individual);
    }
    return newborns;
  }

  #stream(slot: number): Stream {
    return stream(this.#rule.seed, this.#round, slot);
  }

  #livingKeys(): Set<string> {
    return new Set(this.#population.map(({ key }) => key));
  }
}

/** Each made when it is taken. */
function* made<T>(count: number, make: (i: number) => T): Generator<T> {
  for (let i = 0; i < count; i++) yield make(i);
}

/** What is counted while a round goes on. */
class Tally {
  readonly judged: JudgingCounts;
  readonly moves: Record<string, number> = {};
  readonly rejections: Record<string, number> = {};
  catastrophe: CatastropheRecord | undefined;

  constructor(stages: number) {
    this.judged = noCounts(stages);
  }

  count(move: string): void {
    this.moves[move] = (this.moves[move] ?? 0) + 1;
  }

  reject({ rejections }: Variation<unknown>): void {
    for (const { move, rule } of rejections) this.rejected(move, rule);
  }

  rejected(move: string, rule: string): void {
    const name = `${move}: ${rule}`;
    this.rejections[name] = (this.rejections[name] ?? 0) + 1;
  }
}
