/**
 * The real worker, except that a program with one of these numbers in it does what no program should. Every sight of one
 * is noted in a file, where a test can count them.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import work from '../dist/evaluation/worker.js';

const notes = process.env.FAULTY_WORKER_NOTES;

/** (loop br 0), exported as `spin`. */
const spinning = new WebAssembly.Module(
  Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 7, 8, 1, 4],
    ...[0x73, 0x70, 0x69, 0x6e, 0, 0, 0x0a, 9, 1, 7, 0, 3, 0x40, 0x0c, 0, 0x0b, 0x0b],
  ]),
);

const faults = {
  7001: () => process.exit(3),
  7002: () => {
    throw new Error('a kernel is missing');
  },
  7003: () => {
    for (;;);
  },
  7004: () => new WebAssembly.Instance(spinning).exports.spin(),
  7005: () => {
    for (const kept = []; ; ) kept.push(new Array(1e6).fill(kept.length));
  },
  7006: () => {
    queueMicrotask(() => {
      throw new Error('nobody waits for this');
    });
    return new Promise(() => {});
  },
  // The first time only.
  7007: (before) => before === 0 && process.exit(3),
};

export default async function faulty(assignment) {
  const keys = assignment.programs ?? (assignment.reductions ?? []).map(({ key }) => key);
  for (const [number, fault] of Object.entries(faults)) {
    if (!keys.some((key) => key.includes(number))) continue;
    const before = existsSync(notes) ? readFileSync(notes, 'utf8').split(number).length - 1 : 0;
    appendFileSync(notes, `${number}\n`);
    await fault(before);
  }
  return work(assignment);
}
