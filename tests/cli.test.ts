import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { builtFile, packageRoot } from '../core/package-root.ts';
import { operatorNames } from '../operators/table.ts';
import { evolve, evolveEach } from './evolve.ts';

const folder = mkdtempSync(join(tmpdir(), 'evolve-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A file of that content in the test's folder. */
function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

describe.concurrent('help', () => {
  test('shows what there is to do', async () => {
    const help = await evolve(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const command of ['improve', 'top', 'eval', 'data', 'ops']) expect(help.stdout).toContain(`evolve ${command}`);
  });

  test('every command listed explains itself with an example', async () => {
    const helps = await everyHelp();
    expect(helps.length).toBeGreaterThan(20);
    for (const { code, stdout, stderr } of helps) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('Examples:');
    }
  });

  test('--version is the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
    expect(await evolve(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

/** Of all commands, those with commands below them too, whose names are read from the help itself. */
async function everyHelp(): Promise<Awaited<ReturnType<typeof evolveEach>>[number][]> {
  const all: Awaited<ReturnType<typeof everyHelp>> = [];
  for (let paths: string[][] = [[]]; paths.length > 0; ) {
    const helps = await evolveEach(paths.map((path) => [...path, '--help']));
    all.push(...helps);
    paths = paths.flatMap((path, i) => below(path, helps[i]?.stdout ?? ''));
  }
  return all;
}

function below(path: readonly string[], help: string): string[][] {
  const listed = help.split('Commands:\n')[1]?.split('\n\n')[0]?.split('\n') ?? [];
  const prefix = ['evolve', ...path].length;
  const words = listed.filter((line) => /^ {2}evolve/.test(line)).map((line) => line.trim().split(/\s+/)[prefix] ?? '');
  // The line of the command itself, where it does something, goes on with what it does: a sentence, which is no name.
  return words.filter((word) => /^[a-z]+$/.test(word)).map((name) => [...path, name]);
}

describe.concurrent('ops', () => {
  test('lists every operator once', async () => {
    const { stdout, code } = await evolve(['ops']);
    expect(code).toBe(0);
    for (const name of operatorNames) expect(stdout.split(`  ${name}(`)).toHaveLength(2);
  });

  test('explains one, also by its alias', async () => {
    const { stdout } = await evolve(['ops', 'div']);
    expect(stdout).toContain('protecteddiv(x, y)');
    expect(stdout).toContain('the unit of x over that of y');
  });

  test('prints JSON that a program can read', async () => {
    const one = JSON.parse((await evolve(['ops', 'ts_beta', '--json'])).stdout);
    expect(one).toMatchObject({ name: 'ts_beta', signature: 'ts_beta(x, y, s)', shape: 'rolling' });
    const all = JSON.parse((await evolve(['ops', '--json'])).stdout);
    expect(all.map((words: { name: string }) => words.name)).toEqual(operatorNames);
  });

  test('docs/operators.md is what the table says (npm run docs rewrites it)', async () => {
    const { stdout } = await evolve(['ops', '--markdown']);
    expect(readFileSync(join(packageRoot, 'docs', 'operators.md'), 'utf8')).toBe(stdout);
  });
});

test('doctor answers for every part and never crashes on an absent one', async () => {
  const { stdout, stderr } = await evolve(['doctor', '--json']);
  const findings: { name: string; ok: boolean; found: string; remedy?: string }[] = JSON.parse(stdout);
  expect(stderr).toBe('');
  for (const { name, ok, found, remedy } of findings) {
    expect(found, name).not.toBe('');
    if (!ok) expect(remedy, name).toBeTruthy();
  }
  for (const name of ['WebAssembly SIMD', 'models']) expect(findings.find((one) => one.name === name)?.ok).toBe(true);
});

describe.concurrent('config files', () => {
  test('JSON and YAML hold flags; the command line wins', async () => {
    const json = file('flags.json', '{ "json": true }');
    const yaml = file('flags.yaml', 'json: true\n');
    const direct = await evolve(['ops', 'add', '--json']);
    expect((await evolve(['ops', 'add', '--config', json])).stdout).toBe(direct.stdout);
    expect((await evolve(['ops', 'add', `--config=${yaml}`])).stdout).toBe(direct.stdout);
    expect((await evolve(['ops', 'add', '--config', json, '--no-json'])).stdout).toContain('add(x, y)');
  });
});

describe.concurrent('what goes wrong', () => {
  test('--json puts the error on stdout too, with its code', async () => {
    const { code, stdout, stderr } = await evolve(['ops', 'ts_meen', '--json']);
    expect(code).toBe(1);
    const { error } = JSON.parse(stdout);
    expect(error.code).toBe('bad-argument');
    expect(stderr.split('\n')[0]).toBe(error.message);
  });

  test('a reader that goes away is no failure', async () => {
    expect(await evolve(['ops', '--json'], { hangUpAfter: 1 })).toMatchObject({ code: 0, stderr: '' });
  });
});

test.skipIf(!existsSync('/dev/full'))('a full disk under the result is a sentence', () => {
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, [builtFile('cli', 'main.js'), 'ops', '--json'], {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  });
  closeSync(full);
  expect(stderr).toBe('The result cannot be written to the standard output: the disk is full.\n');
  expect(status).toBe(1);
});

test.skipIf(process.platform === 'win32').each([
  ['Ctrl-C', 'SIGINT', 130],
  ['the end of a terminal', 'SIGHUP', 129],
  ['the end of a job', 'SIGTERM', 143],
] as const)(
  '%s leaves nothing behind, says nothing ugly and ends with a code of its own',
  async (_what, signal, ending) => {
    // The signal goes out with the first line of progress, two seconds into ten.
    const args = ['data', 'synth', '--out', join(folder, 'interrupted')];
    const { code, stdout, stderr } = await evolve(args, { signal });
    expect({ code, stdout }).toEqual({ code: ending, stdout: '' });
    expect(stderr).toMatch(/^Making .*\n$/);
    expect(readdirSync(folder).filter((name) => name.includes('interrupted'))).toEqual([]);
  },
);

describe.concurrent('completion', () => {
  test('prints the script of the shell', async () => {
    const bash = await evolve(['completion'], { env: { SHELL: '/bin/bash', ZSH_NAME: '' } });
    const zsh = await evolve(['completion'], { env: { SHELL: '/bin/zsh' } });
    expect(bash.stdout).toContain('complete -o bashdefault');
    expect(zsh.stdout).toContain('#compdef evolve');
  });

  test('completes commands and flags', async () => {
    const env = { SHELL: '/bin/bash', ZSH_NAME: '' };
    const commands = await evolve(['--get-yargs-completions', 'evolve', ''], { env });
    expect(commands.stdout.split('\n')).toEqual(expect.arrayContaining(['ops', 'doctor', 'completion']));
    const flags = await evolve(['--get-yargs-completions', 'evolve', 'ops', '--'], { env });
    expect(flags.stdout.split('\n')).toEqual(expect.arrayContaining(['--json', '--markdown', '--out']));
    const models = await evolve(['--get-yargs-completions', 'evolve', 'train', ''], { env });
    expect(models.stdout.split('\n')).toEqual(expect.arrayContaining(['alphanet-v1', 'alphanet-v2', '--data']));
  });
});

test('colour appears only where it is wanted', async () => {
  const painted = '\u001b[';
  expect((await evolve(['ops'])).stdout).not.toContain(painted);
  expect((await evolve(['ops'], { env: { FORCE_COLOR: '1' } })).stdout).toContain(painted);
  expect((await evolve(['ops'], { env: { FORCE_COLOR: '0', NO_COLOR: '1' } })).stdout).not.toContain(painted);
});

test('start-up time', async () => {
  const times: number[] = [];
  for (let i = 0; i < 3; i++) times.push((await evolve(['--help'])).ms);
  console.log(`evolve --help: ${Math.round(Math.min(...times))} ms at best of ${times.length}`);
  expect(times).toHaveLength(3);
});

test('nothing heavy is loaded before a command needs it', () => {
  expect([...loadedAtOnce(builtFile('cli', 'run.js'))].filter((name) => !/^(node:|yargs|\.)/.test(name))).toEqual([]);
});

/** Every module that importing this file loads, following static imports alone. */
function loadedAtOnce(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return seen;
  const names = readFileSync(path, 'utf8').matchAll(
    /^(?:import|export)\b[^'";]*?from ['"]([^'"]+)['"];|^import ['"]([^'"]+)['"];/gm,
  );
  const own = builtFile('').length;
  seen.add(`.${path.slice(own)}`);
  for (const [, from, bare] of names) {
    const name = from ?? bare ?? '';
    if (name.startsWith('.')) {
      const next = join(dirname(path), name);
      if (!seen.has(`.${next.slice(own)}`)) loadedAtOnce(next, seen);
    } else seen.add(name);
  }
  return seen;
}
