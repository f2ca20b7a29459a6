import { Samples } from '../dist/models/samples/samples.js';
import { fitScaler } from '../dist/models/samples/scaler.js';
import { openReaders } from '../dist/models/training/open-readers.js';
import { sectionCorrelations } from '../dist/models/training/section-correlations.js';
import { trainingInputs } from '../dist/models/training/training-inputs.js';

const penalties = [1e-4, 1e-3, 1e-2, 0.1, 1];

/** [dates][symbols] of the first fold's valid and predicted dates. */
export async function ridgeScores({ model, data, rule }) {
  const inputs = await trainingInputs({ model, data, rule }, () => {});
  const { parts, places, folds, labels, market } = inputs;
  const [{ train, valid, predict }] = folds;
  const symbols = market.symbols.length;
  const readers = openReaders(places);
  const samples = new Samples({
    parts: parts.map((part, i) => ({
      part,
      reader: readers[i],
      scaler: fitScaler(readers[i], { channels: part.channels.length, dates: train, labels }),
    })),
    ...{ labels, symbols, limit: 5 },
  });
  const width = parts.reduce((sum, { lags, channels }) => sum + lags.length * channels.length, 0);
  const gram = new Float64Array(width * width);
  const target = new Float64Array(width);
  let rows = 0;
  for (const batch of samples.batches(train, 1000, { whole: true })) {
    rows += batch.rows;
    addTo(gram, target, flat(batch, parts, width), batch.labels, width);
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) gram[i * width + j] = gram[j * width + i];
  let best = { rankIc: Number.NEGATIVE_INFINITY };
  for (const penalty of penalties) {
    const weights = solved(gram, target, penalty * rows, width);
    const ics = [];
    for (const batch of samples.batches(valid, 1000, { whole: true })) {
      const scores = predicted(flat(batch, parts, width), weights);
      ics.push(...sectionCorrelations(batch.sections, scores, batch.labels).map(({ rankIc }) => rankIc));
    }
    const rankIc = ics.reduce((sum, x) => sum + x, 0) / ics.length;
    console.error('ridge', penalty, rankIc.toFixed(4));
    if (rankIc > best.rankIc) best = { rankIc, weights };
  }
  const out = new Float32Array(market.calendar.length * symbols).fill(Number.NaN);
  const dates = [...valid, ...Array.from({ length: predict.to - predict.from }, (_, i) => predict.from + i)];
  for (const date of dates) {
    const batch = samples.section(date);
    const scores = predicted(flat(batch, parts, width), best.weights);
    for (const [row, symbol] of batch.symbols.entries()) out[date * symbols + symbol] = scores[row];
  }
  samples.close();
  return out;
}

function flat({ rows, inputs }, parts, width) {
  const out = new Float64Array(rows * width);
  let at = 0;
  for (const { name } of parts) {
    const values = inputs.get(name);
    const own = values.length / rows;
    for (let row = 0; row < rows; row++) out.set(values.subarray(row * own, (row + 1) * own), row * width + at);
    at += own;
  }
  return out;
}

/** The upper triangle, four rows at a time. */
function addTo(gram, target, x, labels, width) {
  const rows = labels.length - (labels.length % 4);
  for (let row = 0; row < rows; row += 4) {
    const [a, b, c, d] = [0, 1, 2, 3].map((k) => x.subarray((row + k) * width, (row + k + 1) * width));
    const [p, q, r, s] = labels.subarray(row, row + 4);
    for (let i = 0; i < width; i++) {
      const [ai, bi, ci, di] = [a[i], b[i], c[i], d[i]];
      target[i] += ai * p + bi * q + ci * r + di * s;
      const at = i * width;
      for (let j = i; j < width; j++) gram[at + j] += ai * a[j] + bi * b[j] + ci * c[j] + di * d[j];
    }
  }
}

/** Cholesky. */
function solved(gram, target, penalty, width) {
  const l = gram.slice();
  for (let i = 0; i < width; i++) l[i * width + i] += penalty;
  for (let j = 0; j < width; j++) {
    for (let i = j; i < width; i++) {
      let sum = l[i * width + j];
      for (let k = 0; k < j; k++) sum -= l[i * width + k] * l[j * width + k];
      l[i * width + j] = i === j ? Math.sqrt(sum) : sum / l[j * width + j];
    }
  }
  const y = target.slice();
  for (let i = 0; i < width; i++) {
    for (let k = 0; k < i; k++) y[i] -= l[i * width + k] * y[k];
    y[i] /= l[i * width + i];
  }
  for (let i = width - 1; i >= 0; i--) {
    for (let k = i + 1; k < width; k++) y[i] -= l[k * width + i] * y[k];
    y[i] /= l[i * width + i];
  }
  return y;
}

function predicted(x, weights) {
  const width = weights.length;
  return Float32Array.from({ length: x.length / width }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += x[row * width + i] * weights[i];
    return sum;
  });
}
