/** JSON for people: what fits on a line of 120 characters is on one, the rest is spread out. Missing is null. */
const width = 120;

export function spread(value: unknown, indent = '', lead = 0): string {
  const line = oneLine(value);
  if (typeof value !== 'object' || value === null || indent.length + lead + line.length < width) return line;
  const inner = `${indent}  `;
  const [open, close, entries] = Array.isArray(value)
    ? ['[', ']', value.map((entry) => spread(entry, inner))]
    : ['{', '}', keyed(value).map(([key, entry]) => key + spread(entry, inner, key.length))];
  return `${open}\n${entries.map((entry) => inner + entry).join(',\n')}\n${indent}${close}`;
}

function oneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(oneLine).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = keyed(value).map(([key, entry]) => key + oneLine(entry));
  return entries.length > 0 ? `{ ${entries.join(', ')} }` : '{}';
}

const keyed = (value: object): (readonly [string, unknown])[] =>
  Object.entries(value).map(([key, entry]) => [`${JSON.stringify(key)}: `, entry] as const);
