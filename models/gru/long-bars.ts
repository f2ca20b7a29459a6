/** The longer bars a series model reads, each a stretch of a market's own. */
import { EvolveError } from '../../core/failure.ts';
import type { MarketManifest, MinuteGrid } from '../../data/market.ts';
import { resampledGrid } from '../../data/resample.ts';

/** In minutes since midnight: its own bars are those that begin in [start, end). */
export interface LongBar {
  readonly start: number;
  readonly end: number;
}

/**
 * The bars that `evolve data resample` would make: none reaches across a break of the session, and the last before a break
 * may be shorter. A market whose bars are that long already is read as it is.
 */
export function longBars({ name }: MarketManifest, minute: MinuteGrid, barMinutes: number): LongBar[] {
  const { starts } = minute;
  const day = starts.length * minute.barMinutes;
  if (barMinutes > day) {
    throw new EvolveError(
      'bad-argument',
      `A day of the market ${name} has ${day} minutes, and bars of ${barMinutes} are longer. Give a --bar-minutes of at most ${day}.`,
    );
  }
  if (!(barMinutes % minute.barMinutes === 0 && barMinutes > 0)) {
    const own = minute.barMinutes;
    const remedy =
      own > barMinutes
        ? `import shorter ones with evolve data import --minute FILE`
        : `import such of a length that divides it with evolve data import --minute FILE, or make them from shorter ones with evolve data resample --to ${barMinutes}m`;
    throw new EvolveError(
      'bad-market',
      `The market ${name} has bars of ${own} minutes, of which bars of ${barMinutes} cannot be made; ${remedy}.`,
    );
  }
  const parts =
    barMinutes === minute.barMinutes
      ? starts.map((_, bar) => [bar, bar + 1] as const)
      : resampledGrid(minute, barMinutes).parts;
  return parts.map(([first, end]) => ({
    start: starts[first] as number,
    end: (starts[end - 1] as number) + minute.barMinutes,
  }));
}
