/** Pictures of what a model goes by: they show the attribution's own figures, whatever its features are called. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { attributionPage, attributionPictures } from '../cli/report/attribution/attribution-page.ts';
import { axisName } from '../cli/report/attribution/axis-name.ts';
import { beeswarm } from '../cli/report/attribution/beeswarm.ts';
import { shapFigure } from '../cli/report/attribution/shap-figure.ts';
import { light, tones } from '../cli/report/scheme.ts';
import { stream } from '../core/random.ts';
import { type Attribution, rankedFeatures } from '../models/explain/attribution.ts';
import type { FeatureName } from '../models/graph/network.ts';
import { charts, elements } from './html.ts';

/** Features pull as strongly as they stand far in front; every other one the other way. */
function attribution(names: readonly FeatureName[], rows: number): Attribution {
  const random = stream(1, rows, names.length);
  const features = Float32Array.from({ length: rows * names.length }, () => random.normal());
  return {
    names,
    features,
    values: features.map((x, i) => (x * (i % 2 === 0 ? 0.01 : -0.01)) / (1 + (i % names.length))),
    predictions: new Float32Array(rows),
    base: 0.0123,
    nodes: 64,
    additivity: { mean: 0.00021, worst: 0.00087 },
    background: 100,
  };
}

const lagged = (features: readonly string[], lags: readonly number[]): FeatureName[] =>
  features.flatMap((feature) => lags.map((lag) => ({ feature, lag, name: `BN(${feature})[${lag}]` })));

const usual = attribution(lagged(['ts_corr(open,high,10)', 'ts_return(free_turn,10)'], [20, 10, 0]), 50);
const many = attribution(
  lagged(
    Array.from({ length: 40 }, (_, i) => `ts_mean(x${i},10)`),
    [10, 5, 0],
  ),
  700,
);
const once = attribution([{ name: 'momentum', feature: 'momentum' }], 1);
const none = attribution([], 0);
const told = (of: Attribution) => ({
  title: 'alphanet-v2',
  about: 'Rows of a test.',
  facts: [],
  warnings: [],
  attribution: of,
});

const pageOf = (of: Attribution) => attributionPage(told(of));
const pictureOf = async (of: Attribution, name: string) => (await attributionPictures(of)).get(name) ?? '';
/** Text of a picture, piece by piece. */
const labels = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = '']) => text);

describe.each([
  ['some features', usual, 3],
  ['many', many, 3],
  ['one feature of one row', once, 2],
  ['nothing', none, 2],
] as const)('the page of %s', (_, of, number) => {
  let page: string;
  beforeAll(async () => {
    page = await pageOf(of);
  });

  test('is one whole document that needs nothing from elsewhere, the same every time', async () => {
    expect(elements(page).slice(0, 3)).toEqual(['!doctype', 'html', 'head']);
    expect(page.replaceAll('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
      /https?:|<script|<link|<img|@import|javascript:|\son\w+=|\ssrc=/i,
    );
    expect(await pageOf(of)).toBe(page);
    expect(page).toMatch(/This page weighs [\d.]+ (kB|MB) and/);
  });

  test('has its charts, in colours with a dark counterpart, and they say what they show', () => {
    const known = new Set<string>(Object.values(tones).map(({ light }) => light));
    expect(charts(page)).toHaveLength(number);
    for (const chart of charts(page)) {
      expect(chart).toMatch(/^<svg [^>]*role="img" aria-label="[^"]{30,}"/);
      expect(chart).not.toMatch(/NaN|undefined|Infinity/);
      for (const [, paint, colour = ''] of chart.matchAll(/ (fill|stroke)="([^"]*)"/g)) {
        if (colour !== 'none') expect(known, paint).toContain(colour);
      }
    }
    expect(page.replace(/<style>[\s\S]*?<\/style>/g, '')).not.toMatch(/NaN|undefined|Infinity|null/);
  });
});

test('the tones have one dark counterpart each', () => {
  const all = Object.values(tones).map(({ light }) => light);
  expect(new Set(all).size).toBe(all.length);
});

test('bars stand in the order of mean |SHAP|, with the numbers, as long as these are', async () => {
  const svg = await pictureOf(usual, 'importance');
  const ranked = rankedFeatures(usual);
  const shown = labels(svg);
  expect(shown.filter((text) => text.startsWith('BN('))).toEqual(ranked.map(({ name }) => name));
  for (const { mean } of ranked) expect(shown).toContain(shapFigure(mean));
  const bars = [...svg.matchAll(/<path d="M[\d.]+ [\d.]+l([\d.]+) 0[^"]*" fill="([^"]*)"/g)];
  const lengths = bars.filter(([, , colour]) => colour === light('strong')).map(([, length]) => Number(length));
  expect(lengths).toHaveLength(ranked.length);
  for (const [i, { mean }] of ranked.entries()) {
    expect(Math.abs((lengths[i] as number) / (lengths[0] as number) - mean / (ranked[0]?.mean ?? 0))).toBeLessThan(
      0.01,
    );
  }
});

test('of many features the strongest 25 are shown, and the table has a hundred', async () => {
  const ranked = rankedFeatures(many);
  const bars = labels(await pictureOf(many, 'importance')).filter((text) => text.startsWith('BN('));
  expect(bars).toEqual(ranked.slice(0, 25).map(({ name }) => name));
  const page = await pageOf(many);
  expect([...page.matchAll(/<th scope="row"><code>([^<]*)<\/code>/g)].map(([, name]) => name)).toEqual(
    ranked.slice(0, 100).map(({ name }) => name),
  );
  expect(page).toContain('The strongest 100 of 120');
  expect(page).toContain('the other 20 have');
  expect(page).toContain('a point for each of 600 among 700 rows');
});

/** Points of a beeswarm, by colour. */
function swarm(svg: string) {
  return [...svg.matchAll(/<path d="((?:M[\d.]+ [\d.]+Z)+)"[^>]*stroke="([^"]*)"/g)].flatMap(
    ([, path = '', colour = '']) =>
      [...path.matchAll(/M([\d.]+) ([\d.]+)Z/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y), colour })),
  );
}

test('a swarm has a point for each row and feature, low values in blue and high ones in red', async () => {
  const points = swarm(await pictureOf(usual, 'beeswarm'));
  expect(points).toHaveLength(50 * 6);
  const mean = (tone: 'lowest' | 'highest', row: number) => {
    const own = points.filter(({ y, colour }) => colour === light(tone) && Math.floor((y - 30) / 26) === row);
    expect(own.length).toBeGreaterThan(0);
    return own.reduce((sum, { x }) => sum + x, 0) / own.length;
  };
  for (const [row, { slant }] of rankedFeatures(usual).entries()) {
    expect(Math.sign(mean('highest', row) - mean('lowest', row))).toBe(Math.sign(slant));
  }
});

test('a swarm of many rows is thinned; a constant feature is of the middle colour', async () => {
  expect(swarm(await pictureOf(many, 'beeswarm'))).toHaveLength(600 * 25);
  const constant = { ...once, features: Float32Array.of(3) };
  expect(swarm(await pictureOf(constant, 'beeswarm')).map(({ colour }) => colour)).toEqual([light('medium')]);
});

test('points of a swarm keep to their room, on both sides of the middle, and none hides another where there is room', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 }), fc.nat(100), (along, seed) => {
      const off = beeswarm(along, 4, 11, stream(seed, 0, 0));
      expect(off).toEqual(beeswarm(along, 4, 11, stream(seed, 0, 0)));
      for (const each of off) expect(Math.abs(each)).toBeLessThanOrEqual(11);
      const stacks = new Map<number, number[]>();
      along.forEach((x, i) => {
        stacks.set(Math.floor(x / 4), [...(stacks.get(Math.floor(x / 4)) ?? []), off[i] as number]);
      });
      for (const stack of stacks.values()) {
        const sorted = stack.toSorted((a, b) => a - b);
        expect(new Set(sorted).size).toBe(sorted.length);
        expect(Math.abs((sorted[0] as number) + (sorted.at(-1) as number))).toBeLessThanOrEqual(4);
      }
    }),
  );
  expect(beeswarm([7, 7, 7], 4, 11, stream(0, 0, 0)).toSorted((a, b) => a - b)).toEqual([-4, 0, 4]);
});

test('dates back have a column each, the oldest on the left, and shades by strength', async () => {
  const svg = await pictureOf(usual, 'by-date');
  const shown = labels(svg);
  expect(shown.filter((text) => /^\d+$/.test(text))).toEqual(['20', '10', '0']);
  expect(shown.filter((text) => text.startsWith('ts_'))).toEqual(['ts_corr(open,high,10)', 'ts_return(free_turn,10)']);
  const paths = [...svg.matchAll(/<path d="([^"]*)" fill="([^"]*)"(?: fill-opacity="([\d.]+)")?/g)].filter(
    ([, , colour]) => colour === light('strong'),
  );
  const cells = paths.flatMap(([, path = '', , opacity = '1']) =>
    [...path.matchAll(/M([\d.]+) ([\d.]+)/g)].map(([, x, y]) => ({
      x: Number(x),
      y: Number(y),
      opacity: Number(opacity),
    })),
  );
  const own = cells.filter(({ y }) => y > 25);
  expect(own).toHaveLength(6);
  // The first column of the first feature pulls most; the scale above has every shade.
  const [first] = own.toSorted((a, b) => a.y - b.y || a.x - b.x);
  expect(first?.opacity).toBe(Math.max(...own.map(({ opacity }) => opacity)));
  expect(cells.length - own.length).toBe(10);
  expect(await pictureOf(once, 'by-date')).toBe('');
});

test('bars of a day are added up by date, and those of all dates by their time', async () => {
  const times = ['9:30', '9:45', '14:45'];
  const bars = [2, 1, 0].flatMap((lag) =>
    times.flatMap((time) =>
      ['close', 'volume'].map((feature) => ({ feature, lag, time, name: `${feature}@${time}[t-${lag}]` })),
    ),
  );
  const of = attribution([...bars, ...lagged(['OPEN'], [3, 0])], 20);
  const ranked = rankedFeatures(of);
  const sum = (steps: (name: FeatureName) => boolean): number =>
    ranked.filter(steps).reduce((total, { mean }) => total + mean, 0);
  const byDate = await pictureOf(of, 'by-date');
  expect(labels(byDate).filter((text) => /^\d+$/.test(text))).toEqual(['3', '2', '1', '0']);
  expect(labels(byDate)).toEqual(expect.arrayContaining(['OPEN', 'close', 'volume']));
  const byTime = await pictureOf(of, 'by-time');
  expect(labels(byTime).filter((text) => text.includes(':') && !text.includes('SHAP'))).toEqual(times);
  expect(labels(byTime)).not.toContain('OPEN');
  // The scale ends with the strongest cell.
  const strongest = (parts: number[]) => shapFigure(Math.max(...parts));
  const cells = (key: 'lag' | 'time', steps: readonly (number | string)[]) =>
    ['close', 'volume', 'OPEN'].flatMap((own) =>
      steps.map((step) => sum(({ feature, ...name }) => feature === own && name[key] === step)),
    );
  expect(labels(byDate)).toContain(strongest(cells('lag', [3, 2, 1, 0])));
  expect(labels(byTime)).toContain(strongest(cells('time', times)));
  expect(await pictureOf(usual, 'by-time')).toBe('');
});

test('the page says how near additivity is, and of what', async () => {
  const page = await attributionPage({ ...told(usual), facts: [['Model', 'folds/2015']], warnings: ['Few rows.'] });
  for (const said of ['0.021% on average, 0.087% at worst', '50 rows, 6 features', '100 rows', 'up to 64 ', '0.0123']) {
    expect(page).toContain(said);
  }
  expect(page).toContain('<dt>Model</dt><dd>folds/2015</dd>');
  expect(page).toContain('<li>Few rows.</li>');
});

test('whatever features are called, the page has the same elements', async () => {
  const hostile = fc
    .array(
      fc.constantFrom('<script>', '</style>', '<b>', '"', "'", '&', '<!--', ']]>', '<svg/onload=x>', '{a|b}', '$&'),
      {
        minLength: 1,
        maxLength: 5,
      },
    )
    .map((pieces) => pieces.join(''));
  const page = (text: string) => {
    const named = usual.names.map((name) => ({ ...name, name: text, feature: `${name.feature}${text}` }));
    return attributionPage({
      title: text,
      about: text,
      facts: [[text, text]],
      warnings: [text],
      attribution: { ...usual, names: named },
    });
  };
  const plain = elements(await page('plain'));
  await fc.assert(
    fc.asyncProperty(hostile, async (text) => {
      const attacked = await page(text);
      expect(elements(attacked)).toEqual(plain);
      expect(attacked).not.toContain('<svg/onload');
    }),
    { numRuns: 6 },
  );
});

test('pictures are files by name that stand by themselves', async () => {
  const pictures = await attributionPictures(usual);
  expect([...pictures.keys()]).toEqual(['importance', 'beeswarm', 'by-date']);
  for (const text of pictures.values()) {
    expect(text).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="[^"]*" width="\d+" height="\d+"/);
    elements(text);
  }
});

test('long names keep both ends, short ones everything', () => {
  expect(axisName('BN(ts_mean(BN(ts_corr(close/free_turn,volume/low,10)),3))')).toHaveLength(57);
  const long = axisName(`BN(ts_mean(${'x'.repeat(80)},10)),3))[20]`);
  expect([...long]).toHaveLength(58);
  expect(long).toMatch(/^BN\(ts_mean\(x+…x*,10\)\),3\)\)\[20\]$/);
});

test('figures have three digits, whatever their size', () => {
  expect([0, 0.0123456, -1.5, 123456, 0.0000123].map(shapFigure)).toEqual([
    '0',
    '0.0123',
    '−1.50',
    '1.23e+5',
    '1.23e-5',
  ]);
});
