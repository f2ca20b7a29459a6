/** The page of a run: whole, by itself, the same every time, and safe whatever is written in it. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { candidatesChart } from '../cli/report/candidates-chart.ts';
import type { ReportedRun } from '../cli/report/reported-run.ts';
import { roundsChart } from '../cli/report/rounds-chart.ts';
import { roundsPicture, runReport } from '../cli/report/run-report.ts';
import { tones } from '../cli/report/scheme.ts';
import type { RoundRecord } from '../engine/record.ts';
import { Bits, searched, smallRule } from './engine-toys.ts';
import { charts, elements } from './html.ts';
import { factorLibrary, libraryFactor, runManifest, splitMetrics } from './small-library.ts';

let rounds: RoundRecord[];
let run: ReportedRun;
let page: string;

beforeAll(async () => {
  rounds = (await searched(new Bits(), smallRule, 12)).records;
  const placebo = (await searched(new Bits({ noise: 0.4 }), { ...smallRule, seed: 2 }, 12)).records;
  const better = libraryFactor('better', 'HIGH / ts_mean(OPEN, 20)', -0.0612);
  run = {
    manifest: runManifest,
    rounds,
    placebo,
    library: factorLibrary(libraryFactor('base', 'ts_mean(close, 240) / CLOSE', 0.0431), {
      ...better,
      metrics: { ...better.metrics, valid: { ...splitMetrics(-0.0599), turnover: Number.NaN } },
      nearest: { name: 'base', correlation: 0.37 },
    }),
    stopped: 'rounds',
    refused: ['seeds.json, factor 2: CLOSE is no factor.'],
  };
  page = await runReport(run);
});

const withoutCharts = (text: string): string => text.replace(/<svg[\s\S]*?<\/svg>/g, '');
/** What a reader sees. */
const words = (text: string): string =>
  withoutCharts(text)
    .replace(/<style>[\s\S]*?<\/style>|<details>[\s\S]*?<\/details>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

describe('the page', () => {
  test('is one whole document', () => {
    expect(page.startsWith('<!doctype html>')).toBe(true);
    expect(elements(page).slice(0, 3)).toEqual(['!doctype', 'html', 'head']);
    expect(charts(page)).toHaveLength(5);
  });

  test('needs nothing from elsewhere and runs nothing', () => {
    expect(page.replaceAll('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
      /https?:|<script|<link|<img|<iframe|@import|javascript:|\son\w+=|(src|href)=/i,
    );
    // What is referred to is in the same chart.
    for (const chart of charts(page)) {
      for (const [, id] of chart.matchAll(/url\(#([^)]*)\)/g)) expect(chart).toContain(`id="${id}"`);
    }
    const ids = [...page.matchAll(/\bid="([^"]*)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('is the same for the same run, whatever was drawn before', async () => {
    await roundsPicture(rounds);
    expect(await runReport(run)).toBe(page);
  });

  test('has every factor with its figures, and empty cells for those that are missing', () => {
    const seen = words(page);
    for (const { name, metrics } of run.library?.factors ?? []) {
      expect(seen).toContain(name);
      for (const part of [metrics.train, metrics.valid, metrics.test]) {
        expect(seen).toContain(`${part?.ic.toFixed(4)} `);
        expect(seen).toContain(`${part?.rankIc.toFixed(4)} `);
        expect(seen).toContain(`${part?.t.toFixed(1)} `);
      }
    }
    expect(seen).toContain('0.37 #1');
    expect(seen).not.toMatch(/NaN|undefined|null|\[object/);
  });

  test('has the lineage of the fittest, and marks what changed', () => {
    expect(page).toContain('<code>CLOSE / OPEN</code>');
    expect(page).toContain('<code><mark>HIGH</mark> / OPEN</code>');
    expect(page).toContain(
      '<code>HIGH / <mark>ts_mean(</mark>OPEN<mark>, 20)</mark></code>'.replaceAll('</mark>OPEN<mark>', 'OPEN'),
    );
  });

  test('is there before the first round is over, and before there is a library', async () => {
    const { placebo: _, library: __, stopped: ___, ...begun } = run;
    const empty = await runReport({ ...begun, rounds: [] });
    elements(empty);
    expect(words(empty)).not.toMatch(/NaN|undefined|null|Infinity/);
    const young = await runReport({ ...begun, rounds: rounds.slice(0, 2) });
    expect(words(young)).toContain('not finished yet');
    expect(words(young)).toContain(rounds[1]?.fittest);
    const barren = await runReport({ ...run, library: factorLibrary() });
    expect(words(barren)).toContain(rounds.at(-1)?.fittest);
  });

  test('does not grow with the rounds', async () => {
    const many = Array.from({ length: 4000 }, (_, i) => ({ ...(rounds[i % rounds.length] as RoundRecord), round: i }));
    expect((await runReport({ ...run, rounds: many })).length).toBeLessThan(3 * page.length);
  });
});

test('whatever is written in a run, the page has the same elements', async () => {
  const hostile = fc
    .array(
      fc.constantFrom(
        '<script>',
        '</style>',
        '<b>',
        '</details>',
        '"',
        "'",
        '&',
        '<!--',
        '-->',
        ']]>',
        '<svg/onload=x>',
        'é',
        '{a|b}',
        ' ',
      ),
      { minLength: 1, maxLength: 6 },
    )
    .map((pieces) => pieces.join(''));
  const [first] = run.library?.factors ?? [];
  if (!first) throw new Error('the library is empty');
  const ics = { train: { ic: 0.01, rankIc: null }, valid: { ic: null, rankIc: null } };
  const written = (text: string): Promise<string> => {
    const [round] = rounds as [RoundRecord];
    const judged = { ...round.judged, rejected: { [text]: 3 } };
    const factor = {
      ...first,
      name: text,
      expression: text,
      ancestry: [{ expression: text, move: text, fitness: 0.01 }],
    };
    return runReport({
      manifest: { ...runManifest, name: text, config: { [text]: text }, market: { ...runManifest.market, name: text } },
      rounds: [{ ...round, moves: { [text]: 4 }, rejections: { [`${text}: ${text}`]: 5 }, judged }],
      library: { ...factorLibrary(factor), thresholds: { train: 0, how: text } },
      lineage: { steps: [{ expression: text, move: text, round: 1, fitness: null, ...ics }], unfit: text },
      stopped: text,
      refused: [text],
    });
  };
  const plain = elements(await written('plain'));
  await fc.assert(
    fc.asyncProperty(hostile, async (text) => {
      const attacked = await written(text);
      expect(elements(attacked)).toEqual(plain);
      expect(attacked).not.toContain('onload=x>');
    }),
    { numRuns: 25 },
  );
});

describe('the pictures', () => {
  test('are drawn in colours that have a dark counterpart', async () => {
    const known: Set<string> = new Set(Object.values(tones).map(({ light }) => light));
    for (const chart of [...charts(page), await roundsPicture(rounds)]) {
      const drawn = chart.replace(/<clipPath[\s\S]*?<\/clipPath>|<style>[\s\S]*?<\/style>/g, '');
      for (const [tag] of drawn.matchAll(/<[^>]*>/g)) {
        const fill = / fill="([^"]*)"/.exec(tag)?.[1] ?? 'none';
        const stroke = / stroke="([^"]*)"/.exec(tag)?.[1] ?? 'none';
        if (!/ fill-opacity="0"/.test(tag) && fill !== 'none') expect(known).toContain(fill);
        if (!/ stroke-width="0"/.test(tag) && stroke !== 'none') expect(known).toContain(stroke);
      }
    }
  });

  test('say what they show to those who do not see them', () => {
    for (const chart of charts(page)) expect(chart).toMatch(/^<svg [^>]*role="img" aria-label="[^"]{40,}"/);
    expect(charts(page)[0]).toContain(`the best so far ${rounds.at(-1)?.bestEver?.toFixed(4)}`);
  });

  test('show the dip of a catastrophe where it happened', () => {
    const { option } = roundsChart(rounds, undefined, 'fitness');
    const series = option.series as { readonly name: string; readonly data: readonly (readonly [number, number])[] }[];
    const mean = series.find(({ name }) => name.startsWith('mean, judged'))?.data;
    const struck = rounds.filter(({ catastrophe }) => catastrophe);
    expect(struck.map(({ round }) => round)).toEqual([4, 8, 12]);
    for (const { round, mean: after, catastrophe } of struck) {
      expect(mean?.filter(([at]) => at === round)).toEqual([
        [round, catastrophe?.meanBefore],
        [round, after],
      ]);
    }
    expect(mean).toHaveLength(rounds.length + struck.length);
  });

  test('count every candidate once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), (length) => {
        const all = Array.from({ length }, (_, i) => ({ ...(rounds[i % rounds.length] as RoundRecord), round: i }));
        const { option } = candidatesChart(all);
        const series = (option.series as { readonly stack?: string; readonly data: readonly number[] }[]).filter(
          ({ stack }) => stack,
        );
        const stretches = series[0]?.data.length ?? 0;
        expect(stretches).toBeGreaterThan(0);
        expect(stretches).toBeLessThanOrEqual(61);
        for (let i = 0; i < stretches; i++) {
          expect(series.reduce((sum, { data }) => sum + (data[i] as number), 0)).toBeCloseTo(100, 9);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('the shares are of the candidates asked about', () => {
    for (const { judged } of rounds) {
      const { asked, knownByKey, reopened, tried, complete, stopped, rejected } = judged;
      const sum = (counts: readonly number[]): number => counts.reduce((total, n) => total + n, 0);
      expect(complete + sum(stopped) + sum(Object.values(rejected))).toBe(tried);
      expect(tried + reopened + knownByKey).toBe(asked);
    }
  });

  test('one of them is a file of its own', async () => {
    const picture = await roundsPicture(rounds, run.placebo);
    expect(elements(picture)[0]).toBe('svg');
    expect(picture).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="[^"]*" width="\d+" height="\d+"/);
    expect(picture).toContain('on shuffled labels');
    expect(await roundsPicture(rounds)).not.toContain('shuffled');
  });
});
