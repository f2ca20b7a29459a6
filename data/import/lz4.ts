/**
 * The LZ4 frame format, decoded: magic, descriptor, blocks of literals and back references, end mark. Checksums are
 * skipped; a frame that is cut short or refers before its start is refused.
 * https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 */
const frameMagic = 0x184d2204;

export function lz4Frame(frame: Uint8Array): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint32(0, true) !== frameMagic) throw new RangeError('it has no LZ4 frame where one is expected');
  const flags = view.getUint8(4);
  const [hasDictionary, hasSize, blockChecksums] = [flags & 1, flags & 8, flags & 16];
  let at = 6 + (hasSize ? 8 : 0) + (hasDictionary ? 4 : 0) + 1;
  let out = new Uint8Array(hasSize ? Number(view.getBigUint64(6, true)) : frame.byteLength * 4);
  let length = 0;
  for (;;) {
    const head = view.getUint32(at, true);
    at += 4;
    if (head === 0) return out.subarray(0, length);
    const size = head & 0x7fffffff;
    const block = frame.subarray(at, at + size);
    if (block.length < size) throw new RangeError('an LZ4 block is cut short');
    const stored = head >>> 31 === 1;
    const needed = stored ? size : decodedLength(block);
    if (length + needed > out.length) {
      const wider = new Uint8Array(Math.max(length + needed, out.length * 2));
      wider.set(out.subarray(0, length));
      out = wider;
    }
    if (stored) out.set(block, length);
    else decodeBlock(block, out, length);
    length += needed;
    at += size + (blockChecksums ? 4 : 0);
  }
}

/** Walks the sequences of a block: `each` is told of literals and of the match that follows them. */
function walk(block: Uint8Array, each: (from: number, literals: number, offset: number, match: number) => void): void {
  let at = 0;
  const longer = (short: number): number => {
    let total = short;
    if (short < 15) return total;
    for (let byte = 255; byte === 255; ) {
      byte = block[at++] ?? 0;
      total += byte;
    }
    return total;
  };
  while (at < block.length) {
    const token = block[at++] as number;
    const literals = longer(token >> 4);
    const from = at;
    at += literals;
    if (at >= block.length) {
      if (at > block.length) throw new RangeError('an LZ4 block ends inside its literals');
      each(from, literals, 0, 0);
      return;
    }
    const offset = (block[at] as number) | ((block[at + 1] ?? 0) << 8);
    at += 2;
    each(from, literals, offset, longer(token & 15) + 4);
  }
}

function decodedLength(block: Uint8Array): number {
  let total = 0;
  walk(block, (_from, literals, _offset, match) => {
    total += literals + match;
  });
  return total;
}

function decodeBlock(block: Uint8Array, out: Uint8Array, start: number): void {
  let length = start;
  walk(block, (from, literals, offset, match) => {
    out.set(block.subarray(from, from + literals), length);
    length += literals;
    if (match === 0) return;
    if (offset === 0 || offset > length) throw new RangeError('an LZ4 block refers before its start');
    // Byte by byte: a match may overlap what it writes, which is how runs are stored.
    for (let i = 0; i < match; i++, length++) out[length] = out[length - offset] as number;
  });
}
