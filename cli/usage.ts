/** Mistakes in the command line itself, as one sentence each: what is wrong, what was probably meant, where the help is. */
import type { Argv } from 'yargs';
import { EvolveError } from '../core/failure.ts';
import { nearest } from '../core/nearest.ts';
import type { ConfigFile } from './config-file.ts';
import { plain } from './minus.ts';

/** Where the parser stopped. */
interface Level {
  /** `['data', 'synth']`. */
  readonly path: readonly string[];
  /** The declaration of the innermost command: `info <folder>`. */
  readonly declared: string;
  readonly subcommands: readonly string[];
  /** What was typed after the path and is no flag. */
  readonly words: readonly string[];
  readonly flags: readonly string[];
  /** Arguments without dashes: they are written after the command, and nowhere else. */
  readonly positionals: readonly string[];
  /** Flags that were typed and are not among them. */
  readonly strangers: readonly string[];
  readonly numbers: readonly string[];
  readonly booleans: readonly string[];
  readonly arrays: readonly string[];
  readonly texts: readonly string[];
}

/** Turns what yargs reports into an EvolveError. An error of another kind is a bug and is given back as it is. */
export function usageError(
  cli: Argv,
  message: string | null,
  error: Error | undefined,
  config: ConfigFile | undefined,
  commands: readonly string[],
): Error {
  if (error && error.name !== 'YError') return error;
  const inside = levelOf(cli);
  // Inside the command that needs no name yargs has forgotten the others.
  const level = inside.path.length === 0 ? { ...inside, subcommands: commands } : inside;
  // An unknown flag takes the next word for its value, which is then missing elsewhere: name the cause.
  const [stranger] = level.strangers;
  if (stranger && /^(Not enough non-option|Missing required)/.test(message ?? '')) {
    return mistake(level, unknownFlag(level, stranger, '', '', config));
  }
  for (const [pattern, sentence] of sentences) {
    const match = pattern.exec(plain(message ?? ''));
    if (match) return mistake(level, sentence(level, match[1] ?? '', match[2] ?? '', match[3] ?? '', config));
  }
  // What a flag's own `coerce` says.
  return mistake(level, message ?? 'The command line is not understood.');
}

type Sentence = (level: Level, a: string, b: string, c: string, config: ConfigFile | undefined) => string;

const sentences: readonly (readonly [RegExp, Sentence])[] = [
  [/^Unknown commands?: ([^,]*)/, unknownWord],
  [/^Unknown arguments?: ([^,]*)/, unknownFlag],
  [
    /^Not enough non-option arguments: got (\d+)/,
    (level, got, _b, _c, config) => {
      const [word] = level.words;
      if (level.subcommands.length > 0) {
        return word
          ? unknownWord(level, word)
          : `"${commandLine(level)}" needs one of: ${level.subcommands.join(', ')}.`;
      }
      const inFile = positionalIn(level, config);
      if (inFile) return inFile;
      const missing = (level.declared.match(/<[^>]+>/g) ?? []).slice(Number(got)).map(bare);
      return `"${commandLine(level)}" needs ${missing.map((name) => name.toUpperCase()).join(' and ')}.`;
    },
  ],
  [
    /^Missing required arguments?: ([^\n]*)/,
    (level, names) => `"${commandLine(level)}" needs ${names.split(', ').map(dashed).join(' and ')}.`,
  ],
  [/^Not enough arguments following: (.*)/, (_level, name) => `${dashed(name)} needs a value.`],
  [
    /^Invalid values:\n {2}Argument: (.*), Given: (.*), Choices: (.*)/,
    (level, name, given, choices) => {
      const words = choices.split(', ').map((choice) => choice.replace(/^"|"$/g, ''));
      return `${named(level, name)} cannot be ${given}${meant(given.replaceAll('"', ''), words, '; choose one of: ')}`;
    },
  ],
  [
    /^Arguments (\S+) and (\S+) are mutually exclusive/,
    (level, a, b) => `${named(level, a)} and ${named(level, b)} cannot be used together.`,
  ],
  [
    /^Missing dependent arguments:\s*(\S+) -> (\S+)/,
    (level, a, b) => `${named(level, a)} needs ${named(level, b)} too.`,
  ],
];

function unknownWord(level: Level, word: string): string {
  if (level.subcommands.length === 0) return `"${commandLine(level)}" does not take "${word}".`;
  return `There is no command "${[...level.path, word].join(' ')}"${meant(word, level.subcommands, '. There are: ')}`;
}

function unknownFlag(level: Level, name: string, _b: string, _c: string, config: ConfigFile | undefined): string {
  // Where a command may be left out, yargs takes a word it does not know for an argument.
  if (level.words.includes(name)) return unknownWord(level, name);
  const flags = level.flags.filter((flag) => flag.length > 1 && !level.positionals.includes(flag));
  const inFile = config && Object.hasOwn(config.flags, name);
  if (inFile) return `${config.path} has an unknown key "${name}"${meant(name, flags, '. Its keys can be: ')}`;
  const guess = nearest(name, flags);
  return `"${commandLine(level)}" has no flag ${dashed(name)}.${guess ? ` Did you mean ${dashed(guess)}?` : ''}`;
}

/** A file has flags only. */
function positionalIn(level: Level, config: ConfigFile | undefined): string | undefined {
  const name = level.positionals.find((one) => config && Object.hasOwn(config.flags, one));
  if (!config || name === undefined) return undefined;
  return `${config.path} has the key "${name}", which is no flag: write ${name.toUpperCase()} after "${commandLine(level)}".`;
}

/** `; did you mean "x"?` when something is near, else the whole list. */
function meant(typed: string, candidates: readonly string[], list: string): string {
  const guess = nearest(typed, candidates);
  return guess ? `. Did you mean "${guess}"?` : `${list}${candidates.join(', ')}.`;
}

/**
 * What yargs lets pass: words where numbers belong, a flag given twice, `--json=maybe`, and values of the wrong kind
 * in a config file. Runs after the parse, before the command.
 */
export function checkFlags(
  cli: Argv,
  argv: Readonly<Record<string, unknown>>,
  args: readonly string[],
  config: ConfigFile | undefined,
): true {
  const level = levelOf(cli);
  const fail = (sentence: string): never => {
    throw mistake(level, sentence);
  };
  const positional = positionalIn(level, config);
  if (positional) fail(positional);
  for (const name of level.flags) {
    const value = argv[name];
    if (value === undefined) continue;
    const typed = typedValue(args, name, level.booleans.includes(name));
    // What the command line does not say comes from the file, if the file says it.
    const fromFile = config !== undefined && typed === undefined && Object.hasOwn(config.flags, name);
    const where = fromFile ? `"${name}" in ${config.path}` : dashed(name);
    const said = fromFile ? config.flags[name] : typed;
    const values = Array.isArray(value) ? value : [value];
    if (Array.isArray(value) && !level.arrays.includes(name))
      fail(`${where} takes one value${values.length > 1 ? ` and has ${values.length}` : ', not a list'}.`);
    const odd = level.texts.includes(name) ? values.find((item) => typeof item !== 'string') : undefined;
    // A file that says 000300 gives 300, or 192: only quotes keep what was written.
    if (odd !== undefined) fail(`${where} must be a text, not ${JSON.stringify(odd)}. Put it in quotes.`);
    if (level.numbers.includes(name) && !values.every(Number.isFinite))
      fail(`${where} must be a number, not "${said}".`);
    if (level.booleans.includes(name) && !['true', 'false', 'undefined'].includes(String(said))) {
      fail(`${where} is on or off and takes no value such as "${said}".`);
    }
  }
  return true;
}

/** What was written for a flag: the text after `=`, else the next argument; undefined when the flag is not there. */
function typedValue(args: readonly string[], name: string, boolean: boolean): string | undefined {
  const joined = args.find((arg) => arg.startsWith(`${dashed(name)}=`));
  if (joined) return joined.slice(joined.indexOf('=') + 1);
  if (boolean) return args.includes(dashed(name)) ? 'true' : args.includes(`--no-${name}`) ? 'false' : undefined;
  const at = args.indexOf(dashed(name));
  return at < 0 ? undefined : args[at + 1];
}

const mistake = (level: Level, sentence: string): EvolveError =>
  new EvolveError('bad-argument', sentence, { details: [`See: ${commandLine(level)} --help`] });

const commandLine = (level: Level): string => ['evolve', ...level.path].join(' ');
const dashed = (name: string): string => (name.length === 1 ? `-${name}` : `--${name}`);
/** `<sources..>` -> `sources`. */
const bare = (declared: string): string => declared.replace(/[<[.\]>]/g, '');
/** `--json`, or `NAME` for an argument that has no dashes. */
const named = (level: Level, name: string): string =>
  level.positionals.includes(name) ? name.toUpperCase() : dashed(name);

/** The commands declared so far; asked before the parse, all of them. */
export const commandNames = (cli: Argv): readonly string[] =>
  inner(cli)
    .getInternalMethods()
    .getCommandInstance()
    .getCommands()
    .filter((name) => name !== '$0');

/** What yargs has and its types do not offer. */
const inner = (cli: Argv) =>
  cli as unknown as {
    getOptions(): Record<'number' | 'boolean' | 'array' | 'string', string[]> & { key: Record<string, unknown> };
    getInternalMethods(): {
      getContext(): { commands: string[]; fullCommands: string[] };
      getCommandInstance(): { getCommands(): string[] };
    };
  };

/** Which command the parser is in, and what that command declares. */
function levelOf(cli: Argv): Level {
  const inside = inner(cli);
  const { key, number, boolean, array, string } = inside.getOptions();
  const parsed = cli.parsed || undefined;
  const { commands, fullCommands } = inside.getInternalMethods().getContext();
  return {
    path: [...commands],
    declared: fullCommands.at(-1) ?? '',
    words: (parsed?.argv._ ?? []).slice(commands.length).map((word) => plain(String(word))),
    subcommands: inside.getInternalMethods().getCommandInstance().getCommands(),
    flags: Object.keys(key),
    positionals: (fullCommands.at(-1)?.match(/[<[][^>\]]+[>\]]/g) ?? []).map(bare),
    strangers: Object.keys(parsed?.argv ?? {}).filter(
      (name) => !/^[_$]/.test(name) && ![name, ...(parsed?.aliases[name] ?? [])].some((spelling) => spelling in key),
    ),
    numbers: number,
    booleans: boolean,
    arrays: array,
    texts: string,
  };
}
