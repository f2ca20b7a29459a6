/** What a training came to, for a terminal. */
import type { FoldDates, FoldResult, NetworkResult } from '../../models/training/model-manifest.ts';
import type { Trained } from '../models/train.ts';
import { judgedFrom, notYetJudged } from './known-future.ts';
import { count, countOf, duration, fixed } from './number.ts';
import { table } from './table.ts';

/** `given`: the market's folder as it was given, for the commands that come next. */
export function trainedReport(trained: Trained, given: string | undefined): string {
  return [headline(trained), folds(trained), dead(trained), whereTo(trained, given)]
    .filter((part) => part !== '')
    .join('\n\n');
}

function headline({ manifest, results }: Trained): string {
  const networks = results.folds.flatMap((fold) => fold.networks);
  const seconds = networks.reduce((sum, network) => sum + network.seconds, 0);
  const all = manifest.folds.length * manifest.rule.networks;
  const done = results.finished ? countOf(all, 'network') : `${networks.length} of ${countOf(all, 'network')}`;
  const took = networks.length > 0 ? `, ${duration(1000 * seconds)} of computing` : '';
  return `${manifest.model} on ${manifest.market.name}: ${done} trained${took}.`;
}

function folds({ manifest, results }: Trained): string {
  const shown = { alike: likenesses(results).length > 0, nothing: lossesOfNothing(results).length > 0 };
  const rows = manifest.folds.flatMap((dates, i) => {
    const fold = results.folds[i];
    return fold && fold.networks.length > 0 ? [row(dates, fold, shown)] : [];
  });
  if (rows.length === 0) return '';
  // Networks of factor units are judged by standardised predictions, which 0 for all is none of.
  const nothing =
    manifest.rule.factorUnits === undefined
      ? { heading: 'of 0', words: 'predicting 0 for all' }
      : { heading: 'of chance', words: 'predictions that have nothing to do with the labels' };
  const headings = [
    ...['predicts from', 'learns from', 'rows', 'stops by', 'rows', 'networks', 'epochs', 'best'],
    ...['train loss', 'valid loss', ...(shown.nothing ? [nothing.heading] : []), ...(shown.alike ? ['alike'] : [])],
    ...['IC', 'together: IC', 'RankIC', '+-'],
  ];
  const stages = results.folds.flatMap(({ networks }) => networks).find((network) => network.stages)?.stages;
  return [
    table(rows, headings),
    'Losses, epochs and IC are means of the networks; "together" is the mean of their scores, on the dates training stopped by.',
    ...(shown.nothing ? [`${nothing.heading}: the valid loss of ${nothing.words}.`] : []),
    ...(stages ? [`Epochs are of ${stages} stages together.`] : []),
    ...(shown.alike ? ['alike: mean absolute correlation between two units of a network on these dates.'] : []),
  ].join('\n');
}

/** Networks whose predictions have no correlation, since they are the same for all. */
function dead({ results }: Trained): string {
  const networks = results.folds.flatMap((fold) => fold.networks);
  const count = networks.filter(({ validRankIc }) => !Number.isFinite(validRankIc)).length;
  if (count === 0) return '';
  const which = count === networks.length ? 'Each network' : `${count} of ${countOf(networks.length, 'network')}`;
  return `${which} predicts the same for all symbols: nothing was learned. Inputs may all be drawn in to one number by --limit, or not differ between symbols.`;
}

/** Of the networks that have units. */
const likenesses = ({ folds }: Pick<Trained['results'], 'folds'>): number[] =>
  folds.flatMap(({ networks }) => networks.flatMap(({ unitLikeness }) => unitLikeness ?? []));

/** Of the networks whose loss has one. */
const lossesOfNothing = ({ folds }: Pick<Trained['results'], 'folds'>): number[] =>
  folds.flatMap(({ networks }) => networks.flatMap(({ nothingLoss }) => nothingLoss ?? []));

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

interface Shown {
  readonly alike: boolean;
  readonly nothing: boolean;
}

function row({ name, train, valid }: FoldDates, fold: FoldResult, shown: Shown): (string | number)[] {
  const { networks, ensemble } = fold;
  const mean = (of: (network: NetworkResult) => number): number => meanOf(networks.map(of));
  return [
    name,
    `${train.from} to ${train.to}`,
    count(train.rows),
    `${valid.from} to ${valid.to}`,
    count(valid.rows),
    networks.length,
    Math.round(mean(({ epochs }) => epochs)),
    Math.round(mean(({ bestEpoch }) => bestEpoch)),
    fixed(
      mean(({ trainLoss }) => trainLoss),
      4,
    ),
    fixed(
      mean(({ validLoss }) => validLoss),
      4,
    ),
    ...(shown.nothing ? [fixed(meanOf(lossesOfNothing({ folds: [fold] })), 4)] : []),
    ...(shown.alike ? [fixed(meanOf(likenesses({ folds: [fold] })), 2)] : []),
    fixed(
      mean(({ validIc }) => validIc),
      4,
    ),
    fixed(ensemble?.validIc, 4),
    fixed(ensemble?.validRankIc, 4),
    fixed(ensemble?.rankIcError, 4),
  ];
}

function whereTo({ folder, manifest, results, losses, lastJudged }: Trained, given: string | undefined): string {
  if (!results.finished) {
    return `Everything up to the last epochs is kept in ${folder}. To go on: the same command with --resume.`;
  }
  const model = word(folder);
  const data = given === undefined ? '' : ` --data ${word(given)}`;
  const { universe, label } = manifest.rule;
  const judged = `${universe === undefined ? '' : ` --universe ${word(universe)}`} --horizon ${label.horizon}`;
  const first = judgedFrom(manifest.factorLibrary, manifest.folds[0]?.name as string);
  const notYet = notYetJudged(first, lastJudged, label);
  return [
    `Written: ${folder}${losses === undefined ? '' : `, with ${losses} (picture)`}. What comes next:`,
    `  evolve predict ${model}${data} --out scores.parquet`,
    ...(notYet ? [] : [`  evolve evaluate scores.parquet${data} --from ${first}${judged}`]),
    `  evolve explain ${model}${data}`,
    ...(notYet ? [notYet] : []),
  ].join('\n');
}

/** As a shell takes it for one. */
export const word = (text: string): string => (/^[\w./:@%+=-]+$/.test(text) ? text : JSON.stringify(text));
