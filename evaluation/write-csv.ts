/** CSV: a missing number is an empty cell, a number the shortest text that reads back as the same float32. */
import { writeFloat32 } from './float32-text.ts';
import type { Sink, TableShape, TableWriter } from './write-table.ts';

const bufferBytes = 1 << 20;
const longestNumber = 17;
const [comma, newline] = [44, 10];

export function csvWriter({ symbols, numbers }: TableShape, sink: Sink): TableWriter {
  const texts = symbols?.map((symbol) => Buffer.from(`,${quoted(symbol)}`)) ?? [Buffer.alloc(0)];
  const longestRow = 16 + Math.max(...texts.map((text) => text.length)) + numbers.length * longestNumber;
  const buffer = Buffer.alloc(Math.max(bufferBytes, longestRow));
  let at = 0;
  sink(Buffer.from(`${['date', ...(symbols ? ['symbol'] : []), ...numbers.map(quoted)].join(',')}\n`));
  const flush = (): void => {
    sink(buffer.subarray(0, at));
    at = 0;
  };
  return {
    write({ days, numbers: columns }) {
      for (const [t, day] of days.entries()) {
        const date = Buffer.from(new Date(day * 86_400_000).toISOString().slice(0, 10));
        for (const [n, text] of texts.entries()) {
          if (at + longestRow > buffer.length) flush();
          buffer.set(date, at);
          buffer.set(text, at + date.length);
          at += date.length + text.length;
          for (const cells of columns) {
            buffer[at++] = comma;
            at = writeFloat32(buffer, at, cells[t * texts.length + n] as number);
          }
          buffer[at++] = newline;
        }
      }
    },
    finish: flush,
  };
}

const quoted = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
