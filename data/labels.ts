/**
 * What factors are to predict: the return from T + lag to T + lag + horizon on one price. The value stands in row T,
 * so it is known only lag + horizon dates later.
 */
import type { Arena, Matrix } from '../core/arena.ts';
import { EvolveError } from '../core/failure.ts';
import type { LabelRule, Market } from './market.ts';

/** The reports' rule for mining: close of T+1 to close of T+2. */
export const defaultLabel: LabelRule = { price: 'CLOSE', lag: 1, horizon: 1 };

/** Names of the fields a label needs to be loaded. */
export const labelFields = (rule: LabelRule, onlyBuyable = false): string[] =>
  onlyBuyable ? [rule.price, 'CAN_BUY'] : [rule.price];

/**
 * Missing where either price is, in the last lag + horizon rows, and with `onlyBuyable` where the entry could not
 * have been bought.
 */
export function forwardReturns(
  market: Pick<Market, 'daily' | 'manifest'>,
  rule: LabelRule,
  arena: Arena,
  { onlyBuyable = false } = {},
): Matrix {
  checkRule(rule);
  const price = loaded(market, rule.price);
  const buyable = onlyBuyable ? loaded(market, 'CAN_BUY') : undefined;
  const label = arena.matrix(price.rows, price.columns);
  for (let t = 0; t + rule.lag + rule.horizon < price.rows; t++) {
    const entry = arena.row(price, t + rule.lag);
    const exit = arena.row(price, t + rule.lag + rule.horizon);
    const open = buyable && arena.row(buyable, t + rule.lag);
    const out = arena.row(label, t);
    for (let n = 0; n < out.length; n++) {
      const paid = entry[n] as number;
      if (paid > 0 && (!open || open[n] === 1)) out[n] = (exit[n] as number) / paid - 1;
    }
  }
  return label;
}

function checkRule({ lag, horizon }: LabelRule): void {
  if (!Number.isInteger(lag) || lag < 1) {
    throw new EvolveError(
      'bad-argument',
      `The lag should be a whole number of dates, at least 1, not ${lag}: what is known at the close of a date can be traded on the next.`,
    );
  }
  if (!Number.isInteger(horizon) || horizon < 1) {
    throw new EvolveError('bad-argument', `The horizon should be a whole number of dates, at least 1, not ${horizon}.`);
  }
}

function loaded({ daily, manifest }: Pick<Market, 'daily' | 'manifest'>, name: string): Matrix {
  const matrix = daily.get(name);
  if (matrix) return matrix;
  if (manifest.fields.some((field) => field.name === name)) throw new RangeError(`${name} was not loaded`);
  throw new EvolveError('missing-field', `The market ${manifest.name} has no ${name}, which its labels need.`);
}
