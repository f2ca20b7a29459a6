/**
 * One network of one fold, from fresh weights to those of its best epoch. What it comes to depends on its name (seed,
 * fold, number), its rule and its samples alone: not on how often it was stopped and gone on with, nor on who else trains.
 */
import * as tf from '@tensorflow/tfjs-core';
import { makeFolder } from '../../core/atomic-file.ts';
import { EvolveError } from '../../core/failure.ts';
import { writing } from '../../core/writing.ts';
import { moments } from '../../evaluation/fitness.ts';
import type { Batch } from '../batch.ts';
import { gradients } from '../graph/gradients.ts';
import { loss, lossValue } from '../graph/loss.ts';
import type { Network } from '../graph/network.ts';
import { Optimiser, TrainingDiverged } from '../graph/optimiser.ts';
import type { PartShape } from '../inputs.ts';
import type { Samples } from '../samples/samples.ts';
import { type TrainingRule, wholeDates } from '../training-rule.ts';
import { type Checkpoint, checkpointIn, readCheckpoint, removeCheckpoint, writeCheckpoint } from './checkpoint.ts';
import type { Origin } from './origin.ts';
import { firstColumn, inputTensors, predictBatch } from './predict-batch.ts';
import { type Correlations, sectionCorrelations } from './section-correlations.ts';
import { standardByDate } from './standard-by-date.ts';
import { type NetworkName, trainingStream } from './streams.ts';
import { type KeptNetwork, writeNetwork } from './trained-network.ts';
import type { EpochRecord } from './training-progress.ts';
import { UnitLikeness } from './unit-likeness.ts';

export interface NetworkTraining {
  readonly name: NetworkName;
  /** Of trainingKey: what is kept is this training's. */
  readonly training: string;
  readonly network: Network;
  readonly rule: TrainingRule;
  readonly samples: Samples;
  readonly shapes: ReadonlyMap<string, PartShape>;
  readonly train: readonly number[];
  readonly valid: readonly number[];
  /** Where it is kept: checkpoint.bin while it goes on, weights.bin when it is done. */
  readonly folder: string;
  /** Whether to leave; what was done since the last epoch is done again later. */
  readonly due: () => boolean;
  readonly onEpoch: (record: EpochRecord, bestEpoch: number) => void;
}

/** Stage after stage, each from the best of the one before, and to be better. Undefined when it was to be left. */
export async function trainNetwork(training: NetworkTraining): Promise<KeptNetwork | undefined> {
  const { network, rule, folder } = training;
  const origin = originOf(training);
  writing(folder, () => makeFolder(folder));
  const path = checkpointIn(folder);
  const begun = performance.now();
  let optimiser = new Optimiser(rule);
  let state = readCheckpoint(path, origin, network, optimiser) ?? beginning(network);
  const before = state.seconds;
  network.enter?.(state.stage);
  for (;;) {
    while (!ended(state, rule)) {
      const epoch = state.history.length + 1;
      const trainLoss = await teach(training, optimiser, epoch);
      if (trainLoss === undefined) return undefined;
      const found = await validated(training);
      if (found === undefined) return undefined;
      if (!Number.isFinite(found.validLoss)) {
        throw diverged(training, `its loss on the dates that validate is ${found.validLoss}`);
      }
      await Promise.all([...network.variables.values()].map(atHand));
      const stage = network.stages === undefined ? {} : { stage: state.stage + 1, stages: network.stages };
      const record = { epoch, ...stage, trainLoss, ...found };
      state = after(state, record, training, before + (performance.now() - begun) / 1000);
      writeCheckpoint(path, origin, state, network, optimiser);
      training.onEpoch(record, state.bestEpoch);
    }
    const nothing = lossOfNothing(training);
    refuseHopeless(training, state, nothing);
    if (state.stage + 1 === (network.stages ?? 1)) return finish(training, state, nothing);
    putBack(network, state.best);
    state = { ...state, stage: state.stage + 1, before: state.history.length };
    network.enter?.(state.stage);
    optimiser = new Optimiser(rule);
  }
}

function finish(training: NetworkTraining, state: Checkpoint, nothing: number | undefined): KeptNetwork {
  const { network, folder } = training;
  const kept = writeNetwork(folder, originOf(training), network, state, nothing);
  removeCheckpoint(folder);
  return kept;
}

const originOf = ({ training, name: { fold, network } }: NetworkTraining): Required<Origin> => ({
  training,
  fold,
  network,
});

const beginning = (network: Network): Checkpoint => ({
  history: [],
  stage: 0,
  before: 0,
  bestEpoch: 0,
  best: valuesOf(network),
  seconds: 0,
});

/** The epochs that were to bring something better, or all there may be. */
function ended({ history, before, bestEpoch }: Checkpoint, { epochs, patience }: TrainingRule): boolean {
  const own = history.length - before;
  // A stage is given as long as the one before, whose best it begins with.
  return own >= epochs || history.length - Math.max(bestEpoch, before) >= patience;
}

function after(
  state: Checkpoint,
  record: EpochRecord,
  { rule, network }: NetworkTraining,
  seconds: number,
): Checkpoint {
  const history = [...state.history, record];
  const best = state.history[state.bestEpoch - 1];
  return best === undefined || isBetter(record, best, rule)
    ? { ...state, history, bestEpoch: record.epoch, best: valuesOf(network), seconds }
    : { ...state, history, seconds };
}

const isBetter = (record: EpochRecord, best: EpochRecord, { stopBy }: TrainingRule): boolean =>
  stopBy === 'rank-ic' ? rankOf(record) > rankOf(best) : record.validLoss < best.validLoss;

/** Predictions that are the same for all have no correlation: any is better. */
const rankOf = ({ validRankIc }: EpochRecord): number =>
  Number.isNaN(validRankIc) ? Number.NEGATIVE_INFINITY : validRankIc;

function putBack({ variables }: Network, values: Checkpoint['best']): void {
  for (const [name, variable] of variables) {
    const next = tf.tensor(values.get(name) as Float32Array, variable.shape);
    variable.assign(next);
    next.dispose();
  }
}

/** A device that cannot be waited for has the tensor's numbers at hand from here on, until they go to it again. */
const atHand = (tensor: tf.Tensor) => tensor.data();

const valuesOf = ({ variables }: Network): Checkpoint['best'] =>
  new Map([...variables].map(([name, variable]) => [name, Float32Array.from(variable.dataSync())]));

/** Mean loss of the epoch's batches; undefined when it was to be left. */
async function teach(training: NetworkTraining, optimiser: Optimiser, epoch: number): Promise<number | undefined> {
  const { network, rule, samples, shapes, train, name, due } = training;
  const dropout = trainingStream(name, 'dropout', epoch);
  const shuffle = trainingStream(name, 'shuffle', epoch);
  let [sum, weights] = [0, 0];
  for (const batch of samples.batches(train, rule.batch, { whole: wholeDates(rule), shuffle })) {
    if (due()) return undefined;
    const { value, gradients: found } = gradients(
      () => loss(rule.loss, network.run(inputTensors(batch, shapes), { kind: 'training', dropout }), batch),
      network.variables,
    );
    try {
      const [lossOf] = await Promise.all([value, ...Object.values(found), ...network.variables.values()].map(atHand));
      follow(training, optimiser, found);
      const weight = weightOf(rule, batch);
      sum += (lossOf?.[0] as number) * weight;
      weights += weight;
    } finally {
      tf.dispose([value, found]);
    }
  }
  return sum / weights;
}

/** So many times the loss of predicting nothing, no input explains: Adam's steps are bounded, and it may never overflow. */
const hopeless = 1000;

function refuseHopeless(
  training: NetworkTraining,
  { history, bestEpoch }: Checkpoint,
  nothing = Number.POSITIVE_INFINITY,
): void {
  const best = history[bestEpoch - 1]?.validLoss as number;
  if (best <= hopeless * nothing) return;
  const [shown, least] = [best, nothing].map((loss) => loss.toPrecision(3));
  throw diverged(
    training,
    `its loss on the dates that validate is ${shown} at best, and predicting nothing has ${least}`,
  );
}

/**
 * On the dates that validate, of a prediction of 0 for all, or where predictions are standardised of one that knows
 * nothing; undefined where that has no loss: it has no correlation.
 */
function lossOfNothing({ network, rule, samples, valid }: NetworkTraining): number | undefined {
  if (rule.loss.kind === 'ic') return undefined;
  let [sum, rows] = [0, 0];
  for (const batch of samples.batches(valid, rule.batch, { whole: true })) {
    const loss = (prediction: Float32Array): number => lossValue(rule.loss, prediction, batch);
    const nothing = new Float32Array(batch.rows);
    sum += (network.standard ? lossOfChance(batch, loss) : loss(nothing)) * batch.rows;
    rows += batch.rows;
  }
  return sum / rows;
}

/** Between any standardised prediction and its contrary: whatever one has in common with labels, the other has not. */
function lossOfChance(batch: Batch, loss: (prediction: Float32Array) => number): number {
  const any = standardByDate(
    Float32Array.from({ length: batch.rows }, (_, row) => row % 2),
    batch,
  );
  return (loss(any) + loss(any.map((value) => -value))) / 2;
}

function follow(training: NetworkTraining, optimiser: Optimiser, found: tf.NamedTensorMap): void {
  try {
    optimiser.step(found, training.network.variables);
  } catch (cause) {
    if (!(cause instanceof TrainingDiverged)) throw cause;
    throw diverged(training, `the gradient of ${cause.variable} is no finite number`, cause);
  }
}

const diverged = ({ folder, rule }: NetworkTraining, what: string, cause?: unknown): EvolveError =>
  new EvolveError(
    'bad-argument',
    `The network of ${folder} diverged: ${what}. Use a smaller --learning-rate${rule.loss.orthogonality ? ' or --orthogonality' : ''}, --clip-value 1, or draw inputs in by --limit 5, and give another --out or delete the model first: it goes on as it began.`,
    { cause },
  );

/** Undefined when it was to be left. */
async function validated(training: NetworkTraining): Promise<Omit<EpochRecord, 'epoch' | 'trainLoss'> | undefined> {
  const { network, rule, samples, shapes, valid, due } = training;
  let [sum, weights] = [0, 0];
  const correlations: Correlations[] = [];
  const units = new UnitLikeness();
  for (const batch of samples.batches(valid, rule.batch, { whole: true })) {
    if (due()) return undefined;
    const predictions = await predictBatch(network, batch, shapes);
    const weight = weightOf(rule, batch);
    // By moving statistics predictions are of any scale: that of training is what the loss is about.
    sum += lossValue(rule.loss, network.standard ? standardByDate(predictions, batch) : predictions, batch) * weight;
    weights += weight;
    // Labels freed from something are there to learn from; what is wanted is returns.
    const { returns = batch.labels } = batch;
    correlations.push(...sectionCorrelations(batch.sections, firstColumn(predictions, batch.rows), returns));
    units.add(predictions, batch.rows);
  }
  return {
    validLoss: sum / weights,
    validIc: moments(correlations.map(({ ic }) => ic)).mean,
    validRankIc: moments(correlations.map(({ rankIc }) => rankIc)).mean,
    ...units.likeness(),
  };
}

/** A loss of correlations is a mean over dates, others over rows. */
const weightOf = ({ loss: { kind } }: TrainingRule, { rows, sections }: Batch): number =>
  kind === 'ic' ? sections.length : rows;
