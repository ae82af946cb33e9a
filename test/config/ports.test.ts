import { describe, expect, it } from 'vitest';
import { readBeltServerSettings } from '../../src/config/belt-server.js';
import { readNodeSettings } from '../../src/config/node.js';
import { SettingsError, type EnvironmentVariables } from '../../src/config/option.js';

const READERS = {
  'a node': (env: EnvironmentVariables) => readNodeSettings(env),
  'a belt server': (env: EnvironmentVariables) =>
    readBeltServerSettings({ HOLDFAST_SOURCE: 'file:/srv/copies', ...env }),
};

describe.each(Object.entries(READERS))('the ports of %s', (_, read) => {
  it('the ports of operators and clients are one unless HOLDFAST_ADMIN_PORT is set', () => {
    expect(read({})).toMatchObject({ host: '127.0.0.1', port: 8080, adminPort: undefined });
    expect(read({ HOLDFAST_ADMIN_PORT: '9000' })).toMatchObject({ port: 8080, adminPort: 9000 });
  });

  it('an admin port that is the clients’ port too is refused, unless it is on another address', () => {
    const same = { PORT: '9000', HOLDFAST_ADMIN_PORT: '9000' };
    expect(() => read(same)).toThrow(SettingsError);
    expect(() => read({ ...same, HOLDFAST_ADMIN_HOST: '127.0.0.1' })).toThrow(/must differ from PORT/);
    expect(read({ ...same, HOLDFAST_ADMIN_HOST: '127.0.0.2' }).adminHost).toBe('127.0.0.2');
    expect(read({ PORT: '0', HOLDFAST_ADMIN_PORT: '0' }).warnings).toEqual([]);
  });

  it('an admin port that Kubernetes set for a service called holdfast-admin is none', () => {
    const settings = read({ HOLDFAST_ADMIN_PORT: 'tcp://10.0.0.2:8081' });
    expect([settings.adminPort, settings.warnings]).toEqual([undefined, []]);
  });

  it('an admin host without an admin port is warned of', () => {
    expect(read({ HOLDFAST_ADMIN_HOST: '127.0.0.1' }).warnings).toEqual([
      'HOLDFAST_ADMIN_HOST has no effect without HOLDFAST_ADMIN_PORT.',
    ]);
  });
});

describe('an address that was not thought of', () => {
  const secrets = { HOLDFAST_ADMIN_TOKEN: 'x'.repeat(32), HOLDFAST_SECRET: 'x'.repeat(32) };
  const production = { NODE_ENV: 'production', ...secrets };
  const remote = { GRIP_URL: 'http://pushpin:5561/?verify-iss=pushpin&verify-key=k' };
  const local = { GRIP_URL: 'http://127.0.0.1:5561/?verify-iss=pushpin&verify-key=k' };

  it.each<[string, EnvironmentVariables]>([
    ['in production', production],
    ['with a proxy on another machine', remote],
  ])('an address that was not thought of is warned of %s', (_, env) => {
    expect(readNodeSettings(env).warnings).toEqual([expect.stringMatching(/^HOST is not set, so only this/)]);
    expect(readNodeSettings({ ...env, HOST: '127.0.0.1' }).warnings).toEqual([]);
  });

  it('an address that was not thought of is no matter on one machine', () => {
    expect(readNodeSettings(local).warnings).toEqual([]);
  });
});
