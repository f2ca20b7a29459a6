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

/** What a reader sees. */
export const words = (text: string): string =>
  text
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

/** One that needs nothing from elsewhere, runs nothing, and has whatever it refers to. */
export function expectWholeDocument(text: string): void {
  expect(elements(text).slice(0, 3)).toEqual(['!doctype', 'html', 'head']);
  expect(text.replaceAll('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
    /https?:|<script|<link|<img|<iframe|@import|javascript:|\son\w+=|\ssrc=|href="[^#]/i,
  );
  const ids = [...text.matchAll(/\bid="([^"]*)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, target] of text.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(target);
  for (const chart of charts(text)) {
    for (const [, id] of chart.matchAll(/url\(#([^)]*)\)/g)) expect(chart).toContain(`id="${id}"`);
  }
}

/** The same with every number changed. */
export function changed<Value>(value: Value, change: (number: number) => number): Value {
  if (typeof value === 'number') return change(value) as Value;
  if (Array.isArray(value)) return value.map((each) => changed(each, change)) as Value;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, changed(each, change)])) as Value;
}
