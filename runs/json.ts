/**
 * A value as JSON text that gives the same value back. What JSON would change on the way (NaN becomes null, a Map
 * becomes {}) is refused: a search resumed from it would be another search. An undefined property is left out, and -0
 * becomes the equal 0.
 */
export function jsonText(value: unknown): string {
  refuseLossy(value, 'it');
  return JSON.stringify(value);
}

function refuseLossy(value: unknown, where: string): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'number':
      if (!Number.isFinite(value)) throw new RangeError(`${where} is ${value}, which JSON cannot hold`);
      return;
    case 'object':
      break;
    default:
      throw new RangeError(`${where} is a ${typeof value}, which JSON cannot hold`);
  }
  if (value === null) return;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (needsALook(value[i])) refuseLossy(value[i], `${where}[${i}]`);
    return;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new RangeError(`${where} is a ${prototype.constructor?.name}, which JSON cannot hold`);
  }
  for (const key of Object.keys(value)) {
    const inner = (value as Record<string, unknown>)[key];
    if (inner !== undefined && needsALook(inner)) refuseLossy(inner, `${where}.${key}`);
  }
}

/** Most of a state is texts and finite numbers, and no place need be spelled for those. */
const needsALook = (value: unknown): boolean => typeof value !== 'string' && !Number.isFinite(value);
