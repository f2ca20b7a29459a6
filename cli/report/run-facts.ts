/** What somebody who doubts a run asks: how much was tried, what had to be reached, what luck reaches. */
import type { RoundRecord } from '../../engine/record.ts';
import { rejections } from '../mining/barren.ts';
import { count, countOf, fixed } from '../print/number.ts';
import { type Html, html } from './html.ts';
import type { ReportedRun } from './reported-run.ts';

export function runFacts({ manifest, rounds, placebo, library }: ReportedRun): Html {
  const { market, engineVersion, backend } = manifest;
  const shuffled = library?.thresholds.placeboBest ?? placebo?.at(-1)?.bestEver;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['tried', tried(rounds, library?.tried.evaluations)],
    ['had to be reached', library?.thresholds.how],
    ['on shuffled labels', shuffled == null ? undefined : `the best had a fitness of ${fixed(shuffled, 4)}`],
    ['hurdles', audit(rounds)],
    ['rejected', rejected(rounds)],
    [
      'label',
      library &&
        `return of ${library.label.price}, entered ${days(library.label.lag)} later, held ${days(library.label.horizon)}`,
    ],
    ['training', library?.split.train.join(' to ')],
    ['validation', library?.split.valid.join(' to ')],
    ['test', library && `${library.split.test.join(' to ')}, looked at once, after the library was chosen`],
    ['market', `${market.name}, hash ${market.hash.slice(0, 12)}`],
    ['engine', `evolve ${engineVersion}, ${backend}`],
  ];
  const known = facts.filter(([, fact]) => fact !== undefined);
  return html`<section>
<h2>What was tried, and what had to be reached</h2>
<dl class="facts">${known.map(
    ([name, fact]) => html`<dt>${name}</dt><dd>${fact}</dd>
`,
  )}</dl>
</section>`;
}

const days = (n: number): string => countOf(n, 'date');

function tried(rounds: readonly RoundRecord[], evaluations: number | undefined): string {
  const programs = `${countOf(rounds.at(-1)?.tried ?? 0, 'distinct program')} in ${countOf(rounds.at(-1)?.round ?? 0, 'round')}`;
  return evaluations === undefined ? programs : `${programs}, ${countOf(evaluations, 'evaluation')}`;
}

/** What hurdles cost, as far as the audit can tell. */
function audit(rounds: readonly RoundRecord[]): string | undefined {
  const sum = (of: 'audited' | 'missed'): number => rounds.reduce((total, { judged }) => total + judged[of], 0);
  const [audited, missed] = [sum('audited'), sum('missed')];
  if (audited === 0) return undefined;
  return `${countOf(audited, 'stopped candidate was', 'stopped candidates were')} judged in full nevertheless; ${count(missed)} of them (${((100 * missed) / audited).toFixed(1)}%) would have been among the elites`;
}

function rejected(rounds: readonly RoundRecord[]): string | undefined {
  const reasons = rejections(rounds);
  return reasons.length > 0 ? reasons.map(([reason, n]) => `${count(n)} ${reason}`).join(', ') : undefined;
}
