/**
 * How reductions of minute bars live with bar_* operators below them, which take the day's first bars away: rather
 * than refuse them, a window shrinks to the bars that are left and an interval begins where they do.
 */
import { operatorOf } from '../../operators/table.ts';
import { barsIn, barsLost } from '../bind.ts';
import type { Call, Expression } from '../expression.ts';
import { type Grammar, mostNeeded } from '../grammar.ts';

type Constants = Pick<Call, 'parameters' | 'interval'>;

/** The constants of a call for other inputs. */
export function constantsOver(inputs: readonly Expression[], before: Call, grammar: Grammar): Constants {
  if (before.kind !== 'm' || before.inputs[0]?.kind !== 'b') return before;
  const lost = Math.max(...inputs.map(barsLost));
  const { parameters, interval } = before;
  if (lost === 0) return before;
  if (!interval) {
    const [window = 0, ...others] = parameters;
    return { parameters: [Math.min(window, grammar.bars - lost), ...others] };
  }
  const opens = grammar.options.minuteGrid?.starts[lost] ?? interval.start;
  const start = interval.reduction === 'last' ? interval.start : Math.max(interval.start, opens);
  return { parameters, interval: { ...interval, start } };
}

/** How many of the day's first bars a call allows its minute inputs to lack; `spare` is how many it may lack itself. */
export function spareUnder(expression: Expression, spare: number, { bars, options }: Grammar): number {
  if (expression.node !== 'call') return 0;
  const { operator, parameters, interval, kind } = expression;
  const [constant = 0] = parameters;
  if (kind === 'b') return operatorOf(operator).shape === 'bar' ? spare - constant : spare;
  if (!interval) return bars - Math.min(constant, mostNeeded);
  const { starts = [] } = options.minuteGrid ?? {};
  return barsIn(starts, 0, interval.end) - Math.min(barsIn(starts, interval.start, interval.end), mostNeeded);
}
