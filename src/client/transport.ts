/** The two requests of the client, by fetch: [protocol] #snapshot and [protocol] #stream */
import { messageOf } from '../core/errors.js';
import { SseParser } from '../core/sse.js';
import { parseVersion } from '../ruleset/version.js';
import type { Answer, Failure, StreamEnd } from './events.js';
import { readMessage, type Message } from './message.js';

/** The source of a request, and how to reach it. */
export interface RequestTarget {
  /** The URL of the source, with or without a path of its own. */
  readonly url: string;
  readonly key: string;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
}

/** The position from which a snapshot is asked for. */
export interface SnapshotRequest {
  readonly from: bigint;
  readonly known: { readonly environment: bigint; readonly version: bigint } | undefined;
}

/** The answer to a request for a snapshot. */
export interface SnapshotResult {
  readonly answer: Answer;
  /** The content of an answer of kind `snapshot`. */
  readonly message: Message | undefined;
}

/** Fetches a snapshot. Never rejects. */
export async function fetchSnapshot(
  target: RequestTarget,
  { from, known }: SnapshotRequest,
): Promise<SnapshotResult> {
  try {
    const etag = known === undefined ? {} : { 'If-None-Match': `"${known.environment}-${known.version}"` };
    const headers = { Accept: 'application/x-protobuf', ...etag };
    const response = await send(target, `api/v1/configs/${from}`, headers);
    const age = ageOf(response);
    if (response.status === 304 && known !== undefined) {
      return { answer: { kind: 'unchanged', age }, message: undefined };
    }
    if (response.status !== 200) {
      await response.body?.cancel();
      const answer = failureOf(response);
      return {
        answer: answer.kind === 'refused' ? answer : { ...answer, kind: 'failed' },
        message: undefined,
      };
    }
    return understand(response, new Uint8Array(await response.arrayBuffer()), age);
  } catch (error) {
    return { answer: broken(error), message: undefined };
  }
}

function understand(response: Response, bytes: Uint8Array, age: number): SnapshotResult {
  const message = readMessage(bytes);
  const [, environment, version] = /^(?:W\/)?"(\d+)-(\d+)"$/.exec(response.headers.get('ETag') ?? '') ?? [];
  const said = { environment: parseVersion(environment), version: parseVersion(version) };
  if (message.environment === undefined) {
    return { answer: { kind: 'failed', why: 'its answer names no environment' }, message: undefined };
  }
  if (said.environment !== undefined && said.environment !== message.environment) {
    const why = `its ETag is of environment ${said.environment}, and its answer of ${message.environment}`;
    return { answer: { kind: 'failed', why }, message: undefined };
  }
  const answer: Answer = {
    kind: 'snapshot',
    environment: message.environment,
    version: said.version ?? message.highest,
    age,
  };
  return { answer, message };
}

/** Callbacks for what comes over a stream. */
export interface StreamListener {
  /** Called when the answer is a stream. */
  opened(): void;
  /** Called when bytes arrive, if only of a comment. */
  bytes(): void;
  /** Called with the wait that the server asks for before a reconnect. */
  retry(milliseconds: number): void;
  /** @param version the client's version after it */
  message(message: Message, version: bigint): void;
}

/** Reads the stream from a version until it ends. Never rejects. */
export async function readStream(
  target: RequestTarget,
  from: bigint,
  listener: StreamListener,
): Promise<StreamEnd> {
  try {
    const headers = {
      Accept: 'text/event-stream',
      ...(from === 0n ? {} : { 'Last-Event-ID': `${from}` }),
    };
    const response = await send(target, 'api/v1/sse/config', headers);
    if (response.status !== 200 || response.body === null) {
      if (await saysNoStreams(response)) return { kind: 'absent', why: 'it has no streams' };
      await response.body?.cancel();
      return failureOf(response);
    }
    const type = response.headers.get('Content-Type') ?? 'nothing';
    if (!/^text\/event-stream *(;|$)/i.test(type)) {
      await response.body.cancel();
      return { kind: 'failed', why: `answered 200 with ${type} in place of text/event-stream` };
    }
    listener.opened();
    await readBody(response.body, listener, target.signal);
    return { kind: 'ended' };
  } catch (error) {
    return broken(error);
  }
}

async function readBody(
  body: ReadableStream<Uint8Array>,
  listener: StreamListener,
  signal: AbortSignal,
): Promise<void> {
  const parser = new SseParser();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      listener.bytes();
      for (const block of parser.read(value)) {
        if (block.kind === 'retry') listener.retry(block.milliseconds);
        else if (block.kind === 'event' && (block.name ?? 'message') === 'message') {
          deliver(block.data, block.id, listener);
        }
      }
    }
  } finally {
    // After an event that cannot be read the rest is of no use. The result does not matter: the
    // connection may be gone.
    reader.cancel().catch(() => undefined);
  }
}

function deliver(data: string, id: string | undefined, listener: StreamListener): void {
  // Each event of Holdfast has at least the environment's pointer: one without data brings nothing,
  // and its id must not move the cursor.
  if (data === '') return;
  const message = readMessage(Uint8Array.from(atob(data), (character) => character.charCodeAt(0)));
  // Not a mere id: an event whose id is no version says by its configs where it ends.
  const version = parseVersion(id) ?? message.highest;
  if (version !== undefined) listener.message(message, version);
}

function send(
  { url, key, fetch, signal }: RequestTarget,
  path: string,
  headers: Record<string, string>,
): Promise<Response> {
  const address = new URL(url);
  address.pathname = `${address.pathname.replace(/\/$/, '')}/${path}`;
  const init = {
    headers: { Authorization: `Basic ${btoa(`holdfast:${key}`)}`, ...headers },
    signal,
    // The client keeps its own copy, and a copy from a browser's cache would be one that no source
    // confirmed.
    cache: 'no-store',
    credentials: 'omit',
    redirect: 'follow',
  } as const;
  return fetch(address, init);
}

/**
 * True for the answer of a belt server to a subscription. Those answer 503, because on statuses
 * that would say it better the public SDKs stop streaming for good. [protocol] #belt-server
 */
async function saysNoStreams(response: Response): Promise<boolean> {
  const isJson = /^application\/json *(;|$)/i.test(response.headers.get('Content-Type') ?? '');
  if (response.status !== 503 || !isJson) return false;
  try {
    const { error } = (await response.json()) as { error?: { code?: unknown } };
    return error?.code === 'no_streams';
  } catch {
    return false;
  }
}

/** Classifies an answer other than a success. */
function failureOf(response: Response): Failure {
  const why = `answered ${response.status}`;
  switch (response.status) {
    case 204:
      // "Clients will reconnect if the connection is closed; a client can be told to stop
      // reconnecting using the HTTP 204 No Content response code."
      return { kind: 'stop', why };
    case 401:
    case 403:
      return { kind: 'refused', why };
    case 404:
    case 405:
    case 406:
    case 410:
    case 501:
      return { kind: 'absent', why };
    default:
      return { kind: 'failed', why, retryAfterMs: retryAfterOf(response.headers.get('Retry-After')) };
  }
}

/** Milliseconds; the form with a date is not understood, and counts as none. */
function retryAfterOf(retryAfter: string | null): number {
  return /^\d{1,9}$/.test(retryAfter ?? '') ? Number(retryAfter) * 1_000 : 0;
}

/**
 * `Age` is how long ago a cache or a belt server last knew its answer to be the newest.
 * Milliseconds.
 */
function ageOf(response: Response): number {
  const age = response.headers.get('Age') ?? '';
  return /^\d{1,9}$/.test(age) ? Number(age) * 1_000 : 0;
}

function broken(error: unknown): Failure {
  const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : '';
  return { kind: 'failed', why: `${messageOf(error)}${cause}` };
}
