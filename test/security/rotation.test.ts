/**
 * Changing a secret while everything runs: for a time the old and the new one are both accepted,
 * and never a third.
 */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readNodeSettings } from '../../src/config/node.js';
import { SettingsError } from '../../src/config/option.js';
import { splitKeys } from '../../src/grip/keys.js';
import { startApp, sign, type TestApp, type TestEnvironment } from '../support/app.js';
import { readLink } from '../support/stream.js';
import { FakeServer } from '../cli/fake-server.js';
import { run } from '../cli/run.js';

const TOKENS = {
  old: 'the-old-admin-token-1',
  next: 'the-new-admin-token-2',
  third: 'another-admin-token-3',
};
const SECRETS = {
  old: 'the-old-secret-of-all-recovery-links',
  next: 'the-new-secret-of-all-recovery-links',
  third: 'a-third-secret-of-no-installation-at-all',
};
const KEYS = { old: 'the-old-key-of-the-proxy', next: 'the-new-key-of-the-proxy', third: 'a-key-of-nobody' };

const apps: TestApp[] = [];

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

async function start(env: Record<string, string>): Promise<TestApp> {
  const app = await startApp({ env });
  apps.push(app);
  return app;
}

function problems(env: Record<string, string>): readonly string[] {
  try {
    readNodeSettings(env);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

describe('the admin token', () => {
  const ask = async (app: TestApp, token: string) =>
    (await app.http.get('/admin/v1/environments').auth(token, { type: 'bearer' })).status;

  it.each([' ', ',', ', ', '\n'])(
    'the admin token may be two, separated by %j, and a third is refused',
    async (between) => {
      const app = await start({ HOLDFAST_ADMIN_TOKEN: `${TOKENS.next}${between}${TOKENS.old}` });
      expect([await ask(app, TOKENS.old), await ask(app, TOKENS.next)]).toEqual([200, 200]);
      expect(await ask(app, TOKENS.third)).toBe(401);
      expect(await ask(app, `${TOKENS.next},${TOKENS.old}`)).toBe(401);
      expect(await ask(app, `${TOKENS.next}${TOKENS.old}`)).toBe(401);
    },
  );

  it('the admin token that is left out at the end is refused', async () => {
    const app = await start({ HOLDFAST_ADMIN_TOKEN: TOKENS.next });
    expect([await ask(app, TOKENS.old), await ask(app, TOKENS.next)]).toEqual([401, 200]);
  });

  it('the admin token is the first of several for commands, which have the variable of a server', async () => {
    const server = await FakeServer.start();
    try {
      const env = { HOLDFAST_URL: server.url, HOLDFAST_ADMIN_TOKEN: `${TOKENS.next}, ${TOKENS.old}` };
      await run(['environments', 'list'], { env });
      expect(server.seen.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${TOKENS.next}`]);
    } finally {
      await server.stop();
    }
  });

  it('the admin token has its length looked at each time, and the sentence says which is too short and not what it is', () => {
    const [only, ...more] = problems({ HOLDFAST_ADMIN_TOKEN: `${TOKENS.next} guessable` });
    expect(only).toMatch(
      /^HOLDFAST_ADMIN_TOKEN must have at least 16 characters, and has 9\. That is value 2 of 2/,
    );
    expect(only).not.toContain('guessable');
    expect(more).toEqual([]);
    expect(problems({ HOLDFAST_ADMIN_TOKEN: ',' })).toHaveLength(1);
  });
});

describe('the secret of the recovery links', () => {
  async function node(secrets: string): Promise<{ app: TestApp; environment: TestEnvironment }> {
    const app = await start({ HOLDFAST_SECRET: secrets });
    return { app, environment: await app.environment() };
  }
  const pathOf = async ({ environment }: { environment: TestEnvironment }) =>
    readLink(await environment.subscribe()).path;
  const accepts = async ({ environment }: { environment: TestEnvironment }, path: string) =>
    (await environment.recover(path, '0')).status === 200;

  it('the secret of the recovery links can be changed in three steps, and at each step a node accepts the links of the step before and after', async () => {
    const steps = await Promise.all(
      [SECRETS.old, `${SECRETS.old} ${SECRETS.next}`, `${SECRETS.next} ${SECRETS.old}`, SECRETS.next].map(
        node,
      ),
    );
    const paths = await Promise.all(steps.map(pathOf));
    for (let step = 0; step + 1 < steps.length; step++) {
      expect([step, await accepts(steps[step]!, paths[step + 1]!)]).toEqual([step, true]);
      expect([step, await accepts(steps[step + 1]!, paths[step]!)]).toEqual([step, true]);
    }
    expect(await accepts(steps.at(-1)!, paths[0]!)).toBe(false);
  });

  it('the secret of the recovery links that signs is the first, and both are accepted', async () => {
    const both = await node(`${SECRETS.next},${SECRETS.old}`);
    expect(await pathOf(both)).toBe(await pathOf(await node(SECRETS.next)));
    expect(await accepts(both, await pathOf(await node(SECRETS.old)))).toBe(true);
  });

  it('the secret of the recovery links of another installation is refused also while there are two', async () => {
    const both = await node(`${SECRETS.next} ${SECRETS.old}`);
    expect(await accepts(both, await pathOf(await node(SECRETS.third)))).toBe(false);
  });

  it('the secret of the recovery links has its length looked at each time', () => {
    const found = problems({ HOLDFAST_SECRET: `${SECRETS.next} ${SECRETS.old.slice(0, 31)}` });
    expect(found).toEqual([
      expect.stringMatching(/at least 32 characters, and has 31\. That is value 2 of 2/),
    ]);
  });
});

describe('the key that verifies Grip-Sig', () => {
  const URL = 'http://127.0.0.1:5561/?verify-iss=pushpin';
  const outcome = async (environment: TestEnvironment, signature: string) =>
    (await environment.subscribe({ 'grip-sig': signature })).status;
  const signed = (key: string, claims: object = {}) => sign({ key: Buffer.from(key), claims: { ...claims } });

  it('the key that verifies Grip-Sig may be two, and a third is refused', async () => {
    const env = { HOLDFAST_HOLD: 'grip', GRIP_URL: URL, GRIP_VERIFY_KEY: `${KEYS.old}, ${KEYS.next}` };
    const environment = await (await start(env)).environment();
    expect(await outcome(environment, await signed(KEYS.old))).toBe(200);
    expect(await outcome(environment, await signed(KEYS.next))).toBe(200);
    expect(await outcome(environment, await signed(KEYS.third))).toBe(503);
    expect(await outcome(environment, await signed(KEYS.next, { iss: 'someone' }))).toBe(503);
  });

  it('the key that verifies Grip-Sig may be a pair of another kind than before', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const env = { HOLDFAST_HOLD: 'grip', GRIP_URL: URL, GRIP_VERIFY_KEY: `${KEYS.old}\n${pem}` };
    const environment = await (await start(env)).environment();
    const withPair = (key: KeyObject) => sign({ algorithm: 'ES256', key });
    expect(await outcome(environment, await signed(KEYS.old))).toBe(200);
    expect(await outcome(environment, await withPair(pair.privateKey))).toBe(200);
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(await outcome(environment, await withPair(other.privateKey))).toBe(503);
    // The text of a public key is no shared secret, with two keys as little as with one.
    expect(await outcome(environment, await signed(pem))).toBe(503);
  });

  it('the key that verifies Grip-Sig of a URL counts for that proxy alone', async () => {
    const own = `http://127.0.0.1:5571/?verify-iss=other&verify-key=${KEYS.third}`;
    const env = {
      HOLDFAST_HOLD: 'grip',
      GRIP_URL: `${URL} ${own}`,
      GRIP_VERIFY_KEY: `${KEYS.old} ${KEYS.next}`,
    };
    const environment = await (await start(env)).environment();
    expect(await outcome(environment, await signed(KEYS.third, { iss: 'other' }))).toBe(200);
    expect(await outcome(environment, await signed(KEYS.third))).toBe(503);
    expect(await outcome(environment, await signed(KEYS.next, { iss: 'other' }))).toBe(503);
  });

  it('the key that verifies Grip-Sig is taken apart where one key ends: a PEM and a JWK have spaces and commas of their own', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString().trim();
    const jwk = JSON.stringify(publicKey.export({ format: 'jwk' }), undefined, 1);
    expect(splitKeys(pem)).toEqual([pem]);
    expect(splitKeys(jwk)).toEqual([jwk]);
    expect(splitKeys(`${KEYS.old}, ${pem} ${jwk},${KEYS.next}`)).toEqual([KEYS.old, pem, jwk, KEYS.next]);
    expect(splitKeys('x')).toEqual(['x']);
  });

  it('the key that verifies Grip-Sig that is a phrase does not become several keys that could be guessed', () => {
    const env = { GRIP_URL: URL, GRIP_VERIFY_KEY: 'correct horse battery staple' };
    const [only, ...more] = problems(env);
    expect(only).toMatch(/^GRIP_VERIFY_KEY has 4 keys, .*base64:/);
    expect(only).not.toMatch(/correct|horse|battery|staple/);
    expect(more).toEqual([]);
  });

  it.each(['{"kty":"EC","x":"hunter2"', '{"kty":"hunter2"}', '-----BEGIN hunter2', 'base64:'])(
    'the key that verifies Grip-Sig that cannot be read is not repeated: %s',
    (key) => {
      for (const env of [
        { GRIP_URL: URL, GRIP_VERIFY_KEY: key },
        { GRIP_URL: `${URL}&verify-key=${encodeURIComponent(key)}` },
      ]) {
        const found = problems(env);
        expect(found).not.toEqual([]);
        expect(found.join('\n')).not.toContain('hunter2');
      }
    },
  );
});

describe('the container of Pushpin', () => {
  const compose = readFileSync(join(import.meta.dirname, '../../docker-compose.yml'), 'utf8');
  /** The line that writes the key, as bash gets it. */
  const line = /^ *(printf .*) > \S+$/m.exec(compose)?.[1]?.replaceAll('$$', '$') ?? 'false';

  it.each(['new', 'new old', 'new,old', 'new, old'])(
    'the container of Pushpin signs with the first of GRIP_VERIFY_KEY=%j',
    (value) => {
      const { stdout } = spawnSync('bash', ['-euc', line], {
        env: { ...process.env, GRIP_VERIFY_KEY: value },
      });
      expect(Buffer.from(stdout.toString(), 'hex').toString()).toBe('new');
    },
  );
});
