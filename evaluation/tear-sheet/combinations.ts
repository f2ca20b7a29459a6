/**
 * Factors combined to scores that are judged as factors are. Members are added while each is in memory: however many
 * they are, a combination takes a single matrix, and one beside all of them counts who is known.
 */
import type { Matrix } from '../../core/arena.ts';
import { addMember, equalWeights, icWeights, leaveOut } from './combine.ts';
import { everySo, type Panel } from './panel.ts';
import { standardise } from './prepare.ts';
import { defaultPenalty } from './ridge-sums.ts';
import type { CombinationSheet } from './sheet.ts';
import type { Training } from './training.ts';

/** What is summed: all that its sheet says of how it was made. */
type Combination = Pick<CombinationSheet, 'name' | 'weights' | 'fitted'>;

/**
 * Equal weights need nothing but signs that are known; those of their own come from training dates, if members have
 * values there. `signsFitted`: whether training dates have a say in the signs as well.
 */
export function combinationsOf(
  signs: readonly (1 | -1)[],
  signsFitted: boolean,
  training: Training | undefined,
  calendar: readonly string[],
): Combination[] {
  const fitted = training && training.ridge.dates > 0 ? { fitted: fittedOn(training, calendar) } : undefined;
  const equal = { name: 'equal', weights: equalWeights(signs), ...(signsFitted && fitted) } as const;
  if (!training || !fitted) return [equal];
  return [
    equal,
    { name: 'ic', weights: icWeights(training.means), ...fitted },
    { name: 'ridge', weights: training.ridge.weights(defaultPenalty), ...fitted },
  ];
}

const fittedOn = ({ sample: { from, count, step }, ridge }: Training, calendar: readonly string[]) => ({
  from: calendar[from] as string,
  to: calendar[from + (count - 1) * step] as string,
  dates: ridge.dates,
});

export class CombinedValues {
  readonly #panel: Panel;
  readonly #combinations: readonly Combination[];
  readonly #sums: readonly Matrix[];
  readonly #known: Matrix;
  readonly #dates: number;
  #added = 0;
  /** Of the cells that half of the members know, and of dates without any. */
  readonly #counts = { known: 0, datesWithout: 0 };

  constructor(panel: Panel, combinations: readonly Combination[]) {
    const { arena } = panel.evaluator;
    this.#panel = panel;
    this.#combinations = combinations;
    this.#dates = everySo(panel.rule.part, 1).count;
    this.#known = arena.matrix(this.#dates, panel.symbols);
    this.#sums = combinations.map(() => arena.matrix(this.#dates, panel.symbols));
  }

  close(): void {
    const { arena } = this.#panel.evaluator;
    for (const { address } of [this.#known, ...this.#sums]) arena.release(address);
  }

  /**
   * The next member's prepared values on all judged dates. Not by workers: a task that is lost is tried again, and what it
   * had added already would be added twice. They are busy with the member's figures meanwhile.
   */
  add(values: Matrix): void {
    const { evaluator, rule, symbols } = this.#panel;
    const { arena } = evaluator;
    const member = this.#added++;
    const members = this.#combinations[0]?.weights.length ?? 0;
    const section = new Float64Array(symbols);
    for (let i = 0; i < this.#dates; i++) {
      const known = arena.row(this.#known, i);
      const sums = this.#sums.map((sum) => arena.row(sum, i));
      if (member === 0) for (const begun of [known, ...sums]) begun.fill(0);
      section.set(arena.row(values, i));
      // --no-standardise is about each factor, not about their sum.
      if (!rule.preparation.standardise) standardise(section);
      const weighted = sums.map((sum, k) => ({ sum, weight: this.#combinations[k]?.weights[member] as number }));
      addMember(section, weighted, known);
      if (member < members - 1) continue;
      const left = leaveOut(sums, known, members);
      this.#counts.known += left;
      if (left === 0) this.#counts.datesWithout++;
    }
  }

  /** Once all members are added. */
  get all(): { combination: Combination; values: Matrix; known: number; datesWithout: number }[] {
    return this.#combinations.map((combination, k) => ({
      combination,
      values: this.#sums[k] as Matrix,
      ...this.#counts,
    }));
  }
}
