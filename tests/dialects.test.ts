import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EvolveError } from '../core/failure.ts';
import { packageRoot } from '../core/package-root.ts';
import { stream } from '../core/random.ts';
import { operatorNames, operatorOf } from '../operators/table.ts';
import { call, must } from '../program/build.ts';
import { type DialectName, dialectOf, dialects } from '../program/dialects/dialects.ts';
import { decimal } from '../program/dialects/writing.ts';
import type { Expression } from '../program/expression.ts';
import { parse } from '../program/parse.ts';
import { print } from '../program/print.ts';
import { randomProgram } from '../program/random-program.ts';
import { evaluateReference, type PlainMarket } from '../program/reference-program.ts';
import { standardVocabulary } from '../program/vocabulary.ts';

const golden = (name: string) =>
  JSON.parse(readFileSync(join(packageRoot, 'tests', 'golden', 'dialects', `${name}.json`), 'utf8'));
const series = (cells: (number | null)[]): Float64Array => Float64Array.from(cells, (cell) => cell ?? Number.NaN);

const market: PlainMarket = (() => {
  const { rows, columns, daily } = golden('panel');
  const fields = Object.entries<(number | null)[]>(daily).map(([name, cells]) => [name, series(cells)] as const);
  return { rows, columns, daily: new Map(fields), minute: new Map(), starts: [] };
})();

type Reader = 'qlib' | 'alpha101' | 'brain' | 'alphagen';
const readers: readonly Reader[] = ['qlib', 'alpha101', 'brain', 'alphagen'];
const read = (dialect: Reader, text: string) => dialects[dialect].read(text, standardVocabulary);
const shown = (dialect: Reader, text: string): string => print(read(dialect, text).expression);

function sentence(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof EvolveError) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error('nothing was refused');
}
const refusal = (dialect: Reader, text: string): string => sentence(() => read(dialect, text));

describe.each(readers)('%s formulas have the values their tool gives', (dialect) => {
  const cases: { text: string; values: (number | null)[] }[] = golden(dialect);

  test.each(cases.map(({ text, values }) => [text, values] as const))('%s', (text, values) => {
    const ours = evaluateReference(read(dialect, text).expression, market);
    const theirs = series(values);
    expect(ours).toHaveLength(theirs.length);
    let compared = 0;
    for (const [i, value] of theirs.entries()) {
      if (Number.isNaN(value)) continue;
      compared++;
      const error = Math.abs((ours[i] as number) - value) / Math.max(1, Math.abs(value));
      if (!(error <= 1e-6)) expect.fail(`cell ${i}: ours ${ours[i]}, theirs ${value}`);
    }
    expect(compared).toBeGreaterThan(30);
  });
});

describe('what the words mean', () => {
  test.each([
    // qlib
    ['qlib', 'Ref($close,1)/$close', 'ts_delay(CLOSE, 1) / CLOSE'],
    ['qlib', 'Greater($open,$close)/Less($high,$low)', 'max2(OPEN, CLOSE) / min2(HIGH, LOW)'],
    ['qlib', 'IdxMax($close,5)', 'idx_max(CLOSE, 5) + 1'],
    ['qlib', 'WMA($close,5)', '0.2 * ts_decaylinear(CLOSE, 5)'],
    ['qlib', '($close>$open)+($close>$low)', 'max2(gt(CLOSE, OPEN), gt(CLOSE, LOW))'],
    ['qlib', '($close>$open)*1+($close>$low)', 'gt(CLOSE, OPEN) * 1 + gt(CLOSE, LOW)'],
    ['qlib', '$volume>0', 'gt(sign(VOLUME), 0)'],
    ['qlib', '-$close**2', '-power(CLOSE, 2)'],
    ['qlib', '$close-$open+0', 'CLOSE - OPEN'],
    ['qlib', '$close/Ref($close,1)-1', 'ts_return(CLOSE, 1)'],
    ['qlib', 'Max($close,5)-Min($close,5)', 'ts_range(CLOSE, 5)'],
    ['qlib', '$money/$amount', 'AMOUNT / AMOUNT'],
    ['qlib', 'Greater($close/Ref($close,1)-1,0)', 'max2(ts_return(CLOSE, 1), 0)'],
    ['qlib', 'Greater($close-Ref($close,1),0)', 'max2(CLOSE - ts_delay(CLOSE, 1), 0 * (CLOSE - ts_delay(CLOSE, 1)))'],
    // 101 Formulaic Alphas
    ['alpha101', 'ts_argmax(close, 5)', 'idx_max(CLOSE, 5) + 1'],
    ['alpha101', 'adv20', 'ts_mean(AMOUNT, 20)'],
    ['alpha101', 'returns', 'ts_return(CLOSE, 1)'],
    ['alpha101', 'decay_linear(close, 8.93345)', 'ts_decaylinear(CLOSE, 8)'],
    ['alpha101', 'Rank(CLOSE)', 'cs_rank(CLOSE)'],
    ['alpha101', 'min(close, 5)', 'ts_min(CLOSE, 5)'],
    ['alpha101', 'min(close, open)', 'min2(CLOSE, OPEN)'],
    ['alpha101', 'scale(close)', 'cs_scale(CLOSE)'],
    ['alpha101', 'IndNeutralize(close, IndClass.industry)', 'group_demean(CLOSE, INDUSTRY)'],
    ['alpha101', '-close^2', '-power(CLOSE, 2)'],
    [
      'alpha101',
      'close > open ? high : close < open ? low : vwap',
      'where(gt(CLOSE, OPEN), HIGH, where(lt(CLOSE, OPEN), LOW, VWAP))',
    ],
    // BRAIN
    ['brain', 'ts_arg_max(close, 5)', '4 - idx_max(CLOSE, 5)'],
    ['brain', 'ts_std_dev(close, 5)', '0.8944271909999159 * ts_std(CLOSE, 5)'],
    ['brain', 'adv20', 'ts_mean(VOLUME, 20)'],
    ['brain', 'max(returns, 5)', 'max2(ts_return(CLOSE, 1), 5)'],
    ['brain', 'signed_power(returns, 2)', 'sign(ts_return(CLOSE, 1)) * power(abs(ts_return(CLOSE, 1)), 2)'],
    // alphagen
    ['alphagen', 'Rank($close,20d)', '1.05 - ts_rank(CLOSE, 20)'],
    ['alphagen', 'Med($close,5)', 'ts_median(CLOSE, 5)'],
    ['alphagen', 'Med($close,6d)', 'ts_quantile(CLOSE, 6, 0.4)'],
    ['alphagen', 'WMA($close,6d)', 'ts_decaylinear(CLOSE, 5)'],
    ['alphagen', 'EMA(close,6d)', 'ts_ema(CLOSE, 6)'],
    ['alphagen', 'CSRank($close)', 'cs_rank(CLOSE) - cs_scale(lt(CLOSE, CLOSE) + 1)'],
    ['alphagen', 'Add($close,Constant(0))', 'CLOSE'],
    ['alphagen', 'Sub(0.,$close)', '-CLOSE'],
    ['alphagen', 'Ref($close,0d)', 'CLOSE'],
  ] as const)('%s: %s is %s', (dialect, theirs, ours) => {
    expect(shown(dialect, theirs)).toBe(ours);
  });

  test('names the operator table calls exact are read as that operator', () => {
    for (const name of operatorNames) {
      const row = operatorOf(name);
      for (const [dialect, theirs] of Object.entries(row.dialects ?? {})) {
        const fields = dialect === 'alpha101' ? ['close/open', 'high/low'] : ['Div($close,$open)', 'Div($high,$low)'];
        const series = fields.slice(0, row.arity);
        if (row.shape === 'cross-section' && row.grouped) series[1] = 'industry';
        const days = row.parameters.map(() => '5');
        const { expression } = read(dialect as Reader, `${theirs}(${[...series, ...days].join(', ')})`);
        expect([name, expression.node === 'call' && expression.operator]).toEqual([name, name]);
      }
    }
  });
});

describe('what cannot be said exactly is refused with the reason', () => {
  test.each([
    ['qlib', 'Ref($close,-1)/$close-1', 'unsupported-dialect', 'reads the future'],
    ['qlib', 'Delta($close,-2)', 'unsupported-dialect', 'reads the future'],
    ['qlib', 'Ref($close,0)', 'unsupported-dialect', 'first row of history'],
    ['qlib', 'Mean($close,0)', 'unsupported-dialect', 'all history'],
    ['qlib', 'Mean($close,0.1)', 'unsupported-dialect', 'weighs all history'],
    ['qlib', 'EMA($close,12)/$close', 'unsupported-dialect', 'ts_ema is the nearest'],
    ['qlib', 'Mad($close,5)', 'unsupported-dialect', 'mean absolute deviation'],
    ['qlib', 'Mask($close,"sh600000")', 'bad-expression', 'means nothing'],
    ['qlib', 'Mask($close,sh600000)', 'unsupported-dialect', 'another instrument'],
    ['qlib', 'Power($close/$open,$high/$low)', 'unsupported-dialect', 'constant exponent'],
    ['qlib', 'And($close,$open)', 'bad-expression', 'takes a comparison on each side'],
    ['qlib', '$close>$open & $close>$low', 'bad-expression', 'cannot follow each other'],
    ['qlib', '$close & $open', 'bad-expression', 'takes a comparison on each side'],
    ['qlib', '$low<$close<$high', 'bad-expression', 'cannot follow each other'],
    ['qlib', '$$roe_q', 'unsupported-dialect', 'point-in-time'],
    ['qlib', '$factor*$close', 'bad-expression', '$factor is not a daily field of this market'],
    ['qlib', 'close/$open', 'bad-expression', 'as in $close'],
    ['qlib', '$close+1', 'bad-expression', 'a number is a plain ratio here'],
    ['qlib', '$close+$volume', 'bad-expression', 'cannot add price to volume'],
    ['qlib', 'Log($volume)', 'bad-expression', 'cannot take the log of volume'],
    ['qlib', 'Mean($close)', 'bad-expression', 'Mean takes 2 arguments and was given 1'],
    ['qlib', 'Mean($close,$open)', 'bad-expression', 'Mean needs a number here'],
    ['qlib', 'Mena($close,5)', 'bad-expression', 'did you mean Mean'],
    ['qlib', 'Mean($close,5', 'bad-expression', 'found the end'],
    ['qlib', '', 'bad-expression', 'found the end'],
    ['qlib', 'Mean($close,2.5)', 'bad-expression', 'whole number'],
    ['alpha101', 'delay(close, -1)', 'unsupported-dialect', 'reads the future'],
    ['alpha101', 'indneutralize(close, IndClass.sector)', 'bad-expression', 'IndClass.sector is not a daily field'],
    ['alpha101', 'returns < 0 ? stddev(returns, 20) : close', 'bad-expression', 'two branches measured alike'],
    ['alpha101', 'close || open', 'bad-expression', 'takes a comparison on each side'],
    ['brain', 'trade_when(volume > adv20, returns, -1)', 'unsupported-dialect', 'holds the value of an earlier day'],
    ['brain', 'winsorize(returns, std=4)', 'unsupported-dialect', 'standard deviations'],
    ['brain', 'add(close, open, filter=true)', 'unsupported-dialect', 'filter=true'],
    ['brain', 'ts_backfill(close, 5)', 'unsupported-dialect', 'never invent'],
    ['alphagen', 'Ref($close,-5d)', 'unsupported-dialect', 'reads the future'],
    ['alphagen', 'Mad($close,5d)', 'unsupported-dialect', 'mean absolute deviation'],
    ['alphagen', 'Skew($close,2d)', 'bad-expression', 'at least 3 days'],
    ['alphagen', '$close+$open', 'bad-expression', 'expected the end'],
  ] as const)('%s: %s', (dialect, text, code, reason) => {
    const said = refusal(dialect, text);
    expect(said).toContain(reason);
    expect(said.startsWith(`${code}: `)).toBe(true);
    expect(said.slice(code.length + 2)).toMatch(/^\S[^\n]*\.$/);
  });

  test('no text overflows or crashes', () => {
    const words = [
      '$close',
      'Mean(',
      'rank(',
      ')',
      ',',
      '5',
      '-',
      '**',
      '^',
      '?',
      ':',
      '(',
      '<',
      '||',
      '&',
      '20d',
      ' ',
      '=',
      '.',
    ];
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...words), { maxLength: 20 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(fc.constantFrom(...readers), text, (dialect, text) => {
        try {
          read(dialect, text);
        } catch (error) {
          if (!(error instanceof EvolveError)) throw error;
        }
      }),
      { numRuns: 3000 },
    );
    expect(refusal('brain', `${'rank('.repeat(30)}close${')'.repeat(30)}`)).toContain('more than 10000 operators');
    for (const long of ['('.repeat(1e5), '-'.repeat(1e5), `$close${'+$close'.repeat(1e4)}`, 'Abs('.repeat(1e4)]) {
      expect(refusal('qlib', long)).toContain('nested too deeply');
    }
  });
});

describe('notes say where the answers differ', () => {
  test.each([
    ['qlib', 'Mean($close,5)/$close', ['until it is full', 'infinite there']],
    ['qlib', '$close>$open', ['answers false']],
    ['qlib', 'Corr($close,$volume,5)', ['until it is full', '0.00002']],
    ['alpha101', 'rank(close)', ['does not give the scale']],
    ['alpha101', 'ts_argmax(close, 5.5)', ['oldest', '1 for the oldest day', 'rounded down', 'missing rows']],
    ['brain', 'rank(close)', ['roughly', 'equal values']],
    ['alphagen', 'Rank($close,5d)', ['from the largest']],
    ['alphagen', 'Corr($close,$open,5d)', ['0.000001']],
  ] as const)('%s: %s', (dialect, text, parts) => {
    const { notes } = read(dialect, text);
    for (const part of parts) expect(notes.some((note) => note.includes(part))).toBe(true);
    expect(new Set(notes).size).toBe(notes.length);
  });

  test('nothing is noted where nothing differs', () => {
    expect(read('qlib', 'Abs($close-$open)').notes).toEqual([]);
    expect(read('alphagen', 'Std($close,5d)').notes).toEqual([]);
  });
});

/** A power of a half is a square root in both tools, and comes back as the root. */
function rooted(expression: Expression): Expression {
  if (expression.node !== 'call') return expression;
  const inputs = expression.inputs.map(rooted);
  const root = expression.operator === 'power' && expression.parameters[0] === 0.5;
  return must(root ? call('sqrt', inputs) : call(expression.operator, inputs, expression.parameters));
}

describe('written formulas', () => {
  const options = {
    vocabulary: new Map([...standardVocabulary].filter(([, { kind }]) => kind === 'm')),
    windows: [3, 4, 5, 10],
    minuteWindows: [4],
    maxSize: 9,
    maxDepth: 6,
  };
  const programs: Expression[] = Array.from({ length: 2000 }, (_, slot) => randomProgram(stream(9, 0, slot), options));

  test.each(['qlib', 'alphagen'] as const)('%s reads back what it wrote', (dialect) => {
    let written = 0;
    for (const program of programs) {
      const text = dialects[dialect].write(program);
      if (typeof text !== 'string') {
        expect(text.reason.length).toBeGreaterThan(10);
        continue;
      }
      written++;
      const again = read(dialect, text).expression;
      const same = rooted(program).key;
      if (again.key !== same) expect([text, print(again)]).toEqual([text, print(program)]);
    }
    expect(written).toBeGreaterThan(100);
  });

  test.each(['qlib', 'alphagen'] as const)('every operator %s can say comes back as itself', (dialect) => {
    const said: string[] = [];
    for (const name of operatorNames) {
      const expression = parse(operatorOf(name).example, standardVocabulary);
      const text = dialects[dialect].write(expression);
      if (typeof text !== 'string') continue;
      said.push(name);
      expect([name, print(read(dialect, text).expression)]).toEqual([name, print(expression)]);
    }
    const both = [
      'ts_mean',
      'ts_std',
      'ts_rank',
      'ts_range',
      'ts_norm',
      'ts_zscore',
      'ts_return',
      'ts_corr',
      'ts_beta',
      'ts_decaylinear',
    ];
    const own =
      dialect === 'qlib' ? ['idx_max', 'ts_slope', 'ts_resid', 'where', 'gt'] : ['ts_ema', 'ts_skew', 'ts_kurt'];
    expect(said).toEqual(expect.arrayContaining([...both, ...own]));
  });

  test('have the values of what was written', () => {
    const within = programs.filter((program) => !/TURN|RETURN1/.test(program.key)).slice(0, 300);
    for (const dialect of ['qlib', 'alphagen'] as const) {
      for (const program of within) {
        const text = dialects[dialect].write(program);
        if (typeof text !== 'string') continue;
        expect(evaluateReference(read(dialect, text).expression, market)).toEqual(
          evaluateReference(rooted(program), market),
        );
      }
    }
  });

  test.each([
    ['qlib', 'cs_rank(CLOSE)', 'qlib sees one symbol at a time'],
    ['qlib', 'ts_mean(close, 240) / CLOSE', 'minute value'],
    ['qlib', 'CLOSE / OPEN * MKT_RETURN', 'market vector'],
    ['qlib', 'ts_ema(CLOSE, 5)', 'weighs all history'],
    ['qlib', `${'ts_norm('.repeat(20)}CLOSE${', 5)'.repeat(20)}`, 'more than 100000 characters'],
    ['alphagen', 'TURN', 'no turn'],
    ['alphagen', 'ts_median(CLOSE, 6)', 'lower middle value'],
    ['alphagen', 'idx_max(CLOSE, 6)', 'has no idx_max'],
  ] as const)('%s cannot say %s', (dialect, text, reason) => {
    expect(dialects[dialect].write(parse(text, standardVocabulary))).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining(reason),
    });
  });

  test('numbers have no exponent where a reader knows none', () => {
    for (const value of [1e-7, -2.5e-9, 123456789e20, -1.5, 3, 0.1]) {
      expect(decimal(value)).toMatch(/^-?\d+(\.\d+)?$/);
      expect(Number(decimal(value))).toBe(value);
    }
  });
});

test('every dialect says what it is, and reads or writes', () => {
  for (const name of Object.keys(dialects) as DialectName[]) {
    const { doc, read, write } = dialectOf(name);
    expect(doc).toMatch(/^\S.*\.$/);
    expect(read ?? write).toBeDefined();
  }
});
