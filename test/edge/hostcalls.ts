/**
 * The hostcalls of Fastly Compute that the edge program makes, by their public ABI: messages,
 * bodies, sending, and handing over to Fanout. The cache is in cache-calls.ts. Everything is at
 * hand when it is asked for: bodies are complete, and to send is to wait for the answer.
 */
import { BAD_HANDLE, INVALID_ARGUMENT, Memory, NONE, OK } from './memory.js';
import {
  valuesOf,
  withHeader,
  withoutHeader,
  type Ask,
  type EdgeResponse,
  type HeaderList,
  type Outcome,
  type Reply,
} from './messages.js';

export type Hostcall = (...args: number[]) => number;
export type Hostcalls = Record<string, Record<string, Hostcall>>;

export interface Surroundings {
  readonly memory: Memory;
  readonly handles: Handles;
  readonly downstream: { readonly request: number; readonly body: number };
  /** Asks the host, and waits for its reply. */
  readonly ask: (ask: Ask) => Reply;
  readonly decide: (outcome: Outcome) => void;
}

export interface GuestRequest {
  method: string;
  uri: string;
  headers: HeaderList;
  pass: boolean;
}

export interface GuestResponse {
  status: number;
  headers: HeaderList;
}

export interface GuestBody {
  bytes: Buffer;
  /** Called when the guest has written everything. */
  onClose?: () => void;
}

/** Everything that a guest has a handle of. Handles are never used again. */
export class Handles {
  readonly requests = new Map<number, GuestRequest>();
  readonly responses = new Map<number, GuestResponse>();
  readonly bodies = new Map<number, GuestBody>();
  readonly pending = new Map<number, Reply>();
  #next = 1;

  add<T>(to: Map<number, T>, value: T): number {
    to.set(this.#next, value);
    return this.#next++;
  }

  response({ status, headers, body }: EdgeResponse): { response: number; body: number } {
    return {
      response: this.add(this.responses, { status, headers }),
      body: this.add(this.bodies, { bytes: Buffer.from(body) }),
    };
  }
}

/** For a handle, or the status that says there is none. */
export function at<T>(map: Map<number, T>, handle: number, use: (value: T) => number): number {
  const value = map.get(handle);
  return value === undefined ? BAD_HANDLE : use(value);
}

export function hostcalls(around: Surroundings): Hostcalls {
  const { memory, handles } = around;
  return {
    fastly_http_req: { ...headerCalls(memory, handles.requests), ...requestCalls(around) },
    fastly_http_resp: { ...headerCalls(memory, handles.responses), ...responseCalls(around) },
    fastly_http_body: bodyCalls(memory, handles),
    fastly_async_io: {
      // Everything is ready, so the first is.
      select: (_handles, _count, _timeout, ready) => (memory.setU32(ready, 0), OK),
      is_ready: (_handle, ready) => (memory.setU32(ready, 1), OK),
    },
  };
}

function headerCalls(
  memory: Memory,
  messages: Map<number, { headers: HeaderList }>,
): Record<string, Hostcall> {
  const change = (to: (headers: HeaderList, name: string, value: string) => HeaderList): Hostcall => {
    return (handle, name, nameLength, value = 0, valueLength = 0) =>
      at(messages, handle, (message) => {
        message.headers = to(message.headers, memory.text(name, nameLength), memory.text(value, valueLength));
        return OK;
      });
  };
  return {
    header_names_get: (handle, buffer, capacity, cursor, next, written) =>
      at(messages, handle, ({ headers }) => {
        const names = [...new Set(headers.map(([name]) => name.toLowerCase()))];
        return memory.putAll(names, { ...place(buffer, capacity, cursor), next: next, written: written });
      }),
    header_values_get: (handle, name, nameLength, buffer, capacity, cursor, next, written) =>
      at(messages, handle, ({ headers }) => {
        const values = valuesOf(headers, memory.text(name, nameLength));
        return memory.putAll(values, { ...place(buffer, capacity, cursor), next: next, written: written });
      }),
    header_insert: change(withHeader),
    header_append: change((headers, name, value) => [...headers, [name, value]]),
    header_remove: (handle, name, nameLength) =>
      at(messages, handle, (message) => {
        const text = memory.text(name, nameLength);
        if (valuesOf(message.headers, text).length === 0) return INVALID_ARGUMENT;
        message.headers = withoutHeader(message.headers, text);
        return OK;
      }),
    version_get: (_handle, version) => (memory.setU32(version, HTTP_1_1), OK),
    framing_headers_mode_set: () => OK,
  };
}

function place(buffer = 0, capacity = 0, cursor = 0) {
  return { buffer, capacity, cursor };
}

const HTTP_1_1 = 2;
/** The bit of a cache override that means past the cache. */
const PASS = 1;

function requestCalls(around: Surroundings): Record<string, Hostcall> {
  const { memory, handles, downstream, ask, decide } = around;
  const { requests, bodies, pending } = handles;
  const send: (out: number) => Hostcall =
    (out) =>
    (...args) => {
      const [request = 0, body = 0, backend = 0, length = 0] = args;
      return at(requests, request, ({ pass, ...sent }) => {
        const bytes = bodies.get(body)?.bytes ?? Buffer.alloc(0);
        const reply = ask({
          kind: 'send',
          send: { backend: memory.text(backend, length), request: { ...sent, body: bytes }, pass },
        });
        memory.setU32(args[out]!, handles.add(pending, reply));
        return OK;
      });
    };
  return {
    body_downstream_get: (request, body) => {
      memory.setU32(request, downstream.request);
      memory.setU32(body, downstream.body);
      return OK;
    },
    new: (out) => {
      const request = { method: 'GET', uri: '', headers: [], pass: false };
      memory.setU32(out, handles.add(requests, request));
      return OK;
    },
    method_get: (handle, buffer, capacity, written) =>
      at(requests, handle, ({ method }) => memory.put(method, buffer, capacity, written)),
    method_set: (handle, text, length) =>
      at(requests, handle, (request) => ((request.method = memory.text(text, length)), OK)),
    uri_get: (handle, buffer, capacity, written) =>
      at(requests, handle, ({ uri }) => memory.put(uri, buffer, capacity, written)),
    uri_set: (handle, text, length) =>
      at(requests, handle, (request) => ((request.uri = memory.text(text, length)), OK)),
    cache_override_v2_set: (handle, tag) =>
      at(requests, handle, (request) => ((request.pass = (tag & PASS) !== 0), OK)),
    auto_decompress_response_set: () => OK,
    send_async: send(4),
    // Its fifth argument says whether the guest goes on to write the body. This program never does.
    send_async_v2: send(5),
    pending_req_wait_v2: (handle, detail, responseOut, bodyOut) =>
      at(pending, handle, (reply) => {
        pending.delete(handle);
        if (reply.kind !== 'response') {
          memory.setU8(detail, CONNECTION_REFUSED);
          return GENERIC_ERROR;
        }
        const { response, body } = handles.response(reply.response);
        memory.setU32(responseOut, response);
        memory.setU32(bodyOut, body);
        return OK;
      }),
    redirect_to_grip_proxy_v2: (handle, backend, length) =>
      at(requests, handle, ({ method, uri, headers }) => {
        // The handed over is the client's own request, so its body goes with it.
        const body = bodies.get(downstream.body)?.bytes ?? Buffer.alloc(0);
        decide({
          kind: 'handoff',
          backend: memory.text(backend, length),
          request: { method, uri, headers, body },
        });
        return OK;
      }),
  };
}

const GENERIC_ERROR = 1;
/** A part of the send error details. */
const CONNECTION_REFUSED = 7;

function responseCalls({ memory, handles, decide }: Surroundings): Record<string, Hostcall> {
  const { responses, bodies } = handles;
  return {
    new: (out) => (memory.setU32(out, handles.add(responses, { status: 200, headers: [] })), OK),
    status_get: (handle, out) => at(responses, handle, ({ status }) => (memory.setU16(out, status), OK)),
    status_set: (handle, status) => at(responses, handle, (response) => ((response.status = status!), OK)),
    get_addr_dest_ip: () => NONE,
    get_addr_dest_port: () => NONE,
    send_downstream: (handle, body, streaming) =>
      at(responses, handle, (response) =>
        at(bodies, body, (sent) => {
          const finish = (): void => decide({ kind: 'respond', response: { ...response, body: sent.bytes } });
          if (streaming === 1) sent.onClose = finish;
          else finish();
          return OK;
        }),
      ),
  };
}

function bodyCalls(memory: Memory, handles: Handles): Record<string, Hostcall> {
  const { bodies } = handles;
  const finish = (body: GuestBody): number => {
    body.onClose?.();
    return OK;
  };
  return {
    new: (out) => (memory.setU32(out, handles.add(bodies, { bytes: Buffer.alloc(0) })), OK),
    read: (handle, buffer, capacity, read) =>
      at(bodies, handle, (body) => {
        const part = body.bytes.subarray(0, capacity);
        body.bytes = body.bytes.subarray(part.length);
        memory.bytes(buffer, part.length).set(part);
        memory.setU32(read, part.length);
        return OK;
      }),
    write: (handle, buffer, length, _end, written) =>
      at(bodies, handle, (body) => {
        body.bytes = Buffer.concat([body.bytes, memory.bytes(buffer, length)]);
        memory.setU32(written, length);
        return OK;
      }),
    append: (to, from) =>
      at(bodies, to, (target) =>
        at(bodies, from, (source) => {
          target.bytes = Buffer.concat([target.bytes, source.bytes]);
          bodies.delete(from);
          return OK;
        }),
      ),
    close: (handle) => at(bodies, handle, finish),
    abandon: (handle) => (bodies.delete(handle) ? OK : BAD_HANDLE),
    known_length: (handle, out) =>
      at(bodies, handle, ({ bytes }) => (memory.setU64(out, BigInt(bytes.length)), OK)),
  };
}
