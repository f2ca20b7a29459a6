/** The page of backtests: whole, by itself, of the report's own figures, and safe whatever is written in it. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { figure } from '../cli/print/number.ts';
import { backtestPage, backtestPictures } from '../cli/report/backtest/backtest-page.ts';
import { peaks } from '../cli/report/backtest/peaks.ts';
import { slackText } from '../cli/report/backtest/slack-words.ts';
import { tones } from '../cli/report/scheme.ts';
import { thinned } from '../cli/report/tear-sheet/plot.ts';
import type { BacktestReport, Rebalance, ScenarioReport } from '../portfolio/backtest/backtest-report.ts';
import type { Relief } from '../portfolio/optimise/problem.ts';
import { backtestReport } from './backtest-reports.ts';
import { changed, charts, elements, expectWholeDocument, words } from './html.ts';

const small = { dates: 260 };
const one = backtestReport(1, { ...small, portfolios: 1, risk: true, relaxed: 0.2 });
const three = backtestReport(2, { ...small, relaxed: 0.2, rule: { style: undefined, size: 0 } });
let page: string;
let pageOfThree: string;

beforeAll(async () => {
  page = await backtestPage(one);
  pageOfThree = await backtestPage(three);
});

/** Cells of each row of a table, the first being what the row is about. */
function rowsOf(text: string, label: string): string[][] {
  const [, table = ''] = text.split(`aria-label="${label}"`);
  const [body = ''] = table.split('</table>');
  return [...body.matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(([, row = '']) =>
    [...row.matchAll(/<t[hd][^>]*>([\s\S]*?)<\/t[hd]>/g)].map(([, cell = '']) => words(cell).trim()),
  );
}

const ratio = (value: number): string => value.toFixed(2).replace('-', '−');
const percent = (share: number, digits = 2): string => `${(100 * share).toFixed(digits).replace('-', '−')}%`;

const first = ({ scenarios }: BacktestReport): ScenarioReport => scenarios[0] as ScenarioReport;
const relaxedOf = ({ rebalances }: ScenarioReport) => rebalances.filter(({ planned }) => planned.slacks.length > 0);

describe.each([
  ['one portfolio', () => page, one],
  ['several', () => pageOfThree, three],
] as const)('the page of %s', (_, text, report) => {
  test('is one whole document that needs nothing from elsewhere and runs nothing', () => {
    expectWholeDocument(text());
  });

  test('is the same for the same report, read from JSON too', async () => {
    expect(await backtestPage(JSON.parse(JSON.stringify(report)))).toBe(text());
  });

  test('says what it weighs', () => {
    const [, said = ''] = /This page weighs ([\d.]+) kB/.exec(text()) ?? [];
    expect(Math.abs(1000 * Number(said) - Buffer.byteLength(text()))).toBeLessThan(1000);
  });

  test('has the figures of the reports, the index last', () => {
    const [titles, ...rows] = rowsOf(text(), 'Performance');
    expect(titles).toEqual([
      ...['portfolio', '#', 'return', 'volatility', 'Sharpe', 'drawdown', 'weeks up', 'excess', 'TE', 'its drawdown'],
      ...['IR', 'Calmar', 'months won', 'weeks won', 'turnover'],
    ]);
    const alone = (own: ScenarioReport['performance']) => [
      ...[percent(own.annualReturn), percent(own.volatility), ratio(own.sharpe), percent(own.maxDrawdown)],
      percent(own.weeklyWinRate, 1),
    ];
    expect(rows).toEqual([
      ...report.scenarios.map(({ name, performance, excess, turnover }, i) => [
        ...[name, `${i + 1}`, ...alone(performance)],
        ...[percent(excess.annualReturn), percent(excess.trackingError), percent(excess.maxDrawdown)],
        ...[ratio(excess.informationRatio), ratio(excess.calmar)],
        ...[percent(excess.monthlyWinRate, 1), percent(excess.weeklyWinRate, 1), percent(turnover)],
      ]),
      ['index', '', ...alone(report.index.performance), ...new Array<string>(8).fill('')],
    ]);
  });

  test('has every year, compounded daily, of each portfolio and of the index', () => {
    const [titles, ...rows] = rowsOf(text(), 'Return by year');
    expect(titles?.slice(2)).toEqual(['2017']);
    expect(rows.map((row) => row.slice(2))).toEqual([
      ...report.scenarios.map(({ nav }) => [percent((nav.at(-1) as number) - 1)]),
      [percent((report.index.nav.at(-1) as number) - 1)],
    ]);
    expect(rowsOf(text(), 'Excess by year').map((row) => row.at(-1))).toEqual([
      '2017',
      ...report.scenarios.map(({ excessNav }) => percent((excessNav.at(-1) as number) - 1)),
    ]);
  });

  test('says what was checked, and what gave way when', () => {
    const [, ...rows] = rowsOf(text(), 'Solved, checked and traded');
    expect(rows.map((row) => row[5])).toEqual(report.scenarios.map((each) => String(relaxedOf(each).length)));
    const dates = rowsOf(text(), 'Dates on which a constraint gave way').slice(1);
    const relaxed = relaxedOf(first(report));
    expect(relaxed.length).toBeGreaterThan(3);
    expect(dates.map(([date]) => date)).toEqual(relaxed.slice(0, 30).map(({ signal }) => signal));
    for (const [k, { planned }] of relaxed.slice(0, 30).entries()) {
      const turnover = planned.slacks.find(({ relief }) => relief === 'turnover');
      expect(dates[k]?.[1]).toBe(turnover ? `${figure(100 * turnover.amount)}%` : '');
    }
    for (const warning of report.warnings) expect(words(text())).toContain(warning);
  });

  test('says that orders which cannot be filled do not wait', () => {
    expect(words(text())).toMatch(/orders that cannot be filled .*?are left until the next rebalance/);
    expect(words(text())).not.toContain('stay open');
  });

  test('its charts are drawn in colours that have a dark counterpart, and say what they show', () => {
    const colours: Set<string> = new Set(Object.values(tones).map(({ light }) => light));
    expect(charts(text()).length).toBe(2 + report.scenarios.length * (report === one ? 5 : 4));
    for (const chart of charts(text())) {
      expect(chart).toMatch(/^<svg [^>]*role="img" aria-label="[^"]{30,}"/);
      expect(chart).not.toMatch(/NaN|undefined|Infinity/);
      for (const [tag] of chart.replace(/<clipPath[\s\S]*?<\/clipPath>/g, '').matchAll(/<[^>]*>/g)) {
        const fill = / fill="([^"]*)"/.exec(tag)?.[1] ?? 'none';
        const stroke = / stroke="([^"]*)"/.exec(tag)?.[1] ?? 'none';
        if (!/ fill-opacity="0"/.test(tag) && fill !== 'none') expect(colours).toContain(fill);
        if (!/ stroke-width="0"/.test(tag) && stroke !== 'none') expect(colours).toContain(stroke);
      }
    }
  });
});

test('constraints that there are not are said to be none, and limits of 0 to be neutral', async () => {
  expect(rowsOf(pageOfThree, 'Constraints').slice(1)).toEqual(
    [30, 40, 50].map((cap, i) => [
      ...[`turnover ${cap}%`, `${i + 1}`, '0.8%', '80%', '2%', 'neutral', 'none', `${cap}%`, 'none', 'none', 'none'],
    ]),
  );
  const free = {
    ...{ deviation: undefined, memberFloor: 0, industry: 0, size: undefined, turnover: undefined },
    ...{ costPenalty: 2, riskPenalty: 0.5 },
  };
  const text = await backtestPage(backtestReport(3, { dates: 30, portfolios: 1, rule: free }));
  expect(rowsOf(text, 'Constraints')[1]?.slice(2)).toEqual([
    ...['none', 'none', 'neutral', 'none', '0.5', 'none', 'none', '2', '0.5'],
  ]);
});

test('a dot marks each date on which something gave way', () => {
  const [turnover = ''] = charts(page).filter((chart) => chart.includes('Bought and sold at each rebalance'));
  const dots = turnover.match(new RegExp(`fill="${tones.highest.light}"`, 'g')) ?? [];
  const relaxed = relaxedOf(first(one)).filter((each) => each !== first(one).rebalances[0]);
  // One more in the legend.
  expect(dots.length).toBe(relaxed.length + 1);
  expect(turnover).toContain(`On ${relaxed.length} of these dates a constraint gave way.`);
});

test('of many portfolios the first are drawn, the others have their lines, and the page says so', async () => {
  const name = (i: number): string => `members 80%, deviation ${i}%, turnover 30%`;
  const many = backtestReport(4, { dates: 220, portfolios: 12, relaxed: 0.95, names: name });
  const text = await backtestPage(many);
  elements(text);
  expect(words(text)).toContain('Drawn below are the first 8 of 12 portfolios');
  expect(charts(text)).toHaveLength(2 + 8 * 4);
  expect(rowsOf(text, 'Performance')).toHaveLength(14);
  expect(text.match(/<details class="factor"/g)).toHaveLength(12);
  expect(text.match(/<details class="factor" open/g)).toHaveLength(1);
  // Names too long for a legend are numbers of the table on the page, and whole in a picture.
  expect(charts(text)[1]).not.toContain('>members');
  expect((await backtestPictures(many)).get('excess')).toContain(`>8 ${name(7)}<`);
  const relaxed = relaxedOf(first(many)).length;
  expect(rowsOf(text, 'Dates on which a constraint gave way')).toHaveLength(31);
  expect(words(text)).toContain(`The first 30 are shown; there are ${relaxed - 30} more.`);
});

test('what gave way by next to nothing is told apart from nothing', () => {
  const [rebalance] = relaxedOf(first(one));
  const slack = (relief: Relief, amount: number, name?: string) => {
    const slacks = [{ relief, amount, ...(name !== undefined && { name }) }];
    return slackText({ ...rebalance, planned: { ...rebalance?.planned, slacks } } as Rebalance, relief);
  };
  expect(slack('style', 2e-5, 'Size')).toBe('Size 2.000e-5');
  expect(slack('style', 0.125, 'Size')).toBe('Size 0.1250');
  expect(slack('style', 2e-5, 'Banks')).toBe('Banks 0.002000%');
  expect(slack('turnover', 3e-8)).toBe('3.000e-6%');
  expect(slack('turnover', 0.25)).toBe('25.00%');
});

test('where nothing gave way the page says so', async () => {
  const text = await backtestPage(backtestReport(5, { dates: 60, portfolios: 1, relaxed: 0 }));
  expect(words(text)).toContain('Every constraint was met at each of the 11 rebalances.');
  expect(words(text)).not.toContain('something gave way');
});

test('figures that are missing are dashes, in memory and in JSON', async () => {
  const missing = changed(three, (value) => (Number.isInteger(value) ? value : Number.NaN));
  // A rule and the terms of trading are chosen, not found.
  const empty: BacktestReport = {
    ...missing,
    trading: three.trading,
    scenarios: missing.scenarios.map((each, i) => ({ ...each, rule: (three.scenarios[i] as ScenarioReport).rule })),
  };
  for (const report of [empty, JSON.parse(JSON.stringify(empty)) as BacktestReport]) {
    const text = await backtestPage(report);
    elements(text);
    expect(words(text)).not.toMatch(/NaN|undefined|null|Infinity|\[object/);
    expect(text.match(/<td>–<\/td>/g)?.length).toBeGreaterThan(40);
    expect(charts(text).join('')).not.toMatch(/NaN|undefined|null|Infinity/);
  }
});

test('a portfolio that was never rebalanced has a page', async () => {
  const bare = { ...first(one), rebalances: [], years: [], nav: [1], excessNav: [1], risk: undefined };
  const index = { ...one.index, nav: [1], years: [] };
  const text = await backtestPage({ ...one, dates: one.dates.slice(0, 1), index, scenarios: [bare], warnings: [] });
  elements(text);
  expect(charts(text)).toHaveLength(2);
  expect(words(text)).not.toMatch(/NaN|undefined|null|Infinity/);
});

test('whatever is written in a report, the page has the same elements', async () => {
  const hostile = fc
    .array(
      fc.constantFrom(
        ...['<script>', '</style>', '<b>', '</details>', '"', "'", '&', '<!--', ']]>', '<svg/onload=x>', '{a|b}', '$&'],
      ),
      { minLength: 1, maxLength: 5 },
    )
    .map((pieces) => pieces.join(''));
  const plainReport = backtestReport(6, { dates: 40, portfolios: 2, relaxed: 0 });
  const written = (text: string): Promise<string> =>
    backtestPage({
      ...plainReport,
      market: { name: text, hash: text },
      ...{ scores: text, preset: text, warnings: [text] },
      index: { ...plainReport.index, doc: text },
      scenarios: plainReport.scenarios.map((scenario) => ({
        ...scenario,
        name: text,
        rebalances: scenario.rebalances.map((each) => ({
          ...each,
          planned: {
            ...each.planned,
            styles: { [text]: 0.1 },
            slacks: [{ relief: 'style', name: text, amount: 0.1 }],
          },
        })),
      })),
    });
  const plain = elements(await written('plain'));
  await fc.assert(
    fc.asyncProperty(hostile, async (text) => {
      const attacked = await written(text);
      expect(elements(attacked)).toEqual(plain);
      expect(attacked).not.toContain('onload=x>');
    }),
    { numRuns: 4 },
  );
});

test('the pictures are files by name', async () => {
  const each = ['deviations', 'styles', 'members', 'turnover'];
  expect([...(await backtestPictures(one)).keys()]).toEqual(['net-value', 'excess', ...each, 'tracking-error']);
  const pictures = await backtestPictures(three);
  expect([...pictures.keys()]).toEqual([
    ...['net-value', 'excess'],
    ...['1', '2', '3'].flatMap((number) => each.map((name) => `${number}-${name}`)),
  ]);
  for (const text of pictures.values()) {
    expect(text).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="[^"]*" width="\d+" height="\d+"/);
    elements(text);
  }
});

test('a line of few points keeps the peaks of the whole', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1 }), fc.nat(20), (values, more) => {
      const shown = thinned(values.length, 2 + more);
      const seen = peaks(values, shown);
      expect(seen).toHaveLength(shown.length);
      const size = (all: readonly number[]): number => Math.max(...all.map(Math.abs));
      expect(size(seen)).toBe(size(values));
      expect(Math.min(...peaks(values, shown, Math.min))).toBe(Math.min(...values));
      for (const value of seen) expect(values).toContain(value);
    }),
  );
});

test('weekly dates of nine years and ten portfolios weigh less than 3 MB', async () => {
  const text = await backtestPage(backtestReport(7, { portfolios: 10, dates: 2400, risk: true, relaxed: 0.3 }));
  expect(Buffer.byteLength(text)).toBeLessThan(3e6);
});
