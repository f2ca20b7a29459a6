/** Numbers of all symbols on a date, [symbols][channels], NaN where missing; valid until a call or two later. */
export interface RecordReader {
  record(date: number): Float32Array;
  close(): void;
}
