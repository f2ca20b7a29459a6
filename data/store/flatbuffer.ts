/**
 * Reads a FlatBuffers table, the format of Arrow's own headers: fields by slot number, absent ones as their default.
 * Any offset that leads outside the bytes is DataView's RangeError.
 */
export class Table {
  readonly #view: DataView;
  readonly #at: number;

  private constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
  }

  static root(view: DataView): Table {
    return new Table(view, view.getUint32(0, true));
  }

  byte(slot: number): number {
    const at = this.#field(slot);
    return at === undefined ? 0 : this.#view.getUint8(at);
  }

  short(slot: number): number {
    const at = this.#field(slot);
    return at === undefined ? 0 : this.#view.getInt16(at, true);
  }

  int(slot: number): number {
    const at = this.#field(slot);
    return at === undefined ? 0 : this.#view.getInt32(at, true);
  }

  long(slot: number): number {
    const at = this.#field(slot);
    return at === undefined ? 0 : Number(this.#view.getBigInt64(at, true));
  }

  text(slot: number): string {
    const at = this.#follow(slot);
    if (at === undefined) return '';
    const bytes = this.#view.getUint32(at, true);
    return text(this.#view, at + 4, bytes);
  }

  table(slot: number): Table | undefined {
    const at = this.#follow(slot);
    return at === undefined ? undefined : new Table(this.#view, at);
  }

  tables(slot: number): Table[] {
    return this.structs(slot, 4, (view, at) => new Table(view, at + view.getUint32(at, true)));
  }

  /** A vector of fixed-size items, each read by `read`. */
  structs<T>(slot: number, bytes: number, read: (view: DataView, at: number) => T): T[] {
    const at = this.#follow(slot);
    if (at === undefined) return [];
    const count = this.#view.getUint32(at, true);
    if (at + 4 + count * bytes > this.#view.byteLength) throw new RangeError('a list in its header is cut short');
    return Array.from({ length: count }, (_, i) => read(this.#view, at + 4 + i * bytes));
  }

  #field(slot: number): number | undefined {
    const slots = this.#at - this.#view.getInt32(this.#at, true);
    const place = 4 + slot * 2;
    if (place >= this.#view.getUint16(slots, true)) return undefined;
    const offset = this.#view.getUint16(slots + place, true);
    return offset === 0 ? undefined : this.#at + offset;
  }

  #follow(slot: number): number | undefined {
    const at = this.#field(slot);
    return at === undefined ? undefined : at + this.#view.getUint32(at, true);
  }
}

export function text(view: DataView, at: number, bytes: number): string {
  if (at < 0 || at + bytes > view.byteLength) throw new RangeError('a name in its header is cut short');
  return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at, bytes));
}
