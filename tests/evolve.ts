/** Runs the built command line as a user would: a process of its own, in a folder of its own. */
import { spawn } from 'node:child_process';
import { builtFile } from '../core/package-root.ts';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

export interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Close our end of stdout after this many bytes, as `| head` does. */
  readonly hangUpAfter?: number;
  /** Send this signal when the first output arrives. */
  readonly signal?: NodeJS.Signals;
}

export function evolve(args: readonly string[], around: Surroundings = {}): Promise<Outcome> {
  const started = performance.now();
  // FORCE_COLOR of whoever runs the tests must not reach the output compared here.
  const { FORCE_COLOR: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [builtFile('cli', 'main.js'), ...args], {
    cwd: around.cwd,
    env: { ...inherited, ...around.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const heard = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      heard[name] += text;
      if (around.signal) child.kill(around.signal);
      if (name === 'stdout' && heard.stdout.length >= (around.hangUpAfter ?? Number.POSITIVE_INFINITY)) {
        child.stdout.destroy();
      }
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...heard, ms: performance.now() - started }));
  });
}
