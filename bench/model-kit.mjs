/** What studies of models share: a model trained, predicted and held against the returns that followed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mine } from '../dist/cli/mining/mine.js';
import { readScores } from '../dist/data/scores.js';
import { meanAndError } from '../dist/evaluation/newey-west.js';
import { modelNamed } from '../dist/models/models.js';
import { predictModel } from '../dist/models/training/predict-model.js';
import { sectionCorrelations } from '../dist/models/training/section-correlations.js';
import { trainModel } from '../dist/models/training/train-model.js';
import { trainingInputs } from '../dist/models/training/training-inputs.js';
import { asFactor, must } from '../dist/program/build.js';
import { canonical } from '../dist/program/canonical.js';
import { parse } from '../dist/program/parse.js';
import { evaluatorOn } from './study-kit.mjs';

/** One fold, whose dates are those of the model named; files are gone when the process ends. */
export async function modelStudy({ data, rule, like, series }) {
  const evaluator = await evaluatorOn(data, { label: rule.label });
  const { manifest } = evaluator.market;
  const parent = mkdtempSync(join(tmpdir(), 'evolve-study-'));
  process.on('exit', () => rmSync(parent, { recursive: true, force: true }));
  const inputs = await trainingInputs(
    { model: like, data, series, rule: { ...modelNamed(like).rule, ...rule, retrainMonths: 0, neutraliseLabels: [] } },
    () => {},
  );
  const [{ train, valid, predict }] = inputs.folds;
  const { horizon } = rule.label;
  const tested = Array.from({ length: predict.to - predict.from - horizon - 1 }, (_, i) => predict.from + i);
  const symbols = manifest.symbols.length;

  return {
    evaluator,
    manifest,
    ...{ train, valid, predict, tested },

    /** Scores are [dates][symbols]; labels those of training, which are not there where nobody could have bought. */
    rankIcs: (scores, dates) =>
      dates.map((date) => {
        const from = date * symbols;
        const cells = Array.from({ length: symbols }, (_, n) => from + n).filter(
          (cell) => !Number.isNaN(scores[cell]) && !Number.isNaN(inputs.labels[cell]),
        );
        const of = (values) => Float32Array.from(cells, (cell) => values[cell]);
        return sectionCorrelations([{ date, from: 0, to: cells.length }], of(scores), of(inputs.labels))[0].rankIc;
      }),

    /** Mean and Newey-West's standard error. */
    shown(correlations, digits = 4) {
      const { mean, error } = meanAndError(correlations, horizon);
      return `${mean.toFixed(digits)} ± ${error.toFixed(digits)}`;
    },

    async valuesOf(expression) {
      const program = canonical(must(asFactor(parse(expression, evaluator.vocabulary))));
      const [matrix] = await evaluator.values([program]);
      const cells = new Float32Array(manifest.calendar.length * symbols);
      for (let t = 0; t < manifest.calendar.length; t++) cells.set(evaluator.arena.row(matrix, t), t * symbols);
      evaluator.arena.release(matrix.address);
      return cells;
    },

    /** Mined on the dates the models learn from, picked on those they stop by. */
    async minedFactors(evaluations) {
      const date = (t) => manifest.calendar[t];
      const part = (from, to) => `${date(from)}:${date(to)}`;
      const split = [
        part(train[0], train.at(-1)),
        part(valid[0], valid.at(-1)),
        part(predict.from, manifest.calendar.length - 1),
      ].join(',');
      const { library } = await mine({ data, split, evaluations, horizon, out: join(parent, 'run') });
      console.error(`mined ${library.factors.length} factors`);
      return library.factors.map(({ name, expression }) => ({ name: name ?? expression, expression }));
    },

    /** Its results, its scores and how long it took. */
    async trained(name, { model, factors = [], rule: changed = {}, ...more }) {
      const folder = name.replaceAll(/[^\w.-]+/g, '-');
      const out = join(parent, folder);
      const started = performance.now();
      const { results } = await trainModel({
        ...{ model, data, out, factors, ...more },
        rule: { ...modelNamed(model).rule, ...rule, retrainMonths: 0, ...changed },
        onProgress: (news) => {
          if (news.kind === 'network') console.error(name, JSON.stringify(news.result));
        },
      });
      const seconds = (performance.now() - started) / 1000;
      const file = join(parent, `${folder}.arrow`);
      await predictModel({ model: out, data, out: file });
      const scores = await readScores(file, { calendar: manifest.calendar, symbols: manifest.symbols });
      const [fold] = results.folds;
      return { ...fold, seconds, file, scores: scores.values[0], out };
    },
  };
}
