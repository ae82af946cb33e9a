/** The producers in examples/inbox, run as their first lines say, against a real Redis. */
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { REJECTED, startInbox } from '../support/inbox.js';
import { startRedis } from '../support/redis.js';
import { sharedInbox } from '../support/shared.js';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'examples/inbox');

const PRODUCERS: [string, string[]][] = [
  ['TypeScript', [process.execPath, '--import', 'tsx', join(folder, 'producer.ts')]],
  ['Python', ['python3', join(folder, 'producer.py')]],
  ['redis-cli', ['sh', join(folder, 'producer.sh')]],
];

const stack = sharedInbox();

async function produce(command: readonly string[], url: string, environment: string, event: string) {
  const [program = '', ...args] = command;
  const child = spawn(program, [...args, environment, event], {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, REDIS_URL: url },
  });
  // A producer that ends at once does not read its input.
  child.stdin.on('error', () => undefined);
  createReadStream(join(folder, 'change.json')).pipe(child.stdin);
  const code = new Promise((resolve) => child.once('close', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, out, err };
}

describe.each(PRODUCERS)('the producer in %s', (_, command) => {
  it('adds a change that is committed, once', async () => {
    const { counts } = await stack.consume();
    for (let i = 0; i < 2; i++) {
      const { code, out, err } = await produce(command, stack.server.url, '1', 'order 4711 "é"');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/^\d+-\d+\n$/);
    }
    await stack.settled();
    expect(await stack.committed()).toEqual(['flag.welcome-banner']);
    expect(counts).toEqual({ committed: 1, repeated: 1, rejected: [] });
    expect(await stack.raw.exists(REJECTED)).toBe(0);
  });

  it('says so when Redis refuses it', async () => {
    await stack.raw.set('{holdfast}:inbox', 'x');
    const { code, err } = await produce(command, stack.server.url, '1', 'e');
    expect(code).not.toBe(0);
    expect(err).toContain('WRONGTYPE');
  });

  it('a producer needs nothing but XADD on that key', async () => {
    const server = await startRedis();
    const one = await startInbox(undefined, server);
    try {
      await one.raw.call(
        'ACL',
        'SETUSER',
        'producer',
        'on',
        '>p@ss/word',
        'resetkeys',
        '~{holdfast}:inbox',
        '-@all',
        '+xadd',
      );
      const url = `redis://producer:p%40ss%2Fword@127.0.0.1:${server.port}`;
      const { code, out, err } = await produce(command, url, '1', 'e');
      expect({ code, out }, err).toEqual({ code: 0, out: expect.stringMatching(/^\d+-\d+\n$/) });
    } finally {
      await one.stop();
    }
  });
});
