/** The words and signs of the language, read one at a time from a position. */
export interface Token {
  readonly kind: 'number' | 'time' | 'name' | 'sign' | 'end';
  readonly text: string;
  /** Where it starts; the next token is looked for from `end` on. */
  readonly at: number;
  readonly end: number;
}

const space = /\s*/y;
const shapes = [
  ['time', /\d{1,2}:\d{2}(?!\d)/y],
  ['number', /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['name', /[\p{L}_][\p{L}\p{N}_]*/uy],
  ['sign', /[<>=!]=|\*\*|&&|\|\||./suy],
] as const;

export function tokenAt(text: string, from: number): Token {
  space.lastIndex = from;
  space.test(text);
  const at = space.lastIndex;
  for (const [kind, shape] of shapes) {
    shape.lastIndex = at;
    if (shape.test(text)) return { kind, text: text.slice(at, shape.lastIndex), at, end: shape.lastIndex };
  }
  return { kind: 'end', text: '', at, end: at };
}
