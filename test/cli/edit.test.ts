import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withValue, type SetOptions } from '../../src/cli/commands/edit.js';
import { parseAs } from '../../src/cli/value.js';
import type { Config } from '../../src/ruleset/model.js';
import { FakeServer } from './fake-server.js';
import { credentials, run } from './run.js';

const rule = {
  criteria: [{ propertyName: 'user.id', operator: 'PROP_IS_ONE_OF', valueToMatch: { string: 'a' } }],
  value: { bool: true },
};
const off = { value: { bool: false } };
const on = { value: { bool: true } };

function flag(...rows: NonNullable<Config['rows']>): Config {
  return { id: '7', key: 'f', configType: 'FEATURE_FLAG', valueType: 'BOOL', rows };
}

function rowsAfter(present: Config, options: Partial<SetOptions> = {}, value = 'true'): Config['rows'] {
  return withValue(present, 'f', value, { environment: '1', allRules: false, ...options }).rows;
}

describe('the value that set changes', () => {
  it("the value that set changes is the one without criteria in the environment's row; rules and other rows stay", () => {
    const rows = rowsAfter(flag({ values: [off] }, { projectEnvId: '1', values: [rule, off] }));
    expect(rows).toEqual([{ values: [off] }, { projectEnvId: '1', values: [rule, on] }]);
  });

  it('the value that set changes is that of the default row when the environment has none, so that targeting there stays in force', () => {
    expect(rowsAfter(flag({ values: [rule, off] }))).toEqual([{ values: [rule, on] }]);
  });

  it('the value that set changes is added at the end where every value has criteria', () => {
    expect(rowsAfter(flag({ projectEnvId: '1', values: [rule] }))).toEqual([
      { projectEnvId: '1', values: [rule, on] },
    ]);
  });

  it('the value that set changes is the first of several without criteria, the only one that ever counts', () => {
    expect(rowsAfter(flag({ values: [off, rule, off] }))).toEqual([{ values: [on, rule, off] }]);
  });

  it('the value that set changes replaces everything with --all-rules', () => {
    expect(
      rowsAfter(flag({ values: [off] }, { projectEnvId: '1', values: [rule] }), { allRules: true }),
    ).toEqual([{ projectEnvId: '1', values: [on] }]);
  });

  it('the value that set changes stays confidential', () => {
    const present = flag({ values: [{ value: { bool: false, confidential: true } }] });
    expect(rowsAfter(present)).toEqual([{ values: [{ value: { bool: true, confidential: true } }] }]);
  });

  it('the value that set changes leaves the config as it was otherwise, without its id and author', () => {
    const present: Config = {
      ...flag({ values: [off] }),
      sendToClientSdk: true,
      schemaKey: 's',
      changedBy: { email: 'her@example.com' },
    };
    expect(withValue(present, 'f', 'true', { environment: '1', allRules: false })).toEqual({
      key: 'f',
      configType: 'FEATURE_FLAG',
      valueType: 'BOOL',
      sendToClientSdk: true,
      schemaKey: 's',
      rows: [{ values: [on] }],
    });
  });
});

describe('the type that set gives', () => {
  const create = (value: string, type?: string) =>
    withValue(undefined, 'new', value, { environment: '3', allRules: false, type });

  it.each([
    ['true', 'FEATURE_FLAG', 'BOOL', { bool: true }],
    ['12', 'CONFIG', 'INT', { int: '12' }],
    ['-9223372036854775808', 'CONFIG', 'INT', { int: '-9223372036854775808' }],
    ['9223372036854775808', 'CONFIG', 'STRING', { string: '9223372036854775808' }],
    ['007', 'CONFIG', 'STRING', { string: '007' }],
    ['1.50', 'CONFIG', 'DOUBLE', { double: 1.5 }],
    ['{"a":1}', 'CONFIG', 'JSON', { json: { json: '{"a":1}' } }],
    ['True', 'CONFIG', 'STRING', { string: 'True' }],
    ['', 'CONFIG', 'STRING', { string: '' }],
  ])('the type that set gives of a new config is read from %j', (text, configType, valueType, value) => {
    expect(create(text)).toEqual({
      key: 'new',
      configType,
      valueType,
      rows: [{ projectEnvId: '3', values: [{ value }] }],
    });
  });

  it.each([
    ['true', 'string', 'CONFIG', { string: 'true' }],
    ['3', 'double', 'CONFIG', { double: 3 }],
    ['PT5M', 'duration', 'CONFIG', { duration: { definition: 'PT5M' } }],
    ['debug', 'log-level', 'LOG_LEVEL', { logLevel: 'DEBUG' }],
    ['a, b', 'string-list', 'CONFIG', { stringList: { values: ['a', 'b'] } }],
  ])('the type that set gives of %j with --type %s is that', (text, type, configType, value) => {
    expect(create(text, type)).toMatchObject({ configType, rows: [{ values: [{ value }] }] });
  });

  it('the type that set gives of a config that exists is kept, whatever the text looks like', () => {
    const present: Config = { key: 'f', configType: 'CONFIG', valueType: 'STRING', rows: [{ values: [] }] };
    expect(rowsAfter(present, {}, '12')).toEqual([{ values: [{ value: { string: '12' } }] }]);
  });

  it('the type that set gives is refused when the text cannot be of it', () => {
    expect(() => rowsAfter(flag({ values: [off] }), {}, 'maybe')).toThrow(
      'VALUE must be true or false for the type BOOL, and is "maybe".',
    );
  });

  it('the type that set gives is asked for when text looks like JSON and is not', () => {
    expect(() => create('{oops')).toThrow(/looks like JSON but is not valid.*--type string/);
  });
});

describe('values as people write them', () => {
  it.each([
    ['BOOL', 'on', { bool: true }],
    ['BOOL', 'No', { bool: false }],
    ['INT', '10_000', { int: '10000' }],
    ['INT', '-1,234,567', { int: '-1234567' }],
    ['DURATION', '90s', { duration: { definition: 'PT90S' } }],
    ['DURATION', '1h30m', { duration: { definition: 'PT1H30M' } }],
    ['DURATION', '1.5d', { duration: { definition: 'P1.5D' } }],
    ['DURATION', '2d 4h', { duration: { definition: 'P2DT4H' } }],
    ['DURATION', 'PT5M', { duration: { definition: 'PT5M' } }],
    ['LOG_LEVEL', 'warning', { logLevel: 'WARN' }],
    ['STRING_LIST', 'a, b', { stringList: { values: ['a', 'b'] } }],
    ['STRING_LIST', '["a, b"]', { stringList: { values: ['a, b'] } }],
    ['STRING_LIST', '[a', { stringList: { values: ['[a'] } }],
  ])('%s %s is read', (valueType, text, value) => {
    expect(parseAs(valueType, text)).toEqual({ valueType, value });
  });

  it.each([
    ['INT', '1,2'],
    ['INT', '10%'],
    ['BOOL', '1'],
  ])('%s %s is refused, which can mean several things', (valueType, text) => {
    expect(() => parseAs(valueType, text)).toThrow(/VALUE must be/);
  });
});

describe('set and delete on a server', () => {
  let server: FakeServer;
  beforeEach(async () => {
    server = await FakeServer.start();
    server.put(flag({ values: [rule, off] }));
  });
  afterEach(() => server.stop());

  it('commit one config and say what it is and was', async () => {
    const { code, out } = await run(['set', 'f', 'true'], { env: credentials(server) });
    expect({ code, out }).toEqual({
      code: 0,
      out: 'f is 1 rule, else true (was 1 rule, else false), version 102\n',
    });
    expect(server.commits).toEqual([
      {
        configs: [
          { key: 'f', configType: 'FEATURE_FLAG', valueType: 'BOOL', rows: [{ values: [rule, on] }] },
        ],
      },
    ]);
  });

  it('create what is not there', async () => {
    const { out } = await run(['set', 'limit', '-5', '--type', 'int', '--create'], {
      env: credentials(server),
    });
    expect(out).toBe('limit is -5 (created as CONFIG), version 102\n');
  });

  it('set refuses a key that does not exist, names the one that was meant, and changes nothing', async () => {
    server.put({ ...flag({ values: [off] }), key: 'flag.welcome-banner' });
    expect(await run(['set', 'flag.welcom-baner', 'true'], { env: credentials(server) })).toMatchObject({
      code: 1,
      err: 'holdfast: There is no config "flag.welcom-baner". Did you mean flag.welcome-banner? --create creates it.\n',
    });
    expect(await run(['delete', 'flag.welcome_banner'], { env: credentials(server) })).toMatchObject({
      code: 1,
      err: 'holdfast: There is no config "flag.welcome_banner". Did you mean flag.welcome-banner?\n',
    });
    expect(server.commits).toEqual([]);
  });

  it('set --create changes a config that exists like set without it', async () => {
    const { out } = await run(['set', 'f', 'true', '--create'], { env: credentials(server) });
    expect(out).toBe('f is 1 rule, else true (was 1 rule, else false), version 102\n');
  });

  it('set and delete print the configs before and after with --json', async () => {
    const { out } = await run(['set', 'f', 'true', '--json'], { env: credentials(server) });
    expect(JSON.parse(out)).toMatchObject({
      key: 'f',
      version: '102',
      before: { id: '101', rows: [{ values: [rule, off] }] },
      after: { rows: [{ values: [rule, on] }] },
    });
    const deleted = await run(['delete', 'f', '--json'], { env: credentials(server) });
    expect(JSON.parse(deleted.out)).toMatchObject({ key: 'f', version: '103', before: { id: '102' } });
  });

  it('plan again on what another left, when they were not alone', async () => {
    server.intercepts.push(
      () => false,
      () => {
        // Another commit comes between our read and our commit.
        server.put(flag({ projectEnvId: '1', values: [rule, rule, off] }));
        return false;
      },
    );
    const { code, out } = await run(['set', 'f', 'true'], { env: credentials(server) });
    expect(code).toBe(0);
    expect(out).toBe('f is 2 rules, else true (was 2 rules, else false), version 103\n');
    expect(server.configs.get('f')?.rows).toEqual([{ projectEnvId: '1', values: [rule, rule, on] }]);
    const keys = server.seen
      .map(({ headers }) => headers['idempotency-key'])
      .filter((key) => key !== undefined);
    expect(new Set(keys).size).toBe(2);
  });

  it('set and delete take a weak ETag, as of a proxy that compresses, for the same version', async () => {
    server.weak = true;
    expect(await run(['set', 'f', 'true'], { env: credentials(server) })).toMatchObject({ code: 0 });
    expect(await run(['delete', 'f'], { env: credentials(server) })).toMatchObject({ code: 0 });
    expect(server.seen.map(({ headers }) => headers['if-match']).filter(Boolean)).toEqual(['"101"', '"102"']);
  });

  it('set and delete on a server give up when another writer is faster five times', async () => {
    const interfere = () => {
      server.put({ key: 'busy', configType: 'CONFIG' });
      return false;
    };
    for (let i = 0; i < 5; i++) server.intercepts.push(() => false, interfere);
    const { code, err } = await run(['delete', 'f'], { env: credentials(server) });
    expect({ code, err }).toEqual({ code: 1, err: 'holdfast: The environment is at version 106.\n' });
  });

  it.each([undefined, 'W/"1f-hash"'])(
    'change nothing when the read names no version: ETag %s',
    async (etag) => {
      server.intercepts.push((_seen, response) => {
        response.writeHead(200, etag === undefined ? {} : { etag }).end('{"configs":[]}');
        return true;
      });
      const { code, err } = await run(['set', 'f', 'true'], { env: credentials(server) });
      expect(code).toBe(1);
      expect(err).toMatch(/did not say which version it answered with/);
      expect(server.commits).toEqual([]);
    },
  );

  it('set and delete on a server read the version of an ETag that compression on the way made weak', async () => {
    server.intercepts.push((_seen, response) => {
      const body = JSON.stringify({ configs: [...server.configs.values()] });
      response.writeHead(200, { etag: `W/"${server.version}"` }).end(body);
      return true;
    });
    const { code } = await run(['set', 'f', 'true'], { env: credentials(server) });
    expect(code).toBe(0);
    expect(server.seen.at(-1)?.headers['if-match']).toBe(`"${server.version - 1n}"`);
  });

  it('delete by a tombstone', async () => {
    const { code, out } = await run(['delete', 'f'], { env: credentials(server) });
    expect({ code, out }).toEqual({ code: 0, out: 'f is deleted, version 102\n' });
    expect(server.commits).toEqual([{ configs: [{ key: 'f', configType: 'DELETED' }] }]);
  });

  it('delete nothing that is not there', async () => {
    const { code, err } = await run(['delete', 'g'], { env: credentials(server) });
    expect({ code, err, commits: server.commits }).toEqual({
      code: 1,
      err: 'holdfast: There is no config "g". holdfast show lists them.\n',
      commits: [],
    });
  });
});
