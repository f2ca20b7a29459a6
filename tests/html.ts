/** What tests of pages look at. */
import { expect } from 'vitest';

/** Names of elements in their order, closed in the order they were opened. */
export function elements(text: string): string[] {
  const unclosed = /^(meta|!doctype)$/;
  const open: string[] = [];
  const names: string[] = [];
  for (const [, slash, name = '', end] of text.matchAll(/<(\/?)([a-zA-Z!][\w]*)(?:[^<>"]|"[^"]*")*?(\/?)>/g)) {
    if (slash) expect(open.pop()).toBe(name);
    else {
      names.push(name);
      if (!end && !unclosed.test(name)) open.push(name);
    }
  }
  expect(open).toEqual([]);
  return names;
}

export const charts = (text: string): string[] => text.match(/<svg[\s\S]*?<\/svg>/g) ?? [];
