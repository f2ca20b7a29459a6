/** Problems a search solves in milliseconds, with everything a market has: stages, equivalents, likeness, refusals. */
import fc from 'fast-check';
import { type Stream, stream } from '../core/random.ts';
import type { Problem, Terms, Variation, Verdict } from '../engine/problem.ts';
import type { RoundRecord } from '../engine/record.ts';
import type { SearchRule } from '../engine/rule.ts';
import { Search, type SearchOptions } from '../engine/search.ts';
import type { SearchState } from '../engine/state.ts';

const junk = 2;

export interface BitsOptions {
  /** Bits that count, a multiple of four. With few of them the same genomes come again and again. */
  readonly coding?: number;
  /** How far the scores of the stages before the last are off. */
  readonly noise?: number;
  /** Whether those with the same fingerprint nevertheless differ a little in their scores, as programs do. */
  readonly personal?: boolean;
  /** Whether a judgement ends where its terms allow. */
  readonly spares?: boolean;
}

/**
 * Bits, of which the last two do nothing: what differs there only is equivalent. The fitness is the share of blocks of
 * four that are as planted, plus a little for every single bit. Too many ones are refused at once, too few at the last
 * stage.
 */
export class Bits implements Problem<string> {
  readonly stages = 3;
  /** Genomes judged, terms notwithstanding: what a search has cost. */
  judgements = 0;
  readonly #coding: number;
  readonly #planted: string;
  readonly #noise: number;
  readonly #personal: boolean;
  readonly #spares: boolean;

  constructor({ coding = 20, noise = 0.1, personal = false, spares = true }: BitsOptions = {}) {
    this.#coding = coding;
    this.#planted = bits(stream(99, 0, 0), coding);
    this.#noise = noise;
    this.#personal = personal;
    this.#spares = spares;
  }

  key(genome: string): string {
    return genome;
  }

  size(): number {
    return 0;
  }

  write(genome: string): string {
    return genome;
  }

  read(text: string): string {
    return text;
  }

  fresh(random: Stream): string {
    return bits(random, this.#coding + junk);
  }

  vary(parent: string, random: Stream): Variation<string> {
    const rejections = [];
    for (let i = 0; i < 2; i++) {
      const at = random.below(parent.length);
      const move = random.pick(['flip', 'set', 'reverse'] as const);
      let genome = parent;
      if (move === 'flip') genome = spliced(parent, at, parent[at] === '1' ? '0' : '1');
      if (move === 'set') genome = spliced(parent, at, '1');
      if (move === 'reverse') genome = spliced(parent, at, [...parent.slice(at, at + 4)].reverse().join(''));
      if (genome !== parent) return { kind: 'child', genome, move, rejections };
      rejections.push({ move, rule: 'unchanged' });
    }
    return { kind: 'rejected', rejections };
  }

  /** All scores, whatever the terms. */
  scores(genome: string): number[] {
    const name = this.#personal ? genome : genome.slice(0, this.#coding);
    const noise = stream(Number.parseInt(name, 2), 0, 0);
    const off = (size: number): number => size * (noise.next() - 0.5);
    const fitness = this.fitness(genome) + off(this.#personal ? 0.001 : 0);
    return [fitness + off(2 * this.#noise), fitness + off(this.#noise), fitness];
  }

  fitness(genome: string): number {
    let blocks = 0;
    let single = 0;
    const coding = this.#coding;
    for (let at = 0; at < coding; at += 4) if (genome.slice(at, at + 4) === this.#planted.slice(at, at + 4)) blocks++;
    for (let at = 0; at < coding; at++) if (genome[at] === this.#planted[at]) single++;
    return 0.8 * (blocks / (coding / 4)) + 0.2 * (single / coding);
  }

  /** The verdict without terms. */
  verdict(genome: string): Verdict {
    const scores = this.scores(genome);
    const fingerprint = genome.slice(0, this.#coding);
    const ones = fingerprint.replaceAll('0', '').length / this.#coding;
    if (ones > 0.8) return { kind: 'rejected', reason: 'too many ones' };
    if (ones < 0.3) return { kind: 'rejected', reason: 'too few ones', scores: scores.slice(0, 2), fingerprint };
    const behaviour = Buffer.from(this.#vector(genome)).toString('base64');
    return { kind: 'scored', scores, fingerprint, behaviour };
  }

  async judge(genomes: Iterable<string>, terms: Terms): Promise<Verdict[]> {
    return [...genomes].map((genome) => {
      this.judgements++;
      const verdict = this.verdict(genome);
      return this.#spares ? endedBy(verdict, terms) : verdict;
    });
  }

  async likeness(genomes: readonly string[], random: Stream): Promise<number[][]> {
    const sample = Array.from({ length: 12 }, () => random.below(this.#coding));
    const vectors = genomes.map((genome) => sample.map((at) => this.#vector(genome)[at] as number));
    return vectors.map((a) =>
      vectors.map((b) => Math.abs(a.reduce((sum, x, i) => sum + x * (b[i] as number), 0) / 12)),
    );
  }

  #vector(genome: string): number[] {
    return [...genome.slice(0, this.#coding)].map((bit) => (bit === '1' ? 1 : -1));
  }
}

/** What a judgement that spares itself whatever it may comes to. */
function endedBy(verdict: Verdict, { hurdles, known }: Terms): Verdict {
  const { scores = [], fingerprint } = verdict;
  const low = scores.findIndex((score, stage) => score < (hurdles[stage] ?? Number.NEGATIVE_INFINITY));
  const stop = fingerprint !== undefined && known(fingerprint) ? 0 : low;
  return stop < 0 ? verdict : { kind: 'scored', scores: scores.slice(0, stop + 1), fingerprint };
}

const bits = (random: Stream, count: number): string => Array.from({ length: count }, () => random.below(2)).join('');
const spliced = (text: string, at: number, piece: string): string =>
  text.slice(0, at) + piece + text.slice(at + piece.length);

/** Points in the plane and higher, judged at once; no fingerprints, no behaviour. */
export class Points implements Problem<readonly number[]> {
  readonly stages = 1;
  readonly #dimensions: number;
  readonly #landscape: (x: readonly number[]) => number;

  constructor(landscape: (x: readonly number[]) => number, dimensions = 4) {
    this.#dimensions = dimensions;
    this.#landscape = landscape;
  }

  key(genome: readonly number[]): string {
    return genome.join(' ');
  }

  size(): number {
    return 0;
  }

  write(genome: readonly number[]): string {
    return JSON.stringify(genome);
  }

  read(text: string): readonly number[] {
    return JSON.parse(text);
  }

  fresh(random: Stream): number[] {
    return Array.from({ length: this.#dimensions }, () => 10 * random.next() - 5);
  }

  vary(parent: readonly number[], random: Stream): Variation<readonly number[]> {
    const at = random.below(parent.length);
    const leap = random.next() < 0.1;
    const moved = leap ? 10 * random.next() - 5 : (parent[at] as number) + 0.3 * random.normal();
    return {
      kind: 'child',
      genome: parent.with(at, Math.max(-5, Math.min(5, moved))),
      move: leap ? 'leap' : 'step',
      rejections: [],
    };
  }

  async judge(genomes: Iterable<readonly number[]>): Promise<Verdict[]> {
    return [...genomes].map((genome) => ({ kind: 'scored', scores: [this.#landscape(genome)] }));
  }

  async likeness(genomes: readonly (readonly number[])[]): Promise<number[][]> {
    return genomes.map((a) => genomes.map((b) => 1 / (1 + Math.hypot(...a.map((x, i) => x - (b[i] as number))))));
  }
}

/** One hill. */
export const smooth = (x: readonly number[]): number => 1 / (1 + x.reduce((sum, v) => sum + (v - 1.5) ** 2, 0));

/** In each coordinate a wide hill that ends at 0.7, and far from it a steep one up to 1; small waves on both. */
export const deceptive = (x: readonly number[]): number =>
  x.reduce((sum, v) => {
    const wide = 0.7 * Math.exp(-((v + 2) ** 2) / 8);
    const steep = Math.exp(-((v - 3.5) ** 2) / 0.1);
    return sum + Math.max(wide, steep) - 0.03 * (1 - Math.cos(8 * v));
  }, 0) / x.length;

export interface Watched<G> {
  readonly search: Search<G>;
  readonly records: RoundRecord[];
  /** After each round. */
  readonly states: SearchState[];
}

export async function searched<G>(
  problem: Problem<G>,
  rule: SearchRule,
  rounds: number,
  options: SearchOptions<G> = {},
): Promise<Watched<G>> {
  const search = new Search(problem, rule, options);
  const records: RoundRecord[] = [];
  const states: SearchState[] = [];
  for (let round = 0; round <= rounds; round++) {
    records.push(await search.next());
    states.push(search.state);
  }
  return { search, records, states };
}

/** A small rule to change single things of. */
export const smallRule: SearchRule = {
  seed: 1,
  population: 40,
  children: 8,
  tournament: 4,
  removal: 'age',
  origin: 'fresh',
  breeding: 'evolve',
  catastrophe: { every: 4, elites: 10, threshold: 0.7 },
  hurdles: { quantile: 0.5, memory: 60 },
  audit: 0.2,
  hall: { size: 10, likeness: 0.9 },
  remembered: 100_000,
  equivalence: true,
};

/** Rules of every kind, small ones. */
export const rules = (fixed: Partial<SearchRule> = {}): fc.Arbitrary<SearchRule> =>
  fc
    .record({
      seed: fc.integer(),
      population: fc.integer({ min: 4, max: 50 }),
      share: fc.double({ min: 0.05, max: 1, noNaN: true }),
      tournament: fc.integer({ min: 1, max: 8 }),
      removal: fc.constantFrom('age', 'fitness'),
      breeding: fc.constantFrom('evolve', 'evolve', 'evolve', 'random'),
      origin: fc.constantFrom('fresh', 'fresh', 'seeds'),
      catastrophe: fc.record({
        every: fc.integer({ min: 0, max: 4 }),
        elites: fc.integer({ min: 0, max: 20 }),
        threshold: fc.double({ min: 0.1, max: 1, noNaN: true }),
      }),
      hurdles: fc.record({
        quantile: fc.constantFrom(0, 0.25, 0.5, 0.75, 0.9),
        memory: fc.integer({ min: 20, max: 100 }),
      }),
      audit: fc.constantFrom(0, 0.1, 1),
      hall: fc.record({
        size: fc.integer({ min: 1, max: 12 }),
        likeness: fc.double({ min: 0.3, max: 1.1, noNaN: true }),
      }),
      remembered: fc.constantFrom(1, 3, 10, 30, 100_000),
      equivalence: fc.boolean(),
    })
    .map(({ share, ...rule }) => ({
      ...rule,
      children: Math.max(1, Math.floor(share * rule.population)),
      ...fixed,
    })) as fc.Arbitrary<SearchRule>;
