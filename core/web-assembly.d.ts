/** The part of WebAssembly we use; TypeScript ships it only with the browser's types, and Node's leave it out. */
declare namespace WebAssembly {
  /** Shared by all threads unless it says otherwise. */
  class Memory<Kind extends ArrayBufferLike = SharedArrayBuffer> {
    constructor(
      descriptor: Kind extends SharedArrayBuffer
        ? { initial: number; maximum: number; shared: true }
        : { initial: number },
    );
    readonly buffer: Kind;
    grow(pages: number): number;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
    readonly exports: Record<string, unknown>;
  }
  function validate(bytes: Uint8Array): boolean;
}
