/** The memory of a guest, as its hostcalls read and write it. Little-endian, 32-bit addresses. */
import type { WasmMemory } from './web-assembly.js';

/** The statuses that hostcalls return, as far as this host needs them. */
export const OK = 0;
export const BAD_HANDLE = 3;
export const INVALID_ARGUMENT = 2;
const BUFFER_LEN = 4;
export const UNSUPPORTED = 5;
export const NONE = 10;

export class Memory {
  readonly #memory: () => WasmMemory;

  constructor(memory: () => WasmMemory) {
    this.#memory = memory;
  }

  bytes(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory().buffer, address, length);
  }

  text(address: number, length: number): string {
    return Buffer.from(this.bytes(address, length)).toString('latin1');
  }

  u32(address: number): number {
    return this.#view().getUint32(address, true);
  }

  u64(address: number): bigint {
    return this.#view().getBigUint64(address, true);
  }

  setU8(address: number, value: number): void {
    this.#view().setUint8(address, value);
  }

  setU16(address: number, value: number): void {
    this.#view().setUint16(address, value, true);
  }

  setU32(address: number, value: number): void {
    this.#view().setUint32(address, value, true);
  }

  setU64(address: number, value: bigint): void {
    this.#view().setBigUint64(address, value, true);
  }

  /** Puts text into a buffer of the guest's and its length where the guest asks for that. */
  put(text: string, buffer: number, capacity: number, written: number): number {
    const bytes = Buffer.from(text, 'latin1');
    this.setU32(written, bytes.length);
    if (bytes.length > capacity) return BUFFER_LEN;
    this.bytes(buffer, bytes.length).set(bytes);
    return OK;
  }

  /**
   * Puts several values into a buffer, a zero byte after each, from the one at `cursor` on. Tells
   * the guest the cursor of the next that did not fit, or -1.
   */
  putAll(values: readonly string[], at: ListPlace): number {
    let used = 0;
    for (let index = at.cursor; index < values.length; index++) {
      const bytes = Buffer.from(`${values[index]!}\0`, 'latin1');
      if (used + bytes.length > at.capacity) {
        this.setU32(at.written, used);
        this.#view().setBigInt64(at.next, BigInt(index), true);
        return used === 0 ? BUFFER_LEN : OK;
      }
      this.bytes(at.buffer + used, bytes.length).set(bytes);
      used += bytes.length;
    }
    this.setU32(at.written, used);
    this.#view().setBigInt64(at.next, -1n, true);
    return OK;
  }

  #view(): DataView {
    // Created each time: a memory that grows gets another buffer.
    return new DataView(this.#memory().buffer);
  }
}

export interface ListPlace {
  readonly buffer: number;
  readonly capacity: number;
  readonly cursor: number;
  /** Where the next cursor goes. */
  readonly next: number;
  /** Where the number of bytes goes. */
  readonly written: number;
}
