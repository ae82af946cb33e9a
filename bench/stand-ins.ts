/** The stand-ins of stand-in-proxies.ts, as the process that measures sees them. */
import { once } from 'node:events';
import { endChild, nextMessage, startChild } from './children.js';
import type { StandInsMessage, StandInsRequest, StandInsStart } from './stand-in-proxies.js';

/** Stand-ins that run. */
export interface StandIns {
  readonly pid: number;
  readonly publishUrls: readonly string[];
  /**
   * Resolves to when each of them had an item with that id, milliseconds since 1970. One item is
   * waited for at a time.
   */
  reached(id: string): Promise<readonly number[]>;
  /** Resolves to the items that each has had, and the number of requests that were refused. */
  counted(): Promise<{ readonly items: readonly number[]; readonly refused: number }>;
  /** Refuses that part of all requests from now on. */
  lose(part: number): void;
  close(): Promise<void>;
}

/** Starts stand-ins for that many proxies. */
export async function startStandIns(count: number): Promise<StandIns> {
  const argument: StandInsStart = { count };
  const child = startChild('stand-in-proxies.ts', argument);
  const opened = (await nextMessage(child)) as StandInsMessage;
  if (opened.kind !== 'open') throw new Error('the stand-ins did not open');
  const send = (request: StandInsRequest): void => void child.send(request);
  const answer = async <K extends StandInsMessage['kind']>(
    kind: K,
  ): Promise<Extract<StandInsMessage, { kind: K }>> => {
    for (;;) {
      const [message] = (await once(child, 'message')) as [StandInsMessage];
      if (message.kind === kind) return message as Extract<StandInsMessage, { kind: K }>;
    }
  };
  return {
    pid: child.pid ?? 0,
    publishUrls: opened.ports.map((port) => `http://127.0.0.1:${port}`),
    reached: async (id) => {
      send({ kind: 'await', id });
      return (await answer('reached')).at;
    },
    counted: () => {
      send({ kind: 'count' });
      return answer('counted');
    },
    lose: (part) => send({ kind: 'lose', part }),
    close: () => endChild(child),
  };
}
