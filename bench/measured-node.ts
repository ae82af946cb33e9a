/** The secrets of a measured node, and requests as a GRIP proxy makes them. */
import { setTimeout as delay } from 'node:timers/promises';
import { SignJWT } from 'jose';
import type { HoldfastNode } from '../test/support/node.js';
import { processorTime } from './peers/raw-http.js';

/** The secrets of a node that is measured. */
export const SECRETS = {
  adminToken: 'the-admin-token-of-this-measurement',
  secret: 'signs-what-this-measurement-signs',
  gripKey: 'the-key-of-the-stand-in-of-this-measurement',
};
/** The path of the recovery link, as an answer to a proxy names it. */
export async function linkOf(node: HoldfastNode, request: string): Promise<string> {
  const headers = Object.fromEntries(
    request
      .split('\r\n')
      .slice(2)
      .map((line) => line.split(': '))
      .filter((parts) => parts.length === 2),
  ) as Record<string, string>;
  const answer = await fetch(`${node.url}/api/v1/sse/config`, { headers });
  const link = /<([^>]+)>; rel=next/.exec(answer.headers.get('grip-link') ?? '')?.[1];
  if (link === undefined) throw new Error(`no recovery link: ${answer.status}`);
  return link;
}

/**
 * Waits until a node does nothing more: a new leader reads the time boundaries of all environments
 * in the background.
 */
export async function untilIdle(pid: number): Promise<void> {
  for (;;) {
    const before = processorTime(pid);
    await delay(1_500);
    if (processorTime(pid) - before <= 40) return;
  }
}

/** A signature as a GRIP proxy sends it. */
export function signed(): Promise<string> {
  return new SignJWT({ iss: 'pushpin' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('5h')
    .sign(Buffer.from(SECRETS.gripKey));
}
