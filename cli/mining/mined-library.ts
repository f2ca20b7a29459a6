/** The library of a run: the chosen factors with everything somebody needs to believe them or find them again. */
import { createHash } from 'node:crypto';
import { unitName } from '../../core/units.ts';
import type { MarketManifest } from '../../data/market.ts';
import type { Part, PartName } from '../../data/splits.ts';
import { ancestry } from '../../engine/individual.ts';
import { combinedIc } from '../../evaluation/combined.ts';
import type { Evaluator } from '../../evaluation/evaluator.ts';
import { type PartFigures, partFigures, turnover } from '../../evaluation/split-metrics.ts';
import { listing } from '../../program/listing.ts';
import { print } from '../../program/print.ts';
import type { FactorLibrary, LibraryFactor, SplitMetrics } from '../../runs/library.ts';
import type { Choice, Chosen } from './choose.ts';
import type { MarketSearch } from './market-search.ts';

export interface LibraryOf {
  readonly name: string;
  readonly engineVersion: string;
  readonly backend?: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly tried: FactorLibrary['tried'];
}

/** Looks at the test dates, so it is called once, when all is decided. */
export async function minedLibrary(
  search: MarketSearch,
  evaluator: Evaluator,
  { chosen, thresholds, correlation }: Choice,
  about: LibraryOf,
): Promise<FactorLibrary> {
  const { manifest } = evaluator.market;
  const programs = chosen.map(({ program }) => program);
  const dates = ({ first, end }: Part) => ({ from: first, to: end });
  const test = await partFigures(evaluator, programs, dates(search.split.test));
  const metrics = async (place: number, part: PartName, figures: PartFigures): Promise<SplitMetrics> => {
    return {
      ...figures,
      turnover: await turnover(evaluator, programs[place] as (typeof programs)[0], dates(search.split[part])),
    };
  };
  const names = chosen.map(({ individual }) => nameOf(individual.key));
  const factors: LibraryFactor[] = [];
  for (const [i, factor] of chosen.entries()) {
    factors.push({
      ...described(factor, names),
      metrics: {
        train: await metrics(i, 'train', factor.train),
        valid: await metrics(i, 'valid', factor.valid),
        test: await metrics(i, 'test', test[i] as PartFigures),
      },
    });
  }
  const { placeboBest } = thresholds;
  const places = chosen.map((_, place) => place);
  const together = (of: (place: number) => PartFigures): number =>
    combinedIc(
      places,
      (place) => of(place).ic,
      (place) => (chosen[place] as Chosen).sign,
      correlation,
    );
  return {
    schema: 1,
    ...about,
    market: {
      name: manifest.name,
      hash: manifest.hash,
      dates: [manifest.calendar[0] as string, manifest.calendar.at(-1) as string],
      symbols: manifest.symbols.length,
    },
    split: {
      train: range(manifest, search.split.train),
      valid: range(manifest, search.split.valid),
      test: range(manifest, search.split.test),
    },
    label: search.label,
    thresholds: {
      train: thresholds.fitness,
      how: thresholdWords(search, thresholds),
      ...(placeboBest !== undefined && { placeboBest }),
    },
    ...(chosen.length > 0 && {
      combined: {
        train: together((place) => (chosen[place] as Chosen).train),
        valid: together((place) => (chosen[place] as Chosen).valid),
        test: together((place) => test[place] as PartFigures),
      },
    }),
    factors,
  };
}

function thresholdWords({ config }: MarketSearch, { fitness, t, luckyT, placeboBest }: Choice['thresholds']): string {
  const least =
    placeboBest !== undefined && placeboBest >= config.threshold
      ? 'above the best on shuffled labels'
      : `at least ${fitness}`;
  const luck =
    t < luckyT
      ? `below the ${luckyT.toFixed(2)} that the luckiest of as many worthless programs would reach`
      : 'which the luckiest of as many worthless programs would reach';
  return `Fitness ${least}, and a Newey-West t of at least ${t.toFixed(2)} on training dates, ${luck}. On validation dates the same sign, at least ${config.validShare} of the training IC and a t of at least ${config.validT}. Correlations below ${config.correlation}.`;
}

function described(
  { individual, fitness, sign, nearest }: Chosen,
  names: readonly string[],
): Omit<LibraryFactor, 'metrics'> {
  const { genome, line } = individual;
  return {
    name: nameOf(individual.key),
    expression: print(genome),
    program: listing(genome),
    unit: unitName(genome.unit),
    size: genome.size,
    sign,
    fitness,
    ...(nearest && { nearest: { name: names[nearest.place] as string, correlation: nearest.correlation } }),
    ancestry: ancestry(line).map(({ genome: ancestor, origin, fitness: reached }) => ({
      expression: print(ancestor),
      move: origin,
      fitness: reached ?? Number.NaN,
    })),
  };
}

const range = ({ calendar }: MarketManifest, { first, end }: Part): [string, string] => [
  calendar[first] as string,
  calendar[end - 1] as string,
];

/** The same program has the same name in every library. */
const nameOf = (key: string): string => `evolve_${createHash('sha256').update(key).digest('hex').slice(0, 8)}`;
