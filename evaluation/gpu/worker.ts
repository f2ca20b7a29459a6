/** The thread that has the graphics device: told like any worker, and asked for correlations alone. */
import { workerData } from 'piscina';
import { EvolveError } from '../../core/failure.ts';
import { RecentPrograms } from '../recent-programs.ts';
import type { Answer, Assignment } from '../task.ts';
import { type DeviceSetting, DeviceTasks } from './device-tasks.ts';

const setting = workerData as DeviceSetting;
const programs = new RecentPrograms(setting.vocabulary);
let tasks: Promise<DeviceTasks> | undefined;

export default async function work(assignment: Assignment): Promise<Answer> {
  try {
    tasks ??= DeviceTasks.open(setting);
    const device = await tasks;
    switch (assignment.kind) {
      case 'device':
        return { kind: 'device', device: device.state };
      case 'score':
      case 'observe':
        return await device.do({ ...assignment, programs: programs.read(assignment.programs) });
      default:
        throw new Error(`a device does no ${assignment.kind} task`);
    }
  } catch (error) {
    if (!(error instanceof EvolveError)) throw error;
    return { kind: 'failed', code: error.code, sentence: error.message, details: error.details };
  }
}
