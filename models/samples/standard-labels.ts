/** A date's returns as labels. */
import { standardise } from '../../evaluation/tear-sheet/prepare.ts';
import { type Exposures, Regression } from '../../evaluation/tear-sheet/regression.ts';
import type { Section } from '../../evaluation/tear-sheet/section.ts';

/** Of a return's size: the deviation of returns that are alike but for rounding is below. */
const alike = 1e-6;

const regression = new Regression();

/**
 * In place: the returns, or what the exposures leave of them (a regression with intercept over all that are there),
 * less their mean, by their population deviation. Whoever lacks an exposure becomes missing, and everybody does where
 * returns are alike or explained: these tell nobody apart.
 */
export function standardLabels(returns: Section, exposures?: Exposures): void {
  const size = Math.max(1, Math.abs(momentsOf(returns).mean));
  if (exposures) regression.residuals(returns, exposures, returns);
  if (momentsOf(returns).deviation > alike * size) standardise(returns);
  else returns.fill(Number.NaN);
}

function momentsOf(section: Section): { mean: number; deviation: number } {
  let [count, sum, squares] = [0, 0, 0];
  for (const x of section) {
    if (Number.isNaN(x)) continue;
    sum += x;
    count++;
  }
  const mean = sum / count;
  for (const x of section) if (!Number.isNaN(x)) squares += (x - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / count) };
}
