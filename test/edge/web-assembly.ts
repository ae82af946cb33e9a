/**
 * The part of WebAssembly that the host uses. Node has it; its types are with those of browsers,
 * which would come along with all of theirs.
 */

export interface WasmModule {
  readonly brand: 'WebAssembly.Module';
}

/** It gets another buffer when it grows. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

export interface WasmInstance {
  readonly exports: { readonly memory: WasmMemory };
}

export type WasmImports = Record<string, Record<string, (...args: number[]) => number>>;

interface Api {
  readonly compile: (bytes: Uint8Array) => Promise<WasmModule>;
  readonly Module: { imports(module: WasmModule): { module: string; name: string }[] };
  readonly Instance: new (module: WasmModule, imports: WasmImports) => WasmInstance;
}

export const { compile, Module, Instance } = (globalThis as unknown as { WebAssembly: Api }).WebAssembly;
