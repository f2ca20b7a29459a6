/**
 * What a worker thread is started with besides its file. It inherits the flags of its process, and does not start with
 * --input-type, which is for programs given as text. Beside that flag a thread gets none: ours need none, those of the engine
 * hold for all threads anyway, and Node refuses these where flags are listed one by one.
 */
export const threadFlags = (flags: readonly string[] = process.execArgv): { execArgv?: string[] } =>
  flags.some((flag) => flag.startsWith('--input-type')) ? { execArgv: [] } : {};
