/** `export`, `plan` and `apply` against the fake server. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flagFileSchema } from '../../src/flag-file/schema.js';
import { flag, segment } from '../ruleset/arbitrary.js';
import { FakeServer } from './fake-server.js';
import { credentials, run, type Result } from './run.js';

let server: FakeServer;
beforeEach(async () => {
  server = await FakeServer.start();
});
afterEach(() => server.stop());

function holdfast(argv: readonly string[], stdin?: string): Promise<Result> {
  return run(argv, { env: credentials(server), ...(stdin === undefined ? {} : { stdin }) });
}

const FILE = `holdfast: 1
configs:
  new-checkout:
    type: flag
    rules:
      - when: user.email ends with @acme.com
        value: true
    default: false
`;

describe('flags as code', () => {
  it('plan prints the differences and ends with 2, apply commits them, and then there are none', async () => {
    const planned = await holdfast(['plan', '-'], FILE);
    expect(planned).toMatchObject({ code: 2, err: '' });
    expect(planned.out).toBe(
      'new-checkout is added\n  + flag of type bool\n  + when user.email ends with @acme.com then true\n  + otherwise false\n1 added, 0 changed, 0 deleted.\n',
    );
    expect(server.commits).toHaveLength(0);
    const applied = await holdfast(['apply', '-', '--message', 'Für alle'], FILE);
    expect(applied.code).toBe(0);
    expect(applied.out).toContain('Applied to environment 1, version 101');
    expect(server.seen.at(-1)?.headers).toMatchObject({
      'if-match': '"100"',
      'holdfast-message': 'F%C3%BCr%20alle',
    });
    for (const command of ['plan', 'apply']) {
      expect(await holdfast([command, '-'], FILE)).toMatchObject({ code: 0, out: 'No changes.\n' });
    }
    expect(server.commits).toHaveLength(1);
  });

  it('export prints the schema that exported files name, without a server', async () => {
    const schema = await run(['export', '--format', 'schema'], { env: {} });
    expect(schema).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(schema.out)).toEqual(flagFileSchema());
    const { out } = await holdfast(['export']);
    expect(out).toMatch(/^# yaml-language-server: \$schema=flag-file\.schema\.json\n/);
  });

  it('export of the schema with keys is refused, with the remedy', async () => {
    const { code, err } = await run(['export', 'a', '--format', 'schema'], { env: {} });
    expect(code).toBe(2);
    expect(err).toContain('leave out the keys');
  });

  it('export prints a file that plan finds no changes in', async () => {
    server.put(flag('b'), segment('a'), { ...flag('c'), sendToClientSdk: true });
    const exported = await holdfast(['export']);
    expect(exported.out).toMatch(
      /^# yaml-language-server: .*\n\nholdfast: 1\nconfigs:\n {2}a:\n {4}type: segment\n/,
    );
    expect(await holdfast(['plan', '-'], exported.out)).toMatchObject({ code: 0, out: 'No changes.\n' });
    const some = await holdfast(['export', 'c']);
    expect(some.out).not.toContain('segment');
    expect(await holdfast(['plan', '-'], some.out)).toMatchObject({
      code: 0,
      out: 'No changes. 2 configs not in the file: --prune deletes.\n',
    });
    expect(JSON.parse((await holdfast(['export', '--format', 'json', 'c'])).out)).toMatchObject({
      configs: [{ key: 'c' }],
      configServicePointer: { projectEnvId: '1' },
    });
  });

  it('apply --prune deletes what the file lacks, users before segments, once it is confirmed', async () => {
    server.put(segment('a'), segment('b', 'a'), flag('c'));
    const refused = await holdfast(['apply', '-', '--prune'], FILE);
    expect(refused).toMatchObject({
      code: 2,
      err: 'holdfast: --prune deletes 3 configs; add --yes to confirm it.\n',
    });
    expect(server.commits).toHaveLength(0);
    await holdfast(['apply', '-', '--prune', '--yes'], FILE);
    const keys = server.commits[0]?.configs.map(({ key, configType }) => `${key} ${configType}`);
    expect(keys).toEqual(['new-checkout FEATURE_FLAG', 'c DELETED', 'b DELETED', 'a DELETED']);
  });

  it('apply says so when another changed the environment in between', async () => {
    server.intercepts.push(
      () => false,
      () => {
        server.put(flag('other'));
        return false;
      },
    );
    expect(await holdfast(['apply', '-'], FILE)).toMatchObject({
      code: 1,
      err: 'holdfast: Nothing is applied: the environment was changed by another after it was read. Run plan again, and then apply.\n',
    });
  });

  it('an error in the file names line and column', async () => {
    expect(await holdfast(['plan', '-'], FILE.replace('ends with', 'endswith'))).toMatchObject({
      code: 1,
      err: 'holdfast: Standard input:6:26: "endswith" begins no operator; did you mean "ends with"?\n',
    });
  });
});
