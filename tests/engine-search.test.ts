import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ancestry, type Individual } from '../engine/individual.ts';
import { compareVerdicts, fitnessOf, type Problem, type Variation } from '../engine/problem.ts';
import type { SearchRule } from '../engine/rule.ts';
import { Search } from '../engine/search.ts';
import { Bits, type BitsOptions, deceptive, Points, rules, searched, smallRule, smooth } from './engine-toys.ts';

const few: BitsOptions = { coding: 8, personal: true };
const many = 12;
const cases = { numRuns: 20 };
const stages = 3;
const never = { every: 0, elites: 10, threshold: 0.7 };
const ids = (individuals: readonly Individual<unknown>[]): number[] => individuals.map(({ id }) => id);
const fitnesses = (individuals: readonly Individual<unknown>[]): number[] =>
  individuals.flatMap(({ verdict }) => fitnessOf(verdict, stages) ?? []);

/** Asks after every round. */
async function watched<G>(
  problem: Problem<G>,
  rule: SearchRule,
  rounds: number,
  look: (search: Search<G>, before: readonly Individual<G>[], record: Awaited<ReturnType<Search<G>['next']>>) => void,
  seeds: readonly G[] = [],
): Promise<void> {
  const search = new Search(problem, rule, { seeds });
  for (let round = 0; round <= rounds; round++) {
    const before = [...search.population];
    look(search, before, await search.next());
  }
}

describe('a round', () => {
  test('takes the oldest away and puts as many youngest at the end', () =>
    fc.assert(
      fc.asyncProperty(rules({ removal: 'age', catastrophe: never }), async (rule) => {
        await watched(new Bits(few), rule, many, ({ population, round }, before) => {
          expect(population).toHaveLength(rule.population);
          if (round === 0) return;
          const stayed = rule.population - rule.children;
          expect(population.slice(0, stayed)).toEqual(before.slice(rule.children));
          const youngest = (before.at(-1) as Individual<string>).id;
          expect(ids(population.slice(stayed))).toEqual(
            Array.from({ length: rule.children }, (_, i) => youngest + 1 + i),
          );
        });
      }),
      cases,
    ));

  test('lets nobody live longer than population / children rounds, catastrophes or not', () =>
    fc.assert(
      fc.asyncProperty(rules({ removal: 'age' }), async (rule) => {
        await watched(new Bits(few), rule, many, ({ population, round }) => {
          expect(population).toHaveLength(rule.population);
          expect(ids(population)).toEqual(ids(population).toSorted((a, b) => a - b));
          const oldest = Math.min(...population.map(({ line }) => line.round));
          expect(round - oldest).toBeLessThan(Math.ceil(rule.population / rule.children) + (oldest === 0 ? 1 : 0));
        });
      }),
      cases,
    ));

  test('or takes the least fit, for comparison: then nobody who stays is less fit than one who left', () =>
    fc.assert(
      fc.asyncProperty(rules({ removal: 'fitness', catastrophe: never }), async (rule) => {
        await watched(new Bits(few), rule, many, ({ population }, before) => {
          const stayed = new Set(ids(population));
          const left = before.filter(({ id }) => !stayed.has(id));
          if (before.length > 0) expect(left).toHaveLength(rule.children);
          const worstStaying = before
            .filter(({ id }) => stayed.has(id))
            .sort((a, b) => compareVerdicts(a.verdict, b.verdict));
          for (const { verdict } of left) {
            const worst = worstStaying.at(-1) as Individual<string>;
            expect(compareVerdicts(worst.verdict, verdict)).toBeLessThanOrEqual(0);
          }
        });
      }),
      cases,
    ));

  test('has children of one parent each, who lived until then, and none like anybody alive', () =>
    fc.assert(
      fc.asyncProperty(rules({ removal: 'age', catastrophe: never, breeding: 'evolve' }), async (rule) => {
        const variations: [string, Variation<string>][] = [];
        const problem = new Bits(few);
        const vary = problem.vary.bind(problem);
        problem.vary = (parent, random) => {
          const variation = vary(parent, random);
          variations.push([parent, variation]);
          return variation;
        };
        await watched(problem, rule, many, ({ population, round }, before) => {
          if (round === 0) return;
          const stayed = before.slice(rule.children);
          const children = population.slice(stayed.length).filter(({ line }) => line.parent);
          const keys = new Set(stayed.map(({ key }) => key));
          for (const { genome, key, line } of children) {
            expect(stayed.some((parent) => parent.line === line.parent)).toBe(true);
            expect(keys).not.toContain(key);
            keys.add(key);
            expect(variations).toContainEqual([
              line.parent?.genome,
              expect.objectContaining({ kind: 'child', genome, move: line.origin }),
            ]);
          }
          variations.length = 0;
        });
      }),
      { numRuns: 15 },
    ));

  test('of a random search has fresh individuals only', async () => {
    const { records } = await searched(new Bits(), { ...smallRule, breeding: 'random', catastrophe: never }, many);
    expect(records.map(({ moves }) => moves)).toEqual([{ fresh: 40 }, ...new Array(many).fill({ fresh: 8 })]);
  });
});

test('a round that leaves nobody to be a parent has fresh individuals', async () => {
  const { records } = await searched(new Bits(), { ...smallRule, children: 40, catastrophe: never }, 2);
  expect(records.map(({ moves }) => moves)).toEqual(new Array(3).fill({ fresh: 40 }));
});

describe('the first population', () => {
  const planted = ['1'.repeat(6) + '0'.repeat(16), '01'.repeat(11), '10'.repeat(11)];

  test('has the seeds, judged on all data whatever the hurdles, for its youngest', async () => {
    const search = new Search(new Bits(), { ...smallRule, hurdles: { quantile: 0.9, memory: 60 } }, { seeds: planted });
    const { moves } = await search.next();
    expect(search.population.map(({ line }) => line.origin)).toEqual([
      ...new Array(37).fill('fresh'),
      ...planted.map(() => 'seed'),
    ]);
    expect(search.population.slice(-3).map(({ genome }) => genome)).toEqual(planted);
    expect(fitnesses(search.population.slice(-3))).toHaveLength(3);
    expect(moves).toEqual({ fresh: 37 });
  });

  test('has no more seeds than places', async () => {
    const search = new Search(new Bits(), { ...smallRule, population: 2, children: 1 }, { seeds: planted });
    await expect(search.next()).rejects.toThrow(RangeError);
  });

  test('lets seeds live long enough to be parents', async () => {
    const rule = { ...smallRule, population: 40, children: 10, tournament: 5 };
    const before = new Search(new Bits(), rule);
    for (let round = 0; round <= 30; round++) await before.next();
    const best = before.hall[0]?.genome as string;
    const search = new Search(new Bits(), { ...rule, seed: rule.seed + 1 }, { seeds: [best] });
    for (let round = 0; round <= 2; round++) await search.next();
    const roots = search.population.map(({ line }) => ancestry(line)[0]?.origin);
    expect(roots.filter((origin) => origin === 'seed').length).toBeGreaterThan(1);
  });
});

describe('the record', () => {
  test('says what is so', () =>
    fc.assert(
      fc.asyncProperty(rules(), async (rule) => {
        let best = Number.NEGATIVE_INFINITY;
        let tried = 0;
        let rejected = 0;
        await watched(new Bits(few), rule, many, ({ population, hall, round, state }, before, record) => {
          const values = fitnesses(population);
          const top = Math.max(...values);
          expect(record).toMatchObject({
            round,
            complete: values.length,
            different: new Set(population.map((i) => i.key)).size,
          });
          expect(record.best ?? Number.NEGATIVE_INFINITY).toBe(top);
          expect(record.mean === null).toBe(values.length === 0);
          if (record.mean !== null) {
            expect(record.mean).toBeCloseTo(values.reduce((sum, x) => sum + x, 0) / values.length, 12);
            expect(new Bits(few).scores(record.fittest as string)[2]).toBeCloseTo(record.best as number, 2);
          }
          // Never falls, is somebody's, and nobody's in sight is higher.
          expect(record.bestEver ?? Number.NEGATIVE_INFINITY).toBeGreaterThanOrEqual(Math.max(best, top));
          best = record.bestEver ?? best;
          expect(hall[0] ? fitnessOf(hall[0].verdict, stages) : null).toBe(record.bestEver);
          // Everybody asked about is accounted for once.
          const { judged } = record;
          const born = record.catastrophe?.died ?? 0;
          expect(judged.asked).toBe(born + (round === 0 ? rule.population : rule.children));
          expect(judged.asked).toBe(judged.tried + judged.knownByKey + judged.reopened);
          const refused = Object.values(judged.rejected).reduce((sum, x) => sum + x, 0);
          const stopped = judged.stopped.reduce((sum, x) => sum + x, 0);
          expect(judged.tried).toBe(judged.complete + stopped + refused);
          expect(judged.knownByBehaviour).toBeLessThanOrEqual(judged.tried);
          if (!rule.equivalence) expect(judged.knownByBehaviour).toBe(0);
          expect(judged.missed).toBeLessThanOrEqual(judged.audited);
          tried += judged.tried;
          expect(record.tried).toBe(tried);
          expect(state.judging.byKey.length).toBeLessThanOrEqual(rule.remembered);
          expect(state.judging.byFingerprint.length).toBeLessThanOrEqual(rule.remembered);
          expect(Object.values(record.moves).reduce((sum, x) => sum + x, 0)).toBe(judged.asked);
          rejected += Object.values(record.rejections).reduce((sum, x) => sum + x, 0);
          expect(before.length).toBe(round === 0 ? 0 : rule.population);
        });
        if (rule.breeding === 'random' && rule.catastrophe.every === 0) expect(rejected).toBe(0);
      }),
      cases,
    ));

  test('counts moves that could not be made, by move and rule', async () => {
    const { records } = await searched(new Bits(few), smallRule, 60);
    const names = new Set(records.flatMap(({ rejections }) => Object.keys(rejections)));
    expect([...names].sort()).toEqual(
      ['flip: alive', 'reverse: alive', 'reverse: unchanged', 'set: alive', 'set: unchanged'].sort(),
    );
  });

  test('shows a catastrophe: who died and who came, and the mean before', async () => {
    const rule = {
      ...smallRule,
      hurdles: { quantile: 0, memory: 60 },
      catastrophe: { every: 5, elites: 20, threshold: 0.6 },
    };
    const { records } = await searched(new Bits(), rule, 30);
    expect(records.flatMap(({ round, catastrophe }) => (catastrophe ? [round] : []))).toEqual([5, 10, 15, 20, 25, 30]);
    for (const { mean, judged, catastrophe } of records) {
      if (!catastrophe) continue;
      const { died, fresh, mutants, meanBefore, alike } = catastrophe;
      expect(died).toBeGreaterThan(0);
      expect(alike).toBeGreaterThan(0);
      expect(fresh).toBeGreaterThanOrEqual(Math.ceil(died / 2));
      expect(fresh + mutants).toBe(died);
      expect(judged.asked).toBe(rule.children + died);
      expect(mean as number).toBeLessThan(meanBefore as number);
    }
    // And the population is as good again before the next.
    expect(records[9]?.mean as number).toBeGreaterThan(records[5]?.mean as number);
  });
});

test('everybody comes from a fresh or given one, step by step', async () => {
  const problem = new Bits();
  const { search } = await searched(problem, smallRule, 30);
  const depths = search.hall.map((individual) => {
    const lines = ancestry(individual.line);
    expect(lines.at(-1)).toMatchObject({ genome: individual.genome, fitness: fitnessOf(individual.verdict, stages) });
    expect(lines[0]?.origin).toBe('fresh');
    for (const [i, line] of lines.entries()) {
      expect(line.parent).toBe(lines[i - 1]);
      expect(line.round).toBeGreaterThanOrEqual(lines[i - 1]?.round ?? 0);
    }
    return lines.length;
  });
  expect(Math.max(...depths)).toBeGreaterThan(5);
});

describe('the hall', () => {
  test('never has two alike, always has the best, fittest first', () =>
    fc.assert(
      fc.asyncProperty(rules({ hall: { size: 6, likeness: 0.6 } }), async (rule) => {
        let best = Number.NEGATIVE_INFINITY;
        await watched(new Bits(few), rule, many, ({ hall, population }) => {
          const values = fitnesses(hall);
          expect(values).toEqual(values.toSorted((a, b) => b - a));
          expect(values.length).toBeLessThanOrEqual(6);
          best = Math.max(best, ...fitnesses(population));
          expect(values[0] ?? Number.NEGATIVE_INFINITY).toBeGreaterThanOrEqual(best);
          for (const [i, a] of hall.entries()) {
            for (const b of hall.slice(0, i)) expect(cosine(a.genome, b.genome)).toBeLessThan(0.6);
          }
        });
      }),
      cases,
    ));
});

/** |Cosine| of the eight bits that count, as ones and minus ones. */
function cosine(a: string, b: string): number {
  const same = [...a.slice(0, 8)].filter((bit, i) => bit === b[i]).length;
  return Math.abs(2 * same - 8) / 8;
}

describe('evolution beats as many random individuals, with ten seeds out of ten, on', () => {
  const bigger = {
    ...smallRule,
    population: 100,
    children: 20,
    catastrophe: { every: 10, elites: 20, threshold: 0.9 },
  };
  const seeds = Array.from({ length: 10 }, (_, seed) => seed);

  async function compare<G>(problem: Problem<G>, rounds: number, good: number): Promise<void> {
    const bests = (rule: SearchRule): Promise<number[]> =>
      Promise.all(
        seeds.map(
          async (seed) => (await searched(problem, { ...rule, seed }, rounds)).records.at(-1)?.bestEver as number,
        ),
      );
    const [evolved, random] = [await bests(bigger), await bests({ ...bigger, breeding: 'random' })];
    for (const [i, best] of evolved.entries()) expect(best).toBeGreaterThan(random[i] as number);
    expect(evolved.reduce((sum, x) => sum + x, 0) / seeds.length).toBeGreaterThan(good);
  }

  test('a planted word of bits', () => compare(new Bits(), 30, 0.9));
  test('a smooth hill', () => compare(new Points(smooth), 30, 0.95));
  test('a deceptive landscape', () => compare(new Points(deceptive), 60, 0.8));
});

test('a search that stays with its seeds breeds their descendants alone', async () => {
  const seeds = ['110100111000110101110010', '010101010101010101010101'];
  const rule: SearchRule = { ...smallRule, origin: 'seeds', catastrophe: { every: 3, elites: 20, threshold: 0.5 } };
  const { search, records } = await searched(new Bits(), rule, 12, { seeds });
  for (const { line } of search.population) expect(seeds).toContain(ancestry(line)[0]?.genome);
  expect(records.every(({ moves }) => moves.fresh === undefined)).toBe(true);
  expect(records.some(({ catastrophe }) => (catastrophe?.mutants ?? 0) > 0)).toBe(true);
});
