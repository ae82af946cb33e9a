import { describe, expect, it } from 'vitest';
import { planImport } from '../../src/cli/datafile.js';
import { exampleConfigs, firstStartText, laterStartText } from '../../src/app/first-run-text.js';
import { encodeConfig } from '../../src/ruleset/codec.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';
import { checkSegments } from '../../src/ruleset/segments.js';
import { readSubmittedJson } from '../../src/ruleset/submitted.js';
import { validateConfig } from '../../src/ruleset/validate.js';

const configs = exampleConfigs();
const start = {
  url: 'http://127.0.0.1:8080',
  adminUrl: 'http://127.0.0.1:8081',
  consoleUrl: 'http://127.0.0.1:3000/console/#code=once',
  key: 'abc-P1-E1-SDK-def',
  adminToken: 'the-admin-token',
};

describe('the example configs', () => {
  it('the example configs are valid in every environment', () => {
    for (const { config, field } of readSubmittedJson({ configs })) {
      validateConfig(config, { environment: 12_345n, projectId: 1n, field });
    }
    expect(configs.flatMap(({ rows = [] }) => rows.map((row) => row.projectEnvId))).toEqual(
      configs.map(() => undefined),
    );
  });

  it('the example configs name segments that are among them', () => {
    const encoded = configs.map((config, i) => encodeConfig({ ...config, id: `${i + 1}` }));
    const ruleset = new Ruleset({
      environment: 1n,
      version: 99n,
      at: 0n,
      envelope: new Uint8Array(),
      configs: encoded,
    });
    const changed = encoded.map((config, i) => ({
      encoded: config,
      field: `configs[${i}]`,
      before: undefined,
    }));
    expect(() => checkSegments(ruleset, changed)).not.toThrow();
  });

  it('the example configs show one of each common kind', () => {
    expect(new Set(configs.map(({ valueType }) => valueType))).toEqual(
      new Set(['BOOL', 'STRING', 'JSON', 'LOG_LEVEL']),
    );
    expect(configs.map(({ key }) => key)).toContain('flag.welcome-banner');
  });

  it('the example configs have segments first', () => {
    const planned = planImport(
      { configs },
      { environment: '1', keepIds: false, remap: false, changeBytes: 1e6 },
    );
    expect(planned.changes.map(({ body }) => JSON.parse(body) as unknown)).toEqual([{ configs }]);
  });
});

describe('what the first start prints', () => {
  const text = firstStartText(start);
  const commands = text.split('\n').filter((line) => line.startsWith('curl '));

  it('what the first start prints has the key, the token and three lines to paste', () => {
    expect(text).toContain(start.key);
    expect(text).toContain(start.adminToken);
    expect(text).toContain(start.consoleUrl);
    expect(commands).toHaveLength(3);
    expect(commands[0]).toContain(`-N -u "me:${start.key}" ${start.url}/api/v1/sse/config`);
    expect(commands[1]).toContain(`${start.adminUrl}/admin/v1/environments/1/changes`);
    expect(commands[2]).toContain(`${start.url}/api/v1/configs/0?format=json`);
  });

  it('changes an example flag to what it is not', () => {
    const body = JSON.parse(/-d '(.*)'/.exec(commands[1]!)![1]!) as unknown;
    const [change] = readSubmittedJson(body);
    const present = configs.find(({ key }) => key === change?.config.key);
    validateConfig(change!.config, { environment: 1n, projectId: 1n, field: 'configs[0]' });
    expect(change?.config).toMatchObject({ key: 'flag.welcome-banner', configType: present?.configType });
    expect(change?.config.rows).not.toEqual(present?.rows);
  });
});

describe('what a later start prints', () => {
  it('what a later start prints says where it runs and that the credentials stay', () => {
    const text = laterStartText({ ...start, store: 'file ./data' });
    expect(text).toContain(start.consoleUrl);
    expect(text).toContain(start.url);
    expect(text).toContain('file ./data');
  });
});
