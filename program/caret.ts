/** The line of the text a mistake is on, and a caret under the mistake, for the details of an error. */
export function caret(text: string, at: number): string[] {
  const start = text.slice(0, at).lastIndexOf('\n') + 1;
  const end = text.indexOf('\n', start);
  const line = text.slice(start, end < 0 ? undefined : end);
  // A long formula keeps its caret on one screen line.
  const from = Math.max(0, at - start - 60);
  const shown = line.slice(from, from + 100).replace(/\s/g, ' ');
  const [before, after] = [from > 0 ? '...' : '', from + 100 < line.length ? '...' : ''];
  return [`  ${before}${shown}${after}`, `  ${' '.repeat(before.length + at - start - from)}^`];
}
