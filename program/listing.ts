/** A program as the lines of a listing: every value has a name and is computed once, before it is used. */
import type { Kind } from '../operators/define.ts';
import { operatorOf } from '../operators/table.ts';
import { field } from './build.ts';
import type { Expression, Field } from './expression.ts';
import { print } from './print.ts';

export interface Listing {
  /** Fields, groupings, market vectors and constants. */
  readonly setup: string[];
  /** Market vectors learned from labels, and what they are learned from, whoever else uses it. */
  readonly learn: string[];
  /** Everything else; the last line is the factor. */
  readonly predict: string[];
}

/** A name is the value's kind and its number among them: `m3` is the third daily value. */
export function listing(expression: Expression): Listing {
  const [setup, learn, predict] = partsOf(expression);
  // A factor that is a field, or learned, has a line before; it still gets its last.
  const result = predict.at(-1)?.key === expression.key ? [] : [expression];
  const names = new Map<string, Field>();
  const counts = new Map<Kind, number>();
  return {
    setup: setup.map((value) => define(value, print(value))),
    learn: learn.map(computed),
    predict: [...predict.map(computed), ...result.map((value) => define(value, nameOf(value).name))],
  };

  function computed(value: Expression): string {
    return define(value, print(value.node === 'call' ? { ...value, inputs: value.inputs.map(nameOf) } : value));
  }

  function define({ key, kind, unit }: Expression, text: string): string {
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    const name = `${kind}${count}`;
    names.set(key, field({ name, kind, unit }));
    return `${name} = ${text}`;
  }

  /** Inputs come before their readers. */
  function nameOf(value: Expression): Field {
    return names.get(value.key) as Field;
  }
}

/** Setup, learn and predict: each value once, inputs before their readers. */
function partsOf(expression: Expression): readonly [Expression[], Expression[], Expression[]] {
  const parts: [Expression[], Expression[], Expression[]] = [[], [], []];
  const placed = new Set<string>();
  for (const value of learnedIn(expression)) place(value, 1);
  place(expression, 2);
  return parts;

  function place(value: Expression, part: 1 | 2): void {
    if (placed.has(value.key)) return;
    placed.add(value.key);
    if (value.node === 'call') for (const input of value.inputs) place(input, part);
    parts[value.node === 'call' ? part : 0].push(value);
  }
}

function learnedIn(value: Expression): Expression[] {
  if (value.node !== 'call') return [];
  return operatorOf(value.operator).shape === 'learn' ? [value] : value.inputs.flatMap(learnedIn);
}
