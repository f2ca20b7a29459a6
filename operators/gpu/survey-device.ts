/** What device there is, asked in a process of its own: a graphics driver may crash or hang. Never fails. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { firstLine } from '../../core/failure.ts';
import { builtFile } from '../../core/package-root.ts';
import { adapterName } from './dawn.ts';
import type { Survey } from './survey.ts';

const seconds = 10;

export async function surveyDevice(): Promise<Survey> {
  const file = builtFile('operators', 'gpu', 'survey.js');
  const none = (reason: string, remedy: string): Survey => ({ mode: 'none', passedOver: { reason, remedy } });
  if (!existsSync(file)) return none('not built', 'Run npm run build');
  try {
    const limits = { timeout: 1000 * seconds, killSignal: 'SIGKILL' } as const;
    const { stdout } = await promisify(execFile)(process.execPath, [file], limits);
    // A driver may have something to say before.
    return JSON.parse(stdout.split('\n').at(-1) as string) as Survey;
  } catch (error) {
    const { killed, signal, stderr } = error as { killed?: boolean; signal?: string; stderr?: string };
    const said = firstLine(stderr?.match(/^\w*Error.*$/m)?.[0] ?? (error as Error).message);
    const reason = killed
      ? `no answer from the graphics driver in ${seconds} seconds`
      : `opening the device fails: ${signal ?? said}`;
    return none(reason, 'Update the driver of the graphics card, and Dawn: npm i --no-save webgpu');
  }
}

/** As the user knows it. */
export const deviceName = ({ mode, adapter }: Pick<Survey, 'mode' | 'adapter'>): string =>
  `${mode} on ${adapter ? adapterName(adapter) : 'this processor'}`;
