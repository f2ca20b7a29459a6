/** What the risk model reads of a market. */
import type { Arena } from '../../core/arena.ts';
import type { Market } from '../../data/market.ts';
import type { Panel } from '../inputs.ts';
import { panelOf } from '../panel-of.ts';

export interface RiskMarket {
  readonly dates: number;
  readonly symbols: number;
  readonly datesPerYear: number;
  /** Daily matrices, and market vectors with all columns alike; undefined where the market lacks the field. */
  readonly field: (name: string) => Panel | undefined;
  /** Codes into the labels, NaN where unknown. */
  readonly industries: { readonly codes: Panel; readonly labels: readonly string[] } | undefined;
}

/** Of the fields that were loaded: those of the styles, SUSPENDED, and the grouping that is named. */
export function riskMarket({ manifest, daily }: Market, arena: Arena, grouping: string | undefined): RiskMarket {
  const info = (name: string) => manifest.fields.find((field) => field.name === name);
  const codes = grouping === undefined ? undefined : daily.get(grouping);
  if (grouping !== undefined && !codes) throw new RangeError(`${grouping} was not loaded`);
  return {
    dates: manifest.calendar.length,
    symbols: manifest.symbols.length,
    datesPerYear: manifest.datesPerYear,
    field: (name) => {
      const matrix = daily.get(name);
      // What is known of one day only knows the future on those before.
      return matrix && !info(name)?.snapshot ? panelOf(arena, matrix) : undefined;
    },
    industries: codes && { codes: panelOf(arena, codes), labels: info(grouping as string)?.labels ?? [] },
  };
}
