/**
 * record.ndjson: what happened, one JSON object a line, only ever added to.
 *
 * The last field of a line, `check`, is the CRC-32 of every event so far, this one included, as JSON without `check`
 * and without line ends. So it vouches for all lines up to its own: a flipped byte, a lost line and two swapped ones
 * are found, and a snapshot names the exact past it belongs to by one number.
 */
import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { jsonText } from './json.ts';

/** Something that happened: a JSON object that says of what kind it is, and has no field called `check`. */
export interface RunEvent {
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** A place between two lines. */
export interface LogPlace {
  readonly lines: number;
  readonly bytes: number;
  readonly check: number;
}

interface Examined {
  /** Where the lines that can be trusted end. */
  readonly good: LogPlace;
  /** What comes after them, if anything. A last line without its end is what a killed process leaves behind. */
  readonly rest: 'nothing' | 'cut off' | 'garbled';
  readonly restBytes: number;
}

export const logName = 'record.ndjson';
export const logStart: LogPlace = { lines: 0, bytes: 0, check: 0 };
const newline = 10;
const chunkBytes = 2 ** 20;

export class EventLog {
  readonly #fd: number;
  readonly #path: string;
  /** Where the next line goes; unknown until what is there has been examined. */
  #end: LogPlace | undefined;
  #torn = false;

  constructor(path: string) {
    this.#path = path;
    this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT);
  }

  /** One line. When it cannot be written whole, nothing of it stays. */
  append(event: RunEvent): void {
    const end = this.end;
    const { line, check } = spelled(event, end.check);
    if (this.#torn) this.#cut(end.bytes);
    try {
      writeAll(this.#fd, line, end.bytes);
    } catch (error) {
      this.#torn = true;
      try {
        this.#cut(end.bytes);
      } catch {
        // The reason is the one above. The next append tries again, and so does whoever opens the log after us.
      }
      throw error;
    }
    this.#end = { lines: end.lines + 1, bytes: end.bytes + line.length, check };
  }

  get end(): LogPlace {
    if (!this.#end) throw new Error('what the log holds is examined before anything is added to it');
    return this.#end;
  }

  /** Cuts off what cannot be trusted and keeps it in a file of its own. What was found, in a sentence. */
  mend(): string | undefined {
    const { good, rest, restBytes } = examined(this.#fd);
    if (rest !== 'nothing') {
      keep(this.#fd, good.bytes, `${this.#path}.damaged`);
      this.#cut(good.bytes);
      this.flush();
    }
    this.#end = good;
    const line = good.lines + 1;
    const kept = `what was there is kept in ${logName}.damaged`;
    switch (rest) {
      case 'nothing':
        return undefined;
      case 'cut off':
        return `${logName} ended in the middle of line ${line}, which is left out; ${kept}.`;
      case 'garbled':
        return `${logName} is damaged in line ${line}, which is left out with all that follow (${restBytes} bytes); ${kept}.`;
    }
  }

  /** Whether this very past was written here. */
  reaches(place: LogPlace): boolean {
    if (place.bytes === 0) return place.lines === 0;
    if (place.bytes > this.end.bytes) return false;
    const tail = Buffer.alloc(tailBytes);
    readSync(this.#fd, tail, 0, tailBytes, place.bytes - tailBytes);
    return tail.toString('latin1') === tailOf(place.check);
  }

  events(from: LogPlace): RunEvent[] {
    return [...parsed(this.#fd, from.bytes, this.end.bytes)];
  }

  /** From here on not even a power cut loses what was appended. */
  flush(): void {
    fsyncSync(this.#fd);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #cut(bytes: number): void {
    ftruncateSync(this.#fd, bytes);
    this.#torn = false;
  }
}

/** A log as it is now, although somebody may be adding to it. The last line may not be whole yet; it is left out. */
export function peek(path: string): { events: Iterable<RunEvent>; problem?: string } {
  const { good, rest } = reading(path, examined) ?? { good: logStart, rest: 'nothing' };
  return {
    events: {
      *[Symbol.iterator]() {
        if (good.bytes === 0) return;
        const fd = openSync(path, 'r');
        try {
          yield* parsed(fd, 0, good.bytes);
        } finally {
          closeSync(fd);
        }
      },
    },
    ...(rest === 'garbled' && {
      problem: `${logName} is damaged in line ${good.lines + 1}; what follows is left out.`,
    }),
  };
}

function reading<T>(path: string, read: (fd: number) => T): T | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    // A process killed in its first moments leaves a run without a log.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return read(fd);
  } finally {
    closeSync(fd);
  }
}

const tailOf = (check: number): string => `,"check":"${check.toString(16).padStart(8, '0')}"}\n`;
const tailBytes = tailOf(0).length;

function spelled(event: RunEvent, before: number): { line: Buffer; check: number } {
  if ('check' in event)
    throw new RangeError(`an event of kind ${event.kind} has a field "check", which is the log's own`);
  const text = Buffer.from(jsonText(event));
  const check = crc32(text, before);
  return { line: Buffer.concat([text.subarray(0, -1), Buffer.from(tailOf(check))]), check };
}

const brace = Buffer.from('}');

function examined(fd: number): Examined {
  let { lines, bytes, check } = logStart;
  let rest: Examined['rest'] = 'nothing';
  for (const line of linesOf(fd, 0, Number.POSITIVE_INFINITY)) {
    const body = line.length - tailBytes;
    const next = body > 0 ? crc32(brace, crc32(line.subarray(0, body), check)) : 0;
    if (body <= 0 || line.toString('latin1', body) !== tailOf(next)) {
      rest = line.at(-1) === newline ? 'garbled' : 'cut off';
      break;
    }
    lines++;
    bytes += line.length;
    check = next;
  }
  return { good: { lines, bytes, check }, rest, restBytes: fstatSync(fd).size - bytes };
}

function* parsed(fd: number, from: number, to: number): Generator<RunEvent> {
  for (const line of linesOf(fd, from, to)) yield JSON.parse(`${line.toString('utf8', 0, line.length - tailBytes)}}`);
}

/** Lines with their ends, if they have one. A log may be larger than what fits in memory; a line lasts one step. */
function* linesOf(fd: number, from: number, to: number): Generator<Buffer> {
  let buffer = Buffer.allocUnsafe(chunkBytes);
  let held = 0;
  for (let at = from; at < to; ) {
    if (held === buffer.length) buffer = Buffer.concat([buffer, Buffer.allocUnsafe(buffer.length)]);
    const read = readSync(fd, buffer, held, Math.min(buffer.length - held, to - at), at);
    if (read === 0) break;
    at += read;
    const known = buffer.subarray(0, held + read);
    let line = 0;
    for (let end = known.indexOf(newline, held); end >= 0; end = known.indexOf(newline, line)) {
      yield known.subarray(line, end + 1);
      line = end + 1;
    }
    held = known.length - line;
    known.copyWithin(0, line);
  }
  if (held > 0) yield buffer.subarray(0, held);
}

/** Adds the end of a file to another one; a second damage does not hide the first. */
function keep(fd: number, from: number, path: string): void {
  const to = openSync(path, 'a');
  try {
    const piece = Buffer.allocUnsafe(chunkBytes);
    for (let at = from; ; ) {
      const read = readSync(fd, piece, 0, piece.length, at);
      if (read === 0) break;
      writeAll(to, piece.subarray(0, read));
      at += read;
    }
    fsyncSync(to);
  } finally {
    closeSync(to);
  }
}

/** A disk that gets full takes a part of the bytes first and refuses the rest when asked again. */
function writeAll(fd: number, bytes: Buffer, at?: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, at === undefined ? null : at + done);
  }
}
