/**
 * Random programs that are valid by construction: every place is filled with a value of the kind and unit it needs,
 * so nothing is drawn to be thrown away. The same stream gives the same program.
 */
import { EvolveError } from '../core/failure.ts';
import type { Stream } from '../core/random.ts';
import { ratio, type Unit } from '../core/units.ts';
import type { Kind, Parameter } from '../operators/define.ts';
import { type Reduction, reductions } from '../operators/reference/interval.ts';
import { type OperatorName, operatorOf } from '../operators/table.ts';
import { barsIn, barsLost, type Session } from './bind.ts';
import { call, leastWindow } from './build.ts';
import { cost } from './cost.ts';
import type { Expression, IntervalArguments } from './expression.ts';
import { Grammar, type GrowOptions, mostNeeded, type Production, type State } from './grammar.ts';
import { exponents } from './patterns.ts';

export const standardWindows: readonly number[] = [2, 5, 10, 20];

/** A factor: a plain daily ratio of 1 to maxSize operators, or as few as the fields allow. */
export function randomProgram(stream: Stream, options: GrowOptions): Expression {
  const grammar = grammarOf(options);
  const factor = grammar.state('m', ratio) as State;
  const least = grammar.smallest(factor, options.maxDepth);
  if (least > options.maxSize) {
    throw new EvolveError(
      'bad-argument',
      `No factor of at most ${options.maxSize} operators, ${options.maxDepth} deep, can be made of these fields and operators; allow more of them.`,
    );
  }
  const draw = (): Expression => {
    const size = Math.max(least, 1 + stream.below(options.maxSize));
    return grow(grammar, stream, factor, Math.min(size, options.maxSize), options.maxDepth, spareBars(grammar));
  };
  const { maxCost = Number.POSITIVE_INFINITY, minuteGrid } = options;
  let program = draw();
  for (let tries = 0; cost(program, minuteGrid) > maxCost; tries++) {
    if (tries === mostDraws) {
      throw new EvolveError(
        'bad-argument',
        `Hardly any factor of these fields and operators takes ${maxCost} additions a cell or less; allow more.`,
      );
    }
    program = draw();
  }
  return program;
}

/** Draws for one program that is not too costly. */
const mostDraws = 1000;

export interface Want {
  readonly kind: Kind;
  /** Any unit when absent. */
  readonly unit?: Unit;
  /** Operator nodes and depth, where they must be less than the options allow. */
  readonly maxSize?: number;
  readonly maxDepth?: number;
  /** For a minute value: how many of a day's first bars it may lose. */
  readonly spareBars?: number;
}

/** A value for a place in a program; undefined when nothing small enough has that kind and unit. */
export function randomValue(stream: Stream, want: Want, options: GrowOptions): Expression | undefined {
  const grammar = grammarOf(options);
  const most = Math.min(want.maxSize ?? options.maxSize, options.maxSize);
  const spare =
    want.kind === 'b' ? Math.min(want.spareBars ?? spareBars(grammar), spareBars(grammar)) : spareBars(grammar);
  // Every bar_* operator takes a bar at least, so fewer bars than levels mean fewer levels.
  const levels = want.spareBars === undefined || want.kind !== 'b' ? options.maxDepth : spare;
  const depth = Math.min(want.maxDepth ?? options.maxDepth, options.maxDepth, levels);
  const states = want.unit ? [grammar.state(want.kind, want.unit)] : grammar.statesOf(want.kind, most, depth);
  const state = states.length > 0 ? stream.pick(states) : undefined;
  if (state === undefined) return undefined;
  const least = grammar.smallest(state, depth);
  if (least > most) return undefined;
  const size = least + stream.below(most - least + 1);
  return grow(grammar, stream, state, size, depth, spare);
}

const grammars = new WeakMap<GrowOptions, Grammar>();
/** Options are kept by identity: make them once, not for every program. */
export function grammarOf(options: GrowOptions): Grammar {
  let grammar = grammars.get(options);
  if (!grammar) {
    grammar = new Grammar(options);
    grammars.set(options, grammar);
  }
  return grammar;
}

const spareBars = (grammar: Grammar): number => Math.max(0, grammar.bars - mostNeeded);

/** A value of the state from at most `size` operator nodes, `depth` deep, losing at most `spare` bars. */
function grow(grammar: Grammar, stream: Stream, state: State, size: number, depth: number, spare: number): Expression {
  const production = size > 0 ? grammar.choices(state, size, depth).pick(stream.next) : undefined;
  if (!production) return stream.pick(grammar.leaves[state] as readonly Expression[]);
  const { operator, inputs: wanted } = production;
  const row = operatorOf(operator);
  const step = row.shape === 'bar' ? stepOver(grammar, stream, spare - depth + 1) : 0;
  // A daily value starts its own days: what it loses of them is its own affair.
  const left = grammar.kindOf(state) === 'b' ? spare - step : spareBars(grammar);

  const inputs: Expression[] = [];
  let free = size - 1 - wanted.reduce((sum, input) => sum + grammar.smallest(input, depth - 1), 0);
  for (let i = 0; i < wanted.length; i++) {
    const input = wanted[i] as State;
    const extra = i === wanted.length - 1 ? free : stream.below(free + 1);
    free -= extra;
    const room = grammar.smallest(input, depth - 1) + extra;
    let value = grow(grammar, stream, input, room, depth - 1, left);
    // x - x and x / x are constants in disguise. A place only one field fits has to take it.
    for (let tries = 0; i > 0 && tries < 3 && value.key === inputs[i - 1]?.key; tries++) {
      value = grow(grammar, stream, input, room, depth - 1, left);
    }
    inputs.push(value);
  }
  const interval = production.reduction && drawInterval(grammar, stream, production.reduction, inputs);
  const parameters = row.parameters.map((parameter) =>
    drawParameter(grammar, stream, parameter, production, inputs, step),
  );
  const result = call(operator, inputs, parameters, interval);
  if (result.kind === 'refused') throw new Error(`the grammar made an impossible ${operator}: ${result.reason}`);
  return result;
}

/** The step of a bar_* operator that may lose `most` bars. */
function stepOver(grammar: Grammar, stream: Stream, most: number): number {
  const steps = grammar.options.windows.filter((step) => step <= most);
  return steps.length > 0 ? stream.pick([1, ...steps]) : 1;
}

function drawParameter(
  grammar: Grammar,
  stream: Stream,
  parameter: Parameter,
  { operator, exponent }: Production,
  inputs: readonly Expression[],
  step: number,
): number {
  if (parameter.type === 'number') return exponent as number;
  return step > 0 ? step : stream.pick(parameterValues(grammar, operator, parameter, inputs, 0));
}

function windowsOver(grammar: Grammar, operator: OperatorName, inputs: readonly Expression[]): readonly number[] {
  const least = leastWindow(operator);
  const { windows, minuteWindows } = grammar.options;
  if (inputs[0]?.kind !== 'b') return windows.filter((s) => s >= least);
  const most = grammar.bars - Math.max(...inputs.map(barsLost));
  const fitting = minuteWindows.filter((s) => s >= least && s <= most);
  return fitting.length > 0 ? fitting : [most];
}

const fractions = [0.1, 0.25, 0.5, 0.75, 0.9];
const positives = [2, 3, 5];

/** What a parameter is drawn from; `spare` is how many more bars the step of a bar_* operator may lose. */
export function parameterValues(
  grammar: Grammar,
  operator: OperatorName,
  { type }: Parameter,
  inputs: readonly Expression[],
  spare: number,
): readonly number[] {
  switch (type) {
    case 'window':
      if (operatorOf(operator).shape !== 'bar') return windowsOver(grammar, operator, inputs);
      return [1, ...grammar.options.windows].filter((step) => step <= spare);
    case 'fraction':
      return fractions;
    case 'positive':
      return positives;
    case 'number':
      return exponents;
  }
}

export function drawInterval(
  grammar: Grammar,
  stream: Stream,
  reduction: Reduction,
  [x]: readonly Expression[],
): IntervalArguments {
  const { starts, barMinutes } = grammar.options.minuteGrid as Session;
  const lost = barsLost(x as Expression);
  const [open, close] = [starts[lost] as number, (starts.at(-1) as number) + barMinutes];
  const edges = grammar.edges.filter((edge) => edge >= open);
  const [a, b] = edges.length > 1 ? [stream.pick(edges), stream.pick(edges)] : [open, close];
  const [start, end] = [Math.min(a, b), Math.max(a, b)];
  const least = leastWindow(reductions[reduction].operator);
  return barsIn(starts, start, end) >= least ? { reduction, start, end } : { reduction, start: open, end: close };
}
