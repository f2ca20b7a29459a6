/** What library.schema.json says about a value: what is wrong with it, and how it is laid out. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { packageRoot } from '../core/package-root.ts';

/** The part of JSON Schema that ours is written in, as far as the layout depends on it. */
interface Shape {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
}

interface Schema extends Shape {
  readonly $defs: Readonly<Record<string, Shape>>;
}

type Refuse = (place: string, value: number) => never;

let known: Schema | undefined;
function schema(): Schema {
  known ??= JSON.parse(readFileSync(join(packageRoot, 'runs', 'library.schema.json'), 'utf8')) as Schema;
  return known;
}

/**
 * The same value with its keys in the order of the schema, those it does not know by name after them. Where the schema
 * allows null the number is missing, and missing is NaN here; of any other that is not finite `refuse` is told.
 */
export function laidOut(value: unknown, refuse: Refuse, shape: Shape = schema(), where = ''): unknown {
  const { type, properties, items } = shape.$ref ? definition(shape.$ref) : shape;
  if (value === null && type?.includes('null')) return Number.NaN;
  if (typeof value === 'number' && !Number.isFinite(value) && !type?.includes('null')) refuse(where, value);
  if (Array.isArray(value)) return value.map((entry, i) => laidOut(entry, refuse, items ?? {}, `${where}[${i}]`));
  if (typeof value !== 'object' || value === null) return value;
  const first = Object.keys(properties ?? {});
  const others = Object.keys(value).filter((key) => !first.includes(key));
  return Object.fromEntries(
    [...first, ...others.sort()]
      .map((key) => [key, (value as Record<string, unknown>)[key]] as const)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, laidOut(inner, refuse, properties?.[key] ?? {}, where ? `${where}.${key}` : key)]),
  );
}

function definition(reference: string): Shape {
  const found = schema().$defs[reference.replace('#/$defs/', '')];
  if (!found) throw new Error(`library.schema.json has no ${reference}`);
  return found;
}

let compiled: ValidateFunction | undefined;
function validator(): ValidateFunction {
  if (compiled) return compiled;
  // Loading it and compiling the schema takes longer than all the rest of a short command.
  const ajv = createRequire(import.meta.url)('ajv/dist/2020.js') as { readonly Ajv2020: typeof Ajv2020 };
  compiled = new ajv.Ajv2020({ allErrors: true, verbose: true, allowUnionTypes: true }).compile(schema());
  return compiled;
}

/** What breaks the schema, each with its place: `factor 2 "momentum": metrics.train lacks "ic"`. */
export function violations(value: unknown): string[] {
  const check = validator();
  if (check(value)) return [];
  return (check.errors ?? []).map((error) => `${placeOf(error.instancePath, value)}${complaint(error)}`);
}

/** What a sentence about the value at a JSON pointer begins with. */
function placeOf(pointer: string, root: unknown): string {
  const steps = pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (steps.length === 0) return 'it ';
  const [list, index, ...inner] = steps;
  if (list !== 'factors' || index === undefined) return `${spelled(steps)} `;
  const { name } = ((root as { factors: unknown[] }).factors[Number(index)] ?? {}) as { name?: unknown };
  const factor = `factor ${Number(index) + 1}${typeof name === 'string' ? ` "${name}"` : ''}`;
  return inner.length > 0 ? `${factor}: ${spelled(inner)} ` : `${factor} `;
}

const spelled = (steps: readonly string[]): string =>
  steps.map((step, i) => (/^\d+$/.test(step) ? `[${step}]` : i > 0 ? `.${step}` : step)).join('');

function complaint({ keyword, params, data, message }: ErrorObject): string {
  switch (keyword) {
    case 'required':
      return `lacks "${params.missingProperty}"`;
    case 'additionalProperties':
      return `has a key "${params.additionalProperty}" that libraries do not have`;
    case 'type':
      return `should be ${[params.type].flat().map(typeWord).join(' or ')}, not ${shown(data)}`;
    case 'const':
      return `should be ${params.allowedValue}, not ${shown(data)}`;
    case 'enum':
      return `should be ${params.allowedValues.join(' or ')}, not ${shown(data)}`;
    case 'minimum':
      return `should be ${params.limit} or more, not ${shown(data)}`;
    case 'minLength':
      return 'is empty';
    case 'minItems':
    case 'maxItems':
      return `should have ${params.limit} entries, not ${(data as unknown[]).length}`;
    case 'pattern':
      return `should be a date such as 2024-01-31, not ${shown(data)}`;
    default:
      return message ?? keyword;
  }
}

const typeWord = (type: string): string =>
  ({ string: 'a text', number: 'a number', integer: 'a whole number', array: 'a list', object: 'an object' })[type] ??
  type;

function shown(data: unknown): string {
  const text = JSON.stringify(data);
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}
