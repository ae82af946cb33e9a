/** The bytes that the codec makes, read by the public node SDK. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Prefab } from '@prefab-cloud/prefab-cloud-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planChange } from '../../src/commit/plan.js';
import { encodeContextSet, encodeEnvelope } from '../../src/ruleset/codec.js';
import type { Config } from '../../src/ruleset/model.js';
import { Ruleset } from '../../src/ruleset/ruleset.js';
import { readSubmittedJson } from '../../src/ruleset/submitted.js';
import { ENVIRONMENT, flag, PROJECT, segment, sized } from './arbitrary.js';

const config = (key: string, valueType: string, value: object): Config => ({
  key,
  configType: 'CONFIG',
  valueType,
  rows: [{ projectEnvId: `${ENVIRONMENT}`, values: [{ value }] }],
});

const configs = [
  flag('on'),
  segment('seg', 'on'),
  config('int', 'INT', { int: 5 }),
  config('double', 'DOUBLE', { double: 0.5 }),
  config('list', 'STRING_LIST', { stringList: { values: ['a', 'é'] } }),
  config('json', 'JSON', { json: { json: '{"a":[1]}' } }),
  config('duration', 'DURATION', { duration: { definition: 'PT1.5S' } }),
  sized('large', 40_000),
];

let server: Server;
let prefab: Prefab;

beforeAll(async () => {
  const defaultContext = encodeContextSet({ contexts: [{ type: 'user', values: { key: { string: 'a' } } }] });
  const settings = { id: ENVIRONMENT, projectId: PROJECT, name: 'test', defaultContext };
  const envelope = encodeEnvelope(settings);
  const ruleset = new Ruleset({ environment: ENVIRONMENT, version: 0n, at: 0n, envelope, configs: [] });
  ruleset.apply(planChange({ ruleset, settings }, readSubmittedJson({ configs }), 17n * 10n ** 15n).change!);
  server = createServer((_, response) => response.end(ruleset.encode(0n)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  prefab = new Prefab({ apiKey: 'test-key', sources: [`http://127.0.0.1:${port}`], enableSSE: false });
  await prefab.init();
});

afterAll(() => {
  prefab.close();
  server.closeAllConnections();
  server.close();
});

it('knows every key', () => {
  expect(prefab.keys().sort()).toEqual(configs.map(({ key }) => key).sort());
});

it.each([
  ['on', true],
  ['seg', true],
  ['int', 5],
  ['double', 0.5],
  ['list', ['a', 'é']],
  ['json', { a: [1] }],
  ['large', 'x'.repeat(40_000)],
])('reads %s', (key, value) => {
  expect(prefab.get(key)).toEqual(value);
});

it('reads a duration', () => {
  expect(prefab.get('duration')).toBe(1500);
});
