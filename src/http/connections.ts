/**
 * Bounds the connections of a port, and counts those that are cut.
 *
 * A process may have so many open files. Without a bound, anyone who reaches the clients' port takes
 * them all with connections that do nothing: then the port of operators and of health probes does
 * not answer either, the store cannot open its files, the audit trail loses entries, and lost
 * connections to Redis and to proxies cannot be made again.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** The reasons for which a connection is cut that its client did not end. */
export type CutReason =
  /** Bytes that are no HTTP request. */
  | 'malformed'
  /** Headers, or extensions of chunks, over the limit. */
  | 'too_large'
  /** Headers or a body that did not arrive in time. */
  | 'slow'
  /** A client that takes nothing of its answer. */
  | 'stalled'
  /** An idle connection, because the port is nearly full. */
  | 'idle'
  /** A new connection, because the port is full. */
  | 'full';

/** The most connections of each port. */
export interface ConnectionBounds {
  readonly clients: number;
  /** For operators where they have a port of their own. */
  readonly operators: number;
}

/** The part of a port from which idle connections make room for new ones. */
const NEARLY_FULL = 0.9;

/** The time between two closings of idle connections, milliseconds. */
const CLOSE_IDLE_MS = 1_000;

/**
 * Decides how many connections each port may have: a quarter of the open files, 512 at most, is left
 * for the node's own files and connections, and an eighth of the rest, 1,024 at most, for operators.
 *
 * @param openFiles `undefined`: not known, and then nothing is bounded
 */
export function connectionBounds(openFiles: number | undefined, hasAdminPort: boolean): ConnectionBounds {
  if (openFiles === undefined) return { clients: Infinity, operators: Infinity };
  const available = openFiles - Math.min(Math.ceil(openFiles / 4), 512);
  const operators = Math.min(Math.ceil(available / 8), 1_024);
  return { clients: hasAdminPort ? available - operators : available, operators };
}

/**
 * Returns the direct holds that a process can have: as many as are asked for, unless its port would
 * be nearly full of them. Then it would refuse connections although it says that it is ready.
 *
 * @param clients the connections of the clients' port
 */
export function holdsWithin(maxHolds: number, { clients }: ConnectionBounds): number {
  return Math.min(maxHolds, Math.max(1, Math.floor(clients * NEARLY_FULL)));
}

/** Bounds the connections of a server that does not listen yet, and reports those that are cut. */
export function boundConnections(server: Server, most: number, onCut: (reason: CutReason) => void): void {
  const open = new Set<Socket>();
  const answering = new WeakSet<Socket>();
  const failed = new WeakSet<Socket>();
  let closedIdleAt = -Infinity;
  if (most < Infinity) server.maxConnections = most;
  server.on('drop', () => onCut('full'));
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    if (open.size < most * NEARLY_FULL || performance.now() - closedIdleAt < CLOSE_IDLE_MS) return;
    closedIdleAt = performance.now();
    server.closeIdleConnections();
    for (const each of open) if (each.destroyed) onCut('idle');
  });
  server.prependListener('request', ({ socket }, response) => {
    answering.add(socket);
    response.once('close', () => answering.delete(socket));
  });
  observe(server, (name, [first, second]) => {
    if (name === 'timeout' && answering.has(first as Socket)) onCut('stalled');
    const reason = name === 'clientError' ? reasonOf(first) : undefined;
    // One connection can fail twice, as when more comes behind what is no request.
    if (reason === undefined || failed.has(second as Socket)) return;
    failed.add(second as Socket);
    onCut(reason);
  });
}

function reasonOf(error: unknown): CutReason | undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'slow';
  if (/^HPE_\w+_OVERFLOW$/.test(code)) return 'too_large';
  // Anything else is a connection that its client ended, also within a request.
  return code.startsWith('HPE_') && code !== 'HPE_INVALID_EOF_STATE' ? 'malformed' : undefined;
}

/** Looks at events without a listener: with one, Node leaves the answer to it. */
function observe(server: Server, see: (name: string | symbol, values: readonly unknown[]) => void): void {
  const emit = server.emit.bind(server) as (name: string | symbol, ...values: unknown[]) => boolean;
  server.emit = (name: string | symbol, ...values: unknown[]): boolean => {
    see(name, values);
    return emit(name, ...values);
  };
}
