import { defaultLabel } from '../../data/labels.ts';
import type { MarketManifest } from '../../data/market.ts';
import { embargoOf } from '../../data/splits.ts';
import { history } from '../../evaluation/plan.ts';
import { channelPrograms } from '../features/channel-programs.ts';
import type { InputPart } from '../inputs.ts';

/** Dates before its own that a row reads, by lags and by the windows of formulas together. */
export function reachOf(parts: readonly InputPart[], market: MarketManifest): number {
  const delay = embargoOf(defaultLabel);
  const reaches = parts.map(({ channels, lags }) => {
    const windows = channelPrograms(channels, market).map((program) => history(program, delay));
    return Math.max(...lags) + Math.max(...windows);
  });
  return Math.max(...reaches);
}
