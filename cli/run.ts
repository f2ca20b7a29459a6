/**
 * One command line, from arguments to exit code: 0 done, 1 something the user can fix (a sentence, no stack), 2 our
 * bug (the stack, and a request to report it), 128 and the signal's number when stopped from outside, as 130 by Ctrl-C.
 * Results go to stdout, everything else to stderr.
 */
import yargs from 'yargs';
import { EvolveError, fileProblem } from '../core/failure.ts';
import { packageVersion as version } from '../core/package-root.ts';
import { addCommands } from './commands.ts';
import { type ConfigFile, configFile } from './config-file.ts';
import { endInOrder } from './interrupt.ts';
import { shielded, unshield } from './minus.ts';
import { checkFlags, commandNames, usageError } from './usage.ts';

/** Runs the command line of this process and ends it. */
export async function run(args: readonly string[]): Promise<never> {
  // `evolve ops | head` closes the pipe: nobody is left to read the rest, and that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? 0 : report(unwritten(error), args)),
  );
  // Progress that nobody reads must not end the work; and a failure to write here has nowhere to be told.
  process.stderr.on('error', () => {});
  process.on('uncaughtException', (error) => leave(report(error, args)));
  // A terminal that is closed and a scheduler that ends a job are no reason to leave half a market behind.
  for (const [signal, number] of stops) {
    process.on(signal, () => {
      if (!endInOrder(128 + number)) process.exit(128 + number);
    });
  }
  return leave(await execute(args));
}

const stops = [
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const;

const unwritten = (cause: unknown): EvolveError =>
  new EvolveError('unwritable', `The result cannot be written to the standard output: ${fileProblem(cause)}.`, {
    cause,
  });

/**
 * Runs a command line, prints its result or what went wrong, and gives the exit code.
 * @public tests call the built one, to run many without a process each
 */
export async function execute(args: readonly string[]): Promise<number> {
  process.exitCode = 0;
  try {
    expectFolder();
    await dispatch(args, await configFile(flagsOf(args)));
    // A command may have asked for a code of its own.
    return Number(process.exitCode);
  } catch (error) {
    return report(error, args);
  }
}

/** Everything that resolves a path asks for the folder we are in, and it may have been deleted under us. */
function expectFolder(): void {
  try {
    process.cwd();
  } catch (cause) {
    throw new EvolveError('missing-file', 'The current folder does not exist any more. Change to one that does.', {
      cause,
    });
  }
}

const flagsOf = (args: readonly string[]): readonly string[] =>
  args.slice(0, args.includes('--') ? args.indexOf('--') : args.length);

async function dispatch(args: readonly string[], config: ConfigFile | undefined): Promise<void> {
  // A shell that asks for completions sends half-typed words as they are.
  const cli = yargs(args[0] === '--get-yargs-completions' ? [...args] : shielded(args));
  cli
    .scriptName('evolve')
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
      throw usageError(cli, message, error, config, commands);
    });
  addCommands(cli, await modelsFor(args));
  const commands = commandNames(cli);
  await cli.parseAsync();
}

/** Their table comes with all of tfjs, which is loaded only for the command that lists them. */
const modelsFor = async (args: readonly string[]) =>
  args.includes('train') ? (await import('../models/models.ts')).models : [];

/** Waits until everything written is out, and ends the process. */
async function leave(code: number): Promise<never> {
  await Promise.all([written(process.stdout), written(process.stderr)]);
  // Not left to the event loop: after a failure, a pool or a database may still hold it.
  process.exit(code);
}

const written = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write('', () => resolve()));

/** Says what went wrong and gives the exit code. */
function report(error: unknown, args: readonly string[]): number {
  const known = error instanceof EvolveError;
  const message = error instanceof Error ? error.message : String(error);
  const details = known ? error.details : [];
  if (known) console.error([message, ...details].join('\n'));
  else {
    console.error(error instanceof Error ? error.stack : message);
    console.error(
      `This is a bug in evolve ${version} (Node ${process.versions.node}): please report it with these lines.`,
    );
  }
  if (flagsOf(args).includes('--json')) {
    console.log(JSON.stringify({ error: { code: known ? error.code : 'bug', message, details } }, null, 2));
  }
  return known ? 1 : 2;
}
