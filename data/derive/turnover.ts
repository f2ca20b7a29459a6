import { ratio } from '../../core/units.ts';
import type { DailyBars, Derived } from './derived.ts';
import { quotient } from './quotient.ts';

/**
 * TURN and FREE_TURN: shares traded over shares outstanding, and over free-float shares. When only one of the two
 * counts is known both use it, and the field says so. When neither is known neither field exists.
 */
export function turnover(bars: DailyBars): Derived[] {
  const turn = bars.turn ?? over(bars, bars.shares);
  const free = bars.freeTurn ?? over(bars, bars.freeShares);
  if (!turn && !free) return [];
  const field = (
    name: string,
    own: Float32Array | undefined,
    other: Float32Array | undefined,
    of: string,
  ): Derived => ({
    info: {
      name,
      kind: 'm',
      unit: ratio,
      doc: own ? `Shares traded over ${of}` : `The other turnover: the source does not give ${of}`,
    },
    cells: (own ?? other) as Float32Array,
  });
  return [field('TURN', turn, free, 'shares outstanding'), field('FREE_TURN', free, turn, 'free-float shares')];
}

const over = (bars: DailyBars, shares: Float32Array | undefined): Float32Array | undefined =>
  shares && quotient(bars.volume, shares);
