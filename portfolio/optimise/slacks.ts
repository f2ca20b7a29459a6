import type { PortfolioProblem, Relief, Slack } from './problem.ts';

/** How far weights are outside each constraint that a relief lets go, be it 0; the deviation is the predicted one. */
export function slacks(
  problem: PortfolioProblem,
  relief: Relief,
  weights: Float64Array,
  deviation: number | undefined,
): Slack[] {
  const sum = (of: (weight: number, i: number) => number): number => weights.reduce((x, w, i) => x + of(w, i), 0);
  const over = (amount: number, which?: Pick<Slack, 'kind' | 'name'>): Slack => ({
    relief,
    ...which,
    amount: Math.max(0, amount),
  });
  const { held, index, least, most, industries } = problem;
  switch (relief) {
    case 'turnover':
      return [over(sum((w, i) => Math.abs(w - (held[i] as number))) - (problem.turnover ?? Number.POSITIVE_INFINITY))];
    case 'style': {
      const active = new Float64Array(industries?.labels.length ?? 0);
      for (const [i, code] of industries?.codes.entries() ?? []) {
        active[code] = (active[code] as number) + (weights[i] as number) - (index[i] as number);
      }
      return [
        ...(industries?.labels.map((name, code) =>
          over(Math.abs(active[code] as number) - industries.limit, { kind: 'industry', name }),
        ) ?? []),
        ...problem.styles.map(({ name, values, limit }) =>
          over(Math.abs(sum((w, i) => (w - (index[i] as number)) * (values[i] as number))) - limit, {
            kind: 'style',
            name,
          }),
        ),
      ];
    }
    case 'tracking-error':
      return [over((deviation ?? 0) - (problem.trackingError ?? Number.POSITIVE_INFINITY))];
    case 'members':
      return [over(problem.memberFloor - sum((w, i) => (problem.member[i] ? w : 0)))];
    case 'deviation':
      return [over(sum((w, i) => Math.max(0, (least[i] as number) - w, w - (most[i] as number))))];
    case 'invested':
      return [over(1 - sum((w) => w))];
  }
}
