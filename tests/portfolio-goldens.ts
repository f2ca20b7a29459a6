/** Dates that independent solvers have answered, as the tools that made them write them down. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PortfolioProblem } from '../portfolio/optimise/problem.ts';

/** What those with a risk and those without have in common. */
export interface DateGolden {
  readonly kind: string;
  readonly score: number[];
  readonly index: number[];
  readonly member: number[];
  readonly held: number[];
  readonly least: number[];
  readonly most: number[];
  readonly industries: [number[], number, number];
  readonly styles: [number[], number][];
  readonly turnover: number | null;
  readonly costs: [number, number];
}

export function goldensOf<Golden extends DateGolden>(name: string): Golden[] {
  const file = join(dirname(fileURLToPath(import.meta.url)), 'golden', name);
  return JSON.parse(readFileSync(file, 'utf8')) as Golden[];
}

/** Without what limits members or risk, and who can be reached. */
export const linearPart = (
  golden: DateGolden,
): Omit<PortfolioProblem, 'reachable' | 'memberFloor' | 'risk' | 'trackingError' | 'riskPenalty'> => ({
  names: golden.score.length,
  symbols: Int32Array.from(golden.score.keys()),
  score: Float64Array.from(golden.score),
  index: Float64Array.from(golden.index),
  member: Uint8Array.from(golden.member),
  held: Float64Array.from(golden.held),
  least: Float64Array.from(golden.least),
  most: Float64Array.from(golden.most),
  industries: {
    codes: Int32Array.from(golden.industries[0]),
    labels: Array.from({ length: golden.industries[1] }, (_, code) => `industry ${code}`),
    limit: golden.industries[2],
  },
  styles: golden.styles.map(([values, limit], s) => ({ name: `style ${s}`, values: Float64Array.from(values), limit })),
  turnover: golden.turnover ?? undefined,
  costs: { buy: golden.costs[0], sell: golden.costs[1] },
});
