/** Secrets in files, for every option that is one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  isGiven,
  parseOption,
  ROLES,
  SettingsError,
  withVariable,
  type Option,
  type Role,
} from '../../src/config/option.js';
import { clientVariables } from '../../src/config/client-variables.js';
import { options } from '../../src/config/options.js';
import { nameWarnings } from '../../src/config/names.js';
import { readNodeSettings } from '../../src/config/node.js';
import { findSecret } from '../../src/config/secret-file.js';

let folder: string;
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-secret-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

/** A value that each option that is a secret accepts. */
const VALUES: Record<string, string> = {
  HOLDFAST_STORE: 'redis://user:password@redis.test:6379',
  GRIP_URL: 'https://api.fastly.com/service/ID?key=TOKEN&verify-iss=fastly:ID',
  GRIP_VERIFY_KEY: 'the-key-of-the-proxy',
  HOLDFAST_ADMIN_TOKEN: 'a-token-of-enough-characters',
  HOLDFAST_SECRET: 'a-secret-of-at-least-thirty-two-characters',
  HOLDFAST_PURGE_TOKEN: 'purge-token',
  HOLDFAST_OIDC_CLIENT_SECRET: 'client-secret',
  HOLDFAST_BELT: 's3://id:secret@bucket/flags',
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_SESSION_TOKEN: 'session',
  HOLDFAST_SOURCE: 'https://copies.test/flags?signature=x',
  HOLDFAST_API_KEY: 'key',
};

/** The options that are none. An option that is added must be put here or be marked as secret. */
const PUBLIC = [
  'HOLDFAST_OIDC_ISSUER',
  'HOLDFAST_OIDC_CLIENT_ID',
  'HOLDFAST_CONSOLE_URL',
  'HOLDFAST_OIDC_ROLES',
  'HOLDFAST_OIDC_ROLES_CLAIM',
  'HOLDFAST_OIDC_NAME_CLAIM',
  'HOLDFAST_OIDC_SCOPES',
  'HOLDFAST_OIDC_LABEL',
  'HOLDFAST_OIDC_SESSION',
  'PORT',
  'HOST',
  'HOLDFAST_ADMIN_PORT',
  'HOLDFAST_ADMIN_HOST',
  'HOLDFAST_COALESCE',
  'HOLDFAST_CANARY',
  'HOLDFAST_PROXY_METRICS',
  'HOLDFAST_HOLD',
  'HOLDFAST_STALENESS',
  'HOLDFAST_KEEPALIVE',
  'HOLDFAST_REFETCH_SPREAD',
  'HOLDFAST_IN_MEMORY',
  'HOLDFAST_MAX_AGE',
  'HOLDFAST_MAX_HOLDS',
  'HOLDFAST_TRUSTED_PROXIES',
  'HOLDFAST_RATE_KEY',
  'HOLDFAST_RATE_ADDRESS',
  'HOLDFAST_STREAM_URL',
  'HOLDFAST_DRAIN',
  'HOLDFAST_PURGE_URL',
  'HOLDFAST_PURGE_DELAY',
  'HOLDFAST_BELT_KEEP',
  'AWS_REGION',
  'HOLDFAST_NODE_NAME',
  'LOG_LEVEL',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_EXPORTER_OTLP_PROTOCOL',
  'OTEL_SDK_DISABLED',
  'NODE_ENV',
  'HOLDFAST_HISTORY',
  'HOLDFAST_EXAMPLES',
  'HOLDFAST_CACHE_MIB',
  'HOLDFAST_REVALIDATE',
  'HOLDFAST_CACHE',
  'HOLDFAST_URL',
  'HOLDFAST_ENVIRONMENT',
];

interface Named {
  readonly name: string;
  readonly secret?: true;
}

const table = Object.values<Option<Role, unknown>>(options);
const everything: readonly Named[] = [...table, ...Object.values<Named>(clientVariables)];
const secrets = table.filter(({ secret }) => secret === true);

describe('the option table', () => {
  it('every option is known to be a secret or to be none', () => {
    const secret = everything.filter((option) => option.secret === true).map(({ name }) => name);
    expect(secret.sort()).toEqual(Object.keys(VALUES).sort());
    const others = everything.filter((option) => option.secret !== true).map(({ name }) => name);
    expect(others.filter((name) => !PUBLIC.includes(name))).toEqual([]);
  });
});

describe.each(secrets.map((option) => [option.name, option] as const))('the file of %s', (name, option) => {
  it(`the file of ${name} gives the value that the variable would, without its last newline`, () => {
    const value = VALUES[name]!;
    const env = { [`${name}_FILE`]: file(name, `${value}\n`) };
    expect(parseOption(option, env)).toEqual(parseOption(option, { [name]: value }));
    expect(parseOption(option, env)).toHaveProperty('value');
    expect(isGiven(option, env)).toBe(true);
  });

  it(`the file of ${name} together with the variable is an error`, () => {
    const env = { [name]: VALUES[name]!, [`${name}_FILE`]: file(name, VALUES[name]!) };
    expect(parseOption(option, env)).toEqual({
      problem: `${name} and ${name}_FILE are both set, and it is not said which counts. Remove one.`,
    });
  });

  it(`the file of ${name} that is missing or empty is an error that names its path`, () => {
    const missing = join(folder, 'missing');
    expect(parseOption(option, { [`${name}_FILE`]: missing })).toEqual({
      problem: expect.stringMatching(
        `^${name}_FILE names ${missing}, which cannot be read \\(ENOENT.*permissions`,
      ),
    });
    const empty = file('empty', ' \n');
    expect(parseOption(option, { [`${name}_FILE`]: empty })).toEqual({
      problem: `${name}_FILE names ${empty}, which is empty. Write the secret into it.`,
    });
  });

  it(`the file of ${name} is a known variable on every process that reads the secret`, () => {
    for (const role of ROLES) {
      const warnings = nameWarnings(role, { [`${name}_FILE`]: '/run/secrets/x' });
      expect(warnings.length).toBe(option.roles.includes(role) ? 0 : 1);
      expect(warnings.join()).not.toContain('is not a setting of Holdfast');
    }
  });
});

describe('a secret in a file', () => {
  it('a secret in a file that is too short is an error that names the file and not its content', () => {
    const path = file('short', 'hunter2hunter2');
    const read = (): unknown => readNodeSettings({ HOLDFAST_ADMIN_TOKEN_FILE: path });
    expect(read).toThrow(SettingsError);
    expect(read).toThrow(
      new RegExp(`HOLDFAST_ADMIN_TOKEN must have at least 16 .* It was read from ${path}\\.`),
    );
    expect(read).not.toThrow(/hunter2/);
  });

  it('a secret in a file is one that is given, where production requires it', () => {
    const settings = readNodeSettings({
      NODE_ENV: 'production',
      HOST: '0.0.0.0',
      HOLDFAST_ADMIN_TOKEN_FILE: file('token', `${VALUES.HOLDFAST_ADMIN_TOKEN},another-token-of-16\r\n`),
      HOLDFAST_SECRET_FILE: file('secret', `${VALUES.HOLDFAST_SECRET}\n`),
    });
    expect(settings.adminTokens).toEqual([VALUES.HOLDFAST_ADMIN_TOKEN, 'another-token-of-16']);
    expect(settings.warnings).toEqual([]);
  });

  it('a secret in a file that is unreadable is reported with the other problems, and not as missing too', () => {
    const env = { NODE_ENV: 'production', HOST: '::', PORT: 'x', HOLDFAST_ADMIN_TOKEN_FILE: '/no/such/file' };
    expect(() => readNodeSettings(env)).toThrow(
      /\n- PORT .*\n- HOLDFAST_ADMIN_TOKEN_FILE .*\n- HOLDFAST_SECRET .*$/,
    );
  });

  it('a secret in a file keeps the lines of a PEM', () => {
    const pem = '-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----';
    expect(findSecret({ X_FILE: file('pem', `${pem}\n`) }, 'X')?.text).toBe(pem);
  });

  it.each<[string, string | Uint8Array, RegExp]>([
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe, 0x00), /it is not UTF-8 text/],
    ['too many bytes', 'x'.repeat(70_000), /more than 65536 bytes/],
  ])('a secret in a file of %s is refused without them', (name, content, message) => {
    expect(() => findSecret({ X_FILE: file(name.replaceAll(' ', '-'), content) }, 'X')).toThrow(message);
  });

  it('a secret in a file gives way to a value of the command line', () => {
    const env = withVariable({ HOLDFAST_BELT_FILE: '/no/such/file' }, 'HOLDFAST_BELT', 'file:/copies');
    expect(findSecret(env, 'HOLDFAST_BELT')).toEqual({ text: 'file:/copies', path: undefined });
  });
});
