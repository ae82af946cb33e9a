/** One request for a stream, read to its end. */
import { request, type IncomingMessage } from 'node:http';
import { SseParser } from '../src/core/sse.js';
import type { Journal } from './journal.js';
import type { Target } from './target.js';

export interface Outcome {
  /**
   * Milliseconds from the head of the answer to the end of the stream; `undefined` when there was
   * no 200.
   */
  readonly lasted: number | undefined;
  /** The value of the stream's `retry:`, milliseconds. */
  readonly retry: number | undefined;
}

/** Never rejects. Ends when the stream does, or by the signal. */
export function readStream(target: Target, journal: Journal, signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    const refuse = (): void => {
      if (!signal.aborted) journal.refused++;
      resolve({ lasted: undefined, retry: undefined });
    };
    journal.request();
    // No agent: a connection of its own, as with most clients after the one before has ended.
    const outgoing = request(target.url, {
      headers: { accept: 'text/event-stream', ...target.headers },
      agent: false,
      signal,
    });
    outgoing.once('response', (response) => {
      outgoing.off('error', refuse);
      // From here on a lost connection is the end of the stream.
      outgoing.on('error', () => undefined);
      if (response.statusCode === 200) read(response, target, journal, resolve);
      else {
        response.resume();
        refuse();
      }
    });
    outgoing.once('error', refuse);
    outgoing.end();
  });
}

function read(
  response: IncomingMessage,
  target: Target,
  journal: Journal,
  resolve: (outcome: Outcome) => void,
): void {
  const connection = journal.open();
  let retry: number | undefined;
  const parser = new SseParser();
  response.on('data', (chunk: Buffer) => {
    connection.bytes += chunk.length;
    for (const block of parser.read(chunk)) {
      if (block.kind === 'event') journal.see(target.numbersIn(block.data));
      else if (block.kind === 'retry') retry = block.milliseconds;
    }
  });
  response.on('error', () => undefined);
  response.once('close', () => {
    journal.end(connection);
    resolve({ lasted: (connection.endedAt ?? connection.openedAt) - connection.openedAt, retry });
  });
}
