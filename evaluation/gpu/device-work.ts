/** What the thread with the device does with an assignment, and how it lets go of the device. */
import { workerData } from 'node:worker_threads';
import { NoDevice } from '../../operators/gpu/dawn.ts';
import { RecentPrograms } from '../recent-programs.ts';
import type { Answer, Assignment } from '../task.ts';
import { type DeviceSetting, DeviceTasks } from './device-tasks.ts';

const setting = workerData as DeviceSetting;
const programs = new RecentPrograms(setting.vocabulary);
let opened: Promise<DeviceTasks> | undefined;
let underWay: Promise<unknown> = Promise.resolve();

export function work(assignment: Assignment): Promise<Answer> {
  const answer = answerTo(assignment);
  underWay = answer.catch(() => {}); // whoever is answered hears of it
  return answer;
}

async function answerTo(assignment: Assignment): Promise<Answer> {
  try {
    opened ??= DeviceTasks.open(setting);
    const device = await opened;
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
    if (!(error instanceof NoDevice)) throw error;
    return { kind: 'no-device', reason: error.reason, remedy: error.remedy };
  }
}

/** What is under way fails, and is waited for. */
export async function end(): Promise<void> {
  const device = await opened?.catch(() => undefined);
  device?.giveUp();
  await underWay;
}
