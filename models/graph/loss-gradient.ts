/**
 * What a loss is, and its gradient, in float64 and plain loops: a batch is a few thousand numbers, and a correlation of
 * nearly equal ones is lost in float32.
 *
 * mse: sum of w (y - r)² over rows, divided by the rows, not by the weights, as Keras divides when given sample weights.
 * ic: minus the mean over sections of the w-weighted Pearson correlation of r and y. A section of fewer than 3 rows, or
 * whose r or y do not vary, has no correlation: it is left out of the mean and pulls at nothing. With none left the loss
 * is 0.
 *
 * y are labels, r predictions, or with `neutral` what a section's basis Q leaves of them: p - Q Q'p. w is `topWeight`
 * for labels above their date's median and 1 for the others; a label that ties with the median is not above it.
 *
 * Of a network with K units z beside its prediction, `orthogonality` times |Z'Z / rows| / K² is added, over the batch as a
 * whole: the root of the sum of the squares of what units have in common (orthogonality.ts).
 */
import type { Batch, Section } from '../batch.ts';
import { middleLabel } from '../middle-label.ts';
import type { LossRule } from '../training-rule.ts';
import { likeness, likenessGradient } from './orthogonality.ts';

export interface LossGradient {
  readonly value: number;
  /** With respect to predictions, and units: [rows][columns]. */
  readonly gradient: Float64Array;
}

type Numbers = Float32Array | Float64Array;

/** Predictions are [rows][columns]: the first is what meets the labels, and units, when there are any, follow. */
export function lossGradient(rule: LossRule, predictions: Numbers, batch: Batch): LossGradient {
  const columns = columnsOf(predictions.length, batch);
  const { value, gradient } = labelLoss(rule, firstOf(predictions, columns), batch);
  if (columns === 1) return { value, gradient };
  const orthogonality = rule.orthogonality ?? 0;
  const alike = orthogonality > 0 ? likeness(predictions, columns) : undefined;
  const all = alike ? likenessGradient(predictions, alike, orthogonality) : new Float64Array(predictions.length);
  for (let i = 0; i < batch.rows; i++) all[i * columns] = gradient[i] as number;
  return { value: value + (alike ? orthogonality * alike.value : 0), gradient: all };
}

/** The value alone. */
export function lossOf(rule: LossRule, predictions: Numbers, batch: Batch): number {
  const columns = columnsOf(predictions.length, batch);
  const { value } = labelLoss(rule, firstOf(predictions, columns), batch);
  const orthogonality = columns > 1 ? (rule.orthogonality ?? 0) : 0;
  return orthogonality > 0 ? value + orthogonality * likeness(predictions, columns).value : value;
}

/** Predictions of a row; 1 where there are no rows to tell. */
export function columnsOf(predictions: number, { rows, sections, labels }: Batch): number {
  let next = 0;
  for (const { from, to } of sections) {
    if (from !== next || to < from) throw new Error('Sections follow one another and hold every row.');
    next = to;
  }
  const columns = rows === 0 ? 1 : predictions / rows;
  const fits = rows === 0 ? predictions === 0 : Number.isInteger(columns) && columns > 0;
  if (next !== rows || labels.length !== rows || !fits) {
    throw new Error(`${predictions} predictions for ${labels.length} labels of ${rows} rows, ${next} in sections.`);
  }
  return columns;
}

const firstOf = (predictions: Numbers, columns: number): Numbers =>
  columns === 1
    ? predictions
    : Float64Array.from({ length: predictions.length / columns }, (_, i) => predictions[i * columns] as number);

function labelLoss(rule: LossRule, prediction: Numbers, batch: Batch): LossGradient {
  const gradient = new Float64Array(batch.rows);
  let total = 0;
  let counted = 0;
  for (const section of batch.sections) {
    const { from, to } = section;
    const basis = rule.neutral ? basisOf(section) : undefined;
    const r = Float64Array.from(prediction.subarray(from, to));
    const tiny = noVariation * largest(r);
    if (basis) takeOff(basis, r);
    const labels = batch.labels.subarray(from, to);
    const weights = labelWeights(labels, rule.topWeight, section.middle);
    const dR = gradient.subarray(from, to);
    if (rule.kind === 'mse') {
      total += squaredError(r, labels, weights, dR);
    } else {
      const correlated = correlation(r, labels, weights, tiny, dR);
      if (correlated === undefined) continue;
      total += correlated;
      counted++;
    }
    if (basis) takeOff(basis, dR); // the projection is its own transpose
  }
  const divisor = rule.kind === 'mse' ? batch.rows : -counted;
  if (divisor === 0) return { value: 0, gradient };
  for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i] as number) / divisor;
  return { value: total / divisor, gradient };
}

/** Of a section's labels: more for the better half, those above the middle one of their date. */
export function labelWeights(labels: Float32Array, topWeight: number, middle = middleLabel(labels)): Float64Array {
  const weights = new Float64Array(labels.length).fill(1);
  if (topWeight === 1) return weights;
  for (let i = 0; i < labels.length; i++) if ((labels[i] as number) > middle) weights[i] = topWeight;
  return weights;
}

/** Labels less their weighted mean, and the root of their weighted squares; undefined where they do not vary. */
export function centredLabels(labels: Float32Array, weights: Float64Array) {
  const y = Float64Array.from(labels);
  const tiny = noVariation * largest(y);
  const root = centre(y, weights);
  return labels.length < fewest || root <= tiny * Math.sqrt(sum(weights)) ? undefined : { y, root };
}

export function basisOf({ basis, from, to, date }: Section): Float64Array {
  if (!basis) throw new Error(`A neutral loss needs the basis of every section; that of date ${date} has none.`);
  if (basis.length % Math.max(to - from, 1) !== 0) throw new Error(`The basis of date ${date} is of other rows.`);
  return basis;
}

/** A correlation of two rows is 1 or -1 whatever they are. */
const fewest = 3;
/**
 * Deviation, relative to the largest number, below which all is rounding: float64 of equal numbers leaves 1e-16, and one
 * float32 among 10,000 that is another by its last digit leaves 6e-10.
 */
const noVariation = 1e-11;

function squaredError(r: Float64Array, labels: Float32Array, weights: Float64Array, dR: Float64Array): number {
  let total = 0;
  for (let i = 0; i < r.length; i++) {
    const error = (r[i] as number) - (labels[i] as number);
    const weight = weights[i] as number;
    total += weight * error * error;
    dR[i] = 2 * weight * error;
  }
  return total;
}

/** Conditions are such that a NaN is never taken for "no variation": it must be seen. */
function correlation(
  r: Float64Array,
  labels: Float32Array,
  weights: Float64Array,
  tiny: number,
  dR: Float64Array,
): number | undefined {
  const centred = centredLabels(labels, weights);
  if (!centred) return undefined;
  const { y, root: rootY } = centred;
  const rootR = centre(r, weights);
  if (rootR <= tiny * Math.sqrt(sum(weights))) return undefined;
  let both = 0;
  for (let i = 0; i < r.length; i++) both += (weights[i] as number) * (r[i] as number) * (y[i] as number);
  const value = both / (rootR * rootY);
  for (let i = 0; i < r.length; i++) {
    dR[i] = ((weights[i] as number) * ((y[i] as number) / rootY - (value * (r[i] as number)) / rootR)) / rootR;
  }
  return value;
}

/** Takes the weighted mean off, in place; answers the root of the weighted squares that are left. */
function centre(x: Float64Array, weights: Float64Array): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += (weights[i] as number) * (x[i] as number);
  const mean = total / sum(weights);
  let squares = 0;
  for (let i = 0; i < x.length; i++) {
    const left = (x[i] as number) - mean;
    x[i] = left;
    squares += (weights[i] as number) * left * left;
  }
  return Math.sqrt(squares);
}

/** x - Q Q'x, in place; Q is [k][rows]. */
function takeOff(basis: Float64Array, x: Float64Array): void {
  const rows = x.length;
  const columns = rows === 0 ? 0 : basis.length / rows;
  const shares = Float64Array.from({ length: columns }, (_, k) => {
    let share = 0;
    for (let i = 0; i < rows; i++) share += (basis[k * rows + i] as number) * (x[i] as number);
    return share;
  });
  for (let k = 0; k < columns; k++) {
    const share = shares[k] as number;
    for (let i = 0; i < rows; i++) x[i] = (x[i] as number) - share * (basis[k * rows + i] as number);
  }
}

const sum = (x: Float64Array): number => x.reduce((total, value) => total + value, 0);
const largest = (x: Float64Array): number => x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
