/**
 * A link in front of a TCP server that can be slow, cut, or silent. It knows nothing of what passes
 * through.
 */
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

export type TcpFault =
  | 'none'
  | 'cut' // connections are closed, and new ones immediately
  | 'silent'; // nothing passes, without a notice to either end; what was sent arrives when it ends, as over a network that is mended

export interface TcpLink {
  readonly port: number;
  fault: TcpFault;
  /** Milliseconds that everything takes, in each direction. */
  delay: number;
  /** Closes it, with all that pass through. */
  stop(): Promise<void>;
}

/**
 * @param targetPort a function where the port is known later than the link must be; until then it
 * returns `undefined`, and connections are closed
 */
export async function startTcpLink(targetPort: number | (() => number | undefined)): Promise<TcpLink> {
  const pairs = new Set<Pair>();
  let fault: TcpFault = 'none';
  let delay = 0;
  const server = createServer((near) => {
    const port = typeof targetPort === 'number' ? targetPort : targetPort();
    if (fault === 'cut' || port === undefined) {
      near.destroy();
      return;
    }
    const pair = new Pair(near, connect(port, '127.0.0.1'), () => delay);
    pairs.add(pair);
    pair.onClose(() => pairs.delete(pair));
    if (fault === 'silent') pair.pause();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const closeAll = () => {
    for (const pair of [...pairs]) pair.close();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get fault() {
      return fault;
    },
    set fault(next) {
      fault = next;
      if (next === 'cut') closeAll();
      for (const pair of pairs) {
        if (next === 'silent') pair.pause();
        else pair.resume();
      }
    },
    get delay() {
      return delay;
    },
    set delay(next) {
      delay = next;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        closeAll();
      }),
  };
}

/** A connection through the link: the client's socket and the server's. */
class Pair {
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #delay: () => number;

  constructor(near: Socket, far: Socket, delay: () => number) {
    this.#near = near;
    this.#far = far;
    this.#delay = delay;
    this.#forward(near, far);
    this.#forward(far, near);
  }

  onClose(listener: () => void): void {
    this.#near.once('close', listener);
  }

  pause(): void {
    this.#near.pause();
    this.#far.pause();
  }

  resume(): void {
    this.#near.resume();
    this.#far.resume();
  }

  close(): void {
    this.#near.destroy();
    this.#far.destroy();
  }

  /** In order, also while the delay changes: what comes later waits for what came before. */
  #forward(from: Socket, to: Socket): void {
    let turn = Promise.resolve();
    const inTurn = (act: () => void): void => {
      const due = performance.now() + this.#delay();
      turn = turn.then(async () => {
        const wait = due - performance.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        act();
      });
    };
    from.setNoDelay(true);
    from.on('data', (bytes) => inTurn(() => to.destroyed || to.write(bytes)));
    from.on('error', () => undefined);
    from.on('close', () => inTurn(() => to.destroy()));
  }
}
