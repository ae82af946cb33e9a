/** One request for a stream, read to its end. */
import { request, type IncomingMessage } from 'node:http';
import { createParser } from 'eventsource-parser';
import type { Journal } from './journal.js';
import type { Target } from './target.js';

export interface Outcome {
  /** Milliseconds from the head of the answer to the end of the stream; `undefined` when there was no 200. */
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
  const decoder = new TextDecoder();
  const parser = createParser({
    onEvent: ({ data }) => journal.see(target.numbersIn(data)),
    onRetry: (value) => (retry = value),
  });
  response.on('data', (chunk: Buffer) => {
    connection.bytes += chunk.length;
    parser.feed(decoder.decode(chunk, { stream: true }));
  });
  response.on('error', () => undefined);
  response.once('close', () => {
    journal.end(connection);
    resolve({ lasted: (connection.endedAt ?? connection.openedAt) - connection.openedAt, retry });
  });
}
