/** The built command line, run as a user would: in processes of its own, in a folder of its own. */
import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
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
  return startEvolve(args, around).outcome;
}

/** For who has to do with the process while it is under way. */
export const startEvolve = (args: readonly string[], around: Surroundings = {}): Running =>
  started([builtFile('cli', 'main.js'), ...args], around);

export interface Running {
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly heard: { readonly stdout: string; readonly stderr: string };
  readonly outcome: Promise<Outcome>;
}

/**
 * Many command lines, one after the other in one process: starting one for each takes most of the time. Everything but
 * the end of the process is as it is in `evolve`.
 */
export async function evolveEach(
  lines: readonly (readonly string[])[],
  around: Surroundings = {},
): Promise<readonly Pick<Outcome, 'code' | 'stdout' | 'stderr'>[]> {
  const script = `
    import { execute } from ${JSON.stringify(pathToFileURL(builtFile('cli', 'run.js')).href)};
    const heard = [];
    for (const args of ${JSON.stringify(lines)}) {
      const printed = { stdout: '', stderr: '' };
      console.log = (text) => { printed.stdout += text + '\\n'; };
      console.error = (text) => { printed.stderr += text + '\\n'; };
      heard.push({ code: await execute(args), ...printed });
    }
    process.stdout.write(JSON.stringify(heard), () => process.exit());
  `;
  const { stdout, stderr } = await started(['--input-type=module', '-e', script], around).outcome;
  if (stderr) throw new Error(stderr);
  return JSON.parse(stdout);
}

function started(command: readonly string[], around: Surroundings): Running {
  const begin = performance.now();
  // FORCE_COLOR of whoever runs the tests must not reach the output compared here.
  const { FORCE_COLOR: _, ...inherited } = process.env;
  const child = spawn(process.execPath, command, {
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
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...heard, ms: performance.now() - begin }));
  });
  return { kill: (signal) => child.kill(signal), heard, outcome };
}
