/**
 * The meaning of the error replies of Redis: does the server take no writes, is it the wrong
 * server, was anything done? Pure.
 *
 * The error code is looked for wherever it stands. Redis 7 and Valkey put it first, Redis 6.2 wraps
 * the error of a command in a script:
 *
 *     7.0  READONLY You can't write against a read only replica. script: 9282…, on @user_script:1.
 *     6.2  ERR Error running script (call to f_9282…): @user_script:1: @user_script: 1: -READONLY You can't write …
 *
 * A refusal proves that nothing was changed, also inside a script: the first write of each of our
 * scripts is one that these codes refuse, and after it they cannot begin to apply, because nothing
 * else runs in between (scripts.ts). A script that ends for another reason proves nothing: an ACL
 * can allow its first write and forbid its second.
 */

/**
 * A place where the same command may succeed soon: this server, another one behind the same
 * address, or none.
 */
export type Retry = 'here' | 'elsewhere' | 'never';

/** The meaning of an error reply. `text` is the reply without what Redis wraps around it. */
export type ReplyMeaning =
  /** A key of ours holds something else. Nothing was changed. */
  | { readonly kind: 'wrong-type'; readonly text: string }
  /** The server refused. Nothing was changed. */
  | {
      readonly kind: 'refused';
      readonly text: string;
      readonly code: Code | undefined;
      readonly retry: Retry;
    }
  /** A script ended before its end. Any number of its steps may have been done. */
  | { readonly kind: 'interrupted'; readonly text: string; readonly forbidden: boolean };

/** The error codes that say more than "no". */
export type Code = keyof typeof CODES;

interface Refusal {
  readonly retry: Retry;
  /** A sentence for operators. */
  readonly remedy: string;
}

const PERMISSIONS = 'Give its user the permissions that docs/how-to/redis.md lists';

const CODES = {
  READONLY: {
    retry: 'elsewhere',
    remedy: 'The server is a replica: HOLDFAST_STORE must name the master, or an address that leads to it',
  },
  MASTERDOWN: {
    retry: 'elsewhere',
    remedy: 'The server is a replica that has lost its master',
  },
  UNBLOCKED: { retry: 'elsewhere', remedy: 'The server has become a replica' },
  LOADING: { retry: 'here', remedy: 'The server is starting; the commands are tried again' },
  BUSY: { retry: 'here', remedy: 'Another client runs a script that does not end; SCRIPT KILL ends it' },
  TRYAGAIN: { retry: 'here', remedy: 'The Cluster is moving the slot; the commands are tried again' },
  CLUSTERDOWN: { retry: 'here', remedy: 'The Cluster has no node for some slots: see CLUSTER INFO' },
  MOVED: { retry: 'here', remedy: 'The nodes of the Cluster do not agree on who has the slot' },
  ASK: { retry: 'here', remedy: 'The Cluster is moving the slot; the commands are tried again' },
  OOM: {
    retry: 'never',
    remedy: 'Its memory is full: raise maxmemory, or remove what else it holds',
  },
  MISCONF: {
    retry: 'never',
    remedy: 'It cannot write its own files: look at its disk and its log',
  },
  NOREPLICAS: {
    retry: 'never',
    remedy: 'It has fewer replicas in step than min-replicas-to-write asks for',
  },
  NOAUTH: { retry: 'never', remedy: 'HOLDFAST_STORE must have the password' },
  WRONGPASS: { retry: 'never', remedy: 'HOLDFAST_STORE must have the right user and password' },
  DENIED: { retry: 'never', remedy: 'The server is in protected mode: give it a password' },
  NOPERM: { retry: 'never', remedy: PERMISSIONS },
} as const satisfies Record<string, Refusal>;

/** Earliest first: an error text may quote names that contain other codes. */
const CODE = new RegExp(`(?:^|[\\s:-])(${['WRONGTYPE', ...Object.keys(CODES)].join('|')})(?=\\s|$)`);

/**
 * The wraps around the reply of a command: by Redis 6.2, by Redis 7 and Valkey, by ioredis after
 * its last redirection.
 */
const PREFIXES = [
  /^Too many Cluster redirections\. Last error: (?:ReplyError: )?/,
  /^ERR Error running script \(call to \S+\): @user_script:\s?\d+: /,
  /^@user_script:\s?\d+: -?/,
];
const SUFFIX = /\s*script: (?:[0-9a-f]{40}, )?on @user_script:\d+\.?\s*$/;

/**
 * The words of Redis 6.2 and 7, and of Valkey, for a command in a script that the user may not run.
 */
const FORBIDDEN = /The user executing the script can't|ACL failure in script/;

/**
 * Reads the meaning of an error.
 *
 * @returns `undefined` when the error is no reply: then it is not known whether the command was
 * executed
 */
export function meaningOf(error: unknown): ReplyMeaning | undefined {
  if (!(error instanceof Error) || !isReply(error)) return undefined;
  const { message } = error;
  let text = message.replace(SUFFIX, '');
  for (const prefix of PREFIXES) text = text.replace(prefix, '');
  text = text.trim();
  const code = CODE.exec(text)?.[1];
  if (code === 'WRONGTYPE') return { kind: 'wrong-type', text };
  if (code !== undefined)
    return { kind: 'refused', text, code: code as Code, retry: CODES[code as Code].retry };
  if (message.includes('@user_script')) {
    return { kind: 'interrupted', text, forbidden: FORBIDDEN.test(message) };
  }
  return { kind: 'refused', text, code: undefined, retry: 'never' };
}

/**
 * The remedy for an error reply as a sentence without its full stop; `undefined` when none is
 * known.
 */
export function remedyFor(meaning: ReplyMeaning): string | undefined {
  switch (meaning.kind) {
    case 'wrong-type':
      return 'Remove what does not belong there, or use another database';
    case 'interrupted':
      return meaning.forbidden ? PERMISSIONS : undefined;
    case 'refused':
      return meaning.code && CODES[meaning.code].remedy;
  }
}

/**
 * A redirection that ioredis gave up is no ReplyError of its own, but each step of it was a
 * refusal.
 */
function isReply(error: Error): boolean {
  return error.name === 'ReplyError' || error.message.startsWith('Too many Cluster redirections');
}
