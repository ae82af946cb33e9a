/** The package as npm packs it, installed into an empty project: command, server, library, types. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv, type SchemaObject } from 'ajv';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundledNotices, notices } from '../../scripts/notices.js';
import { billOfMaterials, type Bill } from '../../scripts/sbom.js';
import { endProcess, startProcess } from '../support/processes.js';
import { until } from '../support/until.js';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const { version, dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
  dependencies: Record<string, string>;
};
/** The schemas of CycloneDX, as their authors publish them. */
const SCHEMAS = join(ROOT, 'node_modules/@cyclonedx/cyclonedx-library/res/schema');

let project: string;

async function inProject(command: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(command, args, { cwd: project, maxBuffer: 32 * 1024 * 1024 });
  return stdout;
}

/** The complaints of the compiler about a module of the project; empty when there are none. */
async function compiled(text: string): Promise<string> {
  writeFileSync(join(project, 'user.ts'), text);
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2023,dom'];
  return inProject(join(ROOT, 'node_modules/.bin/tsc'), ...flags, 'user.ts').catch(
    (error: unknown) => (error as { stdout: string }).stdout,
  );
}

/** The complaints of CycloneDX's schema about a bill of materials. */
function schemaErrors(bill: Bill): unknown[] {
  const schemaOf = (name: string) => {
    const file = `${name}.SNAPSHOT.schema.json`;
    const schema = JSON.parse(readFileSync(join(SCHEMAS, file), 'utf8')) as SchemaObject;
    // They refer to one another by the names of the files.
    return { ...schema, $id: `http://cyclonedx.org/schema/${file}` };
  };
  const ajv = new Ajv({ strict: false, schemas: [schemaOf('spdx'), schemaOf('jsf-0.82')] });
  addFormats.default(ajv);
  // Formats of international addresses are not looked at.
  for (const format of ['idn-email', 'iri-reference']) ajv.addFormat(format, true);
  const validate = ajv.compile(schemaOf(`bom-${bill.specVersion}`));
  return validate(bill) ? [] : (validate.errors ?? []);
}

function nameOf({ group, name }: { readonly group?: unknown; readonly name: string }): string {
  return typeof group === 'string' ? `${group}/${name}` : name;
}

/** A copy of the installed package, with no other one in reach. */
function alone(): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'hf-alone-')), 'holdfast');
  cpSync(join(project, 'node_modules/holdfast'), folder, { recursive: true });
  return folder;
}

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'hf-package-'));
  writeFileSync(
    join(project, 'package.json'),
    '{ "name": "user", "version": "0.0.0", "private": true, "type": "module" }',
  );
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', project], { cwd: ROOT });
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'];
  await inProject('npm', 'install', ...quiet, `./holdfast-${version}.tgz`);
}, 240_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

describe('the package', () => {
  it('the package has a command that runs by its name where it was built', async () => {
    expect((await run(join(ROOT, 'dist/main.js'), ['--version'])).stdout.trim()).toBe(version);
  });

  it('the package has the program, the notices and the types, and neither sources nor source maps', () => {
    const folder = join(project, 'node_modules/holdfast');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    for (const file of [
      'dist/main.js',
      'dist/console/index.html',
      'dist/client/index.d.ts',
      'dist/admin/index.d.ts',
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'THIRD_PARTY_NOTICES.md',
    ]) {
      expect(files).toContain(file);
    }
    expect(
      files.filter((name) => /\.map$|(?<!\.d)\.ts$|(^|\/)\.(built|tsbuildinfo)$|^(src|test)\//.test(name)),
    ).toEqual([]);
  });

  it('the package brings no development package', () => {
    for (const name of ['vitest', 'typescript', 'react', 'playwright-core']) {
      expect([name, existsSync(join(project, 'node_modules', name))]).toEqual([name, false]);
    }
  });

  it('the package installs the command, which says its version', async () => {
    expect(await inProject('node_modules/.bin/holdfast', '--version')).toBe(`${version}\n`);
  });

  it.each([
    ['as it is installed', () => join(project, 'node_modules/holdfast')],
    ['without any other package', () => alone()],
  ])('the package serves in an empty folder, %s', async (_, folder) => {
    const server = startProcess({
      command: process.execPath,
      args: [join(folder(), 'dist/main.js'), 'serve'],
      env: { PATH: process.env.PATH ?? '', PORT: '0', HOME: project },
      cwd: mkdtempSync(join(project, 'empty-')),
      logFile: join(mkdtempSync(join(project, 'log-')), 'serve.log'),
      onOrphaned: 'SIGTERM',
    });
    try {
      const url = await until(
        'it says where it runs',
        () => /http:\/\/127\.0\.0\.1:\d+/.exec(server.logs())?.[0],
        {
          timeout: 25_000,
          context: () => server.tail(),
        },
      );
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
    } finally {
      await endProcess(server, 'SIGTERM', 15_000);
    }
  });

  it('the package has a client library with types, for Node and for browsers', async () => {
    const text = `import { createClient, type ClientOptions } from 'holdfast/client';
import * as node from 'holdfast/client/node';
export const options: ClientOptions = { sources: ['https://flags.example.org'], key: 'k' };
export const made: unknown = [createClient, node];
`;
    expect(await compiled(text)).toBe('');
    const script =
      "const { createClient } = await import('holdfast/client'); console.log(typeof createClient);";
    expect(await inProject(process.execPath, '--input-type=module', '-e', script)).toBe('function\n');
  });

  it('the package has a client of the administration, whose types know routes, parameters and answers', async () => {
    const text = `import { AdminError, createAdminClient, type AdminSchemas } from 'holdfast/admin';
const admin = createAdminClient({ url: 'https://flags.example.org', token: 't' });
export async function names(): Promise<string[]> {
  const { data } = await admin.get('/admin/v1/environments');
  const list: readonly AdminSchemas['Environment'][] = data.environments;
  return list.map(({ name }) => name);
}
export const codeOf = (error: unknown): string | undefined =>
  error instanceof AdminError && error.code === 'version_mismatch' ? error.requestId : undefined;
// @ts-expect-error there is no such route
void admin.get('/admin/v1/nothing');
// @ts-expect-error the environment is missing
void admin.get('/admin/v1/environments/{id}/keys');
// @ts-expect-error there is no such kind of key
void admin.post('/admin/v1/environments/{id}/keys', { params: { path: { id: '1' } }, body: { kind: 'x' } });
// @ts-expect-error there is no such code
export const isOther = (error: AdminError): boolean => error.code === 'nothing';
`;
    expect(await compiled(text)).toBe('');
    const script =
      "const { createAdminClient } = await import('holdfast/admin'); console.log(typeof createAdminClient().get);";
    expect(await inProject(process.execPath, '--input-type=module', '-e', script)).toBe('function\n');
  });

  it('the package has a bill of materials that is CycloneDX and lists each package with version, address and licence', () => {
    // Of the installation: with --omit=dev, npm leaves out what development packages need too.
    const bill = billOfMaterials(project, ROOT);
    expect(schemaErrors(bill)).toEqual([]);
    expect(schemaErrors({ ...bill, components: [{ ...bill.components[0]!, type: 'packet' }] })).not.toEqual(
      [],
    );
    const listed = new Map(bill.components.map((component) => [nameOf(component), component]));
    expect(listed.has('holdfast')).toBe(true);
    // By name: what a package of ours needs may be newer than in our lock file.
    const brought = [...notices(ROOT), ...bundledNotices(ROOT)].map(({ name }) => name);
    expect(brought.filter((name) => !listed.has(name))).toEqual([]);
    const direct = Object.entries(dependencies).map(([name, wanted]) => [
      name,
      listed.get(name)?.version === wanted,
    ]);
    expect(direct.filter(([, isListed]) => !isListed)).toEqual([]);
    const bare = [...listed.values()].filter(
      ({ purl, licenses, name }) =>
        !purl?.startsWith('pkg:') || (licenses === undefined && name !== 'jspack'),
    );
    expect(bare).toEqual([]);
    const refs = bill.components.map((component) => component['bom-ref']);
    expect(refs).toEqual([...new Set(refs)]);
  });
});
