/**
 * How far a long job is, on stderr: one rewritten line on a terminal, a plain line every few seconds otherwise.
 * Says nothing in the first two seconds, so short jobs stay quiet, and never touches stdout.
 */
import { count, duration } from './number.ts';

export interface Progress {
  /**
   * `done` of the total are finished; `note` is shown after the figures. The total may turn out to be another, and what
   * is under way may count: `share` is how much of the work since the line began is done.
   */
  step(done: number, note?: string, total?: number, share?: number): void;
  /** Ends the line. Call it once, also when the job fails. */
  done(): void;
}

const quietMs = 2000;
const terminalMs = 100;
const plainMs = 5000;

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export function progress(
  label: string,
  total: number,
  output: Output = process.stderr,
  now: () => number = Date.now,
): Progress {
  const started = now();
  const terminal = output.isTTY === true && process.env.TERM !== 'dumb';
  let shown = Number.NEGATIVE_INFINITY;
  let open = false;

  return {
    step(done, note, all = total, share = all > 0 ? Math.min(1, done / all) : 0) {
      const time = now();
      if (time - started < quietMs || time - shown < (terminal ? terminalMs : plainMs)) return;
      shown = time;
      const text = line(label, done, all, share, time - started, note);
      // Cut to the width: a line that wraps cannot be rewritten in place.
      if (terminal) output.write(`\r\u001b[2K${text.slice(0, (output.columns ?? 80) - 1)}`);
      else output.write(`${text}\n`);
      open = terminal;
    },
    done() {
      if (open) output.write('\r\u001b[2K');
      open = false;
    },
  };
}

/** Told as work goes on: how much of a stage of it is done. */
type Tell = (stage: string, done: number, total: number) => void;

/** Does the work, a line for each of its stages; they are gone before anybody prints the result. */
export async function showingStages<T>(work: (tell: Tell) => Promise<T>, note?: string): Promise<T> {
  const lines = new Map<string, Progress>();
  try {
    return await work((stage, done, total) => {
      const line = lines.get(stage) ?? progress(stage, total);
      lines.set(stage, line);
      line.step(done, note);
    });
  } finally {
    for (const line of lines.values()) line.done();
  }
}

/** Work of one stage. */
export const showing = <T>(
  label: string,
  work: (tell: (done: number, total: number) => void) => Promise<T>,
  note?: string,
): Promise<T> => showingStages((tell) => work((done, total) => tell(label, done, total)), note);

function line(
  label: string,
  done: number,
  total: number,
  share: number,
  elapsedMs: number,
  note: string | undefined,
): string {
  const parts = [label, `${Math.floor(share * 100)}%`, `${count(done)} of ${count(total)}`];
  if (share > 0 && share < 1) parts.push(`${duration((elapsedMs * (1 - share)) / share)} left`);
  if (note) parts.push(note);
  return parts.join('  ');
}
