/** `evolve backtest` as its users meet it: from the command line, and as a function. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backtest } from '../cli/portfolio/backtest.ts';
import type { BacktestOptions } from '../cli/portfolio/backtest-options.ts';
import { EvolveError } from '../core/failure.ts';
import { readManifest } from '../data/store/manifest.ts';
import { synthesise } from '../data/synth/synthesise.ts';
import { isoWeek } from '../portfolio/backtest/signal-dates.ts';
import { libraryText } from '../runs/library.ts';
import { evolve, evolveEach } from './evolve.ts';
import { factorLibrary, libraryFactor } from './small-library.ts';

const folder = mkdtempSync(join(tmpdir(), 'evolve-backtest-'));
const market = join(folder, 'market');
const reversal = 'neg(ts_return(CLOSE, 5))';
const scores = join(folder, 'scores.csv');

/** Dates of the market: enough history for risk, and ten weeks to trade. */
const days = 120;
beforeAll(async () => {
  await synthesise(market, { stocks: 40, days, minutes: 4, seed: 4 });
  const { calendar, symbols } = await readManifest(market);
  const rows = calendar.flatMap((date, t) =>
    t < 80 ? [] : symbols.map((symbol, n) => `${date},${symbol},${(n * 7 + t) % 11},${n === t % 40 ? '' : n}`),
  );
  writeFileSync(scores, `date,symbol,first,second\n${rows.join('\n')}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const usual = { data: market, index: 'top:20', workers: 1 } as const;
const date = async (t: number) => (await readManifest(market)).calendar[t] as string;

describe('backtest', () => {
  test('makes a portfolio for each value of a list, each what it would be alone, and --to ends it earlier', async () => {
    const options = { ...usual, scores: reversal, turnover: [0.3], from: await date(70) } as const;
    const both = await backtest({ ...options, deviation: [0.01, 0.03], workers: 2 });
    expect(both.scenarios.map(({ name }) => name)).toEqual(['deviation 1%', 'deviation 3%']);
    const to = await date(100);
    const alone = await backtest({ ...options, deviation: [0.03], to });
    expect(alone.dates.at(-1)).toBe(to);
    const [first] = alone.scenarios;
    const until = both.scenarios[1];
    expect(first?.nav).toEqual(until?.nav.slice(0, alone.dates.length));
    expect(first?.rebalances).toEqual(until?.rebalances.slice(0, first?.rebalances.length));
    expect(alone.index.nav).toEqual(both.index.nav.slice(0, alone.dates.length));
    for (const { worstViolation, rebalances, rule } of both.scenarios) {
      expect(worstViolation).toBeLessThan(1e-6);
      // Who cannot be traded keeps its weight, whatever the cap: on most dates nobody is that far off.
      const within = rebalances.filter(({ planned }) => planned.deviation < (rule.deviation as number) + 1e-6);
      expect(within.length).toBeGreaterThan(rebalances.length / 2);
    }
    expect(both.warnings.join(' ')).toContain('too few for annual figures');
  });

  test('begins a library where its test dates do, and turns a factor by its sign', async () => {
    const { calendar } = await readManifest(market);
    const [from, to] = [calendar[99] as string, await date(112)];
    const split = {
      train: [calendar[0] as string, calendar[108] as string],
      valid: [calendar[80] as string, calendar[90] as string],
      test: [from, calendar[days - 1] as string],
    } as const;
    const of = (expression: string, ic: number) => {
      const file = join(folder, `${ic > 0 ? 'right' : 'wrong'}.json`);
      writeFileSync(file, libraryText({ ...factorLibrary(libraryFactor('f', expression, ic)), split }));
      return backtest({ ...usual, scores: file, to });
    };
    const right = await of(reversal, 0.05);
    const wrong = await of('ts_return(CLOSE, 5)', -0.05);
    expect((right.dates[0] as string) >= from).toBe(true);
    expect(right.scenarios[0]?.rebalances.length).toBeGreaterThan(1);
    expect(wrong.scenarios[0]?.nav).toEqual(right.scenarios[0]?.nav);
    // Of its training dates those that are traded are said to be seen, and nothing after --to counts.
    const first = calendar.indexOf(right.dates[0] as string);
    expect(right.warnings.join(' ')).toContain(`seen ${109 - first} of the ${113 - first} dates judged`);
  });

  test('of a preset holds what the preset says', async () => {
    const from = await date(90);
    const { scenarios, trading } = await backtest({ ...usual, scores: reversal, preset: 'csi500@002', from });
    expect(scenarios.map(({ rule }) => rule.turnover)).toEqual([0.3, 0.4, 0.5]);
    expect(trading).toMatchObject({ rebalance: 'week', price: 'VWAP', costs: { buy: 0.002, sell: 0.002 } });
    for (const { rebalances } of scenarios) {
      for (const { planned } of rebalances) {
        const given = new Set(planned.slacks.map(({ relief }) => relief));
        if (!given.has('members')) expect(planned.memberShare).toBeGreaterThan(0.6 - 1e-6);
        if (!given.has('style')) expect(planned.industry as number).toBeLessThan(1e-6);
      }
    }
  });

  test('keeps a predicted tracking error, and says what it came to and what the model does without', async () => {
    const free = { ...usual, scores: reversal, turnover: ['none'], industry: 'none', size: 'none' } as const;
    const tight = await backtest({ ...free, deviation: ['none'], trackingError: 0.03 });
    const [scenario] = tight.scenarios;
    const predicted = (scenario?.rebalances ?? []).map(({ planned }) => planned.trackingError as number);
    expect(predicted.length).toBeGreaterThan(5);
    expect(Math.max(...predicted)).toBeLessThan(0.03 * (1 + 1e-4));
    expect(scenario?.risk?.predicted).toBeCloseTo(0.03, 3);
    expect(scenario?.risk?.bias).toBeGreaterThan(0.4);
    expect(scenario?.risk?.bias).toBeLessThan(2.5);
    const warnings = tight.warnings.join(' ');
    expect(warnings).toContain('too short a history on the first');
    expect(warnings).toMatch(/Growth is left out of the risk model: the market has no /);
  });

  test.each<[Record<string, unknown>, RegExp]>([
    [{ scores: undefined }, /^A backtest needs scores: .*, not undefined\.$/],
    [{ scores: ' ' }, /^A backtest needs scores/],
    [{ deviation: [] }, /^--deviation should be a list of one value or more, not an empty one\./],
    [{ turnover: [] }, /^--turnover should be a list of one value or more, not an empty one\./],
    [{ memberFloor: 0.8 }, /^--member-floor should be a list of one value or more, not 0\.8\./],
    [{ deviation: ['1%'] }, /^--deviation should be a number from 0 to 1, not 1%\.$/],
    [{ trade: 'HIGH' }, /^--trade should be one of CLOSE, OPEN, VWAP, not "HIGH"\.$/],
    [{ tradability: 'x' }, /^--tradability should be one of signal, trade, not "x"\.$/],
    [{ preset: 'nope' }, /^--preset should be one of csi500@000, .*, not "nope"\.$/],
    [{ preset: 'toString' }, /^--preset should be one of /],
    [{ index: 20 }, /^--index should be a text, not 20\.$/],
    [{ rebalance: 'month' }, /^--rebalance should be week, or a whole number of dates from 1, not month\.$/],
  ])('refuses %o of a program with a sentence', async (wrong, sentence) => {
    const options = { ...usual, scores: reversal, from: await date(100), ...wrong } as unknown as BacktestOptions;
    const failure = await backtest(options).then(
      () => 'traded',
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(EvolveError);
    expect((failure as EvolveError).message).toMatch(sentence);
  });

  test('that cannot decide on any date says which reason it is', async () => {
    const { calendar, symbols } = await readManifest(market);
    const week = (t: number) => isoWeek(calendar[t] as string);
    const t = calendar.findIndex((_, k) => k > 75 && week(k - 1) < week(k) && week(k) === week(k + 4));
    const [monday, , wednesday, , friday] = calendar.slice(t, t + 5) as [string, string, string, string, string];
    const file = join(folder, 'days.csv');
    const scored = (dates: readonly string[], score: (n: number) => number) => {
      const rows = dates.flatMap((day) => symbols.map((symbol, n) => `${day},${symbol},${score(n)}`));
      writeFileSync(file, `date,symbol,score\n${rows.join('\n')}\n`);
      return file;
    };
    const why = (options: Partial<BacktestOptions>) =>
      backtest({ ...usual, scores: reversal, ...options }).then(
        () => 'traded',
        (error: Error) => error.message,
      );
    expect(await why({ from: monday, to: friday })).toBe(
      `There is nothing to trade on: no week ends from ${monday} to ${friday} with a date after it to trade on. Widen --from and --to, or decide on any date with --rebalance 1.`,
    );
    const midweek = scored([wednesday], (n) => n);
    expect(await why({ scores: midweek })).toBe(
      `There is nothing to trade on: of 1 date with scores and an index, such as ${wednesday}, none is the last of its week, which --rebalance week decides on. Decide on any date with --rebalance 1.`,
    );
    expect(await why({ scores: midweek, rebalance: 1 })).toBe('traded');
    expect(await why({ scores: midweek, from: monday, to: wednesday })).toMatch(
      /no date from .*, but for the last, which has none after it to trade on, has two scores that differ\./,
    );
    expect(await why({ scores: scored(calendar.slice(70, 90), () => 3) })).toMatch(/two scores that differ\. Widen/);
    const late = join(folder, 'late.csv');
    writeFileSync(late, `date,symbol,weight\n${calendar[100]},${symbols[0]},1\n`);
    expect(await why({ index: late, to: calendar[99] as string })).toMatch(/ has an index\. Widen/);
    expect(await why({ scores: scored([wednesday], (n) => n), index: late })).toMatch(
      / has both an index and two scores that differ\./,
    );
  });

  test('of a risk model without any date of enough history is refused', async () => {
    const to = await date(40);
    await expect(backtest({ ...usual, scores: reversal, to, trackingError: 0.05 })).rejects.toThrow(
      /^The risk model needs 63 dates of returns/,
    );
  });
});

describe('evolve backtest', () => {
  test('prints tables, and writes a page, pictures and weights', async () => {
    const [page, pictures, weights] = ['page.html', 'pictures', 'weights.csv'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const files = ['--report', page, '--pictures', pictures, '--weights', weights];
    const { code, stdout, stderr } = await evolve([
      'backtest',
      scores,
      '--column',
      'second',
      '--data',
      market,
      '--index',
      'top:20',
      '--deviation',
      '1%,2%',
      '--cost-buy',
      '0.1%',
      '--cost-sell',
      '0.003',
      '--from',
      await date(100),
      '--workers',
      '1',
      ...files,
    ]);
    expect({ code, stderr: stderr.replaceAll(/^.* left\n/gm, '') }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('deviation 2%');
    expect(stdout).toContain('0.1% of what is bought and 0.3% of what is sold');
    expect(stdout).toContain('every constraint of every date checked');
    expect(readFileSync(page, 'utf8')).toContain('<svg');
    expect(existsSync(join(pictures, 'net-value.svg'))).toBe(true);
    const [head, ...rows] = readFileSync(weights, 'utf8').trim().split('\n');
    expect(head).toBe('date,symbol,deviation 1%,deviation 2%');
    // Weights of a date add up to 1.
    const sums = new Map<string, number>();
    for (const row of rows) {
      const [date, , first] = row.split(',') as [string, string, string];
      sums.set(date, (sums.get(date) ?? 0) + Number(first));
    }
    for (const sum of sums.values()) expect(sum).toBeCloseTo(1, 5);
  });

  test('says a mistake in one sentence that names the remedy', async () => {
    const mistakes: [string[], RegExp][] = [
      [[scores], /--column first/],
      [[scores, '--column', 'frist'], /did you mean first\?/],
      [[reversal, '--column', 'first'], /is of a file of scores/],
      [[reversal, '--index', 'market'], /neither WEIGHT nor MEMBER.*--index top:300/],
      [[reversal, '--index', 'top:50'], /needs 50 symbols and the market has 40/],
      [[reversal, '--index', 'top:x'], /top:300 or top:301-800/],
      [[reversal, '--index', 'top:9-3'], /top:A-B/],
      [[reversal, '--index', join(folder, 'nothing.csv')], /nothing\.csv/],
      [[reversal, '--index', scores], /one column of weights/],
      [[reversal, '--deviation', 'much'], /0\.005 or 0\.5%, or none/],
      [[reversal, '--deviation', '0'], /no portfolio but the index itself/],
      [[reversal, '--deviation', '1%,1%'], /asked for twice/],
      [[reversal, '--turnover', '300%'], /from 0 to 2/],
      [[reversal, '--rebalance', '0'], /week, or a whole number of dates/],
      [[reversal, '--rebalance', 'month'], /week, or a whole number of dates from 1, not "month"\./],
      [[reversal, '--rebalance', ''], /week, or a whole number of dates from 1, not ""\./],
      [[reversal, '--rebalance', '2.5'], /not "2\.5"\./],
      [[reversal, '--cost-sell', 'much'], /--cost-sell should be a number such as 0\.002 or 0\.2%, not "much"\./],
      [[reversal, '--cost-buy', '60%'], /from 0 to 0\.5, not 0\.6/],
      [[reversal, '--index', ''], /--index "" says nothing\. Give market, top:300 or a file of weights\./],
      [[reversal, '--cost-buy', '2'], /from 0 to 0\.5/],
      [[reversal, '--from', '2030-01-01'], /Widen --from and --to/],
      [[reversal, '--to', 'tomorrow'], /a date such as/],
      [[reversal, '--universe', 'NOBODY'], /--universe NOBODY: the market has no such daily field/],
      [[reversal, '--universe', 'INDUSTRY'], /--universe INDUSTRY: the market has no such daily field/],
      [[reversal, '--universe', 'MKT_RETURN'], /--universe MKT_RETURN: the market has no such daily field/],
      [[reversal, '--weights', join(folder, 'w.txt')], /\.arrow, \.parquet or \.csv|ends? in/],
      [[reversal, '--report', 'page.txt'], /must end in \.html/],
      [['CLOSE +'], /CLOSE \+/],
      [[reversal, '--capital', '1000'], /capital/],
    ];
    const given = (args: string[]) => (args.includes('--index') ? [] : ['--index', 'top:20']);
    const outcomes = await evolveEach(
      mistakes.map(([args]) => ['backtest', ...args, '--data', market, '--workers', '1', ...given(args)]),
    );
    for (const [i, { code, stderr }] of outcomes.entries()) {
      const [args, sentence] = mistakes[i] as [string[], RegExp];
      expect({ args, code }).toEqual({ args, code: 1 });
      expect(stderr).toMatch(sentence);
      expect(stderr).not.toMatch(/\n\s+at /);
    }
  });
});
