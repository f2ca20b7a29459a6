/** Factors of a run, for a terminal. */

import type { LibraryFactor } from '../../runs/library.ts';
import type { FoundFactor, TopFactor, TopFactors } from '../libraries/top-factors.ts';
import { count, countOf, fixed, percent } from './number.ts';
import { table } from './table.ts';

export function topText(top: TopFactors): string {
  const { factors, more, problem, resume } = top;
  const parts = [headline(top)];
  if (problem) parts[0] += `\n${problem}`;
  if (factors.length > 0) parts.push(`${source(top)}\n${factors.every(isMember) ? members(factors) : finds(factors)}`);
  if (more > 0) parts.push(`${count(more)} more: add --count ${factors.length + more}.`);
  if (resume) parts.push(`To go on with it: ${resume}`);
  return parts.join('\n\n');
}

const states = { going: 'still going', stopped: 'not finished', over: 'finished' } as const;

function headline({ name, placebo, market, status, round, tried, best }: TopFactors): string {
  const where = `${name} on ${placebo ? 'shuffled labels of ' : ''}${market}`;
  if (round === null) return `${where}: ${states[status]}, and no round is over yet.`;
  const found = best === null ? '' : `, best fitness ${fixed(best, 4)}`;
  return `${where}: round ${count(round)}, ${countOf(tried, 'program')} tried${found}; ${states[status]}.`;
}

function source({ from, asOf, round }: TopFactors): string {
  const when = asOf === round ? '' : `, as of round ${asOf}`;
  switch (from) {
    case 'library':
      return `Its library${when}, fittest first:`;
    case 'snapshot':
      return `The fittest that behave differently, on training dates only${when}:`;
    case 'round':
      return 'The fittest of the last round, on training dates only:';
    case 'nowhere':
      return '';
  }
}

const isMember = (factor: TopFactor): factor is LibraryFactor => 'metrics' in factor;

function members(factors: readonly LibraryFactor[]): string {
  const rows = factors.map(({ name, expression, size, metrics: { train, valid, test } }) => [
    ...[train.ic, valid.ic, test?.ic, train.rankIc, valid.rankIc, test?.rankIc].map((ic) => fixed(ic, 4)),
    fixed(valid.t, 1),
    percent(valid.turnover),
    size,
    `${name}: ${expression}`,
  ]);
  const headings = ['train IC', 'valid', 'test', 'rank IC', 'valid', 'test', 'valid t', 'turnover', 'size', 'factor'];
  return table(rows, headings);
}

const finds = (factors: readonly FoundFactor[]): string =>
  table(
    factors.map(({ fitness, round, expression }) => [fixed(fitness, 4), round ?? '', expression]),
    ['fitness', 'round', 'factor'],
  );
