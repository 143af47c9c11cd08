/**
 * The arena: one memory for weights, cache and scratch, apart from Python's, with the kernels instantiated on it.
 *
 * In: a compiled kernels module. Out: room (`allocate`), windows (`view`) and kernels (`exports`), which worker_arena.py
 * gives to the engine. Room is only ever added; `reset` takes all of it back when another model is opened. Refused, with
 * -1: more than the device or a 32-bit memory can give; Python turns that into an error with the numbers.
 */

const PAGE_BYTES = 65536;
/** Beyond the kernels' own static data and stack, which the linker asks for. */
const INITIAL_PAGES = 64;
const MAXIMUM_PAGES = 65536;

export class Arena {
  readonly memory: WebAssembly.Memory;
  readonly exports: WebAssembly.Exports;
  private readonly base: number;
  private top: number;

  constructor(module: WebAssembly.Module) {
    this.memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAXIMUM_PAGES });
    this.exports = new WebAssembly.Instance(module, { env: { memory: this.memory } }).exports;
    this.base = (this.exports.__heap_base as WebAssembly.Global<"i32">).value;
    this.top = this.base;
  }

  /** Bytes of the memory as it is now; it never shrinks. */
  get size(): number {
    return this.memory.buffer.byteLength;
  }

  /** Bytes given away since the last reset. */
  get used(): number {
    return this.top - this.base;
  }

  /** The offset of `bytes` new bytes, all zero, or -1 where there is no room. `align` is a power of two. */
  allocate(bytes: number, align: number): number {
    const offset = Math.ceil(this.top / align) * align;
    const end = offset + bytes;
    const missing = Math.ceil((end - this.size) / PAGE_BYTES);
    if (end > MAXIMUM_PAGES * PAGE_BYTES) return -1;
    if (missing > 0) {
      try {
        this.memory.grow(missing);
      } catch {
        return -1;
      }
    }
    this.top = end;
    return offset;
  }

  /** A window on the memory. It is valid until the next `allocate`. */
  view(offset: number, bytes: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.memory.buffer as ArrayBuffer, offset, bytes);
  }

  /** Takes everything back. What was used is cleared, so that a second model finds the same zeros as a first. */
  reset(): void {
    this.view(this.base, this.used).fill(0);
    this.top = this.base;
  }
}
