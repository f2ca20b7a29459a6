/** What recurrent units may learn from (datasets.ts); the last is what the user brings. */
export const datasetNames = ['day', 'ms', 'l2'] as const;
export type DatasetName = (typeof datasetNames)[number];
