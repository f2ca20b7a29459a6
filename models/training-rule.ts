/** All that decides what is trained, beside the market, the inputs and the seeds: it is stored whole with a model. */
import type { LabelRule } from '../data/market.ts';

export interface TrainingRule {
  readonly label: LabelRule;
  /** Dates a training looks back on, train and valid together. */
  readonly history: number;
  /** Of these, every so manieth date teaches. */
  readonly every: number;
  /** Share of the history, its end, that decides when to stop. */
  readonly validShare: number;
  /** Trained anew every so many months of the calendar; 0 is once. */
  readonly retrainMonths: number;
  /** Networks of an ensemble: seeds 1 to this, beside `seed`. */
  readonly networks: number;
  readonly seed: number;
  /** Rows of a step; 0 takes one date at a time. */
  readonly batch: number;
  /** At most. */
  readonly epochs: number;
  /** Epochs without a better validation loss before training ends. */
  readonly patience: number;
  readonly optimiser: 'adam' | 'rmsprop';
  readonly learningRate: number;
  /** What each number of a gradient is drawn in to, on both sides; 0 leaves them. */
  readonly clipValue: number;
  readonly loss: LossRule;
  /** Of hidden layers, where the model has dropout. */
  readonly dropout: number;
  /** Units of recurrent or hidden layers. */
  readonly units: number;
  /** Factors a network gives beside its prediction, their mean, where the model gives more than one. */
  readonly factorUnits?: number;
  /** Fields a network draws for its pairs, where the model looks at pairs; 0 is all of them. */
  readonly pairFields?: number;
  /** Inputs, once scaled, are drawn in to so many deviations; 0 leaves them. */
  readonly limit: number;
  /** What validation dates decide by: the loss, or the mean rank correlation of the first output; the loss without. */
  readonly stopBy?: 'loss' | 'rank-ic';
  /** Labels have these taken off, date by date, before they are standardised: words, fields or formulas of evaluate. */
  readonly neutraliseLabels?: readonly string[];
  /** Only symbols above 0 in this field, such as MEMBER. */
  readonly universe?: string;
  /** Labels of each date exchanged between symbols: what is learned then is chance. */
  readonly placebo?: number;
}

export interface LossRule {
  /** Mean squared error, or minus the mean correlation of the dates. */
  readonly kind: 'mse' | 'ic';
  /** Predictions have the styles taken off, date by date, before they meet the labels. */
  readonly neutral: boolean;
  /** Weight of the better half of each date's returns; the others weigh 1. */
  readonly topWeight: number;
  /** Of a network with units beside its prediction: how dear it is that they are alike (loss-gradient.ts). */
  readonly orthogonality?: number;
}

/** Whether dates must come whole: parts of a cross-section have another correlation and other residuals. */
export const wholeDates = ({ batch, loss: { kind, neutral } }: Pick<TrainingRule, 'batch' | 'loss'>): boolean =>
  batch === 0 || kind === 'ic' || neutral;
