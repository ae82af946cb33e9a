/**
 * The thread of one instance of the edge program, which answers one request, as at Fastly. A
 * thread, because hostcalls wait for their answer and must not stop the host.
 */
import { WASI } from 'node:wasi';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { cacheCalls } from './cache-calls.js';
import { Handles, hostcalls, type Hostcalls } from './hostcalls.js';
import { Memory, NONE } from './memory.js';
import type { Ask, GuestStart, Outcome, Reply } from './messages.js';
import { Instance, Module, type WasmImports, type WasmMemory, type WasmModule } from './web-assembly.js';

const port = parentPort!;
const { wasm, request, httpCache, replies } = workerData as GuestStart;

// Wizer has run the program up to its first request: it needs neither files nor arguments any more.
const wasi = new WASI({ version: 'preview1', args: ['edge'], returnOnExit: true });
const handles = new Handles();
const downstream = {
  request: handles.add(handles.requests, {
    method: request.method,
    uri: request.uri,
    headers: request.headers,
    pass: false,
  }),
  body: handles.add(handles.bodies, { bytes: Buffer.from(request.body) }),
};
// The calls need the memory, which only the instance has, which needs the calls.
const shared: { memory?: WasmMemory } = {};
const memory = new Memory(() => shared.memory!);
const around = { memory, handles, downstream, ask, decide };
const calls: Hostcalls = { ...hostcalls(around), fastly_http_cache: cacheCalls(around, httpCache) };

const instance = new Instance(wasm, {
  ...(wasi.getImportObject() as WasmImports),
  ...imports(wasm, calls),
});
shared.memory = instance.exports.memory;
const code = wasi.start(instance);
port.postMessage({ kind: 'ended', code });

function ask(question: Ask): Reply {
  const counter = new Int32Array(replies);
  const seen = Atomics.load(counter, 0);
  port.postMessage(question);
  Atomics.wait(counter, 0, seen);
  return (receiveMessageOnPort(port) as { message: Reply }).message;
}

function decide(outcome: Outcome): void {
  port.postMessage(outcome);
}

/** Every import of the program: what this host has, and for everything else a trap that says so. */
function imports(module: WasmModule, own: Hostcalls): WasmImports {
  const all: WasmImports = {};
  for (const { module: from, name } of Module.imports(module)) {
    if (from === 'wasi_snapshot_preview1') continue;
    const missing = (): number => {
      throw new Error(`this host has no ${from}.${name}`);
    };
    // Questions about the client (its address, its TLS) have no answer here.
    const unknown = from === 'fastly_http_downstream' ? () => NONE : missing;
    (all[from] ??= {})[name] = own[from]?.[name] ?? unknown;
  }
  return all;
}
