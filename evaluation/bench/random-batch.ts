import { stream } from '../../core/random.ts';
import { canonical } from '../../program/canonical.ts';
import type { Expression } from '../../program/expression.ts';
import { randomProgram, standardWindows } from '../../program/random-program.ts';
import type { Evaluator } from '../evaluator.ts';

/** Distinct programs of the default size. */
export function randomBatch(evaluator: Evaluator, count: number, dailyOnly: boolean, salt: number): Expression[] {
  const { minute } = evaluator.market.manifest;
  const words = [...evaluator.vocabulary].filter(([, word]) => !(dailyOnly && word.kind === 'b'));
  const bars = minute?.starts.length ?? 0;
  const options = {
    vocabulary: new Map(words),
    windows: standardWindows,
    minuteWindows: bars > 0 ? [...standardWindows.filter((window) => window < bars), bars] : [],
    maxSize: 12,
    maxDepth: 6,
    ...(minute && !dailyOnly ? { minuteGrid: minute } : {}),
  };
  const programs = new Map<string, Expression>();
  for (let slot = 0; programs.size < count; slot++) {
    const program = canonical(randomProgram(stream(1, salt, slot), options));
    programs.set(program.key, program);
  }
  return [...programs.values()];
}
