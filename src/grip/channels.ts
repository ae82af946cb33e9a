/**
 * The two channels of every hold, and the form in which a GRIP proxy reports positions on them.
 *
 * Each hold subscribes to the channel of its stream, whose prev-id is the version that the client
 * has, and to its API key's channel, whose prev-id never changes. Because both have a prev-id, both
 * come back in `Grip-Last`, so that header alone says who a hold is, what it is for and where it
 * stands. [protocol] #holds
 */
import { parsePosition, positionText } from '../ruleset/client-position.js';
import { parseVersion } from '../ruleset/version.js';

/**
 * The prev-id that every hold has on its key's channel, and that an item must carry to act on the
 * hold itself.
 */
export const KEY_PREV_ID = '0';

/**
 * The event streams of an environment are spread over this many channels, so that after a change
 * not all of its clients are notified, and fetch, at the same time. [protocol] #spread
 */
export const CLIENT_SHARDS = 8;

/** The stream that a hold follows. */
export type Stream =
  /** The configs of an environment, for servers. Its position is a version. */
  | { readonly kind: 'configs'; readonly environment: bigint }
  /**
   * Notifications that something clients see has changed. Its position is that of
   * client-position.ts.
   * `shard`: from 0 to 7, drawn when a client subscribes.
   */
  | { readonly kind: 'clients'; readonly environment: bigint; readonly shard: number };

/** The channel of a stream. */
export function streamChannel(stream: Stream): string {
  return stream.kind === 'configs'
    ? environmentChannel(stream.environment)
    : clientsChannel(stream.environment, stream.shard);
}

/** The channel of an environment's config streams. */
export function environmentChannel(environment: bigint): string {
  return `environment-${environment}`;
}

/** The channel of one shard of an environment's event streams. */
export function clientsChannel(environment: bigint, shard: number): string {
  return `clients-${environment}-${shard}`;
}

/** The channel of an API key, through which its streams are closed. */
export function keyChannel(keyId: string): string {
  return `key-${keyId}`;
}

/** Writes the position of a reader as the id of items, and of events of streams. */
export function streamPositionText(kind: Stream['kind'], position: bigint): string {
  return kind === 'configs' ? `${position}` : positionText(position);
}

/** Reads the position of a reader; `undefined` for any other text. */
export function parseStreamPosition(kind: Stream['kind'], text: string | undefined): bigint | undefined {
  return kind === 'configs' ? parseVersion(text) : parsePosition(text);
}

/** One part of `Grip-Last`. */
const LAST_ID = /^\s*(environment|clients|key)-([A-Za-z0-9-]{1,64})\s*;\s*last-id=([0-9-]{1,36})\s*$/;

/** The position of one hold, or of several at the same version, as a proxy reports it. */
export interface HoldPosition {
  readonly stream: Stream;
  readonly keyId: string;
  /** The version that the client has received; of an event stream, see client-position.ts. */
  readonly position: bigint;
}

/**
 * Reads the `Grip-Last` headers of a request to the recovery link: `<channel>; last-id=<id>`, one
 * per channel, in one header or several. `undefined` unless they name exactly one stream and one
 * key.
 */
export function parseGripLast(header: string | readonly string[] | undefined): HoldPosition | undefined {
  const parts = (typeof header === 'string' ? [header] : (header ?? [])).flatMap((text) => text.split(','));
  let stream: Stream | undefined;
  let position: bigint | undefined;
  let keyId: string | undefined;
  for (const part of parts) {
    const match = LAST_ID.exec(part);
    const [, kind, name = '', lastId = ''] = match ?? [];
    if (kind === 'key') {
      if (keyId !== undefined || parseVersion(lastId) === undefined) return undefined;
      keyId = name;
    } else {
      if (stream !== undefined) return undefined;
      stream = kind === 'clients' ? clientStream(name) : configStream(name);
      if (stream === undefined) return undefined;
      position = parseStreamPosition(stream.kind, lastId);
    }
  }
  if (stream === undefined || position === undefined || keyId === undefined) return undefined;
  return { stream, keyId, position };
}

function configStream(name: string): Stream | undefined {
  const environment = parseVersion(name);
  return environment === undefined ? undefined : { kind: 'configs', environment };
}

function clientStream(name: string): Stream | undefined {
  const [, number, shard] = /^(\d+)-(\d)$/.exec(name) ?? [];
  const environment = parseVersion(number);
  if (environment === undefined || Number(shard) >= CLIENT_SHARDS) return undefined;
  return { kind: 'clients', environment, shard: Number(shard) };
}
