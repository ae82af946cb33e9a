/** Roles by the values of a claim, and the claims that are read. */
import { describe, expect, it } from 'vitest';
import { claimValues, personName } from '../../src/oidc/claims.js';
import { decideRole, parseRoleRules } from '../../src/oidc/roles.js';
import { consolePath } from '../../src/oidc/sign-in.js';

describe('HOLDFAST_OIDC_ROLES', () => {
  it('HOLDFAST_OIDC_ROLES has entries of a value, a role, and environments if not all', () => {
    const text = 'flags-admins=admin, Flag Editors = editor : staging|2 ,\n"CN=Flags, OU=x"=viewer,*=viewer';
    expect(parseRoleRules(text)).toEqual([
      { value: 'flags-admins', role: 'admin', environments: 'all' },
      { value: 'Flag Editors', role: 'editor', environments: ['staging', '2'] },
      { value: 'CN=Flags, OU=x', role: 'viewer', environments: 'all' },
      { value: '*', role: 'viewer', environments: 'all' },
    ]);
  });

  it.each([
    ['', 'must be entries'],
    ['admins', 'Entry 1 is not.'],
    ['a=admin,b=owner', 'Entry 2 is not.'],
    ['=admin', 'Entry 1 is not.'],
    ['a=editor:', 'empty environment'],
    ['a=editor:x||y', 'empty environment'],
    ['*=viewer,a=admin', '* as its last entry'],
  ])('HOLDFAST_OIDC_ROLES refuses %j with the reason', (text, reason) => {
    expect(() => parseRoleRules(text)).toThrow(reason);
  });

  it('the role is that of the first entry that matches, and no other', () => {
    const rules = parseRoleRules('editors=editor:staging,admins=admin,*=viewer');
    expect(decideRole(['admins', 'editors'], rules)).toEqual({
      kind: 'granted',
      role: 'editor',
      environments: ['staging'],
      value: 'editors',
    });
    expect(decideRole(['others'], rules)).toMatchObject({ role: 'viewer', value: '*' });
    expect(decideRole([], rules)).toMatchObject({ role: 'viewer', value: '*' });
  });

  it('environments of later entries with the same role are added', () => {
    const rules = parseRoleRules('a=editor:one,b=editor:two|one,c=admin,d=editor');
    expect(decideRole(['a', 'b'], rules)).toMatchObject({ environments: ['one', 'two'] });
    expect(decideRole(['a', 'c'], rules)).toMatchObject({ role: 'editor', environments: ['one'] });
    expect(decideRole(['a', 'd'], rules)).toMatchObject({ role: 'editor', environments: 'all' });
  });

  it('there is no role where no entry matches, by equal text alone', () => {
    const rules = parseRoleRules('admins=admin');
    for (const values of [[], ['Admins'], ['admins '], ['admin'], ['*']]) {
      expect(decideRole(values, rules)).toEqual({ kind: 'refused' });
    }
  });
});

describe('the values of a claim', () => {
  it('the values of a claim are a text or a list, by a name or a path', () => {
    const claims = {
      groups: ['a', 1, true, null, {}],
      hd: 'example.com',
      realm_access: { roles: ['r'] },
      'https://example.com/roles': ['x'],
      'a.b': 'with a dot',
      a: { b: 'nested' },
    };
    expect(claimValues(claims, 'groups')).toEqual(['a', '1', 'true']);
    expect(claimValues(claims, 'hd')).toEqual(['example.com']);
    expect(claimValues(claims, 'realm_access.roles')).toEqual(['r']);
    expect(claimValues(claims, 'https://example.com/roles')).toEqual(['x']);
    expect(claimValues(claims, 'a.b')).toEqual(['with a dot']);
    for (const path of ['none', 'hd.x', 'groups.length', 'constructor', 'realm_access.none', '__proto__']) {
      expect(claimValues(claims, path)).toBeUndefined();
    }
  });

  it('the values of a claim are none of an e-mail address that is not verified', () => {
    const email = 'ann@example.com';
    expect(claimValues({ email, email_verified: true }, 'email')).toEqual([email]);
    for (const more of [{}, { email_verified: false }, { email_verified: 'true' }]) {
      expect(claimValues({ email, ...more }, 'email')).toBeUndefined();
    }
  });
});

describe('the name of a person', () => {
  it('the name of a person is the first of email, preferred_username and sub, or of the claim that the settings name', () => {
    const claims = { email: 'ann@example.com', preferred_username: 'ann', sub: '1', name: 'Ann' };
    expect(personName(claims, undefined)).toBe('ann@example.com');
    expect(personName({ ...claims, email_verified: false }, undefined)).toBe('ann');
    expect(personName({ sub: '1' }, undefined)).toBe('1');
    expect(personName(claims, 'name')).toBe('Ann');
    expect(personName(claims, 'nickname')).toBeUndefined();
  });

  it('the name of a person is never that of root, and has nothing that cannot be seen', () => {
    for (const sub of ['root', 'ROOT', 'root.12345678', ' root\u200b']) {
      expect(personName({ sub }, undefined)).toBeUndefined();
    }
    expect(personName({ sub: 'a\u202enn\n' }, undefined)).toBe('ann');
    expect(personName({ sub: 'x'.repeat(500) }, undefined)).toHaveLength(100);
  });
});

describe('the page that a sign-in returns to', () => {
  it.each([
    ['/console/', '/console/'],
    ['/console/e/1/flags?q=a%20b', '/console/e/1/flags?q=a%20b'],
    ['/console/x#code=y', '/console/x'],
  ])('the page to return to, %s, is %s', (text, path) => expect(consolePath(text)).toBe(path));

  it.each([
    'https://evil.example/console/',
    '//evil.example/console/',
    '/\\evil.example',
    '/console/\\..\\..\\x',
    '/console/../admin/v1/audit',
    '/console/%2e%2e/admin',
    '/console/\n//evil.example',
    '/console',
    'console/',
    '',
  ])('the page to return to is not %j', (text) => expect(consolePath(text)).toBeUndefined());
});
