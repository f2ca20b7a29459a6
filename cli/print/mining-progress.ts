/** A search as it goes on: one line that is rewritten on a terminal, plain lines otherwise; what is said once, above it. */
import type { MineProgress } from '../mining/mine-options.ts';
import { count, countOf } from './number.ts';
import { type Progress, progress } from './progress.ts';

export class MiningProgress {
  readonly #lines = new Map<string, Progress>();

  show(step: MineProgress): void {
    switch (step.kind) {
      case 'note':
        this.note(step.sentence);
        break;
      case 'stage':
        this.#line(step.label, step.total).step(step.done);
        // The next one is timed anew: only what takes long is worth a line.
        if (step.done >= step.total) this.#end(step.label);
        break;
      case 'round': {
        const label = step.search === 'placebo' ? 'Placebo, round' : 'Round';
        const { record } = step.round;
        const total = step.rounds ?? record.round;
        this.#line(label, total).step(record.round, figures(step.round), total);
      }
    }
  }

  /** A sentence of its own. */
  note(sentence: string): void {
    this.done();
    console.error(sentence);
  }

  done(): void {
    for (const line of this.#lines.values()) line.done();
  }

  #end(label: string): void {
    this.#lines.get(label)?.done();
    this.#lines.delete(label);
  }

  #line(label: string, total: number): Progress {
    let line = this.#lines.get(label);
    if (!line) {
      this.done();
      line = progress(label, total);
      this.#lines.set(label, line);
    }
    return line;
  }
}

function figures({ record, total }: Extract<MineProgress, { kind: 'round' }>['round']): string {
  const { best, mean, tried, judged } = record;
  const hits = judged.asked > 0 ? (judged.knownByKey + judged.knownByBehaviour) / judged.asked : 0;
  const rejected = Object.values(judged.rejected).reduce((sum, n) => sum + n, 0);
  const parts = [
    `best ${four(best)}`,
    `mean ${four(mean)}`,
    countOf(tried, 'program'),
    `${count(tried / Math.max(total, 1e-9))}/s`,
    `${Math.round(100 * hits)}% known`,
    `${rejected} rejected`,
  ];
  return parts.join('  ');
}

const four = (value: number | null): string => (value === null ? '-' : value.toFixed(4));
