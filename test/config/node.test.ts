import { describe, expect, it } from 'vitest';
import { readBeltWriterSettings } from '../../src/config/belt-writer.js';
import { helpText } from '../../src/config/help.js';
import { readNodeSettings } from '../../src/config/node.js';
import { SettingsError, type EnvironmentVariables } from '../../src/config/option.js';

const TOKEN = 'sixteen-letters!';
const SECRET = 'thirty-two-characters-or-more-of-it';

function problems(env: EnvironmentVariables): readonly string[] {
  try {
    readNodeSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe('settings that are not given', () => {
  it('settings that are not given are the documented defaults', () => {
    expect(readNodeSettings({})).toEqual({
      host: '127.0.0.1',
      port: 8080,
      adminPort: undefined,
      adminHost: undefined,
      store: 'file:./data',
      gripUrls: [],
      gripVerifyKeys: [],
      canaryUrls: [],
      proxyMetricsPorts: [],
      publishInterval: 100,
      purgeUrl: undefined,
      purgeToken: undefined,
      purgeDelay: 500,
      hold: 'auto',
      adminTokens: undefined,
      linkSecrets: undefined,
      oidcIssuer: undefined,
      oidcClientId: undefined,
      oidcClientSecret: undefined,
      consoleUrl: undefined,
      oidcRoles: undefined,
      oidcRolesClaim: 'groups',
      oidcNameClaim: undefined,
      oidcScopes: 'openid profile email',
      oidcLabel: undefined,
      oidcSessionMinutes: 480,
      stalenessSeconds: 60,
      refetchSpreadSeconds: 2,
      drainSeconds: 10,
      environmentsInMemory: 1000,
      maxAgeSeconds: 3600,
      maxHolds: 10_000,
      trustedProxies: [],
      ratePerKey: undefined,
      ratePerAddress: undefined,
      history: 1000,
      keepAliveSeconds: 20,
      beltUrls: [],
      beltKeep: 5,
      nodeName: undefined,
      logLevel: 'info',
      traceEndpoint: undefined,
      tracesEndpoint: undefined,
      traceProtocol: 'http/protobuf',
      tracesOff: false,
      production: false,
      examples: 'on',
      warnings: [],
    });
  });

  it('settings that are not given include those that are empty or blank', () => {
    expect(readNodeSettings({ PORT: '', HOLDFAST_STORE: '  ', HOLDFAST_SECRET: '' })).toEqual(
      readNodeSettings({}),
    );
  });
});

describe('numbers', () => {
  it.each([
    ['PORT', '0'],
    ['PORT', '65535'],
    ['HOLDFAST_STALENESS', '5'],
    ['HOLDFAST_STALENESS', '3600'],
    ['HOLDFAST_KEEPALIVE', '29'],
    ['HOLDFAST_MAX_AGE', '86400'],
    ['HOLDFAST_IN_MEMORY', '0'],
    ['HOLDFAST_MAX_HOLDS', '1'],
    ['HOLDFAST_MAX_HOLDS', '1000000'],
    ['HOLDFAST_DRAIN', '0'],
    ['HOLDFAST_REFETCH_SPREAD', '0'],
    ['HOLDFAST_REFETCH_SPREAD', '60'],
  ])('%s may be %s', (name, value) => {
    expect(problems({ [name]: value })).toEqual([]);
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '12abc'],
    ['PORT', '8e3'],
    ['PORT', '0x50'],
    ['HOLDFAST_STALENESS', '4'],
    ['HOLDFAST_STALENESS', '3601'],
    ['HOLDFAST_STALENESS', '60.5'],
    ['HOLDFAST_KEEPALIVE', '30'],
    ['HOLDFAST_KEEPALIVE', '4'],
    ['HOLDFAST_MAX_AGE', '59'],
    ['HOLDFAST_IN_MEMORY', '1000001'],
    ['HOLDFAST_MAX_HOLDS', '0'],
    ['HOLDFAST_DRAIN', '601'],
    ['HOLDFAST_BELT_KEEP', '0'],
    ['HOLDFAST_REFETCH_SPREAD', '61'],
  ])('%s may not be %s', (name, value) => {
    const [only, ...more] = problems({ [name]: value });
    expect(only).toMatch(new RegExp(`^${name} must be a whole number from \\d+ to \\d+. It is "${value}".$`));
    expect(more).toEqual([]);
  });
});

describe('choices', () => {
  it('names the allowed ones', () => {
    expect(problems({ HOLDFAST_HOLD: 'fastly', LOG_LEVEL: 'loud' })).toEqual([
      'HOLDFAST_HOLD must be one of auto, grip, direct. It is "fastly".',
      'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent. It is "loud".',
    ]);
  });
});

describe('the place of event streams', () => {
  it.each([
    ['https://streams.example.com', 'https://streams.example.com'],
    ['http://127.0.0.1:7999/', 'http://127.0.0.1:7999'],
    ['https://example.com/flags/', 'https://example.com/flags'],
  ])('the place of event streams may be %s', (value, url) => {
    expect(readNodeSettings({ HOLDFAST_STREAM_URL: value }).streamUrl).toBe(url);
  });

  it.each([
    'streams.example.com',
    '/flags',
    'ftp://x',
    'https://a:b@x',
    'https://x?y',
    'https://x#y',
    'https://x y',
  ])('the place of event streams may not be %s', (value) => {
    expect(problems({ HOLDFAST_STREAM_URL: value })).toEqual([
      `HOLDFAST_STREAM_URL must be an http:// or https:// URL without user, query or fragment. It is "${value}".`,
    ]);
  });
});

describe('the buckets', () => {
  const AWS = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'a-secret-of-aws' };

  it('the buckets are several, separated by spaces or commas', () => {
    const { beltUrls } = readNodeSettings({
      ...AWS,
      HOLDFAST_BELT: 'file:./a, s3://flags/x\n s3://k:s@flags/y',
    });
    expect(beltUrls).toEqual(['file:./a', 's3://flags/x', 's3://k:s@flags/y']);
  });

  it('the buckets are all checked, and none is named twice', () => {
    expect(problems({ ...AWS, HOLDFAST_BELT: 'file:a gs://x file:a s3://k:topsecret%@bb' })).toEqual([
      expect.stringMatching(/^HOLDFAST_BELT has a URL of none of the forms .* \(the URL at place 2 of 4\)$/),
      'HOLDFAST_BELT names one bucket twice (the URL at place 3 of 4): file a.',
      expect.stringMatching(/^HOLDFAST_BELT has credentials that are not percent-encoded/),
    ]);
  });

  it('the buckets are required by a belt writer, which needs no secrets', () => {
    const env = { HOLDFAST_STORE: 'redis://127.0.0.1', NODE_ENV: 'production' };
    expect(readBeltWriterSettings({ ...env, HOLDFAST_BELT: 'file:a' })).toMatchObject({
      store: 'redis://127.0.0.1',
      beltUrls: ['file:a'],
      beltKeep: 5,
      drainSeconds: 10,
      warnings: [],
    });
    expect(() => readBeltWriterSettings(env)).toThrow('HOLDFAST_BELT names no bucket');
  });
});

describe('the admin token and the secret', () => {
  it.each(['redis://127.0.0.1:6379', 'rediss://h', 'redis+sentinel://a:1,b:2/main', 'redis+cluster://a:1'])(
    'the admin token and the secret are required with %s, which nodes share',
    (store) => {
      expect(problems({ HOLDFAST_STORE: store })).toEqual([
        expect.stringMatching(/^HOLDFAST_ADMIN_TOKEN is required with a store that nodes share, because /),
        expect.stringMatching(/^HOLDFAST_SECRET is required with a store that nodes share, because /),
      ]);
    },
  );

  it('the admin token and the secret are required in production with any store', () => {
    expect(problems({ NODE_ENV: 'production' })).toEqual([
      expect.stringMatching(/^HOLDFAST_ADMIN_TOKEN is required in production, because /),
      expect.stringMatching(/^HOLDFAST_SECRET is required in production, because /),
    ]);
  });

  it('the admin token and the secret are enough for production and a shared store', () => {
    const settings = readNodeSettings({
      NODE_ENV: 'production',
      HOLDFAST_STORE: 'redis://127.0.0.1',
      HOLDFAST_ADMIN_TOKEN: TOKEN,
      HOLDFAST_SECRET: ` ${SECRET}\n`,
    });
    expect(settings).toMatchObject({ production: true, adminTokens: [TOKEN], linkSecrets: [SECRET] });
  });

  it('the admin token and the secret are refused when they are too short, once and without being repeated', () => {
    const found = problems({
      NODE_ENV: 'production',
      HOLDFAST_ADMIN_TOKEN: 'fifteen-letters',
      HOLDFAST_SECRET: SECRET.slice(0, 31),
    });
    expect(found).toEqual([
      'HOLDFAST_ADMIN_TOKEN must have at least 16 characters, and has 15.',
      'HOLDFAST_SECRET must have at least 32 characters, and has 31.',
    ]);
  });

  it('the admin token and the secret must be able to travel in a header, for the token', () => {
    expect(problems({ HOLDFAST_ADMIN_TOKEN: 'tokens-über-sechzehn' })).toEqual([
      expect.stringContaining('visible ASCII characters without spaces'),
    ]);
  });
});

describe('the store', () => {
  it('the store is refused in any form that no store has, without repeating what may hold a password', () => {
    const [only, ...more] = problems({ HOLDFAST_STORE: 'postgres://user:hunter2@h' });
    expect(only).toMatch(/^HOLDFAST_STORE has none of the forms/);
    expect(only).not.toContain('hunter2');
    expect(more).toEqual([]);
  });
});

describe('GRIP_URL', () => {
  it('takes several, separated by spaces, line breaks or commas', () => {
    const { gripUrls } = readNodeSettings({
      GRIP_URL: 'http://a:5561, http://b:5561\n  http://c:5561',
      GRIP_VERIFY_KEY: 'k',
    });
    expect(gripUrls).toEqual(['http://a:5561', 'http://b:5561', 'http://c:5561']);
  });

  it('GRIP_URL needs a key for each, or no signature could be believed', () => {
    const found = problems({ GRIP_URL: 'http://a:5561?verify-key=k http://b:5561?key=publish-only' });
    expect(found).toEqual([
      expect.stringMatching(/http:\/\/b:5561 has no key to verify Grip-Sig with.*place 2 of 2/),
    ]);
    expect(found[0]).not.toContain('publish-only');
  });

  it('GRIP_URL must be URLs', () => {
    expect(problems({ GRIP_URL: 'pushpin', GRIP_VERIFY_KEY: 'k' })).toEqual([
      expect.stringMatching(/^GRIP_URL: is not a URL/),
    ]);
  });

  it('GRIP_URL is needed to hold by GRIP only', () => {
    expect(problems({ HOLDFAST_HOLD: 'grip' })).toEqual([
      expect.stringMatching(/^HOLDFAST_HOLD is grip, but GRIP_URL names no proxy/),
    ]);
    expect(problems({ HOLDFAST_HOLD: 'grip', GRIP_URL: 'http://a:5561?verify-key=k' })).toEqual([]);
  });
});

describe('problems', () => {
  it('problems are reported together, a line each', () => {
    const env = {
      PORT: 'http',
      HOLDFAST_STORE: 'redis://127.0.0.1',
      HOLDFAST_HOLD: 'grip',
      HOLDFAST_STALENESS: '1',
      HOLDFAST_SECRET: 'short',
    };
    expect(problems(env).map((problem) => problem.split(' ')[0])).toEqual([
      'PORT',
      'HOLDFAST_SECRET',
      'HOLDFAST_STALENESS',
      'HOLDFAST_ADMIN_TOKEN',
      'HOLDFAST_HOLD',
    ]);
    expect(() => readNodeSettings(env)).toThrow(
      /^Holdfast cannot start with these settings:\n- PORT (.*\n- ){4}.*$/,
    );
  });
});

describe('warnings', () => {
  it('warnings say that a proxy gets no new holds from a node that holds itself', () => {
    const { warnings } = readNodeSettings({
      HOLDFAST_HOLD: 'direct',
      GRIP_URL: 'http://a:5561?verify-key=k',
      HOST: '0.0.0.0',
    });
    expect(warnings).toEqual([expect.stringMatching(/^HOLDFAST_HOLD is direct, so this node publishes/)]);
  });

  it('warnings say that a verification key without a proxy does nothing', () => {
    expect(readNodeSettings({ GRIP_VERIFY_KEY: 'k' }).warnings).toEqual([
      'GRIP_VERIFY_KEY has no effect without GRIP_URL.',
    ]);
  });
});

describe('purging', () => {
  const url = 'https://api.fastly.com/service/abc';

  it('purging is of a service, named with or without the /purge of its API', () => {
    for (const given of [url, `${url}/`, `${url}/purge`]) {
      const settings = readNodeSettings({ HOLDFAST_PURGE_URL: given, HOLDFAST_PURGE_TOKEN: 't' });
      expect([settings.purgeUrl, settings.purgeToken]).toEqual([url, 't']);
    }
  });

  it('purging needs the token', () => {
    expect(problems({ HOLDFAST_PURGE_URL: url })).toEqual([expect.stringContaining('HOLDFAST_PURGE_TOKEN')]);
  });

  it('purging is not done with a token alone', () => {
    expect(readNodeSettings({ HOLDFAST_PURGE_TOKEN: 't' }).warnings).toEqual([
      'HOLDFAST_PURGE_TOKEN has no effect without HOLDFAST_PURGE_URL.',
    ]);
  });
});

describe('the issuer', () => {
  const OIDC = {
    HOLDFAST_OIDC_ISSUER: 'https://login.example.com/realms/main/',
    HOLDFAST_OIDC_CLIENT_ID: 'holdfast',
    HOLDFAST_CONSOLE_URL: 'https://flags.example.com/',
    HOLDFAST_OIDC_ROLES: 'a=admin',
  };

  it('the issuer keeps its slash, and the console has none', () => {
    const settings = readNodeSettings({ ...OIDC, HOLDFAST_OIDC_SCOPES: 'groups, openid' });
    expect(settings.oidcIssuer).toBe('https://login.example.com/realms/main/');
    expect(settings.consoleUrl).toBe('https://flags.example.com');
    expect(settings.oidcScopes).toBe('openid groups');
    expect(settings.warnings).toEqual([]);
  });

  it('the issuer needs a client, the address of the console, and roles', () => {
    const { HOLDFAST_OIDC_ISSUER } = OIDC;
    const missing = problems({ HOLDFAST_OIDC_ISSUER }).map((problem) => problem.split(' ')[2]);
    expect(missing).toEqual(['HOLDFAST_OIDC_CLIENT_ID:', 'HOLDFAST_CONSOLE_URL:', 'HOLDFAST_OIDC_ROLES:']);
  });

  it('the issuer is reached by https, but on this machine', () => {
    const [problem] = problems({ ...OIDC, HOLDFAST_OIDC_ISSUER: 'http://login.example.com' });
    expect(problem).toContain('HOLDFAST_OIDC_ISSUER must be an https:// URL');
    expect(problems({ ...OIDC, HOLDFAST_OIDC_ISSUER: 'http://127.0.0.1:9000' })).toEqual([]);
  });

  it('settings of the issuer that do nothing, or show tokens, are warnings', () => {
    expect(readNodeSettings({ HOLDFAST_OIDC_ROLES: 'a=admin' }).warnings).toEqual([
      'HOLDFAST_OIDC_… has no effect without HOLDFAST_OIDC_ISSUER.',
    ]);
    const plain = { ...OIDC, HOLDFAST_CONSOLE_URL: 'http://flags.example.com' };
    expect(readNodeSettings(plain).warnings).toHaveLength(1);
    expect(problems({ ...OIDC, HOLDFAST_CONSOLE_URL: 'https://x/console' })[0]).toContain('no path');
  });
});

describe('the help', () => {
  it('the help has a line for each setting, with its default', () => {
    const names = helpText().match(/^ {2}[A-Z_]+/gm);
    expect(names?.map((name) => name.trim())).toEqual([
      'PORT',
      'HOST',
      'HOLDFAST_ADMIN_PORT',
      'HOLDFAST_ADMIN_HOST',
      'HOLDFAST_STORE',
      'HOLDFAST_HISTORY',
      'GRIP_URL',
      'GRIP_VERIFY_KEY',
      'HOLDFAST_CANARY',
      'HOLDFAST_PROXY_METRICS',
      'HOLDFAST_COALESCE',
      'HOLDFAST_HOLD',
      'HOLDFAST_ADMIN_TOKEN',
      'HOLDFAST_SECRET',
      'HOLDFAST_OIDC_ISSUER',
      'HOLDFAST_OIDC_CLIENT_ID',
      'HOLDFAST_OIDC_CLIENT_SECRET',
      'HOLDFAST_CONSOLE_URL',
      'HOLDFAST_OIDC_ROLES',
      'HOLDFAST_OIDC_ROLES_CLAIM',
      'HOLDFAST_OIDC_NAME_CLAIM',
      'HOLDFAST_OIDC_SCOPES',
      'HOLDFAST_OIDC_LABEL',
      'HOLDFAST_OIDC_SESSION',
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
      'HOLDFAST_PURGE_TOKEN',
      'HOLDFAST_PURGE_DELAY',
      'HOLDFAST_BELT',
      'HOLDFAST_BELT_KEEP',
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
      'AWS_REGION',
      'HOLDFAST_NODE_NAME',
      'LOG_LEVEL',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
      'OTEL_EXPORTER_OTLP_PROTOCOL',
      'OTEL_SDK_DISABLED',
      'NODE_ENV',
      'HOLDFAST_EXAMPLES',
      'HOLDFAST_SOURCE',
      'HOLDFAST_REVALIDATE',
      'HOLDFAST_CACHE',
      'HOLDFAST_CACHE_MIB',
      'HOLDFAST_URL',
      'HOLDFAST_API_KEY',
      'HOLDFAST_ENVIRONMENT',
    ]);
    expect(helpText()).toMatch(/^ {2}HOLDFAST_STALENESS +60 +Seconds/m);
  });
});

describe('the canary', () => {
  const proxied = { GRIP_URL: 'http://a:5561 http://b:5561', GRIP_VERIFY_KEY: 'key' };

  it('the canary has the client URL of each proxy in the order of GRIP_URL, and off leaves one out', () => {
    const settings = readNodeSettings({ ...proxied, HOLDFAST_CANARY: 'off, http://b:7999/' });
    expect(settings.canaryUrls).toEqual([undefined, 'http://b:7999']);
    expect(readNodeSettings({ ...proxied, HOLDFAST_CANARY: 'off' }).canaryUrls).toEqual([]);
  });

  it('the canary is refused with another number of client URLs than there are proxies', () => {
    expect(problems({ ...proxied, HOLDFAST_CANARY: 'http://a:7999' })).toEqual([
      'HOLDFAST_CANARY names 1 and GRIP_URL names 2: give one URL of clients for each proxy, in the same order, or off in its place.',
    ]);
    expect(problems({ ...proxied, HOLDFAST_CANARY: 'a:7999 off' })).toEqual([
      expect.stringMatching(/^HOLDFAST_CANARY must be an http/),
    ]);
  });

  it('the canary without a proxy, or with direct holds only, is a warning', () => {
    const { warnings } = readNodeSettings({ HOLDFAST_CANARY: 'http://a:7999' });
    expect(warnings).toEqual(['HOLDFAST_CANARY has no effect without GRIP_URL.']);
    const direct = { ...proxied, HOLDFAST_HOLD: 'direct', HOLDFAST_CANARY: 'http://a:7999 off' };
    expect(readNodeSettings(direct).warnings).toContain(
      'HOLDFAST_CANARY has no effect with HOLDFAST_HOLD=direct, because no proxy is given a hold.',
    );
  });

  it('the metrics of proxies have one port for all, or one for each in the order of GRIP_URL', () => {
    const ports = (value: string) =>
      readNodeSettings({ ...proxied, HOLDFAST_PROXY_METRICS: value }).proxyMetricsPorts;
    expect(ports('7997')).toEqual([7997]);
    expect(ports('off 7998')).toEqual([undefined, 7998]);
    expect(ports('off')).toEqual([]);
    expect(problems({ ...proxied, HOLDFAST_PROXY_METRICS: '1 2 3' })).toEqual([
      'HOLDFAST_PROXY_METRICS names 3 and GRIP_URL names 2: give one port for all proxies, or one for each in the same order, or off in its place.',
    ]);
    expect(readNodeSettings({ HOLDFAST_PROXY_METRICS: '7997' }).warnings).toEqual([
      'HOLDFAST_PROXY_METRICS has no effect without GRIP_URL.',
    ]);
  });
});
