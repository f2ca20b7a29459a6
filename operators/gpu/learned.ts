/** Market vectors learned from labels: a statistic of each date, and its mean over dates whose label is known. */
import { dailyCorrelation, dailySlope } from './cross-section.ts';
import { addUp, missing, type Stage, settle } from './stage.ts';

/** `y` is the label, which is known `delay` dates later. */
const learned = (statistic: readonly Stage[], name: string): readonly Stage[] => [
  ...statistic,
  {
    name: `mean_${name}`,
    takes: [name, 's', 'delay'],
    gives: 1,
    body: `
  const from = this.thread.y - delay - s + 1;
  if (from < 0) return ${missing};
  let total = 0.0;
  let lost = 0.0;
  let gap = 0.0;
  for (let i = 0; i < s; i++) {
    const v = ${name}[from + i][0];
    if (v < -3e38) gap = 1;${addUp('v')}
  }
  if (gap > 0) return ${missing};${settle('total / s')}`,
  },
];

export const learnIc = learned(dailyCorrelation, 'daily_correlation');
export const learnBeta = learned(dailySlope, 'daily_slope');
