/** What a model goes by, for a terminal. */
import { rankedFeatures } from '../../models/explain/attribution.ts';
import type { Explanation } from '../../models/explain/explain-model.ts';
import { explained } from '../models/explained.ts';
import { count, fixed, percent } from './number.ts';
import { table } from './table.ts';
import { backendLine } from './training-progress.ts';

const shown = 20;

export interface WrittenTo {
  readonly report?: string | undefined;
  readonly pictures?: string | undefined;
  readonly out?: string | undefined;
}

export function explanationReport(explanation: Explanation, { report, pictures, out }: WrittenTo): string {
  const { title, about, warnings } = explained(explanation);
  const { additivity, nodes, names } = explanation;
  const rows = rankedFeatures(explanation)
    .slice(0, shown)
    .map(({ feature, lag, time, mean, share, slant }) => [
      mean.toPrecision(3),
      percent(share),
      fixed(slant, 2),
      lag === undefined ? '' : count(lag),
      time === undefined ? feature : `${feature}@${time}`,
    ]);
  const files = [report, pictures, out].filter((path) => path !== undefined);
  return [
    `${title}: ${about}\n${backendLine(explanation.backend)}`,
    table(rows, [
      'mean |SHAP|',
      'share',
      'slant',
      'dates back',
      `feature, ${Math.min(shown, names.length)} of ${count(names.length)}`,
    ]),
    [
      'slant: correlation of the feature with what it adds; above 0, more of it raises the prediction.',
      `SHAP values miss the predictions by ${missed(additivity.mean)} on average, ${missed(additivity.worst)} at worst (up to ${count(nodes)} nodes).`,
      ...warnings,
      ...(files.length > 0 ? [`Written: ${files.join(', ')}.`] : []),
    ].join('\n'),
  ].join('\n\n');
}

const missed = (share: number): string => `${(100 * share).toPrecision(2)}%`;

/** All features, ranked; the values themselves are in --out. */
export function explanationJson(explanation: Explanation) {
  const { model, fold, networks, backend, rows, background, base, nodes, additivity } = explanation;
  const features = rankedFeatures(explanation).map(({ column: _, ...feature }) => feature);
  return { model, fold, networks, backend, rows: rows.length, background, base, nodes, additivity, features };
}
