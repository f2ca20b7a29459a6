import { describe, expect, test } from 'vitest';
import type { RoundRecord } from '../engine/record.ts';
import { Stopping, type StopRule } from '../engine/stopping.ts';

describe('a search stops', () => {
  /** Rounds of ten evaluations and a quarter of a minute each, by their best so far. */
  const stopped = (rule: StopRule, ...best: (number | null)[]) => {
    let stopping = new Stopping(rule);
    for (const [round, bestEver] of best.entries()) {
      const record = { round, tried: 10 * (round + 1), bestEver } as RoundRecord;
      stopping.note(record);
      const why = stopping.after(record, (round + 1) / 4);
      if (why) return [round, why];
      stopping = new Stopping(rule, JSON.parse(JSON.stringify(stopping.state)));
    }
    return undefined;
  };
  const rising = Array.from({ length: 20 }, (_, i) => i / 100);

  test.each<[StopRule, (number | null)[], unknown]>([
    [{}, rising, undefined],
    [{ rounds: 3 }, rising, [3, 'rounds']],
    [{ rounds: 0 }, rising, [0, 'rounds']],
    [{ evaluations: 45 }, rising, [4, 'evaluations']],
    [{ evaluations: 50 }, rising, [4, 'evaluations']],
    [{ minutes: 1 }, rising, [3, 'minutes']],
    [{ target: 0.05 }, rising, [5, 'target']],
    [{ target: 0 }, [null, null, 0], [2, 'target']],
    [{ target: -1 }, [null, -2, -1], [2, 'target']],
    [{ stagnation: 3 }, rising, undefined],
    [{ stagnation: 3 }, [1, 2, 2, 2, 3, 3, 3, 3, 3], [7, 'stagnation']],
    [{ stagnation: 2 }, [null, null, null], [2, 'stagnation']],
    [{ stagnation: 2, rounds: 9 }, [1, 1, 2, 2, 2], [4, 'stagnation']],
    [{ minutes: 0.5, rounds: 1 }, rising, [1, 'rounds']],
  ])('by %j', (rule, best, expected) => {
    expect(stopped(rule, ...best)).toEqual(expected);
  });
});
