/** Tasks whose thread ended or was ended under them: as values, because one program's fault is nobody else's. */
import { EvolveError } from '../core/failure.ts';
import type { Expression } from '../program/expression.ts';

export interface Lost {
  readonly kind: 'lost';
  readonly why: keyof typeof reasons;
  /** The time it had, or the error with its stack. */
  readonly detail: string;
}

/** As a candidate's rejection says it. */
export const reasons = {
  crashed: 'crashes its worker',
  'out-of-time': 'takes too long',
  'out-of-memory': "exhausts its worker's memory",
  'too-large': "does not fit its worker's scratch",
} as const;

/** For callers who asked for these very programs and have no use for the others' results alone. */
export function refuseLost(programs: readonly Expression[], lost: ReadonlyMap<number, Lost>): void {
  for (const [place, { why, detail }] of lost) {
    const { key } = programs[place] as Expression;
    if (why === 'too-large') throw new EvolveError('out-of-memory', `${key} has no value. ${detail}`);
    throw new EvolveError('quarantined', `${key} ${reasons[why]}, tried twice and alone; leave it out.`, {
      details: [detail],
    });
  }
}
