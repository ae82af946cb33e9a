/**
 * Warnings about names, for every option of the table: a new option is covered without a change
 * here.
 */
import { describe, expect, it } from 'vitest';
import { readBeltServerSettings } from '../../src/config/belt-server.js';
import { readBeltWriterSettings } from '../../src/config/belt-writer.js';
import { nameWarnings } from '../../src/config/names.js';
import { distance } from '../../src/core/spelling.js';
import { readNodeSettings } from '../../src/config/node.js';
import { ROLES, type EnvironmentVariables, type Option, type Role } from '../../src/config/option.js';
import { clientVariables } from '../../src/config/client-variables.js';
import { options } from '../../src/config/options.js';

const table = Object.values<Option<Role, unknown>>(options);
const names = table.map(({ name }) => name);
/**
 * Names that no other program has; others are only corrected where the prefix shows that Holdfast
 * is meant.
 */
const ours = names.filter((name) => /^(HOLDFAST|GRIP)_/.test(name));

const WARNINGS: Record<Role, (env: EnvironmentVariables) => readonly string[]> = {
  node: (env) => readNodeSettings(env).warnings,
  'belt writer': (env) => readBeltWriterSettings({ HOLDFAST_BELT: 'file:a', ...env }).warnings,
  'belt server': (env) => readBeltServerSettings({ HOLDFAST_SOURCE: 'file:a', ...env }).warnings,
};

const unusedOptions = ROLES.flatMap((role) =>
  table.filter(({ roles }) => !roles.includes(role)).map(({ name }) => [role, name] as const),
);

describe('options of other processes', () => {
  it('options of other processes are the majority of the table on a belt server', () => {
    expect(unusedOptions.filter(([role]) => role === 'belt server').length).toBeGreaterThan(15);
  });

  it.each(unusedOptions)('a %s warns of %s, without parsing its value', (role, name) => {
    const [warning, ...more] = WARNINGS[role]({ [name]: 'of no form that it has' });
    expect(warning).toMatch(
      new RegExp(`^${name} has no effect on a ${role}: it is a setting of [a-z ]+s\\.$`),
    );
    expect(more).toEqual([]);
  });

  it('options of other processes are no warning when they are empty, as compose files make them', () => {
    for (const role of ROLES) {
      expect(nameWarnings(role, Object.fromEntries(names.map((name) => [name, ' '])))).toEqual([]);
    }
  });

  it('options of other processes are named with every process that has them', () => {
    expect(WARNINGS['belt server']({ HOLDFAST_DRAIN: '5', HOLDFAST_SECRET: 'x' })).toEqual([
      'HOLDFAST_SECRET has no effect on a belt server: it is a setting of nodes.',
      'HOLDFAST_DRAIN has no effect on a belt server: it is a setting of nodes and belt writers.',
    ]);
  });
});

describe('variables of commands and of other programs', () => {
  it.each(ROLES)('variables of commands and of other programs are no warning on a %s', (role) => {
    const commands = Object.values(clientVariables).map(({ name }) => [name, 'x']);
    const others = {
      PATH: '/bin',
      HOME: '/',
      STORE: 'x',
      HOSTS: 'x',
      POST: 'x',
      LOG_LEVELS: 'x',
      AWS_REGIONS: 'x',
    };
    expect(nameWarnings(role, { ...Object.fromEntries(commands), ...others })).toEqual([]);
  });

  it('variables of commands and of other programs are no warning when Kubernetes sets them for services that are called holdfast and holdfast-admin', () => {
    const env = {
      HOLDFAST_SERVICE_HOST: '10.0.0.1',
      HOLDFAST_SERVICE_PORT: '8080',
      HOLDFAST_SERVICE_PORT_HTTP: '8080',
      HOLDFAST_PORT: 'tcp://10.0.0.1:8080',
      HOLDFAST_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
      HOLDFAST_PORT_8080_TCP_ADDR: '10.0.0.1',
      HOLDFAST_ADMIN_PORT: 'tcp://10.0.0.2:8081',
      HOLDFAST_ADMIN_SERVICE_HOST: '10.0.0.2',
      HOLDFAST_ADMIN_PORT_8081_TCP: 'tcp://10.0.0.2:8081',
    };
    for (const role of ROLES) expect(nameWarnings(role, env)).toEqual([]);
  });
});

/** Each name with one character removed, doubled, replaced, or swapped with its neighbour. */
function misspellings(name: string): string[] {
  return Array.from({ length: name.length }, (_, i) => [
    name.slice(0, i) + name.slice(i + 1),
    name.slice(0, i) + name.slice(i, i + 1) + name.slice(i),
    `${name.slice(0, i)}Q${name.slice(i + 1)}`,
    name.slice(0, i) + name.slice(i + 1, i + 2) + name.slice(i, i + 1) + name.slice(i + 2),
  ])
    .flat()
    .filter((each) => each !== name && !names.includes(each));
}

describe('misspelt names', () => {
  it.each(ours)('%s is suggested for each of its misspellings, on every process', (name) => {
    for (const role of ROLES) {
      for (const misspelt of misspellings(name)) {
        const warning = `${misspelt} is not a setting of Holdfast and has no effect; did you mean `;
        const [found] = nameWarnings(role, { [misspelt]: 'x' });
        // Where two names differ by one character, such as a plural, either may be meant.
        expect(found).toContain(warning);
        expect(distance(misspelt, found!.slice(warning.length, -1))).toBeLessThanOrEqual(1);
      }
    }
  });

  it.each([
    ['holdfast_store', 'HOLDFAST_STORE'],
    ['HOLDFAST_PORT', 'PORT'],
    ['HOLDFAST_LOG_LEVEL', 'LOG_LEVEL'],
    ['HOLDFAST_GRIP_URL', 'GRIP_URL'],
    ['GRIP_URLS', 'GRIP_URL'],
    ['HOLDFAST_REVALIDATION', undefined],
    ['HOLDFAST_ADMINTOKEN', 'HOLDFAST_ADMIN_TOKEN'],
    ['HOLFDAST_SOURCE', 'HOLDFAST_SOURCE'],
  ])('%s is reported, with %s as the suggestion', (name, meant) => {
    const end = meant === undefined ? 'holdfast help settings lists them.' : `did you mean ${meant}?`;
    for (const role of ROLES) {
      expect(nameWarnings(role, { [name]: '5' })).toEqual([
        `${name} is not a setting of Holdfast and has no effect; ${end}`,
      ]);
    }
  });

  it.each([
    ['', 'abc', 3],
    ['abc', 'abc', 0],
    ['abc', 'acb', 1],
    ['ca', 'abc', 3],
    ['kitten', 'sitting', 3],
  ])('the distance of %j and %j is %i', (a, b, edits) => {
    expect(distance(a, b)).toBe(edits);
    expect(distance(b, a)).toBe(edits);
  });
});
