import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stream } from '../core/random.ts';
import { sameUnit } from '../core/units.ts';
import { type OperatorName, operatorNames } from '../operators/table.ts';
import { bind } from '../program/bind.ts';
import { asFactor, call, field, must } from '../program/build.ts';
import { canonical } from '../program/canonical.ts';
import type { Call, Expression } from '../program/expression.ts';
import type { GrowOptions } from '../program/grammar.ts';
import { graphOf } from '../program/moves/graph.ts';
import { type MoveName, moveNames, moves } from '../program/moves/moves.ts';
import { supplyOf } from '../program/moves/supply.ts';
import { type MutateOptions, type Mutation, mutate, type Rejection } from '../program/mutate.ts';
import { parse } from '../program/parse.ts';
import { print } from '../program/print.ts';
import { randomProgram } from '../program/random-program.ts';
import { standardVocabulary, vocabulary } from '../program/vocabulary.ts';
import { fullSize, program, session, smallSize } from './arbitraries/program.ts';

const read = (text: string) => parse(text, standardVocabulary);
const depth = (node: Expression): number => (node.node === 'call' ? 1 + Math.max(...node.inputs.map(depth)) : 0);
const seed = fc.nat(2 ** 31 - 1);
const only = (move: MoveName): NonNullable<MutateOptions['weights']> =>
  Object.fromEntries(moveNames.map((name) => [name, name === move ? 1 : 0]));

/** Every distinct value of a program. */
function subtrees(expression: Expression, found = new Map<string, Expression>()): Map<string, Expression> {
  found.set(expression.key, expression);
  if (expression.node === 'call') for (const input of expression.inputs) subtrees(input, found);
  return found;
}
const valuesOf = (expression: Expression): Expression[] => [...subtrees(expression).values()];
const callsOf = (expression: Expression): Call[] => valuesOf(expression).filter((value) => value.node === 'call');
const operatorsOf = (expression: Expression): Set<OperatorName> =>
  new Set(callsOf(expression).map(({ operator }) => operator));

/** The program with another value wherever one stands, by its canonical key; undefined where that is no program. */
function exchanged(expression: Expression, old: Expression, by: Expression): string | undefined {
  const again = rebuild(expression);
  return again && canonical(again).key;

  function rebuild(value: Expression): Expression | undefined {
    if (value.key === old.key) return by;
    if (value.node !== 'call') return value;
    const inputs: Expression[] = [];
    for (const input of value.inputs) {
      const built = rebuild(input);
      if (!built) return undefined;
      inputs.push(built);
    }
    return built(value, inputs);
  }
}

function built({ operator, parameters, interval }: Call, inputs: readonly Expression[]): Expression | undefined {
  const made = call(operator, inputs, parameters, interval);
  return made.kind === 'refused' ? undefined : made;
}

function childOf(mutation: Mutation): Expression {
  if (mutation.kind === 'rejected') throw new Error(JSON.stringify(mutation.rejections));
  return mutation.expression;
}

/** A window over the day's bars gives way to bar_* operators below it: there the rest of the program changes too. */
const hasBars = (expression: Expression) => valuesOf(expression).some(({ kind }) => kind === 'b');

/** What each move promises, told from parent and child alone; both are canonical. */
const explains: { readonly [move in MoveName]: (parent: Expression, child: Expression) => boolean } = {
  // Taking some operator of the child out again gives the parent.
  insert: (parent, child) =>
    child.size > parent.size &&
    callsOf(child).some((added) => added.inputs.some((value) => exchanged(child, added, value) === parent.key)),
  // Some argument of the parent, changed for a value of the child of its kind and unit, gives the child.
  component: (parent, child) =>
    callsOf(parent).some((reader) =>
      reader.inputs.some((old, at) =>
        valuesOf(child).some((value) => {
          if (value.kind !== old.kind || !sameUnit(value.unit, old.unit)) return false;
          const changed = built(reader, reader.inputs.with(at, value));
          return changed && exchanged(parent, reader, changed) === child.key;
        }),
      ),
    ),
  // Some operator of the parent, changed for one of the child on the same inputs, gives the child; lt(x, y) is
  // written gt(y, x).
  node: (parent, child) =>
    callsOf(parent).some((old) =>
      callsOf(child).some((value) =>
        [old.inputs, old.inputs.toReversed()].some((inputs) => {
          const changed = inputs.length === value.inputs.length && built(value, inputs);
          return changed && exchanged(parent, old, changed) === child.key;
        }),
      ),
    ),
  // Some operator of the parent, changed for a field or constant, gives the child.
  degenerate: (parent, child) =>
    child.size < parent.size &&
    callsOf(parent).some((old) =>
      valuesOf(child).some((leaf) => {
        const fits = leaf.node === 'literal' || (leaf.node === 'field' && leaf.kind === old.kind);
        return fits && sameUnit(leaf.unit, old.unit) && exchanged(parent, old, leaf) === child.key;
      }),
    ),
};

const markets: [string, GrowOptions][] = [
  ['12 operators, 240 bars a day', fullSize],
  ['6 operators, 16 bars a day', smallSize],
  ['few bars and deep', { ...fullSize, minuteGrid: session(30), minuteWindows: [8] }],
  ['much that learns', { ...fullSize, operators: { learn_ic: 10, learn_beta: 10 } }],
];

describe.each(markets)('of %s', (_, grow) => {
  test.each(moveNames)('a child by %s is another factor this market can evaluate, within the bounds', (move) => {
    const options = { grow, weights: only(move) };
    let children = 0;
    fc.assert(
      fc.property(program(grow), seed, (parent, seed) => {
        const mutation = mutate(stream(seed, 0, 0), parent, options);
        if (mutation.kind === 'rejected') return;
        const { expression } = mutation;
        children++;
        expect(mutation.move).toBe(move);
        expect(asFactor(expression)).toBe(expression);
        expect(bind(expression, standardVocabulary, grow.minuteGrid)).toBe(expression);
        expect(expression.size).toBeLessThanOrEqual(grow.maxSize);
        expect(depth(expression)).toBeLessThanOrEqual(grow.maxDepth);
        expect(canonical(expression).key).toBe(expression.key);
        const before = canonical(parent);
        expect(expression.key).not.toBe(before.key);
        if (move === 'insert') expect(expression.size).toBeGreaterThan(before.size);
        if (move === 'degenerate') expect(expression.size).toBeLessThan(before.size);
        expect(read(print(expression)).key).toBe(expression.key);
      }),
      { numRuns: 150 },
    );
    expect(children).toBeGreaterThan(90);
  });
});

test.each(moveNames)('%s does what it says and nothing else', (move) => {
  const options = { grow: { ...fullSize, maxSize: 8 }, weights: only(move) };
  const signs: OperatorName[] = ['neg', 'abs', 'subtract'];
  let explained = 0;
  fc.assert(
    fc.property(program({ ...fullSize, maxSize: 5 }), seed, (start, seed) => {
      const parent = canonical(start);
      const mutation = mutate(stream(seed, 0, 0), parent, options);
      // The canonical form moves signs about, and bars move windows.
      if (mutation.kind === 'rejected' || hasBars(parent)) return;
      const { expression } = mutation;
      if (signs.some((sign) => operatorsOf(parent).has(sign) || operatorsOf(expression).has(sign))) return;
      explained++;
      expect(explains[move](parent, expression), `${print(parent)}  =>  ${print(expression)}`).toBe(true);
    }),
    { numRuns: 300 },
  );
  expect(explained).toBeGreaterThan(90);
});

test.each(moveNames)('%s sets no value beside itself', (move) => {
  // x - x and x / x are constants in disguise.
  const twins = (expression: Expression) =>
    callsOf(expression).filter(({ inputs }) => new Set(inputs.map(({ key }) => key)).size < inputs.length);
  const options = { grow: { ...fullSize, vocabulary: few }, weights: only(move) };
  fc.assert(
    fc.property(program(options.grow), seed, (parent, seed) => {
      const mutation = mutate(stream(seed, 0, 0), parent, options);
      if (mutation.kind === 'rejected' || twins(parent).length > 0) return;
      expect(twins(mutation.expression)).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

/** So few fields that a value is often the only one of its unit. */
const few = vocabulary([...standardVocabulary.values()].filter(({ name }) => /^(CLOSE|OPEN|VOLUME|TURN)$/.test(name)));

test('the same stream gives the same child, whatever was mutated before', () => {
  const again = { grow: { ...fullSize } };
  fc.assert(
    fc.property(program(fullSize), seed, (parent, seed) => {
      const once = mutate(stream(seed, 1, 2), parent, { grow: fullSize });
      expect(mutate(stream(seed, 1, 2), read(print(parent)), again)).toEqual(once);
    }),
    { numRuns: 200 },
  );
});

test('a program is changed step by step for as long as one likes', () => {
  for (let walker = 0; walker < 10; walker++) {
    let expression: Expression = read('ts_mean(close, 240) / CLOSE');
    for (let step = 0; step < 200; step++) {
      expression = childOf(mutate(stream(walker, step, 0), expression, { grow: smallMarket }));
    }
    expect(bind(expression, standardVocabulary, smallMarket.minuteGrid)).toBe(expression);
  }
});

/** Minute windows shorter than the day, so that programs of other sessions live there too. */
const smallMarket: GrowOptions = { ...fullSize, minuteWindows: [30, 120, 240] };

describe('of 3000 mutations of programs of 3 to 9 operators', () => {
  const counts = new Map<MoveName, number>();
  const rejections: Rejection[] = [];
  const introduced = new Set<OperatorName>();
  let attempts = 0;
  for (let slot = 0; slot < 3000; slot++) {
    const parent = sized(slot, 3, 9);
    const mutation = mutate(stream(8, 0, slot), parent, { grow: fullSize });
    rejections.push(...mutation.rejections);
    attempts += mutation.rejections.length;
    if (mutation.kind === 'rejected') continue;
    attempts++;
    counts.set(mutation.move, (counts.get(mutation.move) ?? 0) + 1);
    const before = operatorsOf(parent);
    for (const name of operatorsOf(mutation.expression)) if (!before.has(name)) introduced.add(name);
  }

  test('every move makes its share', () => {
    for (const move of moveNames) expect(counts.get(move) ?? 0).toBeGreaterThan(600);
    expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(3000);
  });

  test('seven of eight draws make a child', () => {
    expect(attempts).toBeLessThan((3000 * 8) / 7);
  });

  test('what could not be is told with its rule and reason', () => {
    const rules = new Set(rejections.map(({ rule }) => rule));
    expect([...rules]).toEqual(expect.arrayContaining(['unit', 'unchanged']));
    for (const { move, reason } of rejections) {
      expect(moveNames).toContain(move);
      expect(reason).toMatch(/^[a-z].{10,}/);
    }
  });

  test('every operator comes into some program', () => {
    // Written another way in canonical form.
    expect(introduced).toEqual(new Set(operatorNames.filter((name) => name !== 'lt')));
  });
});

/** A random program of so many operators, in canonical form. */
function sized(slot: number, least: number, most: number): Expression {
  for (let round = 0; ; round++) {
    const made = canonical(randomProgram(stream(7, round, slot), fullSize));
    if (made.size >= least && made.size <= most) return made;
  }
}

describe('weights', () => {
  test('switch moves off', () => {
    for (let slot = 0; slot < 300; slot++) {
      const mutation = mutate(stream(9, 0, slot), sized(slot, 3, 9), {
        grow: fullSize,
        weights: { insert: 0, node: 0 },
      });
      expect(['component', 'degenerate']).toContain(mutation.kind === 'child' && mutation.move);
    }
  });

  test('decide how often a move is drawn', () => {
    const parent = read('ts_mean(CLOSE, 20) / CLOSE + TURN');
    const drawn = Array.from({ length: 1000 }, (_, slot) =>
      mutate(stream(10, 0, slot), parent, { grow: fullSize, weights: { insert: 3, degenerate: 0.5 } }),
    ).map((mutation) => mutation.kind === 'child' && mutation.move);
    const share = (move: MoveName) => drawn.filter((name) => name === move).length / drawn.length;
    expect(share('insert')).toBeCloseTo(3 / 5.5, 1);
    expect(share('component')).toBeCloseTo(1 / 5.5, 1);
    expect(share('degenerate')).toBeCloseTo(0.5 / 5.5, 1);
  });

  test('of 0 everywhere are a mistake', () => {
    const weights = { insert: 0, component: 0, node: 0, degenerate: 0 };
    expect(() => mutate(stream(1, 1, 1), read('TURN'), { grow: fullSize, weights })).toThrow(
      'Every mutation has weight 0; give one of insert, component, node, degenerate another.',
    );
  });

  test('of 0 keep an operator out, unless the parent has it', () => {
    fc.assert(
      fc.property(program(fullSize), fc.subarray([...operatorNames]), seed, (parent, off, seed) => {
        const operators = Object.fromEntries(off.map((name) => [name, 0]));
        const mutation = mutate(stream(seed, 0, 0), parent, { grow: { ...fullSize, operators } });
        if (mutation.kind === 'rejected') return;
        const allowed = new Set([
          ...operatorNames.filter((name) => !off.includes(name)),
          ...operatorsOf(canonical(parent)),
        ]);
        for (const name of operatorsOf(mutation.expression)) expect(allowed).toContain(name);
      }),
      { numRuns: 40 },
    );
  });

  test('of 0 also keep out an operator that only the canonical form would bring in', () => {
    const grow = { ...fullSize, operators: { ...nothing, lt: 1 } };
    const mutation = mutate(stream(1, 0, 0), read('TURN'), { grow });
    expect(mutation.kind).toBe('rejected');
    expect(mutation.rejections).toContainEqual({
      move: 'insert',
      rule: 'operator',
      reason: 'gt has weight 0, and the canonical form brings it in',
    });
  });
});

const nothing = Object.fromEntries(operatorNames.map((name) => [name, 0]));

describe('where a move has no place', () => {
  test('it is not drawn', () => {
    for (let slot = 0; slot < 100; slot++) {
      expect(mutate(stream(slot, 0, 0), read('TURN'), { grow: fullSize })).toMatchObject({ move: 'insert' });
      const full = sized(slot, 12, 12);
      expect(mutate(stream(slot, 0, 0), full, { grow: fullSize })).not.toMatchObject({ move: 'insert' });
    }
  });

  test('and neither has any other, that is said', () => {
    const weights = { insert: 0 };
    expect(mutate(stream(1, 0, 0), read('TURN'), { grow: fullSize, weights })).toEqual({
      kind: 'rejected',
      rejections: (['component', 'node', 'degenerate'] as const).map((move) => ({
        move,
        rule: 'inapplicable',
        reason: `the program has no place for ${move}`,
      })),
    });
  });

  test('a move is tried so many times before another is drawn', () => {
    // All that may be inserted is a sign, and the sign of a sign is that sign.
    const grow = { ...fullSize, operators: { ...nothing, sign: 1 } };
    const { kind, rejections } = mutate(stream(1, 0, 0), read('sign(TURN)'), {
      grow,
      weights: only('insert'),
      tries: 5,
    });
    expect(kind).toBe('rejected');
    expect(rejections).toHaveLength(5);
    for (const { rule } of rejections) expect(rule).toBe('unchanged');
  });
});

test('what has no room is not tried', () => {
  let deep = 0;
  for (let slot = 0; slot < 1500; slot++) {
    const { rejections } = mutate(stream(14, 0, slot), sized(slot, 1, 6), { grow: tight });
    for (const { rule } of rejections) expect(rule).not.toBe('size');
    deep += rejections.filter(({ rule }) => rule === 'depth').length;
  }
  // A sign that the canonical form moves up may be a level too many.
  expect(deep).toBeLessThan(15);
});

const tight = { ...fullSize, maxSize: 6, maxDepth: 4 };

test('a seed larger than the limits is mutated, and does not grow', () => {
  const grow = { ...fullSize, maxSize: 4, maxDepth: 3 };
  const seen = new Set<MoveName>();
  for (let slot = 0; slot < 400; slot++) {
    const parent = sized(slot, 6, 12);
    const mutation = mutate(stream(11, 0, slot), parent, { grow });
    const expression = childOf(mutation);
    if (mutation.kind === 'child') seen.add(mutation.move);
    expect(expression.size).toBeLessThanOrEqual(parent.size);
    expect(depth(expression)).toBeLessThanOrEqual(Math.max(3, depth(parent)));
  }
  expect(seen).toEqual(new Set(['component', 'node', 'degenerate']));
});

test('a graph knows how often and how deep a value stands, and how many bars it may lose', () => {
  const minutes = vocabulary(
    [...standardVocabulary.values()].filter(({ kind, name }) => kind === 'b' || name === 'CLOSE'),
  );
  const options: GrowOptions = { ...fullSize, vocabulary: minutes, minuteGrid: session(15), minuteWindows: [8, 16] };
  let shared = 0;
  fc.assert(
    fc.property(program(options), (parent) => {
      const graph = graphOf(parent, supplyOf(options));
      for (const node of graph.nodes) {
        const { key, kind, unit } = node.expression;
        const levels = levelsOf(graph.root, key);
        expect(node.written).toBe(levels.length);
        expect(node.above).toBe(Math.max(...levels));
        if (node.readers.length > 1) shared++;
        if (kind !== 'b' || node.spare === 0) continue;
        const late = call('bar_delay', [field({ name: 'late', kind, unit })], [node.spare]);
        const words = vocabulary([...minutes.values(), { name: 'late', kind, unit }]);
        const whole = must(graph.replace(node, must(late)));
        expect(bind(whole, words, options.minuteGrid)).toBe(whole);
      }
    }),
    { numRuns: 200 },
  );
  expect(shared).toBeGreaterThan(50);
});

/** On which levels a value stands in the program written out. */
function levelsOf(expression: Expression, key: string, level = 0): number[] {
  const here = expression.key === key ? [level] : [];
  const below = expression.node === 'call' ? expression.inputs.flatMap((input) => levelsOf(input, key, level + 1)) : [];
  return [...here, ...below];
}

test('a shared value is changed for all its readers by node, for one of them by component', () => {
  const parent = read('ts_mean(CLOSE, 20) / ts_max(ts_mean(CLOSE, 20), 5)');
  const children = (move: MoveName) =>
    Array.from({ length: 300 }, (_, slot) =>
      print(childOf(mutate(stream(12, 0, slot), parent, { grow: fullSize, weights: only(move) }))),
    );
  expect(children('node')).toContain('ts_min(CLOSE, 20) / ts_max(ts_min(CLOSE, 20), 5)');
  expect(children('node')).not.toContain('ts_min(CLOSE, 20) / ts_max(ts_mean(CLOSE, 20), 5)');
  expect(children('component')).toContain('OPEN / ts_max(ts_mean(CLOSE, 20), 5)');
  expect(children('component')).not.toContain('OPEN / ts_max(OPEN, 5)');
  expect(children('component')).toContain('ts_mean(OPEN, 20) / ts_max(ts_mean(OPEN, 20), 5)');
  expect(children('degenerate')).toContain('LOW / ts_max(LOW, 5)');
});

test('bars lost to a new bar_* operator are taken from the window or the interval above it', () => {
  const children = (text: string) =>
    Array.from({ length: 400 }, (_, slot) =>
      print(childOf(mutate(stream(13, 0, slot), read(text), { grow: fullSize, weights: only('insert') }))),
    );
  expect(children('ts_skew(close, 240)')).toContain('ts_skew(bar_return(close, 5), 235)');
  expect(children('interval(volume, skew, 9:30, 10:00)')).toContain('interval(bar_diff(volume, 1), skew, 9:31, 10:00)');
});

test('every move says what it does in a sentence', () => {
  for (const move of moveNames) expect(moves[move].doc).toMatch(/^[A-Z].*\.$/);
});
