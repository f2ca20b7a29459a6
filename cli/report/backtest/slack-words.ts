/** What gave way, as people say it. */
import type { Rebalance } from '../../../portfolio/backtest/backtest-report.ts';
import type { Relief, Slack } from '../../../portfolio/optimise/problem.ts';
import { figure } from '../../print/number.ts';
import { decimals } from '../tear-sheet/figures.ts';

export const hasSlack = ({ planned }: Rebalance): boolean => planned.slacks.length > 0;

export const isSize = (style: string): boolean => style === 'Size';

export const reliefTitles: Readonly<Record<Relief, string>> = {
  turnover: 'turnover',
  style: 'industries and styles',
  'tracking-error': 'tracking error',
  members: 'floor of members',
  deviation: 'deviations',
  invested: 'left in cash',
};

/** Of industries or styles those that gave way the most. */
const mostNamed = 3;

/** By how much a constraint gave way at a rebalance; nothing where it did not. */
export function slackText({ planned }: Rebalance, relief: Relief): string {
  const slacks = planned.slacks.filter((slack) => slack.relief === relief).sort((a, b) => b.amount - a.amount);
  const named = slacks.slice(0, mostNamed).map((slack) => {
    const amount = amountText(slack, planned.styles);
    return slack.name === undefined ? amount : `${slack.name} ${amount}`;
  });
  const more = slacks.length - named.length;
  return `${named.join(', ')}${more > 0 ? `, ${more} more` : ''}`;
}

/** Styles are in deviations over the symbols, all else is shares; next to nothing is told apart from nothing. */
function amountText({ name, amount }: Slack, styles: Rebalance['planned']['styles']): string {
  if (!Number.isFinite(amount)) return decimals(amount, 0);
  return name !== undefined && Object.hasOwn(styles, name) ? figure(amount) : `${figure(100 * amount)}%`;
}
