/** Thrift's compact encoding, as far as Parquet's headers need it: no negative numbers, no flags, fields in order. */

export interface Encoded {
  readonly type: number;
  readonly bytes: readonly number[];
}

export const i32 = (value: number): Encoded => ({ type: 5, bytes: varint(2 * value) });
export const i64 = (value: number): Encoded => ({ type: 6, bytes: varint(2 * value) });

export const binary = (bytes: Uint8Array): Encoded => ({ type: 8, bytes: [...varint(bytes.length), ...bytes] });
export const text = (value: string): Encoded => binary(Buffer.from(value));

/** Of at least one item, all of one type. */
export function list(items: readonly Encoded[]): Encoded {
  const type = items[0]?.type ?? 0;
  const head = items.length < 15 ? [(items.length << 4) | type] : [0xf0 | type, ...varint(items.length)];
  return { type: 9, bytes: [...head, ...items.flatMap(({ bytes }) => bytes)] };
}

/** Fields by their number, ascending. */
export function struct(fields: Readonly<Record<number, Encoded>>): Encoded {
  let last = 0;
  const bytes = Object.entries(fields).flatMap(([id, { type, bytes }]) => {
    const step = Number(id) - last;
    last = Number(id);
    return [(step << 4) | type, ...bytes];
  });
  return { type: 12, bytes: [...bytes, 0] };
}

export function varint(value: number): number[] {
  const bytes = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return bytes;
}
