import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { BoundedMap } from '../engine/bounded-map.ts';
import { catastrophe, elitesOf } from '../engine/catastrophe.ts';
import { Hall } from '../engine/hall.ts';
import type { Individual } from '../engine/individual.ts';
import { compareVerdicts, type Verdict } from '../engine/problem.ts';
import { Search } from '../engine/search.ts';
import { tournament } from '../engine/tournament.ts';
import { Bits, smallRule } from './engine-toys.ts';

/** Individuals by key and scores: one score is one who was stopped, two are all. */
function people(...rows: readonly (readonly [key: string, ...scores: number[]])[]): Individual<string>[] {
  return rows.map(([key, ...scores], id) => {
    const verdict: Verdict = scores.length > 0 ? { kind: 'scored', scores } : { kind: 'rejected', reason: 'constant' };
    return { id, key, genome: key, verdict, size: 0, line: { genome: key, origin: 'fresh', round: 0 } };
  });
}

describe('the tournament', () => {
  const crowd = people(...Array.from({ length: 101 }, (_, i) => [`${i}`, 0, i] as const));

  test('is won by the fittest of its draws, the first of equals', () =>
    fc.assert(
      fc.property(
        fc.array(fc.nat(3), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 6 }),
        fc.nat(),
        (worth, k, seed) => {
          const some = people(...worth.map((w, i) => [`${i}`, ...[0.5, w].slice(0, w)] as [string, ...number[]]));
          const [random, same] = [stream(seed, 0, 0), stream(seed, 0, 0)];
          const winner = tournament(random, some, k);
          const drawn = Array.from({ length: k }, () => same.pick(some));
          expect(drawn.toSorted((a, b) => compareVerdicts(a.verdict, b.verdict))[0]).toBe(winner);
          expect(random.next()).toBe(same.next());
        },
      ),
    ));

  test('goes to the smaller of two as fit', () => {
    const [large, small] = people(['large', 1, 0.5], ['small', 1, 0.5]) as [Individual<string>, Individual<string>];
    const sized = [
      { ...large, size: 5 },
      { ...small, size: 3 },
    ];
    for (let seed = 0; seed < 20; seed++) expect(tournament(stream(seed, 0, 0), sized, 30).key).toBe('small');
  });

  // The fittest of k of n has a mean place of k / (k + 1) n from below.
  test.each([1, 2, 5, 10])('of %i presses as it should', (k) => {
    const random = stream(3, 0, k);
    const draws = 20_000;
    let sum = 0;
    for (let i = 0; i < draws; i++) sum += tournament(random, crowd, k).id;
    expect(sum / draws / 100).toBeCloseTo(k / (k + 1), 1.7);
  });

  test('who got further is fitter, however good the other looked', () => {
    const [rejected, stopped, better, complete] = people(['a'], ['b', 0.1], ['c', 0.2], ['d', 0.01, 0.01]);
    const order = [complete, better, stopped, rejected] as Individual<string>[];
    const shuffled = [rejected, complete, stopped, better] as Individual<string>[];
    expect(shuffled.sort((a, b) => compareVerdicts(a.verdict, b.verdict))).toEqual(order);
  });
});

describe('a catastrophe', () => {
  const alike = (pairs: readonly string[]) => {
    const problem = new Bits();
    problem.likeness = async (genomes) =>
      genomes.map((a) =>
        genomes.map((b) => (a === b ? 1 : pairs.includes(a + b) || pairs.includes(b + a) ? 0.8 : 0.7)),
      );
    return Object.assign(problem, { stages: 2 });
  };
  const rule = { every: 1, elites: 4, threshold: 0.7 };
  const toll = async (population: Individual<string>[], pairs: string[], change = {}) =>
    catastrophe(population, { ...rule, ...change }, alike(pairs), stream(1, 0, 0));

  test('kills the less fit of two elites that are alike, and its copies', async () => {
    const population = people(['c', 0, 3], ['a', 0, 9], ['b', 0, 5], ['s', 8], ['a', 0, 9], ['b', 0, 5], ['r']);
    expect(await toll(population, ['ab'])).toEqual({ elites: 3, alike: 1, dead: new Set([1, 2, 5]) });
  });

  test('leaves of copies the youngest, and of elites at the threshold both', async () => {
    const population = people(['a', 0, 9], ['b', 0, 5], ['a', 0, 9], ['a', 0, 9]);
    expect(await toll(population, [])).toEqual({ elites: 2, alike: 0, dead: new Set([0, 2]) });
  });

  test('spares one who is like the dead only', async () => {
    const population = people(['a', 0, 9], ['b', 0, 5], ['c', 0, 3]);
    expect(await toll(population, ['ab', 'bc'])).toEqual({ elites: 3, alike: 2, dead: new Set([1]) });
  });

  test('looks at the elites only, and compares nobody with nobody', async () => {
    const population = people(['a', 0, 9], ['b', 0, 5], ['c', 0, 3]);
    expect(await toll(population, ['ac', 'bc'], { elites: 2 })).toEqual({ elites: 2, alike: 0, dead: new Set() });
    expect(await toll(people(['a', 0, 1], ['b', 3], ['c']), ['ab'])).toEqual({ elites: 1, alike: 0, dead: new Set() });
    expect(await toll([], [])).toEqual({ elites: 0, alike: 0, dead: new Set() });
  });

  test('elites are the fittest judged on all data, one of each key', () => {
    const population = people(['a', 0, 1], ['b', 0, 2], ['a', 0, 1], ['s', 9], ['d', 0, 2], ['e', 0, 0.5]);
    expect(elitesOf(population, 3, 2).map(({ id }) => id)).toEqual([1, 4, 2]);
    const equals = people(['a', 0, 2], ['b', 0, 2], ['a', 0, 2]);
    expect(elitesOf(equals, 3, 2).map(({ id }) => id)).toEqual([1, 2]);
  });

  test('refills with fresh individuals and children of survivors in equal parts', async () => {
    const quiet = { quantile: 0, memory: 20 };
    const search = new Search(new Bits(), {
      ...smallRule,
      hurdles: quiet,
      catastrophe: { ...rule, elites: 40, threshold: 0.2 },
    });
    await search.next();
    const { catastrophe: happened } = await search.next();
    const { died, fresh, mutants } = happened as NonNullable<typeof happened>;
    expect(died).toBeGreaterThan(10);
    expect([fresh, mutants]).toEqual([Math.ceil(died / 2), Math.floor(died / 2)]);
    expect(search.population.slice(-died).map(({ line }) => line.parent !== undefined)).toEqual([
      ...new Array(fresh).fill(false),
      ...new Array(mutants).fill(true),
    ]);
    const living = new Set(search.population.slice(0, -died).map(({ line }) => line));
    const parents = search.population.slice(-mutants).map(({ line }) => line.parent);
    expect(parents.every((parent) => parent && living.has(parent))).toBe(true);
  });
});

describe('the hall', () => {
  const seat = (id: number, key: string, fitness: number, behaviour?: readonly number[]): Individual<string> => ({
    ...(people([key])[0] as Individual<string>),
    id,
    verdict: {
      kind: 'scored',
      scores: [fitness],
      ...(behaviour && { behaviour: Buffer.from(Int8Array.from(behaviour).buffer).toString('base64') }),
    },
  });
  test('keeps the smaller of two that behave alike and are as fit', () => {
    const [five, three, four] = [5, 3, 4].map((size, id) => ({ ...seat(id, `${size}`, 0.5, [1, 2, 3]), size }));
    const { admitted, seats } = hallOf(3, five as never, three as never, four as never);
    expect(admitted).toEqual([true, true, false]);
    expect(seats()).toEqual([1]);
  });

  const hallOf = (size: number, ...all: Individual<string>[]) => {
    const hall = new Hall<string>({ size, likeness: 0.9 }, 1);
    return {
      hall,
      admitted: all.map((individual) => hall.admit(individual)),
      seats: () => hall.individuals.map(({ id }) => id),
    };
  };

  test('lets the fitter of two who behave alike stand for both, opposites too', () => {
    const { admitted, seats } = hallOf(
      3,
      seat(0, 'a', 1, [9, 1]),
      seat(1, 'b', 2, [-9, -2]),
      seat(2, 'c', 1.5, [9, 0]),
      seat(3, 'd', 1, [0, 5]),
    );
    expect(admitted).toEqual([true, true, false, true]);
    expect(seats()).toEqual([1, 3]);
  });

  test('lets one in who is fitter than all who are like it, and they leave', () => {
    const { admitted, seats } = hallOf(
      3,
      seat(0, 'a', 1, [10, 4]),
      seat(1, 'b', 2, [10, -4]),
      seat(2, 'c', 3, [10, 0]),
    );
    expect(admitted).toEqual([true, true, true]);
    expect(seats()).toEqual([2]);
  });

  test('keeps the earlier of equals, and the least fit leaves when it is full', () => {
    const { admitted, seats } = hallOf(
      2,
      seat(0, 'a', 1),
      seat(1, 'b', 1),
      seat(2, 'c', 1),
      seat(3, 'd', 2),
      seat(4, 'd', 2),
    );
    expect(admitted).toEqual([true, true, false, true, false]);
    expect(seats()).toEqual([3, 0]);
  });

  test('has no seat for who was stopped or rejected', () => {
    const hall = new Hall<string>({ size: 3, likeness: 0.9 }, 2);
    expect(people(['a', 9], ['b']).map((individual) => hall.admit(individual))).toEqual([false, false]);
    expect(hall.best).toBeUndefined();
  });
});

test('a bounded map is a map that forgets the earliest comers', () =>
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.nat(9), { maxLength: 60, size: 'max' }),
      fc.nat(60),
      (capacity, keys, stop) => {
        let map = new BoundedMap<number>(capacity);
        let plain: [string, number][] = [];
        for (const [i, key] of keys.entries()) {
          map.set(`${key}`, i);
          const at = plain.findIndex(([other]) => other === `${key}`);
          if (at >= 0) plain[at] = [`${key}`, i];
          else plain = [...plain, [`${key}`, i] as [string, number]].slice(-capacity);
          expect(map.entries()).toEqual(plain);
          for (let other = 0; other < 10; other++)
            expect(map.get(`${other}`)).toBe(plain.find(([k]) => k === `${other}`)?.[1]);
          if (i === stop) map = new BoundedMap(capacity, map.entries());
        }
      },
    ),
  ));
