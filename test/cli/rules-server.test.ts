/** `rule`, `rollout` and `segment` against the real app. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/ruleset/model.js';
import { ADMIN_TOKEN, startApp, type TestApp, type TestEnvironment } from '../support/app.js';
import { run, type Result } from './run.js';

let app: TestApp;
let environment: TestEnvironment;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  environment = await app.environment();
  await holdfast('set', 'flag.checkout', 'false', '--create');
});

function holdfast(...argv: string[]): Promise<Result> {
  const env = {
    HOLDFAST_URL: app.url,
    HOLDFAST_ADMIN_TOKEN: ADMIN_TOKEN,
    HOLDFAST_ENVIRONMENT: environment.id,
  };
  return run(argv, { env });
}

/** The output without numbers of versions, which are times. */
async function printed(...argv: string[]): Promise<string> {
  const { code, out, err } = await holdfast(...argv);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out.replace(/ersion \d+/g, 'ersion N');
}

async function failed(...argv: string[]): Promise<string> {
  const { code, out, err } = await holdfast(...argv);
  expect({ isZero: code === 0, out }).toEqual({ isZero: false, out: '' });
  return err;
}

describe('rules on a server', () => {
  it('rule add, move and remove print what changed, and rule list prints the rules with their numbers', async () => {
    expect(
      await printed('rule', 'add', 'flag.checkout', '--if', 'user.email ends with @acme.com', '--then', 'on'),
    ).toBe(
      'flag.checkout is changed\n  + rule 1: when user.email ends with @acme.com then true\nVersion N\n',
    );
    const second = ['--if', 'user.plan is pro', '--if', 'user.age > 17', '--then', '25%', '--by', 'team.key'];
    await printed('rule', 'add', 'flag.checkout', ...second);
    expect(await printed('rule', 'list', 'flag.checkout')).toBe(
      '1  when user.email ends with @acme.com then true\n' +
        '2  when user.plan is pro and user.age > 17 then 25 % true, 75 % false by team.key\n' +
        '   otherwise false\n',
    );
    expect(await printed('rule', 'move', 'flag.checkout', '2', '1')).toContain('is now rule');
    expect(await printed('rule', 'remove', 'flag.checkout', '2')).toBe(
      'flag.checkout is changed\n  - rule 2: when user.email ends with @acme.com then true\nVersion N\n',
    );
    expect(await printed('rule', 'move', 'flag.checkout', '1', '1')).toBe(
      'flag.checkout was like that already.\nVersion N\n',
    );
  });

  it('rule add --json prints the config before and after and what changed in words', async () => {
    const argv = ['rule', 'add', 'flag.checkout', '--if', 'user.plan is pro', '--then', 'true', '--json'];
    const { out } = await holdfast(...argv);
    const answer = JSON.parse(out) as { key: string; before: Config; after: Config; lines: string[] };
    expect(answer.lines).toEqual(['+ rule 1: when user.plan is pro then true']);
    expect(answer.before.rows?.[0]?.values).toHaveLength(1);
    expect(answer.after.rows?.[0]?.values).toHaveLength(2);
  });

  it.each([
    [['rule', 'list', 'flag.chekout'], 'There is no config "flag.chekout". Did you mean flag.checkout?'],
    [['rule', 'move', 'flag.checkout', '1', '2'], 'flag.checkout has no rules.'],
    [
      ['rule', 'remove', 'flag.checkout', 'first'],
      'NUMBER must be the number of a rule, from 1; it is "first". holdfast rule list prints them.',
    ],
    [
      ['rule', 'add', 'flag.checkout', '--if', 'user.email endswith @acme.com', '--then', 'true'],
      '--if "user.email endswith @acme.com": column 12: "endswith" begins no operator; did you mean "ends with"?',
    ],
    [
      ['rule', 'add', 'flag.checkout', '--if', 'user.plan is pro', '--then', 'maybe'],
      'VALUE must be true or false for the type BOOL, and is "maybe".',
    ],
    [
      ['rule', 'add', 'flag.checkout', '--if', 'user.plan is pro', '--then', 'true', '--by', 'user.id'],
      '--by belongs to a rollout of a flag: --then must be a percentage, such as 25%.',
    ],
    [
      ['rollout', 'flag.checkout', '120'],
      'The percentage must be from 0 to 100, with at most 2 decimals, and is "120".',
    ],
    [
      ['segment', 'show', 'flag.checkout'],
      '"flag.checkout" is no segment, but a FEATURE_FLAG. Use holdfast show or delete for it.',
    ],
  ])('%j fails with what is wrong and commits nothing', async (argv, message) => {
    const before = await holdfast('show', 'flag.checkout', '--json');
    expect(await failed(...argv)).toBe(`holdfast: ${message}\n`);
    expect(await holdfast('show', 'flag.checkout', '--json')).toEqual(before);
  });

  it('rule add without --if is refused with the option that is missing', async () => {
    expect(await failed('rule', 'add', 'flag.checkout', '--then', 'true')).toMatch(/--if <conditions>/);
  });

  it('--message of a rule, a rollout, a segment and set is the message of the change in the history', async () => {
    const reason = ['--message', 'Größer: 50 %'];
    await printed('rule', 'add', 'flag.checkout', '--if', 'user.plan is pro', '--then', 'true', ...reason);
    await printed('rollout', 'flag.checkout', '50', ...reason);
    await printed('segment', 'create', 'staff', '--if', 'user.plan is staff', ...reason);
    await printed('set', 'flag.checkout', 'true', ...reason);
    const { body } = await app.admin('get', `/environments/${environment.id}/history?limit=4`).expect(200);
    const { changes } = body as { changes: { message?: string }[] };
    expect(changes.map(({ message }) => message)).toEqual(Array(4).fill('Größer: 50 %'));
  });
});

describe('rollouts on a server', () => {
  it('rollout says which property decides, and that it is the default', async () => {
    expect(await printed('rollout', 'flag.checkout', '25')).toBe(
      'flag.checkout is changed\n' +
        '  ~ default: false → 25 % true, 75 % false by user.key\n' +
        'user.key decides who is in the share (--by names another); contexts without it are drawn at random.\n' +
        'Version N\n',
    );
    expect(await printed('rollout', 'flag.checkout', '12.5', '--by', 'team.key')).toBe(
      'flag.checkout is changed\n' +
        '  ~ default: 25 % true, 75 % false by user.key → 12.5 % true, 87.5 % false by team.key\n' +
        'team.key decides who is in the share; contexts without it are drawn at random.\n' +
        'Version N\n',
    );
    expect(await printed('rollout', 'flag.checkout', '100')).toBe(
      'flag.checkout is changed\n  ~ default: 12.5 % true, 87.5 % false by team.key → true\nVersion N\n',
    );
  });

  it('set KEY 10% leaves the same config as rollout KEY 10', async () => {
    await printed('rollout', 'flag.checkout', '10');
    const rolled = JSON.parse((await holdfast('show', 'flag.checkout', '--json')).out) as Config;
    await printed('set', 'flag.checkout', 'false');
    expect(await printed('set', 'flag.checkout', '10%')).toBe(
      'flag.checkout is 10 % true, 90 % false by user.key (was false), version N\n',
    );
    const set = JSON.parse((await holdfast('show', 'flag.checkout', '--json')).out) as Config;
    expect(set.rows).toEqual(rolled.rows);
  });
});

describe('segments on a server', () => {
  it('a segment is created, listed and shown with the configs that use it, and deleted once none does', async () => {
    expect(
      await printed('segment', 'create', 'segment.staff', '--if', 'user.email ends with @acme.com'),
    ).toBe(
      'segment.staff is added\n' +
        '  + segment of type bool\n' +
        '  + when user.email ends with @acme.com then true\n' +
        '  + otherwise false\n' +
        'Version N\n',
    );
    await printed('rule', 'add', 'flag.checkout', '--if', 'in segment segment.staff', '--then', 'true');
    expect((await holdfast('segment', 'list')).out).toBe(
      'KEY            VALUE               USED BY\nsegment.staff  1 rule, else false  flag.checkout\n',
    );
    expect(await printed('segment', 'show', 'segment.staff')).toMatch(/^ {2}used by flag.checkout$/m);
    expect(await failed('segment', 'delete', 'segment.staff')).toMatch(
      /the segment "segment.staff" is deleted but is used by "flag.checkout"; remove these references/,
    );
    await printed('rule', 'remove', 'flag.checkout', '1');
    expect(await printed('segment', 'delete', 'segment.staff')).toMatch(/^segment.staff is deleted\n/);
  });

  it('segment create refuses a key that there is, and segment show names the one that was meant', async () => {
    await printed('segment', 'create', 'segment.staff', '--if', 'user.plan is staff');
    expect(await failed('segment', 'create', 'segment.staff', '--if', 'user.plan is staff')).toBe(
      'holdfast: There is a SEGMENT "segment.staff" already. holdfast rule add segment.staff adds a rule to it.\n',
    );
    expect(await failed('segment', 'show', 'segment.staf')).toMatch(/Did you mean segment.staff\?/);
  });

  it('a rule that names a segment that does not exist is refused by the server', async () => {
    expect(await failed('rule', 'add', 'flag.checkout', '--if', 'in segment beta', '--then', 'true')).toMatch(
      /names the segment "beta", which does not exist/,
    );
  });
});
