/** Cell by cell. Where a device's own function is coarse (WGSL: log near 1, tanh near 0), a series stands in for it. */
import { dayOfBar, missing, type Stage, settle } from './stage.ts';

const cell = (name: string): string => `${name}[this.thread.y][this.thread.x]`;

/** `a`, `b` are the cells of x, y; a missing one makes the answer missing. */
function elementwise(name: string, arity: 1 | 2, body: string, extra: readonly string[] = []): readonly Stage[] {
  const given = arity === 1 ? ['x'] : ['x', 'y'];
  const open = given.map((series, i) => {
    const local = 'ab'[i] as string;
    return `const ${local} = ${cell(series)}; if (${local} < -3e38) return ${missing};`;
  });
  return [{ name, takes: [...given, ...extra], gives: 'cells', body: `${open.join('\n')}\n${body}` }];
}

export const add = elementwise('add', 2, settle('a + b'));
export const subtract = elementwise('subtract', 2, settle('a - b'));
export const multiply = elementwise('multiply', 2, settle('a * b'));
export const divide = elementwise('divide', 2, `if (b == 0) return ${missing};${settle('a / b')}`);
export const negate = elementwise('negate', 1, 'return -a;');
export const absolute = elementwise('absolute', 1, 'return Math.abs(a);');
export const sign = elementwise('sign', 1, 'if (a > 0) return 1; if (a < 0) return -1; return 0;');
export const root = elementwise('root', 1, `if (a < 0) return ${missing}; return Math.sqrt(a);`);

/** Between 0.7 and 1.4, where ratios of prices are, 2 artanh((a - 1) / (a + 1)): a device's log may be off by 5e-7 there. */
export const logarithm = elementwise(
  'logarithm',
  1,
  `if (a <= 0) return ${missing};
  if (a > 0.7 && a < 1.4) {
    const z = (a - 1) / (a + 1);
    const w = z * z;
    return 2 * z * (1 + w * (1 / 3 + w * (0.2 + w * (1 / 7 + w * (1 / 9 + w / 11)))));
  }
  return Math.log(a);`,
);

/** Of -|a|, whose exponential cannot overflow. */
export const sigmoid = elementwise(
  'sigmoid',
  1,
  `const e = Math.exp(-Math.abs(a));
  if (a < 0) return e / (1 + e);
  return 1 / (1 + e);`,
);

export const tanh = elementwise(
  'tanh',
  1,
  `const size = Math.abs(a);
  if (size < 0.5) {
    const w = a * a;
    return a * (1 + w * (-0.33333334 + w * (0.13333334 + w * (-0.053968254 + w * (0.021869488
      + w * (-0.008863236 + w * (0.0035921279 - w * 0.0014558344)))))));
  }
  let far = 1.0;
  if (size < 15) far = 1 - 2 / (Math.exp(2 * size) + 1);
  if (a < 0) return -far;
  return far;`,
);

/** Small whole powers and roots by multiplication, division and roots, which devices round well. */
export const power = elementwise(
  'power',
  1,
  `if (k == 0) return 1;
  if (k == 1) return a;
  if (a == 0) {
    if (k > 0) return 0;
    return ${missing};
  }
  const whole = Math.floor(k);
  if (a < 0 && whole != k) return ${missing};
  const size = Math.abs(a);
  let answer = 0.5;
  if (k == 2) answer = size * size;
  else if (k == 3) answer = size * size * size;
  else if (k == -1) answer = 1 / size;
  else if (k == -2) answer = (1 / size) * (1 / size);
  else if (k == 0.5) answer = Math.sqrt(size);
  else answer = Math.pow(size, k);
  if (a < 0 && Math.floor(whole * 0.5) * 2 != whole) answer = -answer;${settle('answer')}`,
  ['k'],
);

export const smaller = elementwise('smaller', 2, 'return Math.min(a, b);');
export const larger = elementwise('larger', 2, 'return Math.max(a, b);');
export const greater = elementwise('greater', 2, 'if (a > b) return 1; return 0;');
export const less = elementwise('less', 2, 'if (a < b) return 1; return 0;');

/** The branch not taken does not matter; the one taken may itself be missing. */
export const choose: readonly Stage[] = [
  {
    name: 'choose',
    takes: ['x', 'y', 'z'],
    gives: 'cells',
    body: `const a = ${cell('x')};
  if (a < -3e38) return ${missing};
  if (a == 0) return ${cell('z')};
  return ${cell('y')};`,
  },
];

/** A constant, a market vector and a daily matrix repeated to fit what they are combined with; the last to bars. */
export const spread = {
  s: { name: 'spread_scalar', takes: ['k'], gives: 'cells', body: 'return k;' },
  v: { name: 'spread_vector', takes: ['x'], gives: 'cells', body: 'return x[this.thread.y][0];' },
  m: { name: 'spread_daily', takes: ['x', 'bars'], gives: 'cells', body: `${dayOfBar} return x[day][this.thread.x];` },
} as const satisfies Record<string, Stage>;
