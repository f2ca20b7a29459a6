/**
 * The matrices of a graphics device, given out again when they are free: asking the driver for forty megabytes, which
 * come filled with zeros, takes longer than most kernels. Sizes are rounded up, so that stretches of dates of about the
 * same length share them.
 */
import type { GpuBuffer } from './dawn.ts';

/** Free bytes that are kept in any case. */
const leastKept = 256 * 1024 ** 2;

interface Pooled {
  readonly buffer: GpuBuffer;
  readonly destroy: () => void;
}

export class BufferPool {
  readonly #create: (bytes: number) => GpuBuffer;
  readonly #largest: number;
  /** By size, the size least recently asked for first. */
  readonly #free = new Map<number, Pooled[]>();
  #used = 0;
  #kept = 0;
  #peak = 0;

  /** `create` asks the device, for `largest` bytes at most. */
  constructor(create: (bytes: number) => GpuBuffer, largest: number) {
    this.#create = create;
    this.#largest = largest;
  }

  /** The most the device has given at a time, in use or free. */
  get peak(): number {
    return this.#peak;
  }

  /** At least so many bytes, with whatever is in them; destroying the buffer gives it back. */
  take(bytes: number): GpuBuffer {
    const size = Math.max(bytes, Math.min(rounded(bytes), this.#largest));
    const free = this.#free.get(size) ?? [];
    this.#free.delete(size);
    this.#free.set(size, free);
    const pooled = free.pop();
    if (pooled) this.#kept -= size;
    this.#used += size;
    const buffer = pooled?.buffer ?? this.#make(size);
    this.#peak = Math.max(this.#peak, this.#used + this.#kept);
    return buffer;
  }

  #make(size: number): GpuBuffer {
    const buffer = this.#create(size);
    const pooled = { buffer, destroy: buffer.destroy.bind(buffer) };
    buffer.destroy = () => {
      // Twice free, it would be given to two.
      if (this.#free.get(size)?.includes(pooled)) throw new Error('a matrix on the device is released twice');
      this.#used -= size;
      this.#kept += size;
      this.#free.get(size)?.push(pooled);
      this.#trim();
    };
    return buffer;
  }

  /** No more is kept than is in use, beyond what may be kept in any case. */
  #trim(): void {
    for (const [size, free] of this.#free) {
      while (free.length > 0 && this.#kept > Math.max(leastKept, this.#used)) {
        free.pop()?.destroy();
        this.#kept -= size;
      }
    }
  }
}

/** By an eighth of the power of two below, at most. */
function rounded(bytes: number): number {
  const step = 2 ** Math.max(8, Math.floor(Math.log2(bytes)) - 3);
  return Math.ceil(bytes / step) * step;
}
