import type { Predictions } from '../models/predict.ts';
import { judgedFrom, knownFuture, notYetJudged } from './known-future.ts';
import { count, countOf, percent, storage } from './number.ts';
import { word } from './trained.ts';
import { backendLine } from './training-progress.ts';

/** `given`: the market's folder as it was given. */
export function predictedReport(predicted: Predictions, given: string | undefined): string {
  const {
    model,
    out,
    format,
    bytes,
    from,
    to,
    dates,
    symbols,
    known,
    sameMarket,
    folds,
    rule,
    backend,
    factorLibrary,
    lastJudged,
    units,
  } = predicted;
  const cells = `${count(known)} scores, ${percent(known / (dates * symbols))} of ${countOf(symbols, 'symbol')} on ${countOf(dates, 'date')}`;
  const data = given === undefined ? '' : ` --data ${word(given)}`;
  const universe = rule.universe === undefined ? '' : ` --universe ${word(rule.universe)}`;
  const begin = judgedFrom(factorLibrary, from);
  return [
    `${out}: scores of ${model} from ${from} to ${to}, ${format}, ${storage(bytes)}.`,
    `${cells}, by ${countOf(folds.length, 'training')}. ${backendLine(backend)}`,
    ...(units.length > 0
      ? [
          `Beside it ${count(units.length)} columns, ${units[0]} to ${units.at(-1)}: units of the networks, each a factor.`,
        ]
      : []),
    ...(sameMarket ? [] : ['The model was trained on another market, or this one has changed since.']),
    ...knownFuture(factorLibrary, from),
    ...(begin > to
      ? []
      : [
          notYetJudged(begin, lastJudged, rule.label) ??
            `Judge them: evolve evaluate ${word(out)}${data} --from ${begin} --to ${to} --horizon ${rule.label.horizon}${universe}`,
        ]),
  ].join('\n');
}
