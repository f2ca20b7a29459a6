import type { Explanation } from '../../models/explain/explain-model.ts';
import { count, countOf } from '../print/number.ts';
import type { ExplainedModel } from '../report/attribution/attribution-page.ts';

/** SHAP values that miss more of the predictions than this are not what they claim to be. */
const mostMissed = 0.01;

/** An explanation in words, for page and terminal. */
export function explained(explanation: Explanation): ExplainedModel {
  const { model, fold, networks, backend, asked, rows, background, additivity } = explanation;
  const dates = [...new Set(rows.map(({ date }) => date))].sort();
  return {
    title: model,
    about: `${countOf(rows.length, 'row')} of ${countOf(dates.length, 'date')} from ${dates[0]} to ${dates.at(-1)}, predicted by the ${countOf(networks, 'network')} of the training that predicts from ${fold}, against ${countOf(background, 'row')} of its training dates.`,
    facts: [
      ['Networks', `${count(networks)}, their SHAP values averaged as their predictions are`],
      ['Backend', `${backend.name} ${backend.version}`],
    ],
    warnings: [
      ...(rows.length < asked
        ? [`${count(asked)} rows were to be explained, and there were ${count(rows.length)} on the dates drawn.`]
        : []),
      ...(additivity.worst > mostMissed
        ? [
            `SHAP values of a network's rows miss predictions by up to ${(100 * additivity.worst).toFixed(1)}%: more nodes than were allowed would be needed.`,
          ]
        : []),
    ],
    attribution: explanation,
  };
}
