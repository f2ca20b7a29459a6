/** What a search came to, for a terminal. */

import type { FactorLibrary, SplitMetrics } from '../../runs/library.ts';
import type { Step } from '../mining/lineage.ts';
import type { MineReport } from '../mining/mine-report.ts';
import { countOf, duration } from './number.ts';
import { table } from './table.ts';

export function mineReport(report: MineReport): string {
  const parts = [headline(report)];
  if (report.lineage) parts.push(steps(report.lineage, report.unfit));
  if (report.library) parts.push(library(report));
  parts.push(whereTo(report));
  return parts.join('\n\n');
}

function headline({ market, rounds, tried, seconds, best, stopped, backend }: MineReport): string {
  const done = stopped === 'interrupted' ? 'stopped' : 'over';
  const lines = [
    `${market.name}: ${countOf(tried, 'program')} in ${countOf(rounds, 'round')}, ${duration(seconds * 1000)}; the search is ${done}${reasons[stopped] ?? ''}.`,
  ];
  if (backend !== 'wasm') lines.push(`Scores are those of ${backend}.`);
  if (best) lines.push(`The fittest: ${best.expression}, ${best.fitness.toFixed(4)} on training dates.`);
  return lines.join('\n');
}

const reasons: Readonly<Record<string, string>> = {
  rounds: '',
  minutes: ', its minutes are',
  evaluations: ', enough programs were tried',
  target: ', the target is reached',
  stagnation: ', nothing better came for long',
};

function library({ library: found, choice, barren }: MineReport): string {
  const parts: string[] = [];
  if (found && found.factors.length > 0) {
    const rows = found.factors.map(({ metrics: { train, valid, test }, size, expression }) => [
      four(train.ic),
      four(train.rankIc),
      four(valid.ic),
      four(valid.rankIc),
      deciding(found, valid).toFixed(1),
      four(test?.ic),
      four(test?.rankIc),
      percent(test?.turnover),
      size,
      expression,
    ]);
    const headings = ['train IC', 'rank', 'valid IC', 'rank', 't', 'test IC', 'rank', 'turnover', 'size', 'factor'];
    parts.push(`The library, ${order(found)}${neutral(found)}:\n${table(rows, headings)}`);
  } else parts.push('No factor came into the library.');
  if (barren !== undefined) return [...parts, barren].join('\n');
  if (found?.combined && found.factors.length > 1) {
    const { train, valid, test } = found.combined;
    parts.push(
      `All together, equally weighted, about: ${four(train)} train, ${four(valid)} valid, ${four(test)} test.`,
    );
  }
  if (choice) {
    const { candidates, failed, thresholds } = choice;
    const reasonsOf = Object.entries(ruleWords).flatMap(([rule, words]) => {
      const n = failed[rule as keyof typeof failed];
      return n > 0 ? [`${n} ${words}`] : [];
    });
    const left = reasonsOf.length > 0 ? ` Left out: ${reasonsOf.join(', ')}.` : '';
    parts.push(
      `${countOf(candidates, 'candidate that behaves', 'candidates that behave')} differently ${candidates === 1 ? 'was' : 'were'} looked at.${left}`,
    );
    const { placeboBest } = thresholds;
    if (placeboBest !== undefined) parts.push(`The best on shuffled labels, for comparison: ${four(placeboBest)}.`);
    parts.push(
      `Of as many worthless programs the luckiest would have a t of ${thresholds.luckyT.toFixed(2)} on training dates${thresholds.t < thresholds.luckyT ? `; asked for was ${thresholds.t.toFixed(2)}` : ''}.`,
    );
  }
  return parts.join('\n');
}

const order = ({ config }: FactorLibrary): string =>
  config.batch === null ? 'fittest first' : 'in the order they were chosen';
/** Metrics are of what was judged. */
const neutral = ({ config }: FactorLibrary): string =>
  config.neutralise ? `, figures after neutralising by ${String(config.neutralise).replace(',', ' and ')}` : '';
/** The t of the correlations the search was about. */
const deciding = ({ config }: FactorLibrary, { t, rankT = t }: SplitMetrics): number =>
  String(config.fitness).startsWith('rank-') ? rankT : t;

const ruleWords = {
  luck: 'could be luck on training dates',
  sign: 'with the other sign on validation dates',
  decay: 'too much weaker there',
  'valid-t': 'not significant there',
  correlation: 'too much like another',
  spare: 'more than were asked for, or of no more help',
} as const;

function steps(lineage: readonly Step[], unfit: string | undefined): string {
  const rows = lineage.map(({ train, valid, move, round, expression }, i) => [
    i,
    four(train.ic),
    four(train.rankIc),
    four(valid.ic),
    four(valid.rankIc),
    round,
    move,
    expression,
  ]);
  const headings = ['step', 'train IC', 'rank', 'valid IC', 'rank', 'round', 'move', 'factor'];
  const last = unfit ?? (lineage.length > 1 ? undefined : 'No descendant was fitter.');
  return `From the factor to its best descendant:\n${table(rows, headings)}${last === undefined ? '' : `\n${last}`}`;
}

function whereTo({ run, library: found, stopped }: MineReport): string {
  if (stopped === 'interrupted') return `Everything is kept in ${run}. To go on: the same command with --resume.`;
  return found
    ? `Written: ${run}/library.json, ${run}/report.html (pictures), ${run}/record.ndjson (every round).`
    : '';
}

const four = (value: number | null | undefined): string =>
  value === undefined || value === null || Number.isNaN(value) ? '' : value.toFixed(4);
const percent = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value) ? '' : `${Math.round(100 * value)}%`;
