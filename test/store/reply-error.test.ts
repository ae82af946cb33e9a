import { describe, expect, it } from 'vitest';
import { commandError } from '../../src/store/redis/errors.js';
import { meaningOf } from '../../src/store/redis/reply-error.js';

const SHA = '9282fe9cd1ad17b421df71a1d74837df7d50241a';
const IN_62 = `ERR Error running script (call to f_${SHA}): @user_script:1: @user_script: 1: `;
const IN_70 = ` script: ${SHA}, on @user_script:1.`;
const IN_VALKEY = ' script: on @user_script:1.';

/** An error reply, as ioredis makes one. */
function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

/**
 * Texts of Redis 6.2.14, 7.0.15 and Valkey 9.1.2 by which commands in and outside of scripts were
 * refused.
 */
const REFUSALS: [code: string, retry: string, text: string][] = [
  ['READONLY', 'elsewhere', "You can't write against a read only replica."],
  ['MASTERDOWN', 'elsewhere', "Link with MASTER is down and replica-serve-stale-data is set to 'no'."],
  ['LOADING', 'here', 'Redis is loading the dataset in memory'],
  ['BUSY', 'here', 'Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.'],
  ['TRYAGAIN', 'here', 'Multiple keys request during rehashing of slot'],
  ['CLUSTERDOWN', 'here', 'Hash slot not served'],
  ['MOVED', 'here', '3999 127.0.0.1:6381'],
  ['ASK', 'here', '3999 127.0.0.1:6381'],
  ['OOM', 'never', "command not allowed when used memory > 'maxmemory'."],
  [
    'MISCONF',
    'never',
    'Redis is configured to save RDB snapshots, but it is currently not able to persist on disk.',
  ],
  ['NOREPLICAS', 'never', 'Not enough good replicas to write.'],
  ['NOAUTH', 'never', 'Authentication required.'],
  ['WRONGPASS', 'never', 'invalid username-password pair or user is disabled.'],
  ['DENIED', 'never', 'Redis is running in protected mode because protected mode is enabled'],
  ['NOPERM', 'never', "this user has no permissions to run the 'eval' command or its subcommand"],
];

describe('an error reply that refuses', () => {
  it.each(REFUSALS)('an error reply that refuses means the same wherever %s stands', (code, retry, rest) => {
    const text = `${code} ${rest}`;
    const expected = { kind: 'refused', code, retry, text };
    for (const message of [
      text,
      `${IN_62}-${text}`,
      `@user_script: 1: -${text}`,
      `${text}${IN_70}`,
      `${text}${IN_VALKEY}`,
      `-${text}`,
    ]) {
      const meaning = meaningOf(reply(message));
      expect(meaning, message).toMatchObject({ ...expected, text: expect.stringContaining(text) });
    }
  });

  it.each(REFUSALS)('%s says that nothing was changed, whatever the intent', (code, _retry, rest) => {
    for (const intent of ['read', 'write'] as const) {
      const { code: kind, message } = commandError('redis x', intent, reply(`${IN_62}-${code} ${rest}`));
      expect(kind).toBe('store_unavailable');
      expect(message).toMatch(
        new RegExp(`^The store \\(redis x\\) refused, and nothing was changed: ${code} .*\\. .*\\.$`),
      );
      expect(message).not.toContain('user_script');
    }
  });

  it('an error reply that refuses is recognised in the last redirection that a Cluster client follows', () => {
    const error = new Error(
      'Too many Cluster redirections. Last error: ReplyError: MOVED 3999 127.0.0.1:6381',
    );
    expect(meaningOf(error)).toMatchObject({ kind: 'refused', code: 'MOVED' });
    expect(commandError('x', 'write', error).message).toContain('nothing was changed');
  });

  it('an error reply that refuses is recognised without a known code, and not tried again', () => {
    const meaning = meaningOf(reply('ERR max number of clients reached'));
    expect(meaning).toMatchObject({ kind: 'refused', code: undefined, retry: 'never' });
  });
});

describe('an error reply that leaves the outcome open', () => {
  it.each([
    `${IN_62}The user executing the script can't run this command or subcommand`,
    `ERR The user executing the script can't run this command or subcommand${IN_70}`,
    `ERR The user executing the script can't access at least one of the keys mentioned in the command arguments${IN_70}`,
    `ERR ACL failure in script: User u has no permissions to run the 'xadd' command${IN_VALKEY}`,
  ])('an error reply that leaves the outcome open is a missing permission inside a script: %s', (message) => {
    expect(meaningOf(reply(message))).toMatchObject({ kind: 'interrupted', forbidden: true });
    const error = commandError('x', 'write', reply(message));
    expect(error.message).toMatch(/may have been made, or a part of it.*Idempotency-Key/);
    expect(error.message).toContain('docs/how-to/redis.md');
  });

  it.each([
    `ERR user_script:1: attempt to index local 'x' (a nil value)${IN_70}`,
    `ERR Error running script (call to f_${SHA}): @user_script:1: user_script:1: attempt to index local 'x'`,
  ])('an error reply that leaves the outcome open is a failure of the script itself: %s', (message) => {
    expect(meaningOf(reply(message))).toMatchObject({ kind: 'interrupted', forbidden: false });
  });

  it.each(['Command timed out', 'Connection is closed.', 'read ECONNRESET'])(
    'an error reply that leaves the outcome open is no reply at all: %s',
    (message) => {
      expect(meaningOf(new Error(message))).toBeUndefined();
      expect(commandError('x', 'write', new Error(message)).message).toContain(
        'may or may not have been made',
      );
      expect(commandError('x', 'read', new Error(message)).message).toContain('cannot be reached');
    },
  );
});

describe('a key of another type', () => {
  it('a key of another type is named, also when its name contains an error code', () => {
    const text = 'WRONGTYPE {holdfast}:idempotency:1:x READONLY y is a zset and should be a string';
    expect(meaningOf(reply(text))).toEqual({ kind: 'wrong-type', text });
    expect(commandError('x', 'write', reply(text))).toMatchObject({ code: 'store_damaged' });
  });
});
