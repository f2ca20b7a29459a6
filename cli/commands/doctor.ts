import { styleText } from 'node:util';
import type { CommandModule } from 'yargs';
import { examineMachine, type Finding } from '../machine.ts';
import { table } from '../print/table.ts';

/** `evolve doctor`: what this machine can use, and why not. Exit code 1 where something required is missing. */
export const doctor: CommandModule<object, { json: boolean }> = {
  command: 'doctor',
  describe: 'Show what this machine can use, and what to do about the rest',
  builder: (cli) =>
    cli
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
      .example('evolve doctor', 'one line for each part'),
  handler: async ({ json }) => {
    const findings = await examineMachine();
    console.log(json ? JSON.stringify(findings, null, 2) : report(findings));
    if (findings.some(({ ok, required }) => required && !ok)) process.exitCode = 1;
  },
};

function report(findings: readonly Finding[]): string {
  const lines = table(findings.map(({ name, ok, found }) => [ok ? 'yes' : 'no', name, found])).split('\n');
  return findings
    .map(({ ok, required, remedy }, i) => {
      const line = (lines[i] ?? '').replace(/^(yes|no)/, (word) => paint(word, ok, required));
      return remedy ? `${line}\n     ${remedy}` : line;
    })
    .join('\n');
}

const paint = (word: string, ok: boolean, required: boolean): string =>
  styleText(ok ? 'green' : required ? 'red' : 'yellow', word, { stream: process.stdout });
