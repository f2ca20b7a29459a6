import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { packageRoot } from '../core/package-root.ts';
import { operatorNames } from '../operators/table.ts';

/** Runs a program that imports the package by its name, as a user's would, and gives what it printed as JSON. */
function program(code: string): unknown {
  const script = `import * as api from 'evolve-factors';\nconsole.log(JSON.stringify(await (async () => { ${code} })()));`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: packageRoot });
  return JSON.parse(printed.toString());
}

test('the package can be imported by name and offers what the commands do', () => {
  expect(program('return Object.keys(api)')).toEqual(
    expect.arrayContaining([
      ...['EvolveError', 'examineMachine', 'openMarket', 'operators', 'operatorWords'],
      ...['mine', 'evaluate', 'train', 'predict', 'explain'],
    ]),
  );
  expect(program('return api.allOperatorWords().map(({ name }) => name)')).toEqual(operatorNames);
});

test("a user's mistake is an EvolveError with a code", () => {
  const code = program(`
    try { await api.openMarket('absent', new api.Arena()); }
    catch (error) { return [error instanceof api.EvolveError, error.code]; }
  `);
  expect(code).toEqual([true, expect.stringMatching(/^(missing-file|bad-market)$/)]);
});
