import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Expression } from '../program/expression.ts';
import { type Listing, listing } from '../program/listing.ts';
import { parse } from '../program/parse.ts';
import { standardVocabulary } from '../program/vocabulary.ts';
import { fullSize, program, value } from './arbitraries/program.ts';

const read = (text: string) => parse(text, standardVocabulary);

/** Whole programs; some that learn, which are rare among them; and bare values of other kinds. */
const anything = fc.oneof(
  program(fullSize),
  program({ ...fullSize, operators: { learn_ic: 20, learn_beta: 20 } }),
  value({ kind: 'v' }, fullSize),
  value({ kind: 'b' }, fullSize),
);

const local = /\b[svmbg]\d+\b/g;
const split = (line: string): [string, string] => line.split(' = ') as [string, string];

/** Every local name written out, down to one line. */
function joined({ setup, learn, predict }: Listing): string {
  const texts = new Map(setup.map(split));
  for (const [name, text] of [...learn, ...predict].map(split)) {
    texts.set(
      name,
      text.replace(local, (used) => `(${texts.get(used)})`),
    );
  }
  return texts.get(split(predict.at(-1) as string)[0]) as string;
}

function subtrees(expression: Expression, found = new Map<string, Expression>()): Map<string, Expression> {
  found.set(expression.key, expression);
  if (expression.node === 'call') for (const input of expression.inputs) subtrees(input, found);
  return found;
}

test('read back as one line it is the program', () => {
  fc.assert(
    fc.property(anything, (expression) => {
      expect(read(joined(listing(expression))).key).toBe(expression.key);
    }),
    { numRuns: 1000 },
  );
});

test('every value has one line, before it is used, under a name of its kind', () => {
  fc.assert(
    fc.property(anything, (expression) => {
      const { setup, learn, predict } = listing(expression);
      const kinds = [...subtrees(expression).values()].map(({ kind }) => kind);
      const known = new Set<string>();
      for (const line of setup) known.add(split(line)[0]);
      expect(known.size).toBe(setup.length);
      for (const [name, text] of [...learn, ...predict].map(split)) {
        for (const used of text.match(local) ?? []) expect(known).toContain(used);
        expect(known).not.toContain(name);
        known.add(name);
      }
      // A last line that only names the result again is one more.
      if (/ = [svmbg]\d+$/.test(predict.at(-1) as string)) kinds.push(expression.kind);
      const counts = new Map<string, number>();
      for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
      const names = [...counts].flatMap(([kind, count]) => Array.from({ length: count }, (_, i) => `${kind}${i + 1}`));
      expect(known).toEqual(new Set(names));
    }),
    { numRuns: 500 },
  );
});

test('what is learned and what it is learned from stand in learn, and nothing else does', () => {
  let learning = 0;
  fc.assert(
    fc.property(anything, (expression) => {
      const { setup, learn, predict } = listing(expression);
      expect(predict.join(' ')).not.toContain('learn_');
      expect(setup.join(' ')).not.toContain('(');
      for (const [i, line] of learn.entries()) {
        const [name, text] = split(line);
        const later = learn.slice(i + 1).map(split);
        const used = later.some(([, other]) => (other.match(local) as string[]).includes(name));
        expect(text.startsWith('learn_') || used).toBe(true);
      }
      if (learn.length > 0) learning++;
    }),
    { numRuns: 500 },
  );
  expect(learning).toBeGreaterThan(100);
});

test('a program that weighs a signal by what it was worth', () => {
  const signal = 'ts_return(CLOSE, 5)';
  expect(listing(read(`learn_ic(${signal}, 20) * ${signal} - 2 * ts_corr(high, volume, 240)`))).toEqual({
    setup: ['m1 = CLOSE', 's1 = 2', 'b1 = high', 'b2 = volume'],
    learn: ['m2 = ts_return(m1, 5)', 'v1 = learn_ic(m2, 20)'],
    predict: ['m3 = v1 * m2', 'm4 = ts_corr(b1, b2, 240)', 'm5 = s1 * m4', 'm6 = m3 - m5'],
  });
});

test('a factor that is a field or learned still has the last line', () => {
  expect(listing(read('TURN'))).toEqual({ setup: ['m1 = TURN'], learn: [], predict: ['m2 = m1'] });
  expect(listing(read('learn_ic(TURN, 20)')).predict).toEqual(['v2 = v1']);
});
