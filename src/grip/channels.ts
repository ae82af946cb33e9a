/**
 * The two channels of every hold, and how a GRIP proxy tells where a hold stands on them.
 *
 * Each hold subscribes to its environment's channel, whose prev-id is the version that the client has, and to its API key's channel,
 * whose prev-id never changes. Because both have a prev-id, both come back in `Grip-Last`, so that header alone says who a hold is and
 * where it stands. [protocol] #holds
 */
import { parseVersion } from '../ruleset/version.js';

/** The prev-id that every hold has on its key's channel, and that an item must carry to act on the hold itself. */
export const KEY_PREV_ID = '0';

export function environmentChannel(environment: bigint): string {
  return `environment-${environment}`;
}

export function keyChannel(keyId: string): string {
  return `key-${keyId}`;
}

/** What a proxy reports of one hold, or of several that stand at the same place. */
export interface HoldPosition {
  readonly environment: bigint;
  readonly keyId: string;
  /** What the client has received. */
  readonly version: bigint;
}

/**
 * Reads the `Grip-Last` headers of a request to the recovery link: `<channel>; last-id=<id>`, one per channel, in one header or
 * several. `undefined` unless they name exactly one environment and one key.
 */
export function parseGripLast(header: string | readonly string[] | undefined): HoldPosition | undefined {
  const parts = (typeof header === 'string' ? [header] : (header ?? [])).flatMap((text) => text.split(','));
  let environment: bigint | undefined;
  let version: bigint | undefined;
  let keyId: string | undefined;
  for (const part of parts) {
    const match = /^\s*(environment|key)-([A-Za-z0-9-]{1,64})\s*;\s*last-id=([0-9]{1,19})\s*$/.exec(part);
    if (match === null) return undefined;
    const [, kind, name, lastId] = match;
    if (kind === 'key') {
      if (keyId !== undefined) return undefined;
      keyId = name;
    } else {
      if (environment !== undefined) return undefined;
      environment = parseVersion(name);
      version = parseVersion(lastId);
      if (environment === undefined || version === undefined) return undefined;
    }
  }
  if (environment === undefined || version === undefined || keyId === undefined) return undefined;
  return { environment, keyId, version };
}
