/** `--config FILE`: flags kept in a JSON or YAML file. What the command line says wins over what the file says. */
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { EvolveError, fileProblem } from '../core/failure.ts';

export interface ConfigFile {
  readonly path: string;
  /** By flag name, without the dashes. */
  readonly flags: Readonly<Record<string, unknown>>;
}

/** The file the arguments name, read; undefined when they name none. */
export async function configFile(args: readonly string[]): Promise<ConfigFile | undefined> {
  const path = configPath(args);
  if (path === undefined) return undefined;
  const content = await parse(path, await readText(path));
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new EvolveError('bad-config', `${path} must hold an object of flags, such as {"seed": 7}.`);
  }
  // The parser would read, or even run, the file that "extends" names, and stumbles over what every object has.
  const stranger = Object.keys(content).find((name) => name === 'extends' || name in Object.prototype);
  if (stranger) throw new EvolveError('bad-config', `${path} has the key "${stranger}", which is no flag. Remove it.`);
  const flags = Object.entries(content).map(([name, value]) => [name.replace(/^--/, ''), flagValue(path, name, value)]);
  return { path, flags: Object.fromEntries(flags) };
}

// Before yargs: it would read the file again for every level of command, and loses what kind of error came out.
function configPath(args: readonly string[]): string | undefined {
  const joined = args.findLast((arg) => arg.startsWith('--config='));
  if (joined) return joined.slice('--config='.length);
  const at = args.lastIndexOf('--config');
  const next = at < 0 ? undefined : args[at + 1];
  return next?.startsWith('-') ? undefined : next;
}

async function readText(path: string): Promise<string> {
  try {
    // Editors on Windows begin a file with a mark that JSON does not know.
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch (cause) {
    throw new EvolveError('bad-config', `Cannot read the config file ${path}: ${fileProblem(cause)}.`, { cause });
  }
}

async function parse(path: string, text: string): Promise<unknown> {
  const kind = extname(path).toLowerCase();
  try {
    if (kind === '.json') return JSON.parse(text);
    if (kind === '.yaml' || kind === '.yml') return (await import('yaml')).parse(text);
  } catch (cause) {
    // Of JSON the lines are those of what is quoted; of YAML, a drawing of the place below the sentence.
    const message = kind === '.json' ? fileProblem(cause) : String((cause as Error).message);
    const [first, ...details] = message.trimEnd().split('\n');
    throw new EvolveError('bad-config', `${path} is not valid ${kind.slice(1).toUpperCase()}: ${first}`, {
      cause,
      details,
    });
  }
  throw new EvolveError('bad-config', `${path} must end in .json, .yaml or .yml, so that its format is known.`);
}

/** Flags that take a list with commas; a file may have it as one. */
const commaLists: ReadonlySet<string> = new Set([
  'fields',
  'neutralise',
  'against',
  'neutralise-labels',
  'neutraliseLabels',
]);

/** `map: { close: S_DQ_CLOSE }` is `--map close=S_DQ_CLOSE`, and `fields: [OPEN, CLOSE]` is `--fields OPEN,CLOSE`. */
function flagValue(path: string, name: string, value: unknown): unknown {
  if (value === null)
    throw new EvolveError('bad-config', `"${name}" in ${path} has no value: give it one or remove it.`);
  if (
    Array.isArray(value) &&
    commaLists.has(name.replace(/^--/, '')) &&
    value.every((one) => typeof one === 'string')
  ) {
    return value.join(',');
  }
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.entries(value).map(([key, inner]) => `${key}=${inner}`);
}
