/**
 * The dates a judgement looks at first, then, then last: a probe of a few, a part, and the rest. No date twice, so a
 * full judgement costs what it would without stages.
 */
import type { Dates } from './task.ts';

/** Of the dates: of the probe, and of probe and part together. */
const shares = { probe: 1 / 12, part: 1 / 3 };

/**
 * Stretches by stage, in the order they are judged. Probe and part lie in the middle: neither the oldest nor the latest
 * habits of the market. A probe has at least `least` dates, and with fewer than four times as many there is one stage:
 * on few dates a good factor is too often taken for a bad one.
 */
export function stagesOf({ from, to }: Dates, least: number): Dates[][] {
  const dates = to - from;
  const probe = Math.max(least, Math.round(dates * shares.probe));
  if (dates < 4 * probe) return [[{ from, to }]];
  const part = Math.max(2 * probe, Math.round(dates * shares.part));
  const start = from + Math.floor((dates - part) / 2);
  const stages: Dates[][] = [[{ from: start, to: start + probe }], [{ from: start + probe, to: start + part }]];
  stages.push(
    [
      { from, to: start },
      { from: start + part, to },
    ].filter((stretch) => stretch.from < stretch.to),
  );
  return stages;
}
