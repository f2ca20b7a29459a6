/** The forms an operator row can take in a program: which kinds go in and come out, and which units. */
import type { Unit } from '../core/units.ts';
import type { Kind, Operator } from '../operators/define.ts';
import { type Reduction, reductionNames, reductions } from '../operators/reference/interval.ts';

export interface Pattern {
  readonly kind: Kind;
  readonly inputs: readonly Kind[];
  readonly weight: number;
}

/** The kinds an operator takes and gives, as program/build.ts allows them, and how often each is worth trying. */
export function patterns(row: Operator): Pattern[] {
  const all = (kind: Kind): Kind[] => Array.from({ length: row.arity }, () => kind);
  switch (row.shape) {
    case 'elementwise':
      return (['v', 'm', 'b'] as const).flatMap((kind) => [
        { kind, inputs: all(kind), weight: 8 },
        ...smaller(row.arity, kind, 's', 2),
        ...(kind === 'm' ? smaller(row.arity, kind, 'v', 1) : []),
      ]);
    case 'rolling':
      return [
        { kind: 'm', inputs: all('m'), weight: 8 },
        ...smaller(row.arity, 'm', 'v', 1),
        { kind: 'm', inputs: all('b'), weight: 4 },
        { kind: 'v', inputs: all('v'), weight: 8 },
      ];
    case 'cross-section':
      return [{ kind: 'm', inputs: row.grouped ? ['m', 'g'] : all('m'), weight: 1 }];
    case 'bar':
      return [{ kind: 'b', inputs: ['b'], weight: 1 }];
    case 'interval':
      return [{ kind: 'm', inputs: ['b'], weight: 1 }];
    case 'learn':
      return [{ kind: 'v', inputs: ['m'], weight: 1 }];
  }
}

/** One input of a smaller kind, at any place; never a choice's condition, which would choose nothing. */
function smaller(arity: number, kind: Kind, small: Kind, weight: number): Pattern[] {
  if (arity === 1) return [];
  const places = arity === 2 ? [0, 1] : [1, 2];
  return places.map((place) => ({
    kind,
    inputs: Array.from({ length: arity }, (_, i) => (i === place ? small : kind)),
    weight,
  }));
}

export interface Variant {
  readonly exponent?: number;
  readonly reduction?: Reduction;
  readonly unit: (inputs: readonly Unit[]) => Unit | undefined;
}

export const exponents: readonly number[] = [2, 3, 0.5, -1];

/** The forms of an operator that differ in the unit they give. */
export function variants(row: Operator): Variant[] {
  if (row.shape === 'interval') {
    return reductionNames.map((reduction) => ({ reduction, unit: (inputs) => reductions[reduction].unit(inputs, []) }));
  }
  if (row.parameters.some(({ type }) => type === 'number')) {
    return exponents.map((exponent) => ({ exponent, unit: (inputs) => row.unit(inputs, [exponent]) }));
  }
  return [
    {
      unit: (inputs) =>
        row.unit(
          inputs,
          row.parameters.map(() => 2),
        ),
    },
  ];
}
