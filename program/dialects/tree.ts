/** Foreign text as a tree, before anybody asks what it means. The dialects differ in words and symbols, so those come in. */
import { EvolveError } from '../../core/failure.ts';
import { caret } from '../caret.ts';

export type Tree =
  | { readonly node: 'number'; readonly value: number; readonly days: boolean; readonly at: number }
  | { readonly node: 'name'; readonly name: string; readonly at: number }
  | {
      readonly node: 'call';
      readonly name: string;
      readonly inputs: readonly Tree[];
      /** `rank(x, rate=2)`: arguments given by name, as written. */
      readonly named: ReadonlyMap<string, string>;
      readonly at: number;
    }
  | { readonly node: 'infix'; readonly symbol: string; readonly inputs: readonly [Tree, Tree]; readonly at: number }
  | { readonly node: 'prefix'; readonly symbol: string; readonly input: Tree; readonly at: number }
  | { readonly node: 'choice'; readonly inputs: readonly [Tree, Tree, Tree]; readonly at: number };

export interface Grammar {
  /** As messages call it: "qlib". */
  readonly dialect: string;
  readonly word: RegExp;
  /** How tight each symbol binds; higher is tighter. A minus before its operand binds just under `power`. */
  readonly infix: Readonly<Record<string, number>>;
  /** The symbols that may not follow each other, `a < b < c`, because the tool gives that another meaning. */
  readonly unchained?: readonly string[];
  /** Symbols that associate to the right and bind tighter than a minus before them. */
  readonly power?: string;
  readonly prefix: readonly string[];
  /** `c ? a : b`. */
  readonly choice?: true;
  /** `20d` is a number of days. */
  readonly days?: true;
}

interface Token {
  readonly kind: 'number' | 'word' | 'symbol' | 'end';
  readonly text: string;
  readonly at: number;
}

const numberPattern = /(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?/y;
const symbolPattern = /\*\*|&&|\|\||[<>=!]=|[-+*/^<>=!?:(),&|~]/y;
const prefixBinds = 90;
const powerBinds = 100;
/** Deeper than anything a person or a search writes; past it the recursion would end in a crash instead of a sentence. */
const deepest = 200;

/** Characters are counted from 1, as editors do. */
export function mistake(grammar: { readonly dialect: string }, text: string, at: number, problem: string): EvolveError {
  return new EvolveError(
    'bad-expression',
    `In this ${grammar.dialect} expression, at character ${at + 1}: ${problem}.`,
    {
      details: caret(text, at),
    },
  );
}

export function parseTree(text: string, grammar: Grammar): Tree {
  const tokens = tokensOf(text, grammar);
  const enclosed = new WeakSet<Tree>();
  let next = 0;
  const peek = (): Token => tokens[next] as Token;
  const take = (): Token => tokens[next++] as Token;
  function fail(token: Token, problem: string): never {
    throw mistake(grammar, text, token.at, problem);
  }
  const expect = (symbol: string): void => {
    const token = take();
    if (token.text !== symbol || token.kind === 'end') fail(token, `expected "${symbol}" and found ${shown(token)}`);
  };

  /** `level` counts open recursion and what hangs to the left, so that no text is deeper than a reader can walk. */
  function expression(least: number, level: number): Tree {
    let left = operand(level);
    for (let chain = level; ; chain++) {
      const token = peek();
      if (chain > deepest) fail(token, 'the expression is nested too deeply to read');
      if (token.kind !== 'symbol') return left;
      if (grammar.choice && token.text === '?' && least === 0) {
        take();
        const yes = expression(0, chain + 1);
        expect(':');
        left = { node: 'choice', inputs: [left, yes, expression(0, chain + 1)], at: token.at };
        continue;
      }
      const power = token.text === grammar.power;
      const binds = power ? powerBinds : grammar.infix[token.text];
      if (binds === undefined || binds < least) return left;
      if (left.node === 'infix' && !enclosed.has(left) && bothUnchained(left.symbol, token.text)) {
        fail(token, `"${left.symbol}" and "${token.text}" cannot follow each other; use parentheses`);
      }
      take();
      const right = expression(power ? prefixBinds : binds + 1, chain + 1);
      left = { node: 'infix', symbol: token.text, inputs: [left, right], at: token.at };
    }
  }

  function bothUnchained(a: string, b: string): boolean {
    return grammar.unchained?.includes(a) === true && grammar.unchained.includes(b);
  }

  function operand(level: number): Tree {
    const token = take();
    if (level > deepest) fail(token, 'the expression is nested too deeply to read');
    if (token.kind === 'number') return number(token);
    if (token.kind === 'word') {
      return peek().text === '(' ? call(token, level) : { node: 'name', name: token.text, at: token.at };
    }
    if (token.text === '(') {
      const inner = expression(0, level + 1);
      expect(')');
      enclosed.add(inner);
      return inner;
    }
    if (token.kind === 'symbol' && grammar.prefix.includes(token.text)) {
      return { node: 'prefix', symbol: token.text, input: expression(prefixBinds, level + 1), at: token.at };
    }
    return fail(token, `expected a value and found ${shown(token)}`);
  }

  function number(token: Token): Tree {
    const days = grammar.days === true && token.text.endsWith('d');
    return { node: 'number', value: Number(days ? token.text.slice(0, -1) : token.text), days, at: token.at };
  }

  function call(name: Token, level: number): Tree {
    take();
    const inputs: Tree[] = [];
    const named = new Map<string, string>();
    while (peek().text !== ')' || peek().kind === 'end') {
      if (inputs.length + named.size > 0) expect(',');
      if (peek().kind === 'word' && tokens[next + 1]?.text === '=') {
        const key = take().text;
        take();
        const sign = peek().text === '-' ? take().text : '';
        named.set(key, sign + take().text);
      } else inputs.push(expression(0, level + 1));
    }
    take();
    return { node: 'call', name: name.text, inputs, named, at: name.at };
  }

  const tree = expression(0, 0);
  if (peek().kind !== 'end') fail(peek(), `expected the end and found ${shown(peek())}`);
  return tree;
}

const shown = (token: Token): string => (token.kind === 'end' ? 'the end' : `"${token.text}"`);

function tokensOf(text: string, grammar: Grammar): Token[] {
  const tokens: Token[] = [];
  const word = new RegExp(grammar.word.source, 'uy');
  for (let at = 0; at < text.length; ) {
    const space = /\s+/y;
    space.lastIndex = at;
    if (space.test(text)) {
      at = space.lastIndex;
      continue;
    }
    const token =
      match(text, at, word, 'word') ??
      match(text, at, numberPattern, 'number') ??
      match(text, at, symbolPattern, 'symbol');
    if (!token) throw mistake(grammar, text, at, `"${[...text.slice(at)][0]}" means nothing here`);
    const days = grammar.days && token.kind === 'number' && /^d\b/.test(text.slice(at + token.text.length));
    tokens.push(days ? { ...token, text: `${token.text}d` } : token);
    at += token.text.length + (days ? 1 : 0);
  }
  return [...tokens, { kind: 'end', text: '', at: text.length }];
}

function match(text: string, at: number, pattern: RegExp, kind: Token['kind']): Token | undefined {
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  return found ? { kind, text: found[0], at } : undefined;
}
