/** Names that objects of JavaScript have anyway, on every surface: they are names like others. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readContexts, type PlainContexts } from '../../src/client/contexts.js';
import { readFlagFile } from '../../src/flag-file/read.js';
import { writeFlagFile } from '../../src/flag-file/write.js';
import type { Config } from '../../src/ruleset/model.js';
import { basic, startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { deletion, flag } from '../support/configs.js';

const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'prototype',
  'then',
  'toJSON',
];

let app: TestApp;
let environment: TestEnvironment;

beforeAll(async () => {
  app = await startApp();
  environment = await app.environment();
  await environment.commit(...NAMES.map(segmentOf), ...NAMES.map(flagOf));
});

afterAll(() => app.close());

/** A segment of contexts whose property of that name is "yes". */
function segmentOf(name: string): Config {
  const criterion = {
    propertyName: `${name}.${name}`,
    operator: 'PROP_IS_ONE_OF',
    valueToMatch: { stringList: { values: ['yes'] } },
  };
  const values = [{ criteria: [criterion], value: { bool: true } }, { value: { bool: false } }];
  return { key: `segment.${name}`, configType: 'SEGMENT', valueType: 'BOOL', rows: [{ values }] };
}

/** A flag that is on in that segment. */
function flagOf(name: string): Config {
  const criterion = { propertyName: '', operator: 'IN_SEG', valueToMatch: { string: `segment.${name}` } };
  const values = [{ criteria: [criterion], value: { bool: true } }, { value: { bool: false } }];
  return {
    key: name,
    configType: 'FEATURE_FLAG',
    valueType: 'BOOL',
    sendToClientSdk: true,
    rows: [{ values }],
  };
}

/** JSON with one context of a type and a property of that name. */
function prefabContexts(name: string): string {
  return `{"contexts":[{"type":"${name}","values":{"${name}":{"string":"yes"}}}]}`;
}

describe('names of the prototype of objects', () => {
  it.each(NAMES)(
    '%s is a flag, a segment, a context and a property like others for browser SDKs',
    async (name) => {
      const segment = encodeURIComponent(Buffer.from(prefabContexts(name)).toString('base64'));
      const answer = await app.http
        .get(`/api/v2/configs/eval-with-context/${segment}`)
        .set('authorization', basic(environment.key, 'u'));
      expect(answer.status).toBe(200);
      const { evaluations } = JSON.parse(answer.text) as { evaluations: object };
      const values = new Map(
        Object.entries(evaluations).map(([key, { value }]) => [key, value.bool as boolean]),
      );
      expect([...values.keys()].sort()).toEqual([...NAMES].sort());
      for (const each of NAMES) expect([each, values.get(each)]).toEqual([each, each === name]);
    },
  );

  it.each(NAMES)('%s is a flag and a property like others for OpenFeature', async (name) => {
    const ofrep = (path: string) =>
      app.http
        .post(`/ofrep/v1/evaluate/flags${path}`)
        .set('authorization', `Bearer ${environment.key}`)
        .set('content-type', 'application/json')
        .send(`{"context":{"targetingKey":"x","${name}":{"${name}":"yes"}}}`);
    const single = await ofrep(`/${name}`);
    expect([single.status, single.body]).toMatchObject([200, { key: name, value: true }]);
    const { body } = await ofrep('');
    const flags = body.flags as { key: string; value: boolean }[];
    expect(flags.map(({ key }) => key).sort()).toEqual([...NAMES].sort());
    expect(flags.filter(({ value }) => value).map(({ key }) => key)).toEqual([name]);
    const unknown = await ofrep('/isPrototypeOf');
    expect([unknown.status, unknown.body]).toMatchObject([404, { errorCode: 'FLAG_NOT_FOUND' }]);
  });

  it.each(NAMES)(
    '%s is explained, listed, found in the history, promoted and deleted like others',
    async (name) => {
      const path = `/environments/${environment.id}`;
      const explained = await app
        .admin('post', `${path}/evaluate`)
        .set('content-type', 'application/json')
        .send(`{"keys":["${name}"],"contexts":[{"type":"${name}","values":{"${name}":{"string":"yes"}}}]}`);
      expect([explained.status, explained.text]).toEqual([200, expect.stringContaining(`"key":"${name}"`)]);
      const listed = await app.admin('get', `${path}/configs`).expect(200);
      expect((listed.body.configs as Config[]).map(({ key }) => key)).toContain(name);
      const history = await app.admin('get', `${path}/history?key=${encodeURIComponent(name)}`);
      expect([history.status, history.text]).toEqual([200, expect.stringContaining(name)]);
      const other = await app.environment();
      await other.commit(flag(name, false));
      await other.commit(deletion(name));
      const refused = await other.change({ [name]: 1 });
      expect(refused.status).toBe(400);
      const odd = await app
        .admin('post', `/environments/${other.id}/changes`)
        .set('content-type', 'application/json')
        .send(`{"${name}":{"configs":[]},"configs":[]}`);
      expect([odd.status, odd.body.error?.code]).toEqual([400, 'field_invalid']);
    },
  );

  it('flag files have such names and are read as they were written', async () => {
    const { body } = await app.admin('get', `/environments/${environment.id}/configs`).expect(200);
    const flags = NAMES.map(flagOf).filter(({ key }) => key !== undefined);
    expect((body.configs as Config[]).length).toBe(2 * flags.length);
    const text = writeFlagFile([...NAMES.map(segmentOf), ...flags], environment.id);
    const read = readFlagFile(text, { name: 'flags.yaml', environment: environment.id });
    expect(writeFlagFile(read, environment.id)).toBe(text);
    expect(read.map(({ key }) => key).sort()).toEqual(
      [...NAMES, ...NAMES.map((name) => `segment.${name}`)].sort(),
    );
  });

  it.each(NAMES)('%s is a context and a property like others for the client library', (name) => {
    const contexts = readContexts(JSON.parse(`{"${name}":{"${name}":"yes"}}`) as PlainContexts);
    expect(contexts.get(name)?.get(name)).toBe('yes');
    expect([...contexts.keys()]).toEqual([name]);
  });

  it('no request with such names has changed the prototype of objects', () => {
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as Record<string, unknown>).yes).toBeUndefined();
    expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(12);
  });
});
