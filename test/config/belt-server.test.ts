import { describe, expect, it } from 'vitest';
import { readBeltServerSettings } from '../../src/config/belt-server.js';
import { SettingsError, type EnvironmentVariables } from '../../src/config/option.js';

function problems(env: EnvironmentVariables): readonly string[] {
  try {
    readBeltServerSettings(env);
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.problems;
  }
}

describe('the settings of a belt server', () => {
  it('the settings of a belt server need a source and nothing else, in production too', () => {
    const env = { HOLDFAST_SOURCE: 'file:/srv/copies', NODE_ENV: 'production', HOST: '0.0.0.0' };
    const settings = readBeltServerSettings(env);
    expect(settings).toMatchObject({
      sources: ['file:/srv/copies'],
      cacheDirectory: undefined,
      revalidateSeconds: 10,
      environmentsInMemory: 1000,
      port: 8080,
      warnings: [],
    });
    expect(problems({})).toEqual(['HOLDFAST_SOURCE names no place where copies are.']);
  });

  it('the settings of a belt server take several sources, each once', () => {
    const sources = 'file:/a, https://copies.example.com/b\ns3://id:secret@bucket';
    expect(readBeltServerSettings({ HOLDFAST_SOURCE: sources }).sources).toHaveLength(3);
    const [twice] = problems({ HOLDFAST_SOURCE: 'https://x.example.com/a/,https://x.example.com/a?sig=1' });
    expect(twice).toMatch(/^HOLDFAST_SOURCE names one place twice \(the URL at place 2 of 2\)/);
    expect(twice).not.toContain('sig');
  });

  it('the settings of a belt server are reported together, without what may be secret', () => {
    const found = problems({
      HOLDFAST_SOURCE: 'ftp://user:password@x https://user:password@y',
      HOLDFAST_REVALIDATE: '0',
      PORT: 'x',
    });
    expect(found).toHaveLength(4);
    expect(found.join()).not.toContain('password');
  });
});
