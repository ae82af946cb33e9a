/** The links between nodes and Redis, as the harness sees them: they run in a process of their own. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LinkOrder } from './link-process.js';
import type { TcpFault } from './tcp-link.js';

/** One link. */
export class RedisLink {
  readonly port: number;
  readonly #order: (order: Omit<LinkOrder, 'link'>) => void;

  constructor(port: number, order: (order: Omit<LinkOrder, 'link'>) => void) {
    this.port = port;
    this.#order = order;
  }

  set fault(fault: TcpFault) {
    this.#order({ fault });
  }

  /** Milliseconds that everything takes, in each direction. */
  set delay(delay: number) {
    this.#order({ delay });
  }
}

/** Starts that many links to one port. */
export async function startRedisLinks(
  count: number,
  targetPort: number,
): Promise<{ readonly links: readonly RedisLink[]; readonly stop: () => Promise<void> }> {
  const child = fork(
    join(import.meta.dirname, 'link-process.ts'),
    [JSON.stringify([count, targetPort])],
    // A terminal's interrupt is for the harness, which ends the seed first.
    { execArgv: ['--import', 'tsx'], cwd: import.meta.dirname, detached: true },
  );
  const ports = await firstMessage(child);
  const links = ports.map(
    (port, link) =>
      new RedisLink(port, (order) => {
        // After the end of the process there is nothing left to order.
        if (child.connected) child.send({ link, ...order } satisfies LinkOrder);
      }),
  );
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.disconnect();
    await ended;
  };
  return { links, stop };
}

async function firstMessage(child: ChildProcess): Promise<number[]> {
  const ended = once(child, 'exit').then(() => {
    throw new Error('the process of the links to Redis ended before it could start');
  });
  ended.catch(() => undefined);
  const [ports] = (await Promise.race([once(child, 'message'), ended])) as [number[]];
  return ports;
}
