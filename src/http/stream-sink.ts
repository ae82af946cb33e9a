/**
 * The connection of a direct hold. Its texts go to the socket as finished chunks, which all holds
 * share: Node's own response makes four pieces of each text, for each hold, and that was more work
 * than the system's.
 */
import type { Socket } from 'node:net';
import type { Sink } from '../subscribe/sink.js';
import type { RouteAnswer } from './exchange.js';

/** Texts whose chunks are kept: a change is one text for all holds. */
const KEPT = 16;

/** Shorter texts are framed each time. The beginning of each stream differs. */
const SHARED_FROM = 64;

/** The newest chunks by their text, the oldest first. */
const chunks = new Map<string, Buffer>();

/**
 * Opens a stream: sends the head, and `begin` what follows it, in one write.
 *
 * @param begin is given the stream's connection
 */
export function openStream(response: RouteAnswer, begin: (sink: Sink) => void): void {
  const { socket } = response;
  const { httpVersion } = response.req;
  // Without a socket an earlier answer on the connection is not over yet.
  if (socket === null || httpVersion !== '1.1') {
    response.flushHeaders();
    begin(plainSink(response));
    return;
  }
  response.setHeader('Transfer-Encoding', 'chunked');
  socket.cork();
  try {
    response.flushHeaders();
    begin(new ChunkedSink(response, socket));
  } finally {
    socket.uncork();
  }
}

/** The connection of a stream in chunks of HTTP/1.1. A class, whose functions all holds share. */
class ChunkedSink implements Sink {
  readonly #response: RouteAnswer;
  readonly #socket: Socket;

  constructor(response: RouteAnswer, socket: Socket) {
    this.#response = response;
    this.#socket = socket;
  }

  write(text: string): boolean {
    return this.#socket.write(chunkOf(text));
  }

  end(): void {
    this.#response.end();
  }

  destroy(): void {
    this.#response.destroy();
  }

  onDrain(listener: () => void): void {
    this.#socket.on('drain', listener);
  }

  onClose(listener: () => void): void {
    this.#response.on('close', listener);
  }
}

function plainSink(response: RouteAnswer): Sink {
  return {
    write: (text) => response.write(text),
    end: () => response.end(),
    destroy: () => response.destroy(),
    onDrain: (listener) => void response.on('drain', listener),
    onClose: (listener) => void response.on('close', listener),
  };
}

/** Returns a text as a chunk of HTTP/1.1. All texts of streams are ASCII. */
function chunkOf(text: string): Buffer {
  const known = chunks.get(text);
  if (known !== undefined) return known;
  const chunk = Buffer.from(`${text.length.toString(16)}\r\n${text}\r\n`, 'latin1');
  if (text.length < SHARED_FROM) return chunk;
  chunks.set(text, chunk);
  const [oldest] = chunks.keys();
  if (chunks.size > KEPT && oldest !== undefined) chunks.delete(oldest);
  return chunk;
}
