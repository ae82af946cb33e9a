/**
 * The hostcalls of Fastly's HTTP cache for guests: the guest asks what there is, fetches what is
 * missing by itself, and says what to keep. By their public ABI; what a cache does between the
 * calls is http-cache.ts.
 */
import { storing } from './http-cache.js';
import { at, type GuestBody, type GuestRequest, type Hostcall, type Surroundings } from './hostcalls.js';
import { NONE, OK, UNSUPPORTED, type Memory } from './memory.js';
import {
  valueOf,
  withHeader,
  withoutHeader,
  type EdgeResponse,
  type Found,
  type Stored,
} from './messages.js';

/** A lookup and what has become of it. */
interface Entry {
  readonly request: GuestRequest;
  found: Found | undefined;
  state: number;
}

/** The bits of a lookup's state. */
const FOUND = 1;
const USABLE = 2;
const STALE = 4;
const MUST_INSERT_OR_UPDATE = 8;
const USABLE_IF_ERROR = 16;

/** The decision about an answer of the backend. */
const INSERT = 0;
const UPDATE = 1;
const DO_NOT_STORE = 2;

/** @param enabled false: as a service where the feature is off, and as Fastly's local server */
export function cacheCalls(around: Surroundings, enabled: boolean): Record<string, Hostcall> {
  if (!enabled) return { is_request_cacheable: () => UNSUPPORTED };
  const entries = new Map<number, Entry>();
  return {
    ...lookups(around, entries),
    ...insertions(around, entries),
    ...properties(around.memory, entries),
  };
}

type Entries = Map<number, Entry>;

function lookups({ memory, handles, ask }: Surroundings, entries: Entries): Record<string, Hostcall> {
  return {
    is_request_cacheable: (handle, out) =>
      at(handles.requests, handle, ({ method }) => (memory.setU32(out, method === 'GET' ? 1 : 0), OK)),
    transaction_lookup: (handle, _mask, _options, out) =>
      at(handles.requests, handle, (request) => {
        const reply = ask({ kind: 'lookup', request: { ...request, body: new Uint8Array() } });
        const found = reply.kind === 'found' ? reply.found : undefined;
        memory.setU32(out, handles.add(entries, { request, found, state: stateOf(found) }));
        return OK;
      }),
    get_state: (handle, out) => at(entries, handle, ({ state }) => (memory.setU8(out, state), OK)),
    get_suggested_backend_request: (handle, out) =>
      at(entries, handle, ({ request, found }) => {
        const etag = found && valueOf(found.stored.response.headers, 'ETag');
        const plain = withoutHeader(request.headers, 'If-None-Match');
        const headers = etag === undefined ? plain : withHeader(plain, 'If-None-Match', etag);
        memory.setU32(out, handles.add(handles.requests, { ...request, headers }));
        return OK;
      }),
    get_found_response: (handle, forClient, responseOut, bodyOut) =>
      at(entries, handle, ({ request, found, state }) => {
        if (found === undefined || (state & USABLE) === 0) return NONE;
        const { response } = found.stored;
        const known = forClient === 1 && isSame(request, response);
        const given = known ? { ...response, status: 304, body: new Uint8Array() } : response;
        const { response: made, body } = handles.response(given);
        memory.setU32(responseOut, made);
        memory.setU32(bodyOut, body);
        return OK;
      }),
    transaction_choose_stale: (handle) => at(entries, handle, (entry) => ((entry.state |= USABLE), OK)),
    transaction_abandon: (handle) => at(entries, handle, () => OK),
    transaction_record_not_cacheable: (handle) => at(entries, handle, () => OK),
    close: (handle) => at(entries, handle, () => OK),
  };
}

function stateOf(found: Found | undefined): number {
  if (found === undefined) return MUST_INSERT_OR_UPDATE;
  const { age, stored } = found;
  if (age < stored.maxAge) return FOUND | USABLE;
  if (age < stored.maxAge + stored.staleWhileRevalidate)
    return FOUND | USABLE | STALE | MUST_INSERT_OR_UPDATE;
  return FOUND | STALE | MUST_INSERT_OR_UPDATE | USABLE_IF_ERROR;
}

function isSame({ headers }: GuestRequest, response: EdgeResponse): boolean {
  const etag = valueOf(response.headers, 'ETag');
  return etag !== undefined && valueOf(headers, 'If-None-Match') === etag;
}

function insertions({ memory, handles, ask }: Surroundings, entries: Entries): Record<string, Hostcall> {
  const { responses, bodies } = handles;
  const keep = (entry: Entry, stored: Stored): void => {
    ask({ kind: 'store', request: { ...entry.request, body: new Uint8Array() }, stored });
    entry.found = { stored, age: stored.initialAge };
    entry.state = FOUND | USABLE;
  };
  /** A body for the guest to write, and what is kept when it has. */
  const insert = (entry: Entry, response: number, mask: number, options: number): number => {
    const { status, headers } = responses.get(response)!;
    const body: GuestBody = { bytes: Buffer.alloc(0) };
    body.onClose = () => {
      keep(entry, readOptions(memory, options, mask, { status, headers, body: body.bytes }));
    };
    return handles.add(bodies, body);
  };
  const update = (entry: Entry, response: number, mask: number, options: number): void => {
    const { headers } = responses.get(response)!;
    const known = entry.found!.stored.response;
    keep(entry, readOptions(memory, options, mask, { ...known, headers }));
  };
  return {
    prepare_response_for_storage: (handle, response, action, out) =>
      at(entries, handle, ({ found }) =>
        at(responses, response, (given) => {
          memory.setU32(out, response);
          if (given.status === 304 && found !== undefined) {
            memory.setU8(action, UPDATE);
            const { headers } = found.stored.response;
            const fresh = given.headers.reduce((all, [name, value]) => withHeader(all, name, value), headers);
            memory.setU32(out, handles.add(responses, { status: 200, headers: fresh }));
            return OK;
          }
          const body = new Uint8Array();
          memory.setU8(action, storing({ ...given, body }) === undefined ? DO_NOT_STORE : INSERT);
          return OK;
        }),
      ),
    get_suggested_cache_options: (_handle, response, _mask, buffers, maskOut, out) =>
      at(responses, response, (given) => {
        const stored = storing({ ...given, body: new Uint8Array() });
        memory.setU32(maskOut, writeOptions(memory, out, buffers, stored));
        return OK;
      }),
    transaction_insert: (handle, response, mask, options, out) =>
      at(entries, handle, (entry) => (memory.setU32(out, insert(entry, response, mask, options)), OK)),
    transaction_insert_and_stream_back: (handle, response, mask, options, out, entryOut) =>
      at(entries, handle, (entry) => {
        memory.setU32(out, insert(entry, response, mask, options));
        memory.setU32(entryOut, handle);
        return OK;
      }),
    transaction_update: (handle, response, mask, options) =>
      at(entries, handle, (entry) => (update(entry, response, mask, options), OK)),
    transaction_update_and_return_fresh: (handle, response, mask, options, entryOut) =>
      at(entries, handle, (entry) => {
        update(entry, response, mask, options);
        memory.setU32(entryOut, handle);
        return OK;
      }),
  };
}

/** Where the write options have what, and the bits that say that they have it. */
const OFFSET = { maxAge: 0, vary: 8, initialAge: 16, whileRevalidate: 24, keys: 32, ifError: 48 };
const HAS = { vary: 2, initialAge: 4, whileRevalidate: 8, keys: 16, ifError: 128 };
const NANOSECONDS = 1e9;

function readOptions(memory: Memory, from: number, mask: number, response: EdgeResponse): Stored {
  const seconds = (offset: number, bit = mask): number =>
    (mask & bit) === 0 ? 0 : Number(memory.u64(from + offset)) / NANOSECONDS;
  const text = (offset: number, bit: number): string =>
    (mask & bit) === 0 ? '' : memory.text(memory.u32(from + offset), memory.u32(from + offset + 4));
  return {
    response,
    maxAge: seconds(OFFSET.maxAge, -1),
    initialAge: seconds(OFFSET.initialAge, HAS.initialAge),
    staleWhileRevalidate: seconds(OFFSET.whileRevalidate, HAS.whileRevalidate),
    staleIfError: seconds(OFFSET.ifError, HAS.ifError),
    vary: text(OFFSET.vary, HAS.vary),
    surrogateKeys: text(OFFSET.keys, HAS.keys),
  };
}

function writeOptions(memory: Memory, to: number, buffers: number, stored: Stored | undefined): number {
  const seconds = (offset: number, value = 0): void =>
    memory.setU64(to + offset, BigInt(Math.round(value * NANOSECONDS)));
  const text = (offset: number, value = ''): void => {
    const buffer = memory.u32(buffers + offset);
    memory.put(value, buffer, memory.u32(buffers + offset + 4), to + offset + 4);
    memory.setU32(to + offset, buffer);
  };
  seconds(OFFSET.maxAge, stored?.maxAge);
  seconds(OFFSET.initialAge, stored?.initialAge);
  seconds(OFFSET.whileRevalidate, stored?.staleWhileRevalidate);
  seconds(OFFSET.ifError, stored?.staleIfError);
  text(OFFSET.vary, stored?.vary);
  text(OFFSET.keys, stored?.surrogateKeys);
  return HAS.vary | HAS.initialAge | HAS.whileRevalidate | HAS.keys | HAS.ifError;
}

function properties(memory: Memory, entries: Entries): Record<string, Hostcall> {
  const duration = (of: (found: Found) => number): Hostcall => {
    return (handle, out) =>
      at(entries, handle, ({ found }) => {
        if (found === undefined) return NONE;
        memory.setU64(out, BigInt(Math.round(of(found) * NANOSECONDS)));
        return OK;
      });
  };
  const text = (of: (stored: Stored) => string): Hostcall => {
    return (handle, buffer, capacity, written) =>
      at(entries, handle, ({ found }) => {
        const value = found === undefined ? '' : of(found.stored);
        return value === '' ? NONE : memory.put(value, buffer, capacity, written);
      });
  };
  return {
    get_length: () => NONE,
    get_hits: (_handle, out) => (memory.setU64(out, 1n), OK),
    get_sensitive_data: (_handle, out) => (memory.setU32(out, 0), OK),
    get_age_ns: duration(({ age }) => age),
    get_max_age_ns: duration(({ stored }) => stored.maxAge),
    get_stale_while_revalidate_ns: duration(({ stored }) => stored.staleWhileRevalidate),
    get_stale_if_error_ns: duration(({ stored }) => stored.staleIfError),
    get_surrogate_keys: text(({ surrogateKeys }) => surrogateKeys),
    get_vary_rule: text(({ vary }) => vary),
  };
}
