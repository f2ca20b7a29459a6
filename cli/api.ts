/**
 * What a program can import: `import { openMarket, parse } from 'evolve-factors'`. Every command is a function here;
 * the command line only parses, calls and prints.
 */
export { Arena, type Matrix } from '../core/arena.ts';
export { EvolveError, type FailureCode } from '../core/failure.ts';
export { type Unit, unitName } from '../core/units.ts';
export { type CheckOptions, checkMarket } from '../data/check.ts';
export { embeddedMarket } from '../data/embedded.ts';
export { importMarket } from '../data/import/import-market.ts';
export type { ImportOptions } from '../data/import/options.ts';
export type { ImportReport } from '../data/import/report.ts';
export { type MarketInfo, marketInfo } from '../data/info.ts';
export { forwardReturns } from '../data/labels.ts';
export type { FieldInfo, LabelRule, Market, MarketManifest, MinuteGrid, PlantedSignal } from '../data/market.ts';
export { type ResampleOptions, resampleMarket } from '../data/resample.ts';
export { type Split, type SplitRule, splitCalendar } from '../data/splits.ts';
export { type OpenOptions, openMarket } from '../data/store/open.ts';
export { type SyntheticOptions, synthesise } from '../data/synth/synthesise.ts';
export { type MinuteTiming, timeMinutes } from '../evaluation/bench/minutes.ts';
export { type OperatorTiming, timeOperators } from '../evaluation/bench/operators.ts';
export type { PanelSize } from '../evaluation/bench/panel.ts';
export { type SearchMeasure, type SearchTiming, timeSearch } from '../evaluation/bench/search.ts';
export {
  type EvalOptions,
  type EvalReport,
  evalFactors,
  type FactorReport,
  type MeanIc,
  type WrittenFile,
} from '../evaluation/eval-factors.ts';
export { Evaluator, type EvaluatorOptions, type ScoreOptions } from '../evaluation/evaluator.ts';
export type { FactorShape } from '../evaluation/factor-file.ts';
export type { DailyScores } from '../evaluation/task.ts';
export type { FactorSheet, TearSheet } from '../evaluation/tear-sheet/sheet.ts';
export { type Attribution, type RankedFeature, rankedFeatures } from '../models/explain/attribution.ts';
export type { Explanation } from '../models/explain/explain-model.ts';
export type { BackendChoice, BackendWish } from '../models/graph/backend.ts';
export type { Model } from '../models/model.ts';
export { modelNamed, models } from '../models/models.ts';
export type { ModelManifest, ModelResults } from '../models/training/model-manifest.ts';
export type { TrainingProgress } from '../models/training/training-progress.ts';
export type { TrainingRule } from '../models/training-rule.ts';
export type { Kind, Operator, Shape } from '../operators/define.ts';
export { type OperatorName, operatorNames, operators } from '../operators/table.ts';
export type {
  BacktestReport,
  ExcessYear,
  Rebalance,
  ScenarioReport,
} from '../portfolio/backtest/backtest-report.ts';
export { type PresetName, presets } from '../portfolio/presets.ts';
export type { PortfolioRule, TradingRule } from '../portfolio/rule.ts';
export { asFactor, type Refusal } from '../program/build.ts';
export { canonical } from '../program/canonical.ts';
export type { Dialect } from '../program/dialects/dialect.ts';
export { type DialectName, dialectOf, dialects } from '../program/dialects/dialects.ts';
export type { Expression } from '../program/expression.ts';
export { latex } from '../program/latex.ts';
export { parse } from '../program/parse.ts';
export { print } from '../program/print.ts';
export { standardVocabulary, type Vocabulary, vocabulary, type Word } from '../program/vocabulary.ts';
export { type FactorLibrary, type LibraryFactor, readLibrary, type SplitMetrics } from '../runs/library.ts';
export { evaluate } from './evaluate/evaluate.ts';
export type { EvaluateOptions } from './evaluate/evaluate-options.ts';
export {
  type ExportedFactor,
  type ExportedLibrary,
  type ExportOptions,
  exportLibrary,
} from './libraries/export-library.ts';
export {
  type FactorImportOptions,
  type ImportedFactor,
  type ImportedFactors,
  importFactors,
  type RefusedText,
} from './libraries/import-factors.ts';
export { type FoundFactor, type TopFactor, type TopFactors, topFactors } from './libraries/top-factors.ts';
export { examineMachine, type Finding } from './machine.ts';
export { mine } from './mining/mine.ts';
export type { MineOptions, MineProgress } from './mining/mine-options.ts';
export type { MineReport } from './mining/mine-report.ts';
export { type ExplainOptions, explain } from './models/explain.ts';
export { type NetworkWeights, networkWeights } from './models/network-weights.ts';
export { type Predictions, type PredictOptions, predict } from './models/predict.ts';
export { type Trained, type TrainOptions, train } from './models/train.ts';
export { allOperatorWords, type OperatorWords, operatorWords } from './operator-words.ts';
export { backtest } from './portfolio/backtest.ts';
export type { BacktestOptions } from './portfolio/backtest-options.ts';
