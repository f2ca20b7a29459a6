/**
 * One command line, from arguments to exit code: 0 done, 1 something the user can fix (a sentence, no stack), 2 our
 * bug (the stack, and a request to report it), 130 stopped with Ctrl-C. Results go to stdout, everything else to stderr.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import yargs from 'yargs';
import { EvolveError } from '../core/failure.ts';
import { packageRoot } from '../core/package-root.ts';
import { addCommands } from './commands.ts';
import { type ConfigFile, configFile } from './config-file.ts';
import { shielded, unshield } from './minus.ts';
import { checkFlags, usageError } from './usage.ts';

const version: string = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')).version;

export async function run(args: readonly string[]): Promise<void> {
  const flags = args.slice(0, args.includes('--') ? args.indexOf('--') : args.length);
  const finish = (error?: unknown): Promise<never> => leave(error, flags.includes('--json'));
  // `evolve ops | head` closes the pipe: nobody is left to read the rest, and that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    error.code === 'EPIPE' ? process.exit(0) : finish(error),
  );
  // Progress that nobody reads must not end the work; and a failure to write here has nowhere to be told.
  process.stderr.on('error', () => {});
  process.on('uncaughtException', finish);
  process.once('SIGINT', () => process.exit(130));
  try {
    await dispatch(args, await configFile(flags));
    await finish();
  } catch (error) {
    await finish(error);
  }
}

async function dispatch(args: readonly string[], config: ConfigFile | undefined): Promise<void> {
  // A shell that asks for completions sends half-typed words as they are.
  const cli = yargs(args[0] === '--get-yargs-completions' ? [...args] : shielded(args));
  cli
    .scriptName('evolve')
    .usage('$0 <command> [options]\n\nFinds stock-selection factors in daily and minute bars.')
    .locale('en')
    .parserConfiguration({ 'dot-notation': false, 'parse-positional-numbers': false })
    .option('config', { type: 'string', requiresArg: true, describe: 'Read flags from a .json or .yaml file' })
    .help('help', 'Show help')
    .version('version', 'Show the version', version)
    .group(['config', 'help', 'version'], 'Everywhere:')
    .epilogue('Help on one command: evolve <command> --help')
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .strict()
    .strictCommands()
    .exitProcess(false)
    .config(config?.flags ?? {})
    .middleware(unshield, true)
    .check((argv) => checkFlags(cli, argv, args, config))
    .fail((message: string | null, error: Error | undefined) => {
      throw usageError(cli, message, error, config);
    });
  addCommands(cli);
  if (args.length === 0) cli.showHelp('log');
  else await cli.parseAsync();
}

/** Reports what went wrong, waits until everything written is out, and ends the process. */
async function leave(error: unknown, json: boolean): Promise<never> {
  if (error !== undefined) report(error, json);
  // Read before anything else can set it: a command may have asked for a code of its own.
  const code = error === undefined ? (process.exitCode ?? 0) : error instanceof EvolveError ? 1 : 2;
  await Promise.all([written(process.stdout), written(process.stderr)]);
  // Not left to the event loop: after a failure, a pool or a database may still hold it.
  process.exit(code);
}

const written = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write('', () => resolve()));

function report(error: unknown, json: boolean): void {
  const known = error instanceof EvolveError;
  const message = error instanceof Error ? error.message : String(error);
  if (known) console.error([message, ...error.details].join('\n'));
  else {
    console.error(error instanceof Error ? error.stack : message);
    console.error(
      `This is a bug in evolve ${version} (Node ${process.versions.node}): please report it with these lines.`,
    );
  }
  if (json) {
    const details = known ? error.details : [];
    console.log(JSON.stringify({ error: { code: known ? error.code : 'bug', message, details } }, null, 2));
  }
}
