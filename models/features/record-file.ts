/** Records one after the other into a file, in large writes that go on while the next records are made. */
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

export class RecordFile {
  readonly #file: FileHandle;
  readonly #recordNumbers: number;
  readonly #checksums: Uint32Array;
  #filling: Int32Array;
  #writing: Int32Array;
  #filled = 0;
  #written = 0;
  #write: Promise<void> = Promise.resolve();

  private constructor(file: FileHandle, recordNumbers: number, records: number) {
    this.#file = file;
    this.#recordNumbers = recordNumbers;
    this.#checksums = new Uint32Array(records);
    const chunk = RecordFile.chunkBytes(4 * recordNumbers, records) / 4;
    this.#filling = new Int32Array(chunk);
    this.#writing = new Int32Array(chunk);
  }

  static async create(path: string, recordNumbers: number, records: number): Promise<RecordFile> {
    return new RecordFile(await open(path, 'wx'), recordNumbers, records);
  }

  /** What is written at once: whole records. There are two of these in memory. */
  static chunkBytes(recordBytes: number, records: number): number {
    return recordBytes * Math.max(1, Math.min(records, Math.floor((8 * 1024 ** 2) / recordBytes)));
  }

  /** Hands out the room of the next record, which is to be filled before this returns. */
  async add(fill: (record: Int32Array) => void): Promise<void> {
    const record = this.#filling.subarray(this.#filled, this.#filled + this.#recordNumbers);
    fill(record);
    this.#checksums[this.#written++] = crc32(record);
    this.#filled += this.#recordNumbers;
    if (this.#filled === this.#filling.length) await this.#flush();
  }

  /** The checksums follow the records. Answers with theirs. */
  async finish(): Promise<number> {
    if (this.#written !== this.#checksums.length) throw new Error('features have fewer records than dates');
    await this.#flush();
    await this.#write;
    await writeFully(this.#file, this.#checksums);
    await this.#file.datasync();
    await this.#file.close();
    return crc32(this.#checksums);
  }

  async abandon(): Promise<void> {
    await this.#write.catch(() => {}); // what it failed of has been said, or no longer matters
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    await this.#write;
    [this.#filling, this.#writing] = [this.#writing, this.#filling];
    this.#write = writeFully(this.#file, this.#writing.subarray(0, this.#filled));
    this.#write.catch(() => {}); // heard of at the next flush
    this.#filled = 0;
  }
}

async function writeFully(file: FileHandle, numbers: Int32Array | Uint32Array): Promise<void> {
  const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}
