/** Calls to the administrator's interface of one node. */

export interface Call {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds for all of it; default 6,000. */
  readonly timeout?: number;
}

export interface Answer {
  readonly status: number;
  /** Parsed JSON. */
  readonly body: unknown;
}

export type Api = (node: { readonly url: string }, path: string, call?: Call) => Promise<Answer>;

/** Rejects when there is no answer; any status is one. */
export function adminApi(token: string): Api {
  return async (node, path, call = {}) => {
    const answer = await fetch(`${node.url}${path}`, {
      method: call.method ?? (call.body === undefined ? 'GET' : 'POST'),
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...call.headers },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      signal: AbortSignal.timeout(call.timeout ?? 6_000),
    });
    return { status: answer.status, body: await answer.json() };
  };
}
