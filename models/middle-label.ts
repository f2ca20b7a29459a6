/** The lower of two in the middle: nothing lies between them, so what is above their mean is above it. Of none, NaN. */
export const middleLabel = (labels: Float32Array): number =>
  labels.slice().sort()[(labels.length - 1) >> 1] ?? Number.NaN;
