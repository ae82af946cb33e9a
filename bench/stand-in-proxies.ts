/**
 * A process of its own with stand-ins for GRIP proxies: each accepts publish requests as Pushpin does
 * (200, and the connection is closed), and says when an item reached it. They hold no clients.
 *
 * Told to, they lose a part of the requests: these are answered 503, as by a proxy that is too busy.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The argument of this program. */
export interface StandInsStart {
  readonly count: number;
}

/** A request to this process. */
export type StandInsRequest =
  /** Answered by `reached` when every stand-in has had an item with that id. */
  | { readonly kind: 'await'; readonly id: string }
  /** Answered by `counted`: items of each stand-in since it began. */
  | { readonly kind: 'count' }
  /** The part of requests that is refused from now on, from 0 to 1. Not answered. */
  | { readonly kind: 'lose'; readonly part: number };

/** A message of this process. */
export type StandInsMessage =
  | { readonly kind: 'open'; readonly ports: readonly number[] }
  /** Milliseconds since 1970 of the arrival at each stand-in, with fractions. */
  | { readonly kind: 'reached'; readonly id: string; readonly at: readonly number[] }
  | { readonly kind: 'counted'; readonly items: readonly number[]; readonly refused: number };

const start = JSON.parse(process.argv[2] ?? '{}') as StandInsStart;
const counts = Array.from({ length: start.count }, () => 0);
let refused = 0;
let losing = 0;
let awaited: { id: string; at: Map<number, number> } | undefined;
/** The newest item of each stand-in, which may be asked about after it came. */
const newest = counts.map(() => ({ text: '', at: 0 }));

function report(message: StandInsMessage): void {
  process.send?.(message);
}

function take(index: number, body: string): void {
  const at = performance.timeOrigin + performance.now();
  let items = 0;
  for (let place = body.indexOf('"channel":'); place >= 0; place = body.indexOf('"channel":', place + 10))
    items++;
  counts[index] = (counts[index] ?? 0) + items;
  newest[index] = { text: body, at };
  note(index, body, at);
}

function note(index: number, body: string, at: number): void {
  if (awaited === undefined || awaited.at.has(index) || !body.includes(`"id":"${awaited.id}"`)) return;
  awaited.at.set(index, at);
  if (awaited.at.size < start.count) return;
  report({ kind: 'reached', id: awaited.id, at: [...awaited.at.values()] });
  awaited = undefined;
}

function listen(index: number): Promise<number> {
  const server = createServer({ keepAlive: false }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      const isLost = Math.random() < losing;
      if (isLost) refused++;
      else take(index, Buffer.concat(chunks).toString('latin1'));
      response.writeHead(isLost ? 503 : 200, { connection: 'close' });
      response.end(isLost ? 'Busy\n' : 'Published\n');
    });
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

process.on('message', (request: StandInsRequest) => {
  if (request.kind === 'lose') losing = request.part;
  else if (request.kind === 'count') report({ kind: 'counted', items: counts, refused });
  else {
    awaited = { id: request.id, at: new Map() };
    newest.forEach(({ text, at }, index) => note(index, text, at));
  }
});
// The parent has ended, or has no more use for them.
process.on('disconnect', () => process.exit());

void Promise.all(counts.map((_, index) => listen(index))).then((ports) => report({ kind: 'open', ports }));
