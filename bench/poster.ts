/** Requests over kept-alive connections, the same for all that is compared. */
import { Pool } from 'undici';

export interface Poster {
  /** Resolves to the body of the answer; rejects when the status is not 200. */
  post(body: string): Promise<string>;
  close(): Promise<void>;
}

/** Posts JSON to a URL over one connection. */
export function poster(url: string, headers: Readonly<Record<string, string>> = {}): Poster {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: 1, pipelining: 1 });
  return {
    post: async (body) => {
      const answer = await pool.request({
        method: 'POST',
        path: pathname,
        headers: { 'content-type': 'application/json', ...headers },
        body,
      });
      const text = await answer.body.text();
      if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}: ${text}`);
      return text;
    },
    close: () => pool.close(),
  };
}

/** Milliseconds from one moment of the monotonic clock (nanoseconds) to another. */
export function milliseconds(from: bigint, to: bigint): number {
  return Number(to - from) / 1e6;
}
