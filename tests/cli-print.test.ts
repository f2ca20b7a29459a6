import { expect, test } from 'vitest';
import { count, countOf, duration } from '../cli/print/number.ts';
import { progress } from '../cli/print/progress.ts';

/** A job of ten steps, one step a second, seen through a stream that is or is not a terminal. */
function watch(isTTY: boolean): string {
  let text = '';
  let clock = 0;
  const output = { isTTY, columns: 60, write: (chunk: string) => (text += chunk) };
  const bar = progress('importing', 1000, output, () => clock * 1000);
  for (clock = 1; clock <= 10; clock++) bar.step(clock * 100, `day ${clock}`);
  bar.done();
  return text;
}

test('progress says nothing for two seconds, then a plain line every five', () => {
  expect(watch(false).split('\n')).toEqual([
    'importing  20%  200 of 1,000  0:08 left  day 2',
    'importing  70%  700 of 1,000  0:03 left  day 7',
    '',
  ]);
});

test('progress rewrites one line on a terminal and leaves nothing behind', () => {
  const text = watch(true);
  expect(text).not.toContain('\n');
  expect(text.split('\r\u001b[2K')).toHaveLength(1 + 9 + 1);
  expect(text.endsWith('\r\u001b[2K')).toBe(true);
});

test('a line longer than the terminal is cut, since one that wraps cannot be rewritten', () => {
  let text = '';
  const output = { isTTY: true, columns: 20, write: (chunk: string) => (text += chunk) };
  let clock = 0;
  const bar = progress('importing', 10, output, () => clock);
  clock = 5000;
  bar.step(5, 'a very long note');
  expect(text.split('\u001b[2K')[1]).toHaveLength(19);
});

test('what is left goes by the total known last', () => {
  let text = '';
  let clock = 0;
  const bar = progress('Round', 100_000, { isTTY: false, write: (chunk: string) => (text += chunk) }, () => clock);
  clock = 10_000;
  bar.step(20, 'note', 40);
  expect(text).toBe('Round  50%  20 of 40  0:10 left  note\n');
});

test('numbers read the same on every machine', () => {
  expect([0, 999, 1000, 1234567, -1234567].map(count)).toEqual(['0', '999', '1,000', '1,234,567', '-1,234,567']);
  expect([0, 1, 1200].map((n) => countOf(n, 'round'))).toEqual(['0 rounds', '1 round', '1,200 rounds']);
  expect([1, 2].map((n) => countOf(n, 'entry', 'entries'))).toEqual(['1 entry', '2 entries']);
  expect([0, 59_400, 83_000, 3_723_000].map(duration)).toEqual(['0:00', '0:59', '1:23', '1:02:03']);
});
