/**
 * CSV files, every column a text: what is a number and what is not is decided where bad cells can be counted. The
 * header line is read here rather than guessed, so that the same file always means the same.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { EvolveError } from '../../core/failure.ts';
import { columnNames, fileColumn, type ReadOptions, type Source, type SourceFile, unreadable } from './source.ts';
import * as sql from './sql.ts';

const delimiters = [',', '\t', ';', '|'];
let rejectTables = 0;

/** The files grouped by header line. */
export async function csvSources(files: readonly string[], gzip: boolean, options: ReadOptions): Promise<Source[]> {
  const layouts = new Map<string, SourceFile[]>();
  for (const [i, shown] of files.entries()) {
    const path = options.encoding ? join(options.scratch, `utf8-${gzip ? 'gz-' : ''}${i}.csv`) : shown;
    if (options.encoding) await transcode(shown, gzip, options.encoding, path);
    else if (gzip) await refuseBroken(shown);
    const header = await headerLine(shown, path, gzip && !options.encoding, options);
    layouts.set(header, [...(layouts.get(header) ?? []), { shown, path }]);
  }
  return [...layouts].map(([header, alike]) => source(header, alike, gzip && !options.encoding));
}

function source(header: string, files: readonly SourceFile[], gzip: boolean): Source {
  const delimiter = delimiterOf(header);
  const names = cellsOf(header, delimiter);
  const columns = new Map(columnNames(names).map((name) => [name, 'VARCHAR']));
  rejectTables += 1;
  const rejects = `rejects_${rejectTables}`;
  const options = [
    'auto_detect = false',
    'header = true',
    `delim = ${sql.text(delimiter)}`,
    `quote = '"'`,
    `escape = '"'`,
    `columns = {${[...columns.keys()].map((column) => `${sql.text(column)}: 'VARCHAR'`).join(', ')}}`,
    `compression = '${gzip ? 'gzip' : 'none'}'`,
    `filename = '${fileColumn}'`,
    'store_rejects = true',
    `rejects_table = '${rejects}'`,
    `rejects_scan = '${rejects}_scan'`,
  ];
  const paths = files.map((file) => sql.path(file.path));
  return { files, columns, names, rejects, relation: `read_csv([${paths.join(', ')}], ${options.join(', ')})` };
}

export const delimiterOf = (header: string): string =>
  delimiters.reduce((best, other) => (cellsOf(header, other).length > cellsOf(header, best).length ? other : best));

/** The cells of a line; a quoted cell may hold the delimiter and doubled quotes. */
export function cellsOf(line: string, delimiter: string): string[] {
  // A delimiter before each cell, so that the first may be empty: the index pandas writes has no name.
  const cells = `${delimiter}${line}`.match(new RegExp(`[${delimiter}]("(?:[^"]|"")*"|[^${delimiter}]*)`, 'g')) ?? [];
  return cells.map((cell) => {
    const value = cell.slice(1).trim();
    return /^".*"$/.test(value) ? value.slice(1, -1).replaceAll('""', '"') : value;
  });
}

/** The database reads a gzip file that breaks off as if it ended there. */
async function refuseBroken(path: string): Promise<void> {
  const nowhere = new Writable({ write: (_piece, _encoding, done) => done() });
  try {
    await pipeline(createReadStream(path), createGunzip(), nowhere);
  } catch (cause) {
    throw unreadable(path, 'gzip', cause);
  }
}

const usualRemedy = 'Say what it is with --encoding, such as gb18030 or utf-16le.';

async function headerLine(
  shown: string,
  path: string,
  gzip: boolean,
  { encodingRemedy = usualRemedy }: ReadOptions,
): Promise<string> {
  const start = await firstBytes(shown, path, gzip);
  let text: string;
  try {
    // A cut character at the end is no mistake of the file.
    text = new TextDecoder('utf-8', { fatal: true }).decode(start, { stream: true });
  } catch (cause) {
    throw new EvolveError('bad-data', `${shown} is not in UTF-8. ${encodingRemedy}`, { cause });
  }
  const line = text.split(/\r\n|\n|\r/).find((candidate) => candidate.trim() !== '');
  if (line === undefined) throw new EvolveError('bad-data', `${shown} is empty. Leave it out or write it again.`);
  return line;
}

async function firstBytes(shown: string, path: string, gzip: boolean): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  const file = createReadStream(path);
  const stream = gzip ? file.pipe(createGunzip()) : file;
  try {
    for await (const piece of stream) {
      pieces.push(piece as Buffer);
      bytes += (piece as Buffer).length;
      if (bytes >= 65536) break;
    }
  } catch (cause) {
    throw unreadable(shown, gzip ? 'gzip' : 'CSV', cause);
  } finally {
    file.destroy();
  }
  return Buffer.concat(pieces);
}

async function transcode(shown: string, gzip: boolean, encoding: string, to: string): Promise<void> {
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(encoding, { fatal: true });
  } catch (cause) {
    throw new EvolveError(
      'bad-argument',
      `--encoding ${encoding} is not known. Use one such as gb18030, big5, shift_jis, latin1 or utf-16le.`,
      { cause },
    );
  }
  const file = createReadStream(shown);
  const bytes = gzip ? file.pipe(createGunzip()) : file;
  async function* decoded() {
    for await (const piece of bytes) yield decoder.decode(piece as Buffer, { stream: true });
    yield decoder.decode();
  }
  try {
    await pipeline(Readable.from(decoded()), createWriteStream(to));
  } catch (cause) {
    throw unreadable(shown, encoding, cause);
  }
}
