import { EvolveError } from '../../core/failure.ts';
import type { MarketManifest } from '../../data/market.ts';
import type { Channel } from '../inputs.ts';
import { modelNamed } from '../models.ts';
import type { ModelManifest } from './model-manifest.ts';

/**
 * A model that reads minutes is used on a market whose days are made of the bars it learned from: what a training there
 * would refuse is refused with the same words, before one formula after the other is.
 */
export function refuseOtherBars(
  market: MarketManifest,
  { model, parts, fields, series, factors, market: own }: ModelManifest,
): void {
  const readsMinutes = series?.dataset === 'ms' || parts.some(({ stepsPerDate }) => stepsPerDate !== undefined);
  if (!readsMinutes || market.hash === own.hash) return;
  const there = modelNamed(model).parts({ manifest: market, fields, factors, series });
  for (const [i, { channels, stepsPerDate }] of parts.entries()) {
    const named = there[i]?.channels ?? [];
    // Bars of the same hours are the same made of shorter ones; series of a day count the market's own bars.
    const same = channels.every(({ name, expression }, k) =>
      stepsPerDate === undefined ? expression === named[k]?.expression : name === named[k]?.name,
    );
    if (same) continue;
    const bars =
      stepsPerDate === undefined
        ? ''
        : ` (${there[i]?.stepsPerDate} from ${startOf(named[0])} on, not ${stepsPerDate} from ${startOf(channels[0])} on)`;
    throw new EvolveError(
      'bad-market',
      `The market ${market.name} has other bars a day than ${own.name}, on which the model was trained${bars}. Take a market of the same bars, or train a model on this one.`,
    );
  }
}

/** `9:30`, of `open@9:30`. */
const startOf = (channel: Channel | undefined): string => channel?.name.slice(channel.name.lastIndexOf('@') + 1) ?? '';
