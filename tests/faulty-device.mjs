/** The real worker with a device, except that it ends its thread, or says that the device is lost, at its third task. */
import { workerData } from 'piscina';
import work from '../dist/evaluation/gpu/worker.js';

let tasks = 0;

export default async function faulty(assignment) {
  if (assignment.kind === 'device') return work(assignment);
  tasks++;
  if (tasks < 3) return work(assignment);
  if (workerData.device.largestBytes === undefined) return { kind: 'device-lost', reason: 'unplugged' };
  process.exit(3);
}
