import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ancestry } from '../engine/individual.ts';
import { Search } from '../engine/search.ts';
import type { SearchState } from '../engine/state.ts';
import { type Tape, Taped } from '../engine/tape.ts';
import { Bits, type BitsOptions, Points, rules, searched, smallRule, smooth } from './engine-toys.ts';

const rounds = 9;
/** Programs with one fingerprint do not score the same to the last bit; the first of them speaks for all. */
const personal: BitsOptions = { coding: 8, personal: true };
const cases = { numRuns: 40 };
const throughJson = <T>(value: T): T => JSON.parse(JSON.stringify(value));

describe('the same rule gives the same search', () => {
  test('twice', () =>
    fc.assert(
      fc.asyncProperty(rules(), async (rule) => {
        const [a, b] = [
          await searched(new Bits(personal), rule, rounds),
          await searched(new Bits(personal), rule, rounds),
        ];
        expect(b.records).toEqual(a.records);
        expect(b.states).toEqual(a.states);
      }),
      { numRuns: 20 },
    ));

  test('whether what is known is judged again or not: records, populations, halls, and what is remembered', () =>
    fc.assert(
      fc.asyncProperty(rules(), async (rule) => {
        const [remembering, again] = [new Bits(personal), new Bits(personal)];
        const a = await searched(remembering, rule, rounds);
        const b = await searched(again, rule, rounds, { reuse: false });
        expect(b.records).toEqual(a.records);
        expect(b.states).toEqual(a.states);
        expect(again.judgements).toBeGreaterThanOrEqual(remembering.judgements);
      }),
      cases,
    ));

  test('and judging again costs judgements', async () => {
    const [remembering, again] = [new Bits(personal), new Bits(personal)];
    const { records } = await searched(remembering, { ...smallRule, audit: 0 }, 20);
    await searched(again, { ...smallRule, audit: 0 }, 20, { reuse: false });
    const known = records.reduce((sum, { judged }) => sum + judged.knownByKey, 0);
    expect(known).toBeGreaterThan(0);
    expect(again.judgements).toBeGreaterThan(remembering.judgements);
  });

  // Where equal fingerprints do mean equal scores, memory is nothing but a saving.
  test.each([
    ['however much is remembered', { remembered: 100_000 }],
    ['with equivalents sharing verdicts or not', { equivalence: false }],
  ])('%s', (_, change) =>
    fc.assert(
      fc.asyncProperty(rules(), async (rule) => {
        const a = await searched(new Bits({ coding: 8 }), rule, rounds);
        const b = await searched(new Bits({ coding: 8 }), { ...rule, ...change }, rounds);
        expect(b.states.map(outcome)).toEqual(a.states.map(outcome));
        expect(b.records.map(({ hurdles }) => hurdles)).toEqual(a.records.map(({ hurdles }) => hurdles));
      }),
      cases,
    ),
  );

  test('whether judgements end where they may, or go on to the end', () =>
    fc.assert(
      fc.asyncProperty(rules(), async (rule) => {
        const a = await searched(new Bits(personal), rule, rounds);
        const b = await searched(new Bits({ ...personal, spares: false }), rule, rounds);
        expect(b.records).toEqual(a.records);
        expect(b.states).toEqual(a.states);
      }),
      cases,
    ));
});

const outcome = ({ round, born, population, hall, lines, judging }: SearchState) => ({
  round,
  born,
  population,
  hall,
  lines,
  hurdles: judging.hurdles,
});

describe('a search goes on from its state', () => {
  test('after every round, as if it had never stopped', () =>
    fc.assert(
      fc.asyncProperty(rules(), async (rule) => {
        const problem = new Bits(personal);
        const { records, states } = await searched(problem, rule, rounds);
        for (const [round, state] of states.slice(0, -1).entries()) {
          const restored = new Search(problem, rule, {}, throughJson(state));
          expect(restored.round).toBe(round);
          expect(restored.state).toEqual(state);
          expect(await restored.next()).toEqual(records[round + 1]);
          expect(restored.state).toEqual(states[round + 1]);
        }
      }),
      cases,
    ));

  test('which stays as it was taken', async () => {
    const problem = new Bits({ coding: 8 });
    const search = new Search(problem, { ...smallRule, remembered: 20 });
    await search.next();
    const state = search.state;
    const before = throughJson(state);
    for (let i = 0; i < 5; i++) await search.next();
    expect(state).toEqual(before);
  });

  test('in which ancestors that several share are written once', async () => {
    const problem = new Bits();
    const { search, states } = await searched(problem, smallRule, 30);
    const restored = new Search(problem, smallRule, {}, throughJson(states.at(-1) as SearchState));
    for (const { population, hall } of [search, restored]) {
      const individuals = [...population, ...hall];
      const lines = individuals.flatMap(({ line }) => ancestry(line));
      expect(new Set(lines).size).toBeLessThan(lines.length / 2);
      expect(states.at(-1)?.lines).toHaveLength(new Set(lines).size);
    }
  });

  test('with lines longer than a stack is deep', async () => {
    const { catastrophe } = smallRule;
    const rule = { ...smallRule, population: 2, children: 1, catastrophe: { ...catastrophe, every: 0 } };
    const problem = new Points(smooth);
    const search = new Search(problem, { ...rule, remembered: 100 });
    for (let i = 0; i < 20_000; i++) await search.next();
    const { state } = search;
    expect(state.lines.length).toBeGreaterThan(19_000);
    expect(new Search(problem, rule, {}, throughJson(state)).state).toEqual(state);
  });
});

describe('a search goes the same way from a tape', () => {
  const unasked = () => {
    throw new Error('asked');
  };

  test('without anything being judged, and on from where the tape ends', () =>
    fc.assert(
      fc.asyncProperty(rules(), fc.integer({ min: 0, max: rounds }), async (rule, ends) => {
        const recorder = new Taped(new Bits(personal));
        const search = new Search(recorder.problem, rule);
        const records = [];
        const tapes: Tape[] = [];
        for (let round = 0; round <= rounds; round++) {
          records.push(await search.next());
          tapes.push(throughJson(recorder.take()));
        }
        const silent = new Bits(personal);
        const { judge, likeness } = Bits.prototype;
        Object.assign(silent, { judge: unasked, likeness: unasked });
        const player = new Taped(silent);
        const again = new Search(player.problem, rule);
        for (const [round, tape] of tapes.entries()) {
          if (round < ends) player.play(tape);
          else {
            player.play(undefined);
            Object.assign(silent, { judge, likeness });
          }
          expect(await again.next()).toEqual(records[round]);
          expect(player.take()).toEqual(tape);
        }
        expect(again.state).toEqual(search.state);
      }),
      cases,
    ));

  test.each<[string, (tape: Tape) => Tape]>([
    ['is too short', ({ verdicts, likeness }) => ({ verdicts: verdicts.slice(0, -1), likeness })],
    ['has an answer to another question', ({ likeness }) => ({ verdicts: [[]], likeness })],
  ])('and refuses one that %s', async (_, spoil) => {
    const recorder = new Taped(new Bits({ coding: 8 }));
    await new Search(recorder.problem, smallRule).next();
    const player = new Taped(new Bits({ coding: 8 }));
    player.play(spoil(recorder.take()));
    await expect(new Search(player.problem, smallRule).next()).rejects.toThrow('the log does not fit the search');
  });
});
