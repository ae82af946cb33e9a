/**
 * A server that takes connections and what is sent on them, and never answers: a proxy or a store
 * that hangs.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface DeafServer {
  readonly port: number;
  /** The bytes received so far, over all connections. */
  received(): string;
  stop(): Promise<void>;
}

export async function startDeafServer(): Promise<DeafServer> {
  const sockets = new Set<Socket>();
  let received = '';
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('data', (data) => (received += data.toString()));
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    received: () => received,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
